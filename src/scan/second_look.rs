//! Reading a member again: because a part of its headers had gone by before it was known to
//! matter, or because its version is in doubt and a constant in its code could tell it. Both are
//! rare: such headers must point backwards, past what is kept; and nearly every version is told
//! by a text.

use std::io::{self, Read};

use super::Source;
use super::banner::Mark;
use super::binary::{self, Again, fill};
use super::collector::{Binary, Collector};
use super::inflate::{self, Inflater};
use super::magic::{self, Magic};
use super::object_file::{Constant, SymbolTable};
use super::symbol_table::{self, Entries, Start};
use super::verdict;
use super::version_number::{self, CODE_BYTES, Outcome, VersionFunction};
use super::watched::Watched;

/// How often one member is read again for its headers, and once more for a constant.
const MAXIMUM_LOOKS: usize = 3;

/// How many slices of one member are searched for a constant.
const MAXIMUM_SEARCHES: usize = 4;

/// How many bytes of a symbol table are looked at at once; whole entries of every format.
const CHUNK_BYTES: usize = 48 * 1024;

/// Reads the members again whose headers are not complete, or whose version is in doubt.
pub(super) fn take<S: Source>(
    source: &S,
    collector: &mut Collector,
    inflater: &mut Inflater,
) -> io::Result<()> {
    // Another pass over the same bytes has the same bound.
    collector.memory.candidates = collector.limits.candidates;
    for index in 0..collector.binaries.len() {
        for _ in 0..MAXIMUM_LOOKS {
            let Some(binary) = collector.binaries.get(index) else {
                break;
            };
            // What stopped the first look would stop this one too, or worse, would not.
            if binary.is_cut {
                break;
            }
            let is_in_doubt = verdict::is_in_doubt(&binary.path, &binary.parts);
            let late = binary.parts.iter().flat_map(|part| &part.late);
            let wanted: Vec<_> = binary
                .gone
                .iter()
                .chain(late.filter(|_| is_in_doubt))
                .copied()
                .collect();
            if wanted.is_empty() {
                break;
            }
            let memory = &mut collector.memory;
            let Some(reread) = again(source, binary, &wanted, inflater, memory)? else {
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
        if let Some(binary) = collector.binaries.get_mut(index)
            && !binary.is_cut
            && verdict::is_in_doubt(&binary.path, &binary.parts)
        {
            search(source, binary, inflater)?;
        }
    }
    Ok(())
}

fn again<S: Source>(
    source: &S,
    binary: &Binary,
    wanted: &[(u64, u64)],
    inflater: &mut Inflater,
    memory: &mut binary::Memory,
) -> io::Result<Option<Binary>> {
    let (Some((at, len)), false) = (binary.packed, wanted.is_empty()) else {
        return Ok(None);
    };
    let mut watched = Watched::new(source.range(at, len)?);
    let mut reread = None;
    if let Ok(mut inflated) =
        inflate::decoder(binary.method, &mut watched, Some(binary.size), inflater)
    {
        // What is wrong with the member was told when it was read first.
        let _ = magic::read_head(&mut memory.head, &mut inflated, magic::FIRST_BYTES);
        if let Magic::Object(format) = magic::magic(memory.head.bytes(), &binary.path) {
            let mut rest = inflated.take(binary.size);
            let seen = binary::stream(
                format,
                &mut rest,
                binary.size,
                wanted,
                Again::Possible,
                memory,
            );
            // Nothing new: looking again would not help either.
            let gone: Vec<_> = seen
                .gone
                .iter()
                .filter(|range| !wanted.contains(range))
                .copied()
                .collect();
            let mut parts = seen.parts;
            for part in &mut parts {
                part.late.retain(|range| !wanted.contains(range));
            }
            let earlier = |ranges: Vec<(u64, u64)>| {
                let all = wanted.iter().copied().chain(ranges);
                all.collect::<Vec<_>>()
            };
            reread = Some(Binary {
                path: binary.path.clone(),
                gone: if gone.is_empty() { gone } else { earlier(gone) },
                parts,
                ..*binary
            });
        }
    }
    watched.failure().map_or(Ok(reread), Err)
}

/// Looks for the function that returns the version in the symbol table that only linkers read,
/// where the function's name was seen.
fn search<S: Source>(source: &S, binary: &mut Binary, inflater: &mut Inflater) -> io::Result<()> {
    for index in 0..binary.parts.len().min(MAXIMUM_SEARCHES) {
        let found = constant(source, binary, index, inflater)?;
        if let (Some(found), Some(part)) = (found, binary.parts.get_mut(index)) {
            part.headers.constants.push(found);
        }
    }
    Ok(())
}

fn constant<S: Source>(
    source: &S,
    binary: &Binary,
    index: usize,
    inflater: &mut Inflater,
) -> io::Result<Option<Constant>> {
    let Some(part) = binary.parts.get(index) else {
        return Ok(None);
    };
    let hits = part.texts.hits(Mark::VersionFunction);
    let names: Vec<u64> = hits.iter().map(|hit| hit.offset).collect();
    let (Some(table), Some(arch), false) = (
        &part.headers.symbol_table,
        part.headers.arch,
        names.is_empty(),
    ) else {
        return Ok(None);
    };
    if !part.headers.constants.is_empty() {
        return Ok(None);
    }
    let mut member = Reread {
        source,
        binary,
        inflater,
    };
    let Some(entries) = member.entries(table, part.slice.at)? else {
        return Ok(None);
    };
    let mut found = None;
    member.pass(entries.at, entries.len, &mut |bytes| {
        found = found.or_else(|| entries.defined(bytes, &names));
    })?;
    let Some(offset) = found.and_then(|offset| part.slice.at.checked_add(offset)) else {
        return Ok(None);
    };
    let code = member.bytes(offset, CODE_BYTES)?;
    let constant = match version_number::outcome(&code, arch) {
        Outcome::Constant(number) => Some(Constant {
            function: VersionFunction::OpensslVersionNum,
            number,
            offset,
        }),
        Outcome::Jump(_) | Outcome::Other => None,
    };
    Ok(constant)
}

/// A member of which parts are read again.
struct Reread<'a, S> {
    source: &'a S,
    binary: &'a Binary,
    inflater: &'a mut Inflater,
}

impl<S: Source> Reread<'_, S> {
    fn entries(&mut self, table: &SymbolTable, base: u64) -> io::Result<Option<Entries>> {
        match symbol_table::start(table) {
            Start::Entries(entries) => Ok(Some(entries)),
            Start::Sections { at, len } => {
                let sections = self.bytes(at, len)?;
                Ok(symbol_table::of_sections(table, &sections, base))
            }
        }
    }

    /// At most `len` bytes from `at`; few.
    fn bytes(&mut self, at: u64, len: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.pass(at, len, &mut |chunk| bytes.extend_from_slice(chunk))?;
        Ok(bytes)
    }

    /// Gives `len` bytes from `at` on, a chunk after the other; fewer if the member cannot be
    /// unpacked.
    fn pass(&mut self, at: u64, len: u64, chunk: &mut dyn FnMut(&[u8])) -> io::Result<()> {
        let Some((packed_at, packed_len)) = self.binary.packed else {
            return Ok(());
        };
        let mut watched = Watched::new(self.source.range(packed_at, packed_len)?);
        let size = self.binary.size;
        if at < size
            && let Ok(inflated) =
                inflate::decoder(self.binary.method, &mut watched, Some(size), self.inflater)
        {
            let mut inflated = inflated.take(size);
            let skipped = io::copy(&mut (&mut inflated).take(at), &mut io::sink());
            let mut rest = inflated.take(len);
            let mut bytes = vec![0; CHUNK_BYTES];
            // What is wrong with the member was told when it was read first.
            while skipped.is_ok() {
                let Ok(read) = fill(&mut rest, &mut bytes) else {
                    break;
                };
                chunk(bytes.get(..read).unwrap_or_default());
                if read < bytes.len() {
                    break;
                }
            }
        }
        watched.failure().map_or(Ok(()), Err)
    }
}
