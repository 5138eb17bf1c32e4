//! Compressed files inside a wheel, such as `data.tar.gz`: one stream of bytes, which may itself
//! be a binary or an archive.
//!
//! Source: RFC 1952 (gzip), RFC 8878 (Zstandard), the .xz file format 1.2.1.

use std::io::{self, BufRead, Cursor, Read};

use super::inflate::WINDOW_BYTES;

/// A format of compressed files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Gzip,
    Bzip2,
    Xz,
    Zstd,
}

impl Format {
    /// The format of a file by its first bytes.
    pub(super) fn of(first: &[u8]) -> Option<Self> {
        Some(match first {
            [0x1f, 0x8b, 8, ..] => Self::Gzip,
            [
                b'B',
                b'Z',
                b'h',
                b'1'..=b'9',
                0x31,
                0x41,
                0x59,
                0x26,
                0x53,
                0x59,
                ..,
            ] => Self::Bzip2,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Xz,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            _ => return None,
        })
    }

    /// Whether unpacking takes a window of its own, up to [`WINDOW_BYTES`].
    pub(super) const fn has_window(self) -> bool {
        matches!(self, Self::Xz | Self::Zstd)
    }
}

/// Unpacks a compressed file, all its streams one after the other.
pub(super) fn reader<'a, R: BufRead + 'a>(format: Format, input: R) -> Box<dyn Read + 'a> {
    match format {
        Format::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(input)),
        Format::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(input)),
        Format::Xz => Box::new(lzma_rust2::XzReader::new_mem_limit(
            input,
            true,
            // What the decoder needs beside its window is less than as much again.
            WINDOW_BYTES / 1024 * 2,
        )),
        Format::Zstd => Box::new(Frames {
            input: Some(input),
            frame: None,
        }),
    }
}

/// The name of what is in a compressed file: `a.tar` of `a.tar.gz` and of `a.tgz`.
pub(super) fn inner_name(path: &str) -> String {
    let name = path.rsplit(['/', '!']).next().unwrap_or(path);
    match name.rsplit_once('.') {
        Some((stem, "gz" | "bz2" | "xz" | "zst")) if !stem.is_empty() => stem.to_owned(),
        Some((stem, "tgz" | "tbz" | "txz" | "tzst")) => format!("{stem}.tar"),
        _ => name.to_owned(),
    }
}

type Frame<R> = ruzstd::decoding::StreamingDecoder<
    io::Chain<Cursor<[u8; 4]>, R>,
    ruzstd::decoding::FrameDecoder,
>;

/// The frames of a Zstandard file.
struct Frames<R: Read> {
    /// What follows the last frame; none while one is being read.
    input: Option<R>,
    frame: Option<Frame<R>>,
}

impl<R: Read> Frames<R> {
    /// Begins the next frame; false at the end.
    fn begin(&mut self, mut input: R) -> io::Result<bool> {
        loop {
            let mut magic = [0_u8; 4];
            match super::binary::fill(&mut input, &mut magic)? {
                0 => return Ok(false),
                4 => {}
                _ => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
            // Skippable frames hold anything, and their length.
            if let [0x50..=0x5f, 0x2a, 0x4d, 0x18] = magic {
                let mut len = [0_u8; 4];
                input.read_exact(&mut len)?;
                let len = u64::from(u32::from_le_bytes(len));
                if io::copy(&mut (&mut input).take(len), &mut io::sink())? < len {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                continue;
            }
            let frame = ruzstd::decoding::StreamingDecoder::new_with_max_window_size(
                Cursor::new(magic).chain(input),
                u64::from(WINDOW_BYTES),
            );
            self.frame =
                Some(frame.map_err(|error| {
                    io::Error::new(io::ErrorKind::InvalidData, error.to_string())
                })?);
            return Ok(true);
        }
    }
}

impl<R: Read> Read for Frames<R> {
    fn read(&mut self, output: &mut [u8]) -> io::Result<usize> {
        if output.is_empty() {
            return Ok(0);
        }
        loop {
            if let Some(input) = self.input.take()
                && !self.begin(input)?
            {
                return Ok(0);
            }
            let Some(frame) = &mut self.frame else {
                return Ok(0);
            };
            let read = frame.read(output)?;
            if read > 0 {
                return Ok(read);
            }
            let frame = self.frame.take();
            self.input = frame.map(|frame| frame.into_inner().into_inner().1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_inside_has_a_name() {
        assert_eq!(inner_name("a/b.tar.gz"), "b.tar");
        assert_eq!(inner_name("a/b.tgz"), "b.tar");
        assert_eq!(inner_name("a/b"), "b");
        assert_eq!(inner_name("a/.gz"), ".gz");
    }

    #[test]
    fn frames_follow_each_other_and_skippable_ones_are_skipped() {
        let frame = |byte: u8| {
            // One raw block of one byte, its length told: RFC 8878, 3.1.1.
            [&[0x28, 0xb5, 0x2f, 0xfd, 0x20, 1][..], &[0x09, 0, 0, byte]].concat()
        };
        let skippable = [0x51, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 7, 7];
        let all = [&skippable[..], &frame(b'a'), &skippable, &frame(b'b')].concat();
        let mut text = String::new();
        reader(Format::Zstd, all.as_slice())
            .read_to_string(&mut text)
            .unwrap();
        assert_eq!(text, "ab");
        for less in [1, 12, 18] {
            let cut = &all[..all.len() - less];
            let read = reader(Format::Zstd, cut).read_to_string(&mut text);
            assert!(read.is_err(), "{less}");
        }
    }
}
