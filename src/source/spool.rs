//! A copy of a wheel from a server that knows no ranges: in memory while small, then in a file.

use std::fs::File;
use std::io::{self, BufRead, Write};
use std::sync::Arc;

use tokio::runtime::Handle;

use crate::fetch::Answer;
use crate::scan::Source;

use super::digest::Sha256Sum;
use super::error::ReadError;
use super::local::FileSource;
use super::stream::{Link, content_length};

/// Up to how many bytes a copy stays in memory.
const MEMORY_BYTES: usize = 1 << 20;

/// The copy.
#[derive(Debug)]
pub(super) enum Spool {
    Memory(Vec<u8>),
    Disk(FileSource),
}

impl Spool {
    /// Receives the whole file and its SHA-256. A broken connection starts it again from the
    /// first byte, as nothing else can be had from such a server.
    pub(super) fn receive(
        link: &Arc<Link>,
        runtime: &Handle,
        mut answer: Answer,
    ) -> Result<(Self, String), ReadError> {
        let mut restarts = 0;
        loop {
            let failure = match receive_once(link, runtime, answer) {
                Err(error) if error.is_transient() && restarts < link.limits.resumes => error,
                other => return other,
            };
            restarts += 1;
            tracing::debug!("{}: {failure}; starting again", link.url());
            answer = runtime.block_on(link.within_time(link.whole()))?;
        }
    }

    pub(super) fn length(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::Disk(file) => file.len(),
        }
    }

    pub(super) fn range(&self, at: u64, len: u64) -> io::Result<Box<dyn BufRead + '_>> {
        Ok(match self {
            Self::Memory(bytes) => {
                // The reader borrows the bytes, not the view of them.
                let end = super::local::end_of(at, len, bytes.len() as u64)?;
                let range = usize::try_from(at).ok().zip(usize::try_from(end).ok());
                let part = range.and_then(|(start, end)| bytes.get(start..end));
                Box::new(part.ok_or_else(super::local::past_the_end)?)
            }
            Self::Disk(file) => Box::new(file.range(at, len)?),
        })
    }
}

fn receive_once(
    link: &Arc<Link>,
    runtime: &Handle,
    mut answer: Answer,
) -> Result<(Spool, String), ReadError> {
    let announced = content_length(&answer);
    if let Some(length) = announced {
        link.check_length(length)?;
    }
    let broken = |source| ReadError::Spool {
        url: link.url(),
        source,
    };
    let (mut sum, mut memory, mut disk, mut length) = (Sha256Sum::default(), Vec::new(), None, 0);
    while let Some(piece) = runtime.block_on(link.within_time(link.piece(&mut answer)))? {
        if link.is_abandoned() {
            return Err(broken(io::ErrorKind::Interrupted.into()));
        }
        length += piece.len() as u64;
        if length > link.limits.wheel_bytes {
            return Err(link.limit_reached("wheel-bytes", link.limits.wheel_bytes));
        }
        sum.add(&piece);
        write(&mut memory, &mut disk, &piece).map_err(broken)?;
    }
    match announced {
        Some(announced) if length < announced => return Err(link.cut(length, announced)),
        _ => link.check_length(length)?,
    }
    let spool = match disk {
        None => Spool::Memory(memory),
        Some(file) => Spool::Disk(FileSource::of(file).map_err(broken)?),
    };
    Ok((spool, sum.finish()))
}

fn write(memory: &mut Vec<u8>, disk: &mut Option<File>, piece: &[u8]) -> io::Result<()> {
    if let Some(file) = disk {
        return file.write_all(piece);
    }
    memory.extend_from_slice(piece);
    if memory.len() > MEMORY_BYTES {
        let mut file = tempfile::tempfile()?;
        file.write_all(memory)?;
        *memory = Vec::new();
        *disk = Some(file);
    }
    Ok(())
}
