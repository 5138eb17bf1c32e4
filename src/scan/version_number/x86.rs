//! x86, 32 and 64 bits.

use super::super::fields::Fields;
use super::Outcome;

/// Instructions that change nothing that matters: landing pads, frames, fillers.
const NEUTRAL: [&[u8]; 14] = [
    // endbr64, endbr32
    b"\xf3\x0f\x1e\xfa",
    b"\xf3\x0f\x1e\xfb",
    // mov rbp, rsp in both encodings
    b"\x48\x89\xe5",
    b"\x48\x8b\xec",
    // push rbp, pop rbp, leave
    b"\x55",
    b"\x5d",
    b"\xc9",
    // nop, and mov edi, edi for patching at run time
    b"\x90",
    b"\x66\x90",
    b"\x8b\xff",
    b"\x0f\x1f\x00",
    b"\x0f\x1f\x40\x00",
    b"\x0f\x1f\x44\x00\x00",
    b"\x66\x0f\x1f\x44\x00\x00",
];

/// mov ebp, esp in both encodings; with 64 bits nobody's frame.
const NARROW_FRAME: [&[u8]; 2] = [b"\x89\xe5", b"\x8b\xec"];

/// xor eax, eax and sub eax, eax in both encodings.
const ZERO: [&[u8]; 4] = [b"\x31\xc0", b"\x33\xc0", b"\x29\xc0", b"\x2b\xc0"];

/// ret, and with a prefix for old processors.
const RETURN: [&[u8]; 2] = [b"\xc3", b"\xf3\xc3"];

pub(super) fn outcome(code: &[u8], wide: bool) -> Outcome {
    let mut rest = code;
    let mut value = None;
    while !rest.is_empty() {
        let narrow: &[&[u8]] = if wide { &[] } else { &NARROW_FRAME };
        if let Some(after) = strip(rest, &NEUTRAL).or_else(|| strip(rest, narrow)) {
            rest = after;
        } else if strip(rest, &RETURN).is_some() {
            return value.map_or(Outcome::Other, Outcome::Constant);
        } else if let Some(after) = strip(rest, &ZERO) {
            (value, rest) = (Some(0), after);
        } else if let Some((number, after)) = load(rest, wide) {
            (value, rest) = (Some(number), after);
        } else {
            return match (value, jump(rest)) {
                (None, Some(distance)) => {
                    let passed = code.len().saturating_sub(rest.len());
                    Outcome::Jump(distance.saturating_add_unsigned(passed as u64))
                }
                _ => Outcome::Other,
            };
        }
    }
    Outcome::Other
}

fn strip<'a>(code: &'a [u8], forms: &[&[u8]]) -> Option<&'a [u8]> {
    forms.iter().find_map(|form| code.strip_prefix(*form))
}

/// An immediate that is loaded into eax or rax, and what follows.
fn load(code: &[u8], wide: bool) -> Option<(u32, &[u8])> {
    let number = |rest: &[u8]| Fields::little(rest).u32(0);
    // mov eax, imm32
    if let Some(rest) = code.strip_prefix(b"\xb8") {
        return Some((number(rest)?, rest.get(4..)?));
    }
    // mov r/m32, imm32
    if let Some(rest) = code.strip_prefix(b"\xc7\xc0") {
        return Some((number(rest)?, rest.get(4..)?));
    }
    if !wide {
        return None;
    }
    // mov rax, imm32 with the sign extended; a `long` may have it
    if let Some(rest) = code.strip_prefix(b"\x48\xc7\xc0") {
        return Some((number(rest)?, rest.get(4..)?));
    }
    // mov rax, imm64
    let rest = code.strip_prefix(b"\x48\xb8")?;
    let is_small = Fields::little(rest).u32(4)? == 0;
    is_small.then_some((number(rest)?, rest.get(8..)?))
}

