//! Scanning whole wheels beside bare inflating of the same members with the same library.
//!
//! The wheels are those of the folder that `REWHEEL_WHEELS` names, else of `target/published-wheels`.
//! Beside criterion's figures it prints the ratio of the paired minimum for each wheel.

// A bench is a program of its own; a wheel that cannot be read ends it.
#![allow(clippy::unwrap_used, clippy::print_stderr, missing_docs)]

use std::hint::black_box;
use std::io::{self, BufRead, Cursor, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use flate2::{Decompress, FlushDecompress, Status};
use rewheel::scan::{Limits, Source, scan};

const CHUNK_BYTES: usize = 256 * 1024;

struct Slice(Vec<u8>);

impl Source for Slice {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn range(&self, at: u64, len: u64) -> io::Result<impl BufRead> {
        let from = usize::try_from(at).map_err(io::Error::other)?;
        let len = usize::try_from(len).map_err(io::Error::other)?;
        Ok(self.0.get(from..).unwrap_or_default().take(len as u64))
    }
}

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

fn least(times: u32, mut work: impl FnMut()) -> Duration {
    let one = |_| {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    (0..times).map(one).min().unwrap_or_default()
}

fn scanning(criterion: &mut Criterion) {
    let folder = folder();
    let wheels = wheels(&folder);
    if wheels.is_empty() {
        eprintln!("no wheels in {}: nothing to measure", folder.display());
        return;
    }
    let mut output = vec![0; CHUNK_BYTES];
    let (mut scans, mut inflates) = (Duration::ZERO, Duration::ZERO);
    for (name, bytes) in &wheels {
        let members = native_members(bytes);
        if members.is_empty() {
            continue;
        }
        let source = Slice(bytes.clone());
        let bare = least(5, || {
            black_box(inflate(bytes, &members, &mut output));
        });
        let full = least(5, || {
            black_box(scan(&source, &Limits::default()).unwrap());
        });
        scans += full;
        inflates += bare;
        eprintln!(
            "{:.3} {:.1} MB/s {name}",
            full.as_secs_f64() / bare.as_secs_f64(),
            bytes.len() as f64 / 1e6 / full.as_secs_f64(),
        );
    }
    eprintln!(
        "{:.3} of bare inflating, over all",
        scans.as_secs_f64() / inflates.as_secs_f64()
    );

    let mut group = criterion.benchmark_group("wheels");
    group.sample_size(10);
    for (name, bytes) in wheels.iter().take(6) {
        let members = native_members(bytes);
        let source = Slice(bytes.clone());
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function(BenchmarkId::new("scan", name), |bencher| {
            bencher.iter(|| scan(&source, &Limits::default()));
        });
        group.bench_function(BenchmarkId::new("inflate", name), |bencher| {
            bencher.iter(|| inflate(bytes, &members, &mut output));
        });
    }
    group.finish();
}

criterion_group!(benches, scanning);
criterion_main!(benches);
