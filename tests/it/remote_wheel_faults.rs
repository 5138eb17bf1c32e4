//! Reading a wheel from a server that breaks, lies or changes its mind.

use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use rewheel::fetch::{Client, FetchError, Reach};
use rewheel::scan::{Source, TAIL_BYTES};
use rewheel::source::{ReadError, Remote, RemoteWheel, WheelLimits, WheelRead, read_wheel};
use rstest::rstest;
use url::Url;

use crate::support::client::{client, impatient_client};
use crate::support::fake_index::{FakeFile, FakeIndex};
use crate::support::recorded::bytes_served;
use crate::support::reply::Fault;
use crate::support::wheel;

const NAME: &str = "demo-1.0-cp311-abi3-win_amd64.whl";
const PATH: &str = "/files/demo/demo-1.0-cp311-abi3-win_amd64.whl";

fn wheel_of(length: usize) -> FakeFile {
    let members: [(&str, &[u8]); 1] = [("demo/_demo.pyd", &wheel::noise(length))];
    FakeFile::new(NAME, wheel::build_stored(&members))
}

fn remote(fake: &FakeIndex, file: &FakeFile) -> Remote {
    let url: Url = fake.file_url("demo", &file.name).parse().unwrap();
    Remote {
        sha256: file.sha256.clone(),
        size: file.size,
        ..Remote::from(url)
    }
}

fn everything(wheel: &RemoteWheel) -> io::Result<Vec<u8>> {
    let mut all = Vec::new();
    wheel.range(0, wheel.len())?.read_to_end(&mut all)?;
    Ok(all)
}

async fn read_with(
    client: &Client,
    limits: WheelLimits,
    fake: &FakeIndex,
    file: &FakeFile,
) -> Result<WheelRead<Vec<u8>>, ReadError> {
    read_wheel(client, remote(fake, file), &limits, |_| {}, everything).await
}

async fn read(fake: &FakeIndex, file: &FakeFile) -> Result<WheelRead<Vec<u8>>, ReadError> {
    read_with(&client(), WheelLimits::default(), fake, file).await
}

async fn published(length: usize) -> (FakeIndex, FakeFile) {
    let (fake, file) = (FakeIndex::start().await, wheel_of(length));
    fake.publish("demo", file.clone());
    (fake, file)
}

#[rstest]
#[tokio::test]
async fn another_hash_is_not_believed(
    #[values(10, 300_000)] length: usize,
    #[values(true, false)] ranges: bool,
) {
    let (fake, file) = published(length).await;
    if !ranges {
        fake.without_ranges();
    }
    let error = read(&fake, &file.wrong_hash()).await.unwrap_err();
    assert!(matches!(error, ReadError::HashMismatch { .. }), "{error}");
    assert!(error.is_broken_promise() && !error.is_transient());
    assert!(
        error.to_string().contains("must not be believed"),
        "{error}"
    );
}

#[rstest]
#[tokio::test]
async fn another_size_is_not_believed(#[values(true, false)] ranges: bool) {
    let (fake, file) = published(300_000).await;
    if !ranges {
        fake.without_ranges();
    }
    let error = read(&fake, &file.size(7)).await.unwrap_err();
    assert!(
        matches!(error, ReadError::SizeMismatch { expected: 7, .. }),
        "{error}"
    );
    assert!(fake.requests().len() == 1);
}

#[tokio::test]
async fn a_cut_connection_is_taken_up_where_it_broke() {
    let (fake, file) = published(3_000_000).await;
    fake.once(PATH, Fault::CutAfter(65_536)) // the tail, whole
        .once(PATH, Fault::CutAfter(1_000_000))
        .once(PATH, Fault::CutAfter(500_000));
    let result = read(&fake, &file).await.unwrap();
    assert!(result.value == file.bytes);
    assert!(result.hash_verified);
    assert_eq!(result.bytes_read, file.bytes.len() as u64);
    let ranges: Vec<_> = fake
        .requests()
        .iter()
        .map(|request| request.header("range").to_owned())
        .collect();
    let last = file.bytes.len() as u64 - TAIL_BYTES - 1;
    let starts = [0, 1_000_000, 1_500_000].map(|start| format!("bytes={start}-{last}"));
    assert_eq!(ranges[1..], starts);
    assert_eq!(bytes_served(&fake.requests()), file.bytes.len() as u64);
}

#[tokio::test]
async fn a_cut_tail_is_asked_for_again() {
    let (fake, file) = published(300_000).await;
    fake.once(PATH, Fault::CutAfter(100));
    assert!(read(&fake, &file).await.unwrap().hash_verified);
}

