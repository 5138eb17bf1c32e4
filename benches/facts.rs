//! How long the built-in facts take to load; a command pays this once.
#![allow(missing_docs)]

use criterion::{Criterion, criterion_group, criterion_main};
use rewheel::feeds::built_in;

fn load(criterion: &mut Criterion) {
    criterion.bench_function("load the built-in facts", |bencher| {
        bencher.iter(|| built_in::load().map(|facts| facts.advisories.len()));
    });
}

criterion_group!(benches, load);
criterion_main!(benches);
