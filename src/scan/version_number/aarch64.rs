//! 64-bit Arm. The constant is built in a register, 16 bits at a time or as a pattern.

use super::super::fields::Fields;
use super::Outcome;

/// stp x29, x30, \[sp, #-16\]!; mov x29, sp; ldp x29, x30, \[sp\], #16.
const FRAME: [u32; 3] = [0xa9bf_7bfd, 0x9100_03fd, 0xa8c1_7bfd];
/// ret, and those that check a signed address: retaa, retab.
const RETURN: [u32; 3] = [0xd65f_03c0, 0xd65f_0bff, 0xd65f_0fff];
const ZERO_REGISTER: u32 = 31;

pub(super) fn outcome(code: &[u8]) -> Outcome {
    let mut registers: [Option<u64>; 31] = [None; 31];
    let mut is_first = true;
    for (index, bytes) in code.chunks_exact(4).enumerate() {
        let Some(word) = Fields::little(bytes).u32(0) else {
            return Outcome::Other;
        };
        // Landing pads, signing of addresses and nop are all hints.
        if word & 0xffff_f01f == 0xd503_201f || FRAME.contains(&word) {
            continue;
        }
        if RETURN.contains(&word) {
            let number = registers[0].and_then(|value| u32::try_from(value).ok());
            return number.map_or(Outcome::Other, Outcome::Constant);
        }
        if is_first && let Some(distance) = branch(word) {
            let passed = (index as u64).saturating_mul(4);
            return Outcome::Jump(distance.saturating_add_unsigned(passed));
        }
        is_first = false;
        let Some(value) = computed(word, &registers) else {
            return Outcome::Other;
        };
        let target = register(word);
        match usize::try_from(target)
            .ok()
            .and_then(|at| registers.get_mut(at))
        {
            Some(register) => *register = Some(value),
            None => return Outcome::Other,
        }
    }
    Outcome::Other
}

const fn register(word: u32) -> u32 {
    word & 0x1f
}

/// b, and how far it goes.
fn branch(word: u32) -> Option<i64> {
    let is_branch = word & 0xfc00_0000 == 0x1400_0000;
    // 26 bits with a sign, in words.
    let distance = i64::from((word << 6).cast_signed() >> 6);
    is_branch.then(|| distance.saturating_mul(4))
}

/// The value that an instruction puts into its target, if that is known.
fn computed(word: u32, registers: &[Option<u64>; 31]) -> Option<u64> {
    let is_wide = word >> 31 == 1;
    let mask = if is_wide {
        u64::MAX
    } else {
        u64::from(u32::MAX)
    };
    let known = |number: u32| match number {
        ZERO_REGISTER => Some(0),
        _ => *registers.get(usize::try_from(number).ok()?)?,
    };
    let shift = (word >> 21 & 3).saturating_mul(16);
    let half = u64::from(word >> 5 & 0xffff);
    let shifted = half.checked_shl(shift)?;
    let value = match word & 0x7f80_0000 {
        // movn, movz, movk
        0x1280_0000 => !shifted,
        0x5280_0000 => shifted,
        0x7280_0000 => known(register(word))? & !(0xffff_u64.checked_shl(shift)?) | shifted,
        // orr with a pattern
        0x3200_0000 => known(word >> 5 & 0x1f)? | pattern(word, is_wide)?,
        // orr without shift, which mov is
        0x2a00_0000 if word & 0x0060_fc00 == 0 => {
            known(word >> 5 & 0x1f)? | known(word >> 16 & 0x1f)?
        }
        _ => return None,
    };
    let is_narrow_shift = !is_wide && shift > 16 && word & 0x1f80_0000 == 0x1280_0000;
    (!is_narrow_shift).then_some(value & mask)
}

