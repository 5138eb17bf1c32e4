//! Reading a wheel from a server: each byte once, hashed, whatever the scan asks for.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rewheel::scan::{Source, TAIL_BYTES};
use rewheel::source::{
    ReadError, Remote, RemoteWheel, Sha256Sum, WheelLimits, WheelRead, read_wheel,
};
use rstest::rstest;
use url::Url;

use crate::support::client::client;
use crate::support::fake_index::{FakeFile, FakeIndex};
use crate::support::recorded::bytes_served;
use crate::support::wheel;

const NAME: &str = "demo-1.0-cp311-abi3-win_amd64.whl";

/// A wheel of a bit more than `length` bytes.
fn wheel_of(length: usize) -> Vec<u8> {
    wheel::build_stored(&[("demo/_demo.pyd", &wheel::noise(length)), ("demo.py", b"")])
}

fn remote(fake: &FakeIndex, file: &FakeFile) -> Remote {
    let url: Url = fake.file_url("demo", &file.name).parse().unwrap();
    Remote {
        sha256: file.sha256.clone(),
        size: file.size,
        ..Remote::from(url)
    }
}

fn bytes(wheel: &RemoteWheel, at: u64, len: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    wheel.range(at, len)?.read_to_end(&mut bytes)?;
    assert_eq!(bytes.len() as u64, len);
    Ok(bytes)
}

fn tail(wheel: &RemoteWheel) -> io::Result<Vec<u8>> {
    let length = wheel.len().min(TAIL_BYTES);
    bytes(wheel, wheel.len() - length, length)
}

/// Reads as the scanner does: the tail, then everything before it.
fn everything(wheel: &RemoteWheel) -> io::Result<Vec<u8>> {
    let tail = tail(wheel)?;
    let mut all = bytes(wheel, 0, wheel.len() - tail.len() as u64)?;
    all.extend(tail);
    Ok(all)
}

async fn read<T: Send + 'static>(
    fake: &FakeIndex,
    file: &FakeFile,
    scan: impl FnOnce(&RemoteWheel) -> io::Result<T> + Send + 'static,
) -> Result<WheelRead<T>, ReadError> {
    let limits = WheelLimits::default();
    read_wheel(&client(), remote(fake, file), &limits, |_| {}, scan).await
}

#[rstest]
#[tokio::test]
async fn every_byte_is_fetched_once(
    #[values(0, 10, 65_000, 65_536, 65_537, 3_000_000)] length: usize,
    #[values(true, false)] ranges: bool,
) {
    let fake = FakeIndex::start().await;
    let whole = if length == 65_536 {
        wheel::noise(length)
    } else {
        wheel_of(length)
    };
    let file = FakeFile::new(NAME, whole);
    fake.publish("demo", file.clone());
    if !ranges {
        fake.without_ranges();
    }
    let seen = Arc::new(AtomicU64::new(0));
    let progress = {
        let seen = Arc::clone(&seen);
        move |count| {
            seen.fetch_add(count, Ordering::Relaxed);
        }
    };
    let limits = WheelLimits::default();
    let result = read_wheel(
        &client(),
        remote(&fake, &file),
        &limits,
        progress,
        everything,
    )
    .await
    .unwrap();
    let size = file.bytes.len() as u64;
    assert!(result.value == file.bytes);
    assert_eq!(result.sha256, file.sha256);
    assert!(result.hash_verified);
    assert_eq!((result.size, result.bytes_read), (size, size));
    assert_eq!(seen.load(Ordering::Relaxed), size);
    let requests = fake.requests();
    assert_eq!(bytes_served(&requests), size);
    assert_eq!(
        requests.len(),
        if ranges && size > TAIL_BYTES { 2 } else { 1 }
    );
    assert!(
        requests
            .iter()
            .all(|request| request.header("accept-encoding") == "identity")
    );
    assert_eq!(requests[0].header("range"), "bytes=-65536");
    if let Some(main) = requests.get(1) {
        assert_eq!(
            main.header("range"),
            format!("bytes=0-{}", size - TAIL_BYTES - 1)
        );
        assert!(!main.header("if-range").is_empty());
    }
}

#[tokio::test]
async fn a_scan_that_is_content_with_the_tail_gets_no_more() {
    let fake = FakeIndex::start().await;
    let file = FakeFile::new(NAME, wheel_of(500_000));
    fake.publish("demo", file.clone());
    let result = read(&fake, &file, tail).await.unwrap();
    assert_eq!((result.sha256, result.hash_verified), (None, false));
    assert_eq!(result.bytes_read, TAIL_BYTES);
    assert_eq!(fake.requests().len(), 1);
}

#[tokio::test]
async fn what_the_scan_leaves_is_hashed_nevertheless() {
    let fake = FakeIndex::start().await;
    let file = FakeFile::new(NAME, wheel_of(3_000_000));
    fake.publish("demo", file.clone());
    // A member in the middle, and one that a later reader gives up.
    let result = read(&fake, &file, |wheel| {
        let part = bytes(wheel, 1_000_000, 1_000)?;
        let mut few = [0; 10];
        wheel.range(2_000_000, 500_000)?.read_exact(&mut few)?;
        Ok(part)
    });
    let result = result.await.unwrap();
    assert!(result.value == file.bytes[1_000_000..1_001_000]);
    assert!(result.hash_verified);
    assert_eq!(bytes_served(&fake.requests()), file.bytes.len() as u64);
    assert_eq!(fake.requests().len(), 2);
}

