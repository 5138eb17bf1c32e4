//! Scanning whole wheels beside bare inflating of the same members with the same library.
//!
//! ```console
//! $ REWHEEL_WHEELS=FOLDER REWHEEL_ROUNDS=9 taskset -c 0,1 cargo bench --bench scan -- --test
//! ```
//!
//! measures every wheel of FOLDER (else of `target/published-wheels`); without `-- --test`
//! criterion's own figures of the first few wheels follow. Nothing else should run on the machine.
//!
//! A round measures one wheel on one thread, in that thread's processor time: bare inflating, the
//! scan and bare inflating again, back to back, each repeated until it takes 5 ms or more. A wheel's
//! ratio is the least of its rounds' (the *paired minimum*): scan ÷ the quicker of the round's two
//! inflatings, so that a disturbed inflating does not flatter the scan. The ratio of all wheels is
//! that of the sums of the times of those rounds. As a check, the same is told of the least scan and
//! the least inflating of all rounds, which need not come from one round.
//!
//! The wheel is in memory, its SHA-256 is not taken. Bare inflating unpacks what a scan unpacks, with the
//! same library, into one buffer of 256 KiB. To their end: object files, `ar` archives, WebAssembly,
//! SBOMs, archives inside the wheel, short scripts with `#!`, and what of these is in those. Of all other
//! members the first four bytes, which tell what they are. The directory, CRC-32, headers, texts and
//! verdict are the scan's alone. In a second measurement those four bytes are, too.

// A bench is a program of its own; a wheel that cannot be read ends it.
#![allow(clippy::unwrap_used, clippy::print_stderr, missing_docs)]

use std::hint::black_box;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use flate2::{Decompress, FlushDecompress, Status};
use rewheel::scan::{Limits, Scanner};
use rewheel::source::BytesSource;

const CHUNK_BYTES: usize = 256 * 1024;

/// How long the shortest measurement takes: what is shorter is repeated.
const LEAST: Duration = Duration::from_millis(5);

/// How many bytes of a member tell what it is, and how many packed ones are enough for them.
const FIRST: usize = 4;
const FIRST_PACKED: usize = 1024;

/// The packed bytes of the members that a scan must inflate, also of those in archives inside this one.
#[derive(Default)]
struct Members {
    /// To their end.
    whole: Vec<Vec<u8>>,
    /// Their beginnings.
    begun: Vec<Vec<u8>>,
}

fn read_members(archive: &[u8]) -> Members {
    let mut members = Members::default();
    let Ok(mut archive) = zip::ZipArchive::new(Cursor::new(archive)) else {
        return members;
    };
    for index in 0..archive.len() {
        let mut member = archive.by_index(index).unwrap();
        let mut content = vec![0; 4];
        let is_long = member.read(&mut content).unwrap_or(0) == 4;
        let is_archive = content == *b"PK\x03\x04";
        // Behind the first line of a script an archive may stand: up to 64 KiB are searched.
        let is_script = content.starts_with(b"#!") && member.size() <= 64 << 10;
        let is_read = is_long
            && (is_archive
                || is_script
                || matches!(
                    *content,
                    [0x7f, b'E', b'L', b'F']
                        | [b'M', b'Z', ..]
                        | [0xcf | 0xce, 0xfa, 0xed, 0xfe]
                        | [0xca, 0xfe, 0xba, 0xbe]
                        | [b'!', b'<', b'a', b'r']
                        | [0, b'a', b's', b'm']
                ));
        let is_sbom = member
            .name()
            .is_ok_and(|name| name.contains(".dist-info/sboms/"));
        if is_archive {
            member.read_to_end(&mut content).unwrap();
            let inside = read_members(&content);
            members.whole.extend(inside.whole);
            members.begun.extend(inside.begun);
        }
        let is_deflated = member.compression() == zip::CompressionMethod::Deflated;
        drop(member);
        let mut raw = archive.by_index_raw(index).unwrap();
        let mut packed = Vec::new();
        if is_deflated && (is_read || is_sbom) {
            raw.read_to_end(&mut packed).unwrap();
            members.whole.push(packed);
        } else if is_deflated && is_long {
            let mut first = raw.take(FIRST_PACKED as u64);
            first.read_to_end(&mut packed).unwrap();
            members.begun.push(packed);
        }
    }
    members
}

