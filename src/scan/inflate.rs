//! Unpacking a member as it streams by: every method that zip archives use in earnest, counted
//! and checked.
//!
//! Source: APPNOTE 4.4.5 (methods), 5.8.8 (LZMA).

use std::io::{self, BufRead, Read};

use flate2::{Decompress, FlushDecompress, Status};

/// The largest dictionary or window that a member may ask for, 8 MiB.
pub(super) const WINDOW_BYTES: u32 = 8 << 20;

/// A compression method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Stored,
    Deflate,
    Bzip2,
    Lzma,
    Zstd,
}

impl Method {
    /// Whether unpacking takes a window of its own, up to [`WINDOW_BYTES`].
    pub(super) const fn has_window(self) -> bool {
        matches!(self, Self::Lzma | Self::Zstd)
    }

    /// The method of a number (APPNOTE 4.4.5); none if it is not supported.
    pub(super) const fn of(number: u16) -> Option<Self> {
        Some(match number {
            0 => Self::Stored,
            8 => Self::Deflate,
            12 => Self::Bzip2,
            14 => Self::Lzma,
            20 | 93 => Self::Zstd,
            _ => return None,
        })
    }
}

/// Inflates what `input` holds by `method`; `size` is the length that it should have unpacked.
///
/// # Errors
/// A member that asks for too much memory, or whose first bytes are no such stream.
pub(super) fn decoder<'a, R: BufRead + 'a>(
    method: Method,
    input: R,
    size: Option<u64>,
    inflater: &'a mut Inflater,
) -> io::Result<Box<dyn Read + 'a>> {
    Ok(match method {
        Method::Stored => Box::new(input),
        Method::Deflate => Box::new(inflater.read(input)),
        Method::Bzip2 => Box::new(bzip2::bufread::BzDecoder::new(input)),
        Method::Lzma => Box::new(lzma(input, size)?),
        Method::Zstd => Box::new(
            ruzstd::decoding::StreamingDecoder::new_with_max_window_size(
                input,
                u64::from(WINDOW_BYTES),
            )
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))?,
        ),
    })
}

fn lzma<R: Read>(mut input: R, size: Option<u64>) -> io::Result<impl Read> {
    let mut header = [0_u8; 9];
    input.read_exact(&mut header)?;
    let [_, _, properties_len, _, properties, dictionary @ ..] = header;
    let dictionary = u32::from_le_bytes(dictionary);
    if properties_len != 5 || dictionary > WINDOW_BYTES {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("the LZMA dictionary of {dictionary} bytes is larger than {WINDOW_BYTES}"),
        ));
    }
    lzma_rust2::LzmaReader::new_with_props(
        input,
        size.unwrap_or(u64::MAX),
        properties,
        dictionary,
        None,
    )
}

/// The state of a raw deflate stream, kept from member to member.
#[derive(Debug)]
pub(super) struct Inflater(Decompress);

impl Default for Inflater {
    fn default() -> Self {
        Self::new()
    }
}

impl Inflater {
    pub(super) fn new() -> Self {
        Self(Decompress::new(false))
    }

    /// Begins a new stream.
    pub(super) fn read<R: BufRead>(&mut self, input: R) -> Deflate<'_, R> {
        self.0.reset(false);
        Deflate {
            input,
            state: &mut self.0,
            ended: false,
        }
    }
}

/// A deflate stream that ends where its last block ends, and leaves the rest of the input.
#[derive(Debug)]
pub(super) struct Deflate<'a, R> {
    input: R,
    state: &'a mut Decompress,
    ended: bool,
}

impl<R: BufRead> Read for Deflate<'_, R> {
    fn read(&mut self, output: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0_usize;
        while !self.ended && filled < output.len() {
            let input = self.input.fill_buf()?;
            let no_more = input.is_empty();
            let consumed_before = self.state.total_in();
            let made_before = self.state.total_out();
            let Some(room) = output.get_mut(filled..) else {
                break;
            };
            let status = self.state.decompress(input, room, FlushDecompress::None);
            let consumed = self.state.total_in().saturating_sub(consumed_before);
            let made = self.state.total_out().saturating_sub(made_before);
            self.input
                .consume(usize::try_from(consumed).unwrap_or(usize::MAX));
            filled = filled.saturating_add(usize::try_from(made).unwrap_or(usize::MAX));
            let error = match status {
                Ok(Status::StreamEnd) => {
                    self.ended = true;
                    break;
                }
                Ok(_) if no_more && made == 0 => io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "the compressed data ends too early",
                ),
                Ok(_) => continue,
                Err(error) => io::Error::new(io::ErrorKind::InvalidData, error),
            };
            // What came out before counts; the state gives its error again when it is asked next.
            return if filled > 0 { Ok(filled) } else { Err(error) };
        }
        Ok(filled)
    }
}
