//! Bytes at hand: a slice, and a file of this machine.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use crate::scan::Source;

use super::digest::Sha256Sum;

/// How much of a file, or of what arrives, is read at once, 128 KiB.
pub(super) const BUFFER_BYTES: usize = 128 * 1024;

/// Bytes in memory.
#[derive(Clone, Copy, Debug)]
pub struct BytesSource<'a>(pub &'a [u8]);

impl Source for BytesSource<'_> {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn range(&self, at: u64, len: u64) -> io::Result<impl BufRead> {
        let end = end_of(at, len, self.len())?;
        let range = usize::try_from(at).ok().zip(usize::try_from(end).ok());
        range
            .and_then(|(start, end)| self.0.get(start..end))
            .ok_or_else(past_the_end)
    }
}

/// A file of this machine, with the length it had when it was opened.
#[derive(Debug)]
pub struct FileSource {
    file: File,
    length: u64,
}

impl FileSource {
    /// Opens a file.
    ///
    /// # Errors
    /// It cannot be opened, or it is not a regular file.
    pub fn open(path: &Path) -> io::Result<Self> {
        // Before it is opened: opening a pipe waits until somebody writes to it.
        if !std::fs::metadata(path)?.is_file() {
            return Err(not_regular());
        }
        Self::of(File::open(path)?)
    }

    /// A file that is open already.
    ///
    /// # Errors
    /// It is not a regular file.
    pub fn of(file: File) -> io::Result<Self> {
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(not_regular());
        }
        Ok(Self {
            file,
            length: metadata.len(),
        })
    }

    /// The SHA-256 of the whole file.
    ///
    /// # Errors
    /// The file cannot be read, or it has become shorter.
    pub fn sha256(&self) -> io::Result<String> {
        let mut sum = Sha256Sum::default();
        let mut reader = self.range(0, self.length)?;
        let mut buffer = vec![0; 256 * 1024];
        loop {
            match reader.read(&mut buffer)? {
                0 => return Ok(sum.finish()),
                count => sum.add(buffer.get(..count).unwrap_or_default()),
            }
        }
    }
}

impl Source for FileSource {
    fn len(&self) -> u64 {
        self.length
    }

    fn range(&self, at: u64, len: u64) -> io::Result<impl BufRead> {
        let range = FileRange {
            file: &self.file,
            at,
            end: end_of(at, len, self.length)?,
        };
        Ok(BufReader::with_capacity(BUFFER_BYTES, range))
    }
}

/// Reads at a place of its own, so that several ranges can be read in turns.
struct FileRange<'a> {
    file: &'a File,
    at: u64,
    end: u64,
}

impl Read for FileRange<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end - self.at).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(left);
        let Some(buffer) = buffer.get_mut(..wanted).filter(|part| !part.is_empty()) else {
            return Ok(0);
        };
        let count = read_at(self.file, buffer, self.at)?;
        if count == 0 {
            return Err(past_the_end());
        }
        self.at += count as u64;
        Ok(count)
    }
}

fn not_regular() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file")
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, at)
}

#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, at)
}

/// The end of a range that lies within `length` bytes.
pub(super) fn end_of(at: u64, len: u64, length: u64) -> io::Result<u64> {
    at.checked_add(len)
        .filter(|end| *end <= length)
        .ok_or_else(past_the_end)
}

pub(super) fn past_the_end() -> io::Error {
    io::Error::new(
        io::ErrorKind::UnexpectedEof,
        "the file ends before the range that was asked for does",
    )
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn read(source: &impl Source, at: u64, len: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        source.range(at, len)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn file(bytes: &[u8]) -> (tempfile::NamedTempFile, FileSource) {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        let source = FileSource::open(file.path()).unwrap();
        (file, source)
    }

    fn behaves(source: &impl Source) {
        assert_eq!(source.len(), 10);
        assert_eq!(read(source, 0, 10).unwrap(), b"0123456789");
        assert_eq!(read(source, 3, 4).unwrap(), b"3456");
        assert_eq!(read(source, 10, 0).unwrap(), b"");
        for (at, len) in [(0, 11), (11, 0), (u64::MAX, 1), (1, u64::MAX)] {
            let error = read(source, at, len).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        }
    }

    #[test]
    fn a_slice_is_a_source() {
        behaves(&BytesSource(b"0123456789"));
    }

    #[test]
    fn a_file_is_a_source() {
        let (_kept, source) = file(b"0123456789");
        behaves(&source);
        assert_eq!(source.sha256().unwrap(), Sha256Sum::of(b"0123456789"));
    }

    #[test]
    fn ranges_of_a_file_are_read_in_turns() {
        let (_kept, source) = file(b"0123456789");
        let (mut a, mut b) = (source.range(0, 10).unwrap(), source.range(5, 5).unwrap());
        let mut two = [0; 2];
        a.read_exact(&mut two).unwrap();
        b.read_exact(&mut two).unwrap();
        assert_eq!(&two, b"56");
        a.read_exact(&mut two).unwrap();
        assert_eq!(&two, b"23");
    }

    #[test]
    fn a_file_that_shrinks_is_an_error() {
        let (kept, source) = file(b"0123456789");
        kept.as_file().set_len(4).unwrap();
        let error = read(&source, 0, 10).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_and_a_device_are_no_sources() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        for path in [pipe.as_path(), Path::new("/dev/zero")] {
            let error = FileSource::open(path).unwrap_err();
            assert_eq!(error.to_string(), "it is not a regular file");
        }
    }

    #[test]
    fn a_folder_is_no_source() {
        let folder = tempfile::tempdir().unwrap();
        assert!(FileSource::open(folder.path()).is_err());
    }
}