fn inflate(members: &Members, output: &mut [u8]) -> u64 {
    let mut total = 0;
    let mut state = Decompress::new(false);
    for member in &members.begun {
        let first = output.get_mut(..FIRST).unwrap();
        state.reset(false);
        state
            .decompress(member, first, FlushDecompress::None)
            .unwrap();
        black_box(&output);
        total += state.total_out();
    }
    for member in &members.whole {
        let mut input = member.as_slice();
        state.reset(false);
        loop {
            let before = state.total_in();
            let status = state
                .decompress(input, output, FlushDecompress::None)
                .unwrap();
            let consumed = usize::try_from(state.total_in() - before).unwrap();
            input = input.get(consumed..).unwrap_or_default();
            black_box(&output);
            if status == Status::StreamEnd {
                break;
            }
        }
        total += state.total_out();
    }
    total
}

fn folder() -> PathBuf {
    std::env::var_os("REWHEEL_WHEELS")
        .map_or_else(|| PathBuf::from("target/published-wheels"), PathBuf::from)
}

fn wheels(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found: Vec<_> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "whl"))
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read(path).unwrap())
        })
        .collect();
    found.sort();
    found
}

/// The processor time of this thread: a shared machine disturbs it less than the clock.
fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap()
}

/// What one run takes, on the average of as many as asked.
fn cost(times: u32, mut work: impl FnMut()) -> Duration {
    let start = processor_time();
    for _ in 0..times {
        work();
    }
    (processor_time() - start) / times
}

/// The times of one scan and one bare inflating.
#[derive(Clone, Copy)]
struct Pair {
    scan: Duration,
    inflate: Duration,
}

impl Pair {
    const LONGEST: Self = Self {
        scan: Duration::MAX,
        inflate: Duration::MAX,
    };

    fn ratio(self) -> f64 {
        self.scan.as_secs_f64() / self.inflate.as_secs_f64()
    }
}

/// What was measured of one wheel.
struct Measured {
    name: String,
    bytes: usize,
    /// The round with the least ratio.
    paired: Pair,
    /// The least times of all rounds.
    least: Pair,
}

fn measured(wheels: &[(String, Vec<u8>)], rounds: u32, with_beginnings: bool) -> Vec<Measured> {
    let mut output = vec![0; CHUNK_BYTES];
    let mut scanner = Scanner::default();
    let mut measured = Vec::new();
    for (name, bytes) in wheels {
        let mut members = read_members(bytes);
        if members.whole.is_empty() {
            continue;
        }
        if !with_beginnings {
            members.begun.clear();
        }
        let mut inflating = |times| {
            cost(times, || {
                black_box(inflate(&members, &mut output));
            })
        };
        let once = inflating(1).max(Duration::from_nanos(1));
        let times = u32::try_from(LEAST.as_nanos().div_ceil(once.as_nanos())).unwrap();
        let mut paired: Option<Pair> = None;
        let mut least = Pair::LONGEST;
        for _ in 0..rounds {
            let before = inflating(times);
            let scan = cost(times, || {
                black_box(scanner.scan(&BytesSource(bytes), &Limits::default())).unwrap();
            });
            let inflate = before.min(inflating(times));
            let round = Pair { scan, inflate };
            if paired.is_none_or(|paired| round.ratio() < paired.ratio()) {
                paired = Some(round);
            }
            least.scan = least.scan.min(scan);
            least.inflate = least.inflate.min(inflate);
        }
        if let Some(paired) = paired {
            measured.push(Measured {
                name: name.clone(),
                bytes: bytes.len(),
                paired,
                least,
            });
        }
    }
    measured
}