/// How far a jump goes, from its own start on.
fn jump(code: &[u8]) -> Option<i64> {
    if let Some(rest) = code.strip_prefix(b"\xe9") {
        let distance = Fields::little(rest).u32(0)?.cast_signed();
        return Some(i64::from(distance).saturating_add(5));
    }
    let distance = code.strip_prefix(b"\xeb")?.first()?.cast_signed();
    Some(i64::from(distance).saturating_add(2))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::plain(b"\xb8\xff\x10\x10\x10\xc3", 0x1010_10ff)]
    #[case::endbr64(b"\xf3\x0f\x1e\xfa\xb8\x10\x01\x00\x30\xc3", 0x3000_0110)]
    #[case::frame(b"\x55\x48\x89\xe5\xb8\x10\x01\x00\x30\x5d\xc3", 0x3000_0110)]
    #[case::frame_of_msvc(b"\x55\x48\x8b\xec\xb8\x10\x01\x00\x30\x5d\xc3", 0x3000_0110)]
    #[case::pad_and_frame(
        b"\xf3\x0f\x1e\xfa\x55\x48\x89\xe5\xb8\x10\x01\x00\x30\xc9\xc3",
        0x3000_0110
    )]
    #[case::rep_return(b"\xb8\xbf\x20\x00\x10\xf3\xc3", 0x1000_20bf)]
    #[case::long(b"\x48\xc7\xc0\x40\x00\x50\x30\xc3", 0x3050_0040)]
    #[case::longer(b"\x48\xb8\x40\x00\x50\x30\0\0\0\0\xc3", 0x3050_0040)]
    #[case::zero(b"\x31\xc0\xc3", 0)]
    #[case::zero_of_msvc(b"\x33\xc0\xc3", 0)]
    fn constants_of_64_bits(#[case] code: &[u8], #[case] number: u32) {
        assert_eq!(outcome(code, true), Outcome::Constant(number));
        for cut in 0..code.len() {
            assert_eq!(outcome(&code[..cut], true), Outcome::Other);
        }
    }

    #[rstest]
    #[case::plain(b"\xb8\xaf\x00\x10\x10\xc3", 0x1010_00af)]
    #[case::frame(b"\x55\x89\xe5\xb8\xaf\x00\x10\x10\x5d\xc3", 0x1010_00af)]
    #[case::hot_patch(b"\x8b\xff\x55\x8b\xec\xb8\xaf\x00\x10\x10\x5d\xc3", 0x1010_00af)]
    #[case::endbr32(b"\xf3\x0f\x1e\xfb\xb8\xaf\x00\x10\x10\xc3", 0x1010_00af)]
    fn constants_of_32_bits(#[case] code: &[u8], #[case] number: u32) {
        assert_eq!(outcome(code, false), Outcome::Constant(number));
    }

    #[rstest]
    #[case::incremental_linking(b"\xe9\x10\x00\x00\x00", 21)]
    #[case::backwards(b"\xe9\xf0\xff\xff\xff", -11)]
    #[case::short(b"\xeb\x10", 18)]
    #[case::behind_a_pad(b"\xf3\x0f\x1e\xfa\xe9\x10\x00\x00\x00", 25)]
    fn jumps(#[case] code: &[u8], #[case] distance: i64) {
        assert_eq!(outcome(code, true), Outcome::Jump(distance));
    }

    #[rstest]
    #[case::goes_on(b"\xb8\xff\x10\x10\x10\x83\xc0\x01\xc3")]
    #[case::calls(b"\xe8\0\0\0\0\xb8\xff\x10\x10\x10\xc3")]
    #[case::returns_what_it_was_given(b"\xc3")]
    #[case::returns_through_a_thunk(b"\xb8\xff\x10\x10\x10\xe9\0\0\0\0")]
    #[case::address(b"\x48\x8d\x05\x3e\xed\x0e\x00\xc3")]
    #[case::more_than_a_number(b"\x48\xb8\x40\x00\x50\x30\x01\0\0\0\xc3")]
    fn others(#[case] code: &[u8]) {
        assert_eq!(outcome(code, true), Outcome::Other);
    }
}