#[tokio::test]
async fn without_ranges_a_cut_file_is_begun_again() {
    let (fake, file) = published(3_000_000).await;
    fake.without_ranges().once(PATH, Fault::CutAfter(2_000_000));
    let result = read(&fake, &file).await.unwrap();
    assert!(result.value == file.bytes && result.hash_verified);
    assert_eq!(fake.requests().len(), 2);
}

#[rstest]
#[tokio::test]
async fn a_connection_that_always_breaks_is_given_up(#[values(true, false)] ranges: bool) {
    let (fake, file) = published(3_000_000).await;
    if ranges {
        fake.once(PATH, Fault::CutAfter(65_536));
    } else {
        fake.without_ranges();
    }
    fake.always(PATH, Fault::CutAfter(1_000));
    let error = read(&fake, &file).await.unwrap_err();
    assert!(error.is_transient(), "{error}");
    assert_eq!(fake.requests().len(), if ranges { 7 } else { 6 });
}

#[tokio::test]
async fn a_busy_server_is_asked_again() {
    let (fake, file) = published(300_000).await;
    fake.once(PATH, Fault::Status(503, vec![]))
        .once(PATH, Fault::CutAfter(65_536))
        .once(PATH, Fault::Status(429, vec![("retry-after", "1".into())]));
    assert!(read(&fake, &file).await.unwrap().hash_verified);
    assert_eq!(fake.requests().len(), 4);
}

#[rstest]
#[case(Fault::NeverAnswer)]
#[case(Fault::StallAfter(1_000))]
#[tokio::test]
async fn a_silent_server_is_given_up(#[case] fault: Fault, #[values(true, false)] ranges: bool) {
    let (fake, file) = published(300_000).await;
    if !ranges {
        fake.without_ranges();
    }
    fake.always(PATH, fault);
    let limits = WheelLimits {
        resumes: 1,
        ..WheelLimits::default()
    };
    let error = read_with(&impatient_client(), limits, &fake, &file)
        .await
        .unwrap_err();
    let timed_out = matches!(error, ReadError::Fetch(FetchError::TimedOut { .. }));
    assert!(timed_out && error.is_transient(), "{error}");
}

#[rstest]
#[case(Fault::NeverAnswer)]
#[case(Fault::StallAfter(70_000))]
#[tokio::test]
async fn a_wheel_has_a_bound_in_time(#[case] fault: Fault, #[values(true, false)] ranges: bool) {
    let (fake, file) = published(300_000).await;
    if !ranges {
        fake.without_ranges();
    }
    fake.always(PATH, fault);
    let limits = WheelLimits {
        time: Duration::from_millis(80),
        ..WheelLimits::default()
    };
    let error = read_with(&client(), limits, &fake, &file)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("wheel-seconds"), "{error}");
}

#[rstest]
#[tokio::test]
async fn a_wheel_has_a_bound_in_size(
    #[values(true, false)] ranges: bool,
    #[values(true, false)] promised: bool,
) {
    let (fake, file) = published(300_000).await;
    if !ranges {
        fake.without_ranges();
    }
    let file = if promised {
        file
    } else {
        file.without_promises()
    };
    let limits = WheelLimits {
        wheel_bytes: 100_000,
        ..WheelLimits::default()
    };
    let error = read_with(&client(), limits, &fake, &file)
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("wheel-bytes (100000)"),
        "{error}"
    );
}

#[rstest]
#[case("bytes 0-65535/65536")]
#[case("bytes 0-9/10")]
#[case("bytes 1-65536/*")]
#[case("bytes 234000-299999/300000")]
#[case("nonsense")]
#[tokio::test]
async fn a_lying_content_range_is_an_error(#[case] lie: &str) {
    let (fake, file) = published(300_000).await;
    fake.once(PATH, Fault::ContentRange(lie.into()));
    let error = read(&fake, &file).await.unwrap_err();
    let refused = matches!(
        error,
        ReadError::BadRange { .. } | ReadError::SizeMismatch { .. }
    );
    assert!(refused && !error.is_transient(), "{error}");
}

#[tokio::test]
async fn a_lie_about_the_rest_is_an_error() {
    let (fake, file) = published(300_000).await;
    let length = file.bytes.len();
    fake.once(PATH, Fault::CutAfter(65_536))
        .once(PATH, Fault::ContentRange(format!("bytes 1-1000/{length}")));
    let error = read(&fake, &file).await.unwrap_err();
    assert!(matches!(error, ReadError::BadRange { .. }), "{error}");
}

