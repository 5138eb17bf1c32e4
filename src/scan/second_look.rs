//! Reading a member again, because a part of its headers had gone by before it was known to
//! matter. Rare: such a part must point backwards, past the first 2 MiB.

use std::io::{self, BufReader, Read};

use super::Source;
use super::binary::{self, Magic};
use super::collector::{Binary, Collector};
use super::inflate::{self, Inflater};
use super::watched::Watched;

/// How often one member is read again.
const MAXIMUM_LOOKS: usize = 3;

/// Reads the members again whose headers are not complete.
pub(super) fn take<S: Source>(source: &S, collector: &mut Collector) -> io::Result<()> {
    if collector
        .binaries
        .iter()
        .all(|binary| binary.gone.is_empty())
    {
        return Ok(());
    }
    let mut inflater = Inflater::new();
    // Another pass over the same bytes has the same bound.
    collector.memory.candidates = collector.limits.candidates;
    for index in 0..collector.binaries.len() {
        for _ in 0..MAXIMUM_LOOKS {
            let Some(binary) = collector.binaries.get(index) else {
                break;
            };
            let Some(reread) = again(source, binary, &mut inflater, &mut collector.memory)? else {
                break;
            };
            // The first look, which was complete, stands where this one is not.
            if collector.memory.candidates == 0 || !collector.keep(&reread) {
                return Ok(());
            }
            if let Some(binary) = collector.binaries.get_mut(index) {
                *binary = reread;
            }
        }
    }
    Ok(())
}

fn again<S: Source>(
    source: &S,
    binary: &Binary,
    inflater: &mut Inflater,
    memory: &mut binary::Memory,
) -> io::Result<Option<Binary>> {
    // What stopped the first look would stop this one too, or worse, would not.
    if binary.is_cut {
        return Ok(None);
    }
    let (Some((at, len)), false) = (binary.packed, binary.gone.is_empty()) else {
        return Ok(None);
    };
    let mut watched = Watched::new(source.range(at, len)?);
    let mut reread = None;
    if let Ok(mut inflated) = inflate::decoder(
        binary.method,
        BufReader::new(&mut watched),
        Some(binary.size),
        inflater,
    ) {
        let first = binary::first_bytes(&mut inflated).unwrap_or_default();
        if let Magic::Object(format) = binary::magic(&first, &binary.path) {
            let mut rest = inflated.take(binary.size);
            let seen = binary::stream(format, &first, &mut rest, binary.size, &binary.gone, memory);
            let gone = seen
                .gone
                .iter()
                .filter(|range| !binary.gone.contains(range));
            let gone: Vec<_> = binary.gone.iter().chain(gone).copied().collect();
            // Nothing new: looking again would not help either.
            let gone = if gone == binary.gone {
                Vec::new()
            } else {
                gone
            };
            reread = Some(Binary {
                path: binary.path.clone(),
                parts: seen.parts,
                gone,
                ..*binary
            });
        }
    }
    watched.failure().map_or(Ok(reread), Err)
}
