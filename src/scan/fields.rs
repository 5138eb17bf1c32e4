//! Fixed-width fields out of bytes, in either byte order, without panics.

/// Bytes that are read as fields.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a> {
    bytes: &'a [u8],
    big_endian: bool,
}

impl<'a> Fields<'a> {
    pub(super) const fn little(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            big_endian: false,
        }
    }

    pub(super) const fn new(bytes: &'a [u8], big_endian: bool) -> Self {
        Self { bytes, big_endian }
    }

    /// `len` bytes from `at`; none if they are not all there.
    pub(super) fn slice(&self, at: usize, len: usize) -> Option<&'a [u8]> {
        self.bytes.get(at..at.checked_add(len)?)
    }

    fn array<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        self.slice(at, N)?.try_into().ok()
    }

    pub(super) fn u16(&self, at: usize) -> Option<u16> {
        let bytes = self.array(at)?;
        Some(if self.big_endian {
            u16::from_be_bytes(bytes)
        } else {
            u16::from_le_bytes(bytes)
        })
    }

    pub(super) fn u32(&self, at: usize) -> Option<u32> {
        let bytes = self.array(at)?;
        Some(if self.big_endian {
            u32::from_be_bytes(bytes)
        } else {
            u32::from_le_bytes(bytes)
        })
    }

    pub(super) fn u64(&self, at: usize) -> Option<u64> {
        let bytes = self.array(at)?;
        Some(if self.big_endian {
            u64::from_be_bytes(bytes)
        } else {
            u64::from_le_bytes(bytes)
        })
    }

    /// A field as wide as the file's addresses: 64 bits if `wide`, else 32.
    pub(super) fn word(&self, at: usize, wide: bool) -> Option<u64> {
        if wide {
            self.u64(at)
        } else {
            self.u32(at).map(u64::from)
        }
    }
}

/// The text up to the first NUL byte, at most all of `bytes`.
pub(super) fn until_nul(bytes: &[u8]) -> &[u8] {
    let end = memchr::memchr(0, bytes).unwrap_or(bytes.len());
    bytes.get(..end).unwrap_or(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_byte_orders_and_no_bytes_past_the_end() {
        let bytes = [1, 2, 3, 4, 5, 6, 7, 8];
        let little = Fields::little(&bytes);
        let big = Fields::new(&bytes, true);
        assert_eq!(little.u16(0), Some(0x0201));
        assert_eq!(big.u16(0), Some(0x0102));
        assert_eq!(little.u32(4), Some(0x0807_0605));
        assert_eq!(big.u64(0), Some(0x0102_0304_0506_0708));
        assert_eq!(little.word(0, false), Some(0x0403_0201));
        assert_eq!(little.u64(1), None);
        assert_eq!(little.slice(usize::MAX, 2), None);
        assert_eq!(until_nul(b"ab\0c"), b"ab");
        assert_eq!(until_nul(b"abc"), b"abc");
    }
}