/// The pattern of a logical immediate: a run of ones, rotated, and repeated to fill the register.
/// Source: Arm's architecture reference manual, `DecodeBitMasks`.
fn pattern(word: u32, is_wide: bool) -> Option<u64> {
    let (n, rotation, ones) = (word >> 22 & 1, word >> 16 & 0x3f, word >> 10 & 0x3f);
    let combined = n << 6 | (!ones & 0x3f);
    let exponent = combined.checked_ilog2()?;
    if exponent == 0 || (n == 1 && !is_wide) {
        return None;
    }
    let len = 1_u32.checked_shl(exponent)?;
    let levels = len.checked_sub(1)?;
    let (ones, rotation) = (ones & levels, rotation & levels);
    if ones == levels {
        return None;
    }
    let full = if len == 64 {
        u64::MAX
    } else {
        1_u64.checked_shl(len)?.wrapping_sub(1)
    };
    let run = 1_u64.checked_shl(ones.saturating_add(1))?.wrapping_sub(1);
    let left = run.checked_shl(len.saturating_sub(rotation)).unwrap_or(0);
    let mut value = (run.checked_shr(rotation)? | left) & full;
    let mut filled = len;
    while filled < 64 {
        value |= value.checked_shl(filled)?;
        filled = filled.saturating_mul(2);
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn code(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    const RET: u32 = 0xd65f_03c0;

    #[rstest]
    #[case::narrow(&[0x5280_2000, 0x72a6_0000, RET], 0x3000_0100)]
    #[case::wide(&[0xd280_0200, 0xf2a6_0200, RET], 0x3010_0010)]
    #[case::high_half_only(&[0xd2a8_0000, RET], 0x4000_0000)]
    #[case::high_half_first(&[0x52a6_0000, 0x7280_2000, RET], 0x3000_0100)]
    #[case::landing_pad(&[0xd503_245f, 0x52a6_0a00, RET], 0x3050_0000)]
    #[case::signed_address(&[0xd503_233f, 0xd2a6_0000, 0xd503_23bf, RET], 0x3000_0000)]
    #[case::checked_return(&[0xd503_233f, 0xd2a6_0000, 0xd65f_0bff], 0x3000_0000)]
    #[case::frame(&[0xa9bf_7bfd, 0x9100_03fd, 0x52a6_0000, 0xa8c1_7bfd, RET], 0x3000_0000)]
    // mov w0, #0x30003000 is orr w0, wzr, #0x30003000
    #[case::pattern(&[0x3204_87e0, RET], 0x3000_3000)]
    #[case::pattern_of_one_run(&[0x3204_07e0, RET], 0x3000_0000)]
    // mov w0, #-2
    #[case::inverted(&[0x1280_0020, RET], 0xffff_fffe)]
    #[case::by_another_register(&[0x52a6_0008, 0x2a08_03e0, RET], 0x3000_0000)]
    #[case::zero(&[0x2a1f_03e0, RET], 0)]
    fn constants(#[case] words: &[u32], #[case] number: u32) {
        assert_eq!(outcome(&code(words)), Outcome::Constant(number));
        let (_, cut) = words.split_last().unwrap();
        assert_eq!(outcome(&code(cut)), Outcome::Other);
    }

    #[rstest]
    #[case::forth(&[0x1400_0004], 16)]
    #[case::back(&[0x17ff_ffff], -4)]
    #[case::behind_a_pad(&[0xd503_245f, 0x1400_0004], 20)]
    fn jumps(#[case] words: &[u32], #[case] distance: i64) {
        assert_eq!(outcome(&code(words)), Outcome::Jump(distance));
    }

    #[rstest]
    #[case::other_register(&[0x5280_2001, RET])]
    #[case::half_alone(&[0x72a6_0000, RET])]
    #[case::address(&[0xb000_0b40, 0x9125_8000, RET])]
    #[case::more_than_a_number(&[0xd2c0_0020, RET])]
    #[case::nothing(&[RET])]
    fn others(#[case] words: &[u32]) {
        assert_eq!(outcome(&code(words)), Outcome::Other);
    }
}