#[rstest]
#[tokio::test]
async fn a_file_that_changes_meanwhile_is_an_error(#[values(true, false)] marks: bool) {
    let (fake, file) = published(300_000).await;
    if !marks {
        fake.without_marks();
    }
    let fake = Arc::new(fake);
    let (server, other) = (Arc::clone(&fake), wheel_of(300_001));
    let scan = move |wheel: &RemoteWheel| {
        server.publish("demo", other);
        everything(wheel)
    };
    let limits = WheelLimits::default();
    let wheel = remote(&fake, &file);
    let error = read_wheel(&client(), wheel, &limits, |_| {}, scan)
        .await
        .unwrap_err();
    assert!(matches!(error, ReadError::Changed { .. }), "{error}");
}

#[tokio::test]
async fn a_change_of_content_alone_is_found_by_the_hash() {
    let (fake, file) = published(300_000).await;
    fake.without_marks();
    let fake = Arc::new(fake);
    let mut other = file.clone();
    other.bytes[1_000] ^= 1;
    let server = Arc::clone(&fake);
    let scan = move |wheel: &RemoteWheel| {
        server.publish("demo", other);
        everything(wheel)
    };
    let limits = WheelLimits::default();
    let wheel = remote(&fake, &file);
    let error = read_wheel(&client(), wheel, &limits, |_| {}, scan)
        .await
        .unwrap_err();
    assert!(matches!(error, ReadError::HashMismatch { .. }), "{error}");
}

#[tokio::test]
async fn a_server_that_forgets_ranges_is_still_read() {
    let (fake, file) = published(300_000).await;
    fake.once(PATH, Fault::CutAfter(65_536))
        .once(PATH, Fault::IgnoreRange);
    let result = read(&fake, &file).await.unwrap();
    assert!(result.value == file.bytes && result.hash_verified);
}

#[rstest]
#[case(400)]
#[case(501)]
#[tokio::test]
async fn a_server_that_refuses_the_tail_gives_the_whole(#[case] status: u16) {
    let (fake, file) = published(300_000).await;
    fake.once(PATH, Fault::Status(status, vec![]));
    let result = read(&fake, &file).await.unwrap();
    assert!(result.value == file.bytes && result.hash_verified);
    assert_eq!(fake.requests().len(), 2);
}

#[tokio::test]
async fn a_failure_counts_even_when_the_scan_makes_light_of_it() {
    let (fake, file) = published(300_000).await;
    fake.once(PATH, Fault::CutAfter(65_536))
        .always(PATH, Fault::Status(404, vec![]));
    let scan = |wheel: &RemoteWheel| Ok(everything(wheel).is_ok());
    let limits = WheelLimits::default();
    let wheel = remote(&fake, &file);
    let error = read_wheel(&client(), wheel, &limits, |_| {}, scan)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("404"), "{error}");
}

#[tokio::test]
async fn second_looks_have_a_bound() {
    let (fake, file) = published(300_000).await;
    let scan = |wheel: &RemoteWheel| {
        everything(wheel)?;
        for _ in 0..4 {
            wheel.range(0, 10)?.read_to_end(&mut Vec::new())?;
        }
        Ok(())
    };
    let limits = WheelLimits {
        second_looks: 3,
        ..WheelLimits::default()
    };
    let wheel = remote(&fake, &file);
    let error = read_wheel(&client(), wheel, &limits, |_| {}, scan)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("second-looks (3)"), "{error}");
}

#[tokio::test]
async fn redirects_of_a_file_are_followed_on_every_request() {
    let (fake, store) = (FakeIndex::start().await, FakeIndex::start().await);
    let file = wheel_of(300_000);
    store.publish("demo", file.clone());
    fake.always(PATH, Fault::Redirect(store.file_url("demo", NAME)));
    assert!(read(&fake, &file).await.unwrap().hash_verified);
    assert_eq!((fake.requests().len(), store.requests().len()), (2, 2));
}

#[tokio::test]
async fn a_public_index_cannot_name_a_private_file() {
    let (fake, file) = published(300_000).await;
    let wheel = Remote {
        reach: Reach::Public,
        ..remote(&fake, &file)
    };
    let limits = WheelLimits::default();
    let error = read_wheel(&client(), wheel, &limits, |_| {}, everything)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("private network"), "{error}");
    assert_eq!(fake.requests().len(), 0);
}

#[tokio::test]
async fn a_scan_that_breaks_off_is_an_error() {
    let (fake, file) = published(300_000).await;
    let scan = |_: &RemoteWheel| -> io::Result<()> { panic!("a defect, on purpose") };
    let limits = WheelLimits::default();
    let wheel = remote(&fake, &file);
    let error = read_wheel(&client(), wheel, &limits, |_| {}, scan)
        .await
        .unwrap_err();
    assert!(matches!(error, ReadError::BrokeOff { .. }), "{error}");
}