fn tell(mut measured: Vec<Measured>) {
    if measured.is_empty() {
        return;
    }
    let bytes: usize = measured.iter().map(|one| one.bytes).sum();
    for (title, pair) in [
        ("least times", (|one| one.least) as fn(&Measured) -> Pair),
        ("paired minimum", |one| one.paired),
    ] {
        measured.sort_by(|one, other| pair(other).ratio().total_cmp(&pair(one).ratio()));
        let sum = |of: fn(Pair) -> Duration| {
            let times = measured.iter().map(|one| of(pair(one)));
            times.sum::<Duration>().as_secs_f64()
        };
        let (scan, inflate) = (sum(|pair| pair.scan), sum(|pair| pair.inflate));
        let above = |bound: f64| {
            let ratios = measured.iter().map(|one| pair(one).ratio());
            ratios.filter(|ratio| *ratio > bound).count()
        };
        let median = measured
            .get(measured.len() / 2)
            .map_or(0.0, |one| pair(one).ratio());
        eprintln!(
            "{title}: {:.3} of bare inflating over all {} wheels, median {median:.3}, {} above 1.12, {} above 1.25; {:.0} MB/s",
            scan / inflate,
            measured.len(),
            above(1.12),
            above(1.25),
            bytes as f64 / 1e6 / scan,
        );
    }
    eprintln!("the ten worst, with what bare inflating takes:");
    for one in measured.iter().take(10) {
        eprintln!(
            "{:.3}  {:8.2} ms  {}",
            one.paired.ratio(),
            one.paired.inflate.as_secs_f64() * 1e3,
            one.name,
        );
    }
}

/// How much faster so many threads scan all wheels than one does.
fn several_threads(wheels: &[(String, Vec<u8>)], threads: usize) -> f64 {
    let run = |threads: usize| {
        let next = AtomicUsize::new(0);
        let start = Instant::now();
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    let mut scanner = Scanner::default();
                    while let Some((_, bytes)) = wheels.get(next.fetch_add(1, Ordering::Relaxed)) {
                        black_box(scanner.scan(&BytesSource(bytes), &Limits::default())).unwrap();
                    }
                });
            }
        });
        start.elapsed()
    };
    let best = |threads| (0..5).map(|_| run(threads)).min().unwrap_or_default();
    let (one, several) = (best(1), best(threads));
    one.as_secs_f64() / several.as_secs_f64()
}

fn scanning(criterion: &mut Criterion) {
    let folder = folder();
    let wheels = wheels(&folder);
    if wheels.is_empty() {
        eprintln!("no wheels in {}: nothing to measure", folder.display());
        return;
    }
    let rounds = std::env::var("REWHEEL_ROUNDS").map_or(9, |rounds| rounds.parse().unwrap());
    tell(measured(&wheels, rounds, true));
    eprintln!("\nwithout the beginnings of other members in the bare inflating:");
    tell(measured(&wheels, rounds, false));
    eprintln!(
        "{:.2} times as fast on two threads as on one",
        several_threads(&wheels, 2)
    );

    let mut scanner = Scanner::default();
    let mut output = vec![0; CHUNK_BYTES];
    let mut group = criterion.benchmark_group("wheels");
    group.sample_size(10);
    for (name, bytes) in wheels.iter().take(6) {
        let members = read_members(bytes);
        let source = BytesSource(bytes);
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function(BenchmarkId::new("scan", name), |bencher| {
            bencher.iter(|| scanner.scan(&source, &Limits::default()));
        });
        group.bench_function(BenchmarkId::new("inflate", name), |bencher| {
            bencher.iter(|| inflate(&members, &mut output));
        });
    }
    group.finish();
}

criterion_group!(benches, scanning);
criterion_main!(benches);
