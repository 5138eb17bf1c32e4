//! Scanning whole wheels beside bare inflating of the same members with the same library.
//!
//! The wheels are those of the folder that `REWHEEL_WHEELS` names, else of `target/published-wheels`.
//! Beside criterion's figures it prints, for each wheel, what its scan costs as a multiple of bare
//! inflating (the least of `REWHEEL_ROUNDS` rounds of both, 9 by default, in processor time), and what
//! a second thread brings.

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

/// The packed bytes of the members that are object files: what a scan must inflate.
fn native_members(wheel: &[u8]) -> Vec<(usize, usize)> {
    let mut archive = zip::ZipArchive::new(Cursor::new(wheel)).unwrap();
    let mut members = Vec::new();
    for index in 0..archive.len() {
        let mut member = archive.by_index(index).unwrap();
        let mut magic = [0_u8; 4];
        let known = member.read(&mut magic).unwrap_or(0) == 4
            && matches!(
                magic,
                [0x7f, b'E', b'L', b'F']
                    | [b'M', b'Z', ..]
                    | [0xcf | 0xce, 0xfa, 0xed, 0xfe]
                    | [0xca, 0xfe, 0xba, 0xbe]
            );
        if known && member.compression() == zip::CompressionMethod::Deflated {
            let at = usize::try_from(member.data_start().unwrap()).unwrap();
            members.push((at, usize::try_from(member.compressed_size()).unwrap()));
        }
    }
    members
}

fn inflate(wheel: &[u8], members: &[(usize, usize)], output: &mut [u8]) -> u64 {
    let mut total = 0;
    let mut state = Decompress::new(false);
    for (at, len) in members {
        let mut input = wheel.get(*at..at + len).unwrap_or_default();
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

fn cost(mut work: impl FnMut()) -> Duration {
    let start = processor_time();
    work();
    processor_time() - start
}

/// One wheel's least cost of scanning and of bare inflating, measured in turns.
struct Pair {
    name: String,
    bytes: usize,
    scan: Duration,
    inflate: Duration,
}

impl Pair {
    fn ratio(&self) -> f64 {
        self.scan.as_secs_f64() / self.inflate.as_secs_f64()
    }
}

fn pairs(wheels: &[(String, Vec<u8>)], rounds: u32) -> Vec<Pair> {
    let mut output = vec![0; CHUNK_BYTES];
    let mut scanner = Scanner::default();
    let mut pairs = Vec::new();
    for (name, bytes) in wheels {
        let members = native_members(bytes);
        if members.is_empty() {
            continue;
        }
        let mut pair = Pair {
            name: name.clone(),
            bytes: bytes.len(),
            scan: Duration::MAX,
            inflate: Duration::MAX,
        };
        for _ in 0..rounds {
            let inflate = cost(|| {
                black_box(inflate(bytes, &members, &mut output));
            });
            let scan = cost(|| {
                black_box(scanner.scan(&BytesSource(bytes), &Limits::default())).unwrap();
            });
            pair.inflate = pair.inflate.min(inflate);
            pair.scan = pair.scan.min(scan);
        }
        pairs.push(pair);
    }
    pairs.sort_by(|one, other| other.ratio().total_cmp(&one.ratio()));
    pairs
}

fn tell(pairs: &[Pair]) {
    for pair in pairs {
        eprintln!(
            "{:.3}  {:8.2} ms  {:4.0} MB/s  {}",
            pair.ratio(),
            pair.scan.as_secs_f64() * 1e3,
            pair.bytes as f64 / 1e6 / pair.scan.as_secs_f64(),
            pair.name,
        );
    }
    for least in [Duration::ZERO, Duration::from_millis(2)] {
        let counted: Vec<&Pair> = pairs.iter().filter(|pair| pair.inflate >= least).collect();
        let sum = |of: fn(&Pair) -> Duration| {
            counted
                .iter()
                .map(|pair| of(pair))
                .sum::<Duration>()
                .as_secs_f64()
        };
        eprintln!(
            "{:.3} of bare inflating over {} wheels that take at least {} ms to inflate; the worst {:.3}, {} above 1.25",
            sum(|pair| pair.scan) / sum(|pair| pair.inflate),
            counted.len(),
            least.as_millis(),
            counted.first().map_or(0.0, |pair| pair.ratio()),
            counted.iter().filter(|pair| pair.ratio() > 1.25).count(),
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
    tell(&pairs(&wheels, rounds));
    eprintln!(
        "{:.2} times as fast on two threads as on one",
        several_threads(&wheels, 2)
    );

    let mut scanner = Scanner::default();
    let mut output = vec![0; CHUNK_BYTES];
    let mut group = criterion.benchmark_group("wheels");
    group.sample_size(10);
    for (name, bytes) in wheels.iter().take(6) {
        let members = native_members(bytes);
        let source = BytesSource(bytes);
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function(BenchmarkId::new("scan", name), |bencher| {
            bencher.iter(|| scanner.scan(&source, &Limits::default()));
        });
        group.bench_function(BenchmarkId::new("inflate", name), |bencher| {
            bencher.iter(|| inflate(bytes, &members, &mut output));
        });
    }
    group.finish();
}

criterion_group!(benches, scanning);
criterion_main!(benches);
