//! The constant that `OpenSSL_version_num` returns, out of its machine code.
//!
//! Source: `OPENSSL_VERSION_NUMBER` in `opensslv.h`; Intel's and Arm's instruction set manuals.

use super::fields::Fields;
use crate::model::Architecture;

/// How many bytes of the function are looked at.
pub(super) const CODE_BYTES: u64 = 24;

/// The constant that a function returns which does nothing else; none if it does anything else.
pub(super) fn returned(code: &[u8], arch: Architecture) -> Option<u32> {
    match arch {
        Architecture::X86_64 | Architecture::I686 => x86(code),
        Architecture::Aarch64 => aarch64(code),
        _ => None,
    }
}

fn x86(code: &[u8]) -> Option<u32> {
    const MARKERS: [&[u8]; 2] = [b"\xf3\x0f\x1e\xfa", b"\xf3\x0f\x1e\xfb"];
    const FRAME: &[u8] = b"\x55\x48\x89\xe5";
    let mut code = code;
    for prefix in MARKERS.into_iter().chain([FRAME]) {
        code = code.strip_prefix(prefix).unwrap_or(code);
    }
    // mov eax, imm32
    let rest = code.strip_prefix(b"\xb8")?;
    let number = Fields::little(rest).u32(0)?;
    matches!(rest.get(4)?, 0xc3 | 0x5d).then_some(number)
}

fn aarch64(code: &[u8]) -> Option<u32> {
    const LANDING_PAD: u32 = 0xd503_245f;
    const RETURN: u32 = 0xd65f_03c0;
    const REGISTER: u32 = 0x1f;
    let mut number = 0_u32;
    for (index, bytes) in code.chunks_exact(4).enumerate() {
        let word = Fields::little(bytes).u32(0)?;
        let half = (word >> 5) & 0xffff;
        let opcode = word & 0x7fe0_0000;
        match word {
            LANDING_PAD if index == 0 => continue,
            RETURN if number != 0 => return Some(number),
            _ if word & REGISTER != 0 => return None,
            _ => {}
        }
        match opcode {
            0x5280_0000 => number = half,
            0x52a0_0000 => number = half << 16,
            0x7280_0000 => number = (number & 0xffff_0000) | half,
            0x72a0_0000 => number = (number & 0xffff) | (half << 16),
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(Architecture::X86_64, b"\xb8\xff\x10\x10\x10\xc3", Some(0x1010_10ff))]
    #[case(
        Architecture::X86_64,
        b"\xf3\x0f\x1e\xfa\xb8\x10\x01\x00\x30\xc3",
        Some(0x3000_0110)
    )]
    #[case(
        Architecture::X86_64,
        b"\x55\x48\x89\xe5\xb8\x10\x01\x00\x30\x5d\xc3",
        Some(0x3000_0110)
    )]
    #[case(Architecture::X86_64, b"\xb8\xff\x10\x10\x10\x90", None)]
    #[case(Architecture::X86_64, b"\xb8\xff", None)]
    // movz w0, #0x100; movk w0, #0x3000, lsl 16; ret
    #[case(
        Architecture::Aarch64,
        b"\x00\x20\x80\x52\x00\x00\xa6\x72\xc0\x03\x5f\xd6",
        Some(0x3000_0100)
    )]
    // bti c; movz x0, #0x100; movk x0, #0x3000, lsl 16; ret
    #[case(
        Architecture::Aarch64,
        b"\x5f\x24\x03\xd5\x00\x20\x80\xd2\x00\x00\xa6\xf2\xc0\x03\x5f\xd6",
        Some(0x3000_0100)
    )]
    #[case(Architecture::Aarch64, b"\x01\x20\x80\x52\xc0\x03\x5f\xd6", None)]
    #[case(Architecture::S390x, b"\xb8\xff\x10\x10\x10\xc3", None)]
    fn constants(#[case] arch: Architecture, #[case] code: &[u8], #[case] number: Option<u32>) {
        assert_eq!(returned(code, arch), number);
    }
}