#[tokio::test]
async fn a_second_look_takes_one_more_request() {
    let fake = FakeIndex::start().await;
    let file = FakeFile::new(NAME, wheel_of(3_000_000));
    fake.publish("demo", file.clone());
    let result = read(&fake, &file, |wheel| {
        let all = everything(wheel)?;
        Ok((all, bytes(wheel, 500, 1_000)?))
    });
    let result = result.await.unwrap();
    assert!(result.value.0 == file.bytes);
    assert!(result.value.1 == file.bytes[500..1_500]);
    assert!(result.hash_verified);
    assert_eq!(fake.requests().len(), 3);
    assert_eq!(fake.requests()[2].header("range"), "bytes=500-1499");
    assert_eq!(result.bytes_read, file.bytes.len() as u64 + 1_000);
}

#[tokio::test]
async fn ranges_may_be_read_in_turns() {
    let fake = FakeIndex::start().await;
    let file = FakeFile::new(NAME, wheel_of(1_000_000));
    fake.publish("demo", file.clone());
    let result = read(&fake, &file, |wheel| {
        let (mut a, mut b) = (wheel.range(0, 400_000)?, wheel.range(200_000, 400_000)?);
        let (mut first, mut second, mut buffer) = (Vec::new(), Vec::new(), [0; 50_000]);
        for _ in 0..8 {
            a.read_exact(&mut buffer)?;
            first.extend(buffer);
            b.read_exact(&mut buffer)?;
            second.extend(buffer);
        }
        Ok((first, second))
    });
    let result = result.await.unwrap();
    assert!(result.value.0 == file.bytes[..400_000]);
    assert!(result.value.1 == file.bytes[200_000..600_000]);
    assert!(result.hash_verified);
}

#[tokio::test]
async fn a_directory_that_begins_before_the_tail_costs_no_byte_twice() {
    let fake = FakeIndex::start().await;
    let file = FakeFile::new(NAME, wheel_of(1_000_000));
    fake.publish("demo", file.clone());
    let result = read(&fake, &file, |wheel| {
        let directory = 200_000;
        let end = bytes(wheel, wheel.len() - directory, directory)?;
        let mut all = bytes(wheel, 0, wheel.len() - directory)?;
        all.extend(end);
        Ok(all)
    });
    let result = result.await.unwrap();
    assert!(result.value == file.bytes);
    assert!(result.hash_verified);
    assert_eq!(bytes_served(&fake.requests()), file.bytes.len() as u64);
    assert_eq!(fake.requests().len(), 3);
}

#[tokio::test]
async fn ranges_past_the_end_are_refused() {
    let fake = FakeIndex::start().await;
    let file = FakeFile::new(NAME, wheel_of(100_000));
    fake.publish("demo", file.clone());
    let result = read(&fake, &file, |wheel| {
        let kind = |at, len| wheel.range(at, len).err().map(|error| error.kind());
        Ok([
            kind(0, wheel.len() + 1),
            kind(wheel.len() + 1, 0),
            kind(u64::MAX, 2),
        ])
    });
    let past = Some(io::ErrorKind::UnexpectedEof);
    assert_eq!(result.await.unwrap().value, [past; 3]);
}

#[tokio::test]
async fn an_address_by_hand_is_hashed_and_not_verified() {
    let fake = FakeIndex::start().await;
    let file = FakeFile::new(NAME, wheel_of(100_000));
    fake.publish("demo", file.clone());
    let url: Url = fake.file_url("demo", NAME).parse().unwrap();
    let limits = WheelLimits::default();
    let result = read_wheel(&client(), url, &limits, |_| {}, everything)
        .await
        .unwrap();
    assert_eq!(result.sha256, Some(Sha256Sum::of(&file.bytes)));
    assert!(!result.hash_verified);
}

#[tokio::test]
async fn a_server_without_marks_is_read_too() {
    let fake = FakeIndex::start().await;
    let file = FakeFile::new(NAME, wheel_of(300_000));
    fake.publish("demo", file.clone()).without_marks();
    assert!(read(&fake, &file, everything).await.unwrap().hash_verified);
}

#[tokio::test]
async fn an_empty_file_is_read() {
    let fake = FakeIndex::start().await;
    let file = FakeFile::new(NAME, Vec::new());
    fake.publish("demo", file.clone());
    let result = read(&fake, &file, everything).await.unwrap();
    assert_eq!((result.size, result.hash_verified), (0, true));
}

#[tokio::test]
async fn the_scans_own_error_is_told() {
    let fake = FakeIndex::start().await;
    let file = FakeFile::new(NAME, wheel_of(300_000));
    fake.publish("demo", file.clone());
    let scan = |_: &RemoteWheel| Err::<(), _>(io::Error::other("not a wheel at all"));
    let error = read(&fake, &file, scan).await.unwrap_err();
    assert!(matches!(error, ReadError::Scan { .. }), "{error}");
    assert!(error.to_string().contains("not a wheel at all"), "{error}");
}

#[tokio::test]
async fn many_wheels_are_read_side_by_side() {
    let fake = FakeIndex::start().await;
    let reads = (0..8_usize).map(|number| {
        let name = format!("demo-{number}-py3-none-any.whl");
        let file = FakeFile::new(&name, wheel_of(200_000 + number));
        fake.publish("demo", file.clone());
        let fake = &fake;
        async move { read(fake, &file, everything).await.unwrap().hash_verified }
    });
    let verified = futures_util::future::join_all(reads).await;
    assert_eq!(verified, [true; 8]);
}
