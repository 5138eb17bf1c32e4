//! The first bytes of a deflate stream, without the tables that inflating it needs: of most
//! members four bytes tell that they are text, and building the tables for that takes longer than
//! everything else that is done with them.
//!
//! Source: RFC 1951, sections 3.2.3 to 3.2.7.

/// How many bytes are told.
const BYTES: usize = 4;

/// In which order the lengths of the codes for lengths are given.
const ORDER: [usize; 19] = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
];

/// The longest code, in bits.
const LONGEST: usize = 15;

/// The longest code for lengths, in bits.
const LONGEST_OF_LENGTHS: u32 = 7;

/// How many steps the longest code for lengths tells apart.
const STEPS: usize = 1 << LONGEST_OF_LENGTHS;

/// Which bits tell them apart.
const STEPS_MASK: u64 = (1 << LONGEST_OF_LENGTHS) - 1;

/// No length, where none came before.
const NONE_YET: u8 = u8::MAX;

/// How many codes for literals and lengths there may be.
const LITERALS: usize = 288;

/// The first four bytes that a stream gives. None if `packed` is not enough to tell, the stream is
/// damaged or ends before, or does not give four bytes one by one: inflating it tells.
pub(super) fn first_bytes(packed: &[u8]) -> Option<[u8; BYTES]> {
    let mut bits = Bits {
        bytes: packed,
        held: 0,
        count: 0,
    };
    bits.take(1)?;
    match bits.take(2)? {
        0 => stored(packed),
        1 => literals(&mut bits, &Code::fixed()),
        2 => {
            let code = Code::read(&mut bits)?;
            literals(&mut bits, &code)
        }
        _ => None,
    }
}

/// A block that is not compressed: its length, that length's complement, its bytes.
fn stored(packed: &[u8]) -> Option<[u8; BYTES]> {
    let (length, rest) = packed.get(1..)?.split_first_chunk::<2>()?;
    let (complement, rest) = rest.split_first_chunk::<2>()?;
    let length = u16::from_le_bytes(*length);
    let is_right = length == !u16::from_le_bytes(*complement);
    rest.first_chunk()
        .filter(|_| is_right && usize::from(length) >= BYTES)
        .copied()
}

fn literals(bits: &mut Bits<'_>, code: &Code) -> Option<[u8; BYTES]> {
    let mut found = [0; BYTES];
    for byte in &mut found {
        *byte = u8::try_from(code.symbol(bits)?).ok()?;
    }
    Some(found)
}

/// How many symbols are compared at once when the one with a given code is looked for.
const COMPARED: usize = 32;

/// How many lengths one step writes, whether it is one length or several: writing too many, which
/// the next step writes over, is quicker than guessing wrongly how many they are. More than these
/// can only be zeros, and those are there from the start.
const WRITTEN: usize = 8;

/// How many steps are made with the bits that are held at once.
const STEPS_AT_ONCE: usize = 4;

/// Room for all lengths, in whole steps of comparing, and for what one step writes too many.
const ROOM: usize = 352;

/// The canonical code for literals and lengths: how long each symbol's code is, and how many codes
/// of each length there are. Few symbols are asked for, so that no table of them pays.
struct Code {
    lengths: [u8; ROOM],
    counts: [u16; LONGEST + 1],
}

impl Code {
    fn fixed() -> Self {
        let mut lengths = [0; ROOM];
        for (symbols, length) in [
            (0..144, 8),
            (144..256, 9),
            (256..280, 7),
            (280..LITERALS, 8),
        ] {
            lengths.get_mut(symbols).unwrap_or_default().fill(length);
        }
        let mut counts = [0; LONGEST + 1];
        for (length, count) in [(7, 24), (8, 152), (9, 112)] {
            if let Some(place) = counts.get_mut::<usize>(length) {
                *place = count;
            }
        }
        Self { lengths, counts }
    }

    /// Reads the lengths of the codes; those for distances, which follow, are passed over.
    fn read(bits: &mut Bits<'_>) -> Option<Self> {
        let literals = usize::from(bits.take(5)?).checked_add(257)?;
        let distances = usize::from(bits.take(5)?).checked_add(1)?;
        let steps = steps(bits)?;
        let all = literals.checked_add(distances)?;
        let mut lengths = [0_u8; ROOM];
        let mut counts = [0_u16; LONGEST + 1];
        let mut at = 0_usize;
        let mut last = NONE_YET;
        // Nothing in here depends on a guess, for each wrong one takes as long as several steps.
        while at < all {
            bits.refill();
            for _ in 0..STEPS_AT_ONCE {
                let step = steps.get((bits.held & STEPS_MASK) as usize)?;
                let more = (bits.held >> (step.bits & 7)) & u64::from(step.more);
                let times = usize::from(step.times).checked_add(more as usize)?;
                bits.drop(u32::from(step.all_bits))?;
                let length = step.length | (last & step.kept);
                let end = at.checked_add(times)?;
                let written = lengths.get_mut(at..at.checked_add(WRITTEN)?)?;
                written.copy_from_slice(&[length; WRITTEN]);
                let of_literals = literals.min(end).checked_sub(literals.min(at))?;
                let count = counts.get_mut(usize::from(length))?;
                *count = count.saturating_add(of_literals as u16);
                at = end;
                last = length;
                if at >= all {
                    break;
                }
            }
        }
        lengths.get_mut(literals..)?.fill(0);
        Some(Self { lengths, counts })
    }

    /// The next symbol: codes of one length are consecutive numbers, and follow those of the
    /// length before.
    fn symbol(&self, bits: &mut Bits<'_>) -> Option<u16> {
        let (mut code, mut first) = (0_u16, 0_u16);
        for (length, count) in (1_u8..).zip(self.counts.iter().skip(1).copied()) {
            code |= bits.take(1)?;
            if let Some(place) = code.checked_sub(first)
                && place < count
            {
                return self.of_length(length, place);
            }
            first = first.checked_add(count)?.checked_mul(2)?;
            code = code.checked_mul(2)?;
        }
        None
    }

    /// The symbol at a place among those whose codes have this length.
    fn of_length(&self, length: u8, place: u16) -> Option<u16> {
        let mut left = place;
        for (symbols, first) in self
            .lengths
            .chunks_exact(COMPARED)
            .zip((0_u16..).step_by(COMPARED))
        {
            let of_it = symbols.iter().map(|known| u8::from(*known == length));
            let count = u16::from(of_it.sum::<u8>());
            if left < count {
                let mut symbols = (first..)
                    .zip(symbols)
                    .filter(|(_, known)| **known == length);
                return symbols.nth(usize::from(left)).map(|(symbol, _)| symbol);
            }
            left = left.checked_sub(count)?;
        }
        None
    }
}

/// What some bits say of the lengths that come next.
#[derive(Clone, Copy, Default)]
struct Step {
    /// How many bits say which step it is, and how many it has in all: none if no step has such a
    /// code.
    bits: u8,
    all_bits: u8,
    /// How many lengths it is, beside the number that its further bits give.
    times: u8,
    /// Which of the bits behind the code are that number.
    more: u8,
    /// The length, or none and what is kept of the one before.
    length: u8,
    kept: u8,
}

impl Step {
    /// What a symbol of the code for lengths says (RFC 1951, section 3.2.7).
    fn of(symbol: u8, bits: u8) -> Self {
        let (length, kept, times, more_bits) = match symbol {
            16 => (0, u8::MAX, 3, 2),
            17 => (0, 0, 3, 3),
            18 => (0, 0, 11, 7),
            length => (length, 0, 1, 0),
        };
        Self {
            bits,
            all_bits: bits.saturating_add(more_bits),
            times,
            more: (1_u8 << more_bits).saturating_sub(1),
            length,
            kept,
        }
    }
}

/// Reads the code for the lengths of codes: what the next seven bits say.
fn steps(bits: &mut Bits<'_>) -> Option<[Step; STEPS]> {
    let given = usize::from(bits.take(4)?).checked_add(4)?;
    let mut lengths = [0_u8; 19];
    let mut counts = [0_u16; LONGEST_OF_LENGTHS as usize + 1];
    for place in ORDER.iter().take(given) {
        let length = bits.take(3)?;
        *lengths.get_mut(*place)? = u8::try_from(length).ok()?;
        let count = counts.get_mut(usize::from(length))?;
        *count = count.checked_add(1)?;
    }
    let mut next = [0_u16; LONGEST_OF_LENGTHS as usize + 1];
    let mut code = 0_u16;
    for length in 1..=LONGEST_OF_LENGTHS as usize {
        code = code.checked_mul(2)?;
        *next.get_mut(length)? = code;
        let end = code.checked_add(*counts.get(length)?)?;
        code = Some(end).filter(|end| *end <= 1 << length)?;
    }
    let mut table = [Step::default(); STEPS];
    for (symbol, length) in (0_u8..).zip(lengths).filter(|(_, length)| *length > 0) {
        let code = next.get_mut(usize::from(length))?;
        // Codes come with their first bit lowest; the bits behind them may be any.
        let unused = LONGEST_OF_LENGTHS.checked_sub(u32::from(length))?;
        let begin = code.checked_shl(unused)?.reverse_bits() >> 9;
        *code = code.checked_add(1)?;
        let step = Step::of(symbol, length);
        let places = table.get_mut(usize::from(begin)..)?;
        places
            .iter_mut()
            .step_by(1 << length)
            .for_each(|place| *place = step);
    }
    Some(table)
}

/// Bits of a stream, the lowest of each byte first.
struct Bits<'a> {
    bytes: &'a [u8],
    held: u64,
    count: u32,
}

impl Bits<'_> {
    /// Holds as many bits as there are, up to 56 or more.
    fn refill(&mut self) {
        if let Some(word) = self.bytes.first_chunk::<8>() {
            // Of the last byte taken not all bits may fit: it is taken again, with the same bits.
            self.held |= u64::from_le_bytes(*word) << self.count;
            let taken = 63_u32.saturating_sub(self.count) / 8;
            self.bytes = self.bytes.get(taken as usize..).unwrap_or_default();
            self.count = self.count.saturating_add(taken.saturating_mul(8));
            return;
        }
        while self.count <= 56
            && let Some((byte, rest)) = self.bytes.split_first()
        {
            self.bytes = rest;
            self.held |= u64::from(*byte) << self.count;
            self.count = self.count.saturating_add(8);
        }
    }

    /// The next `count` bits, at most 8, which stay; zeros where there are no more.
    fn peek(&mut self, count: u32) -> u16 {
        if self.count < count {
            self.refill();
        }
        let mask = (1_u64 << count).saturating_sub(1);
        u16::try_from(self.held & mask).unwrap_or_default()
    }

    /// Passes over `count` bits that were looked at; none if there are not so many, or it is zero.
    fn drop(&mut self, count: u32) -> Option<()> {
        self.count = self.count.checked_sub(count).filter(|_| count > 0)?;
        self.held >>= count;
        Some(())
    }

    /// The next `count` bits, 1 to 8.
    fn take(&mut self, count: u32) -> Option<u16> {
        let value = self.peek(count);
        self.drop(count)?;
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::DeflateEncoder;
    use proptest::prelude::*;

    use super::*;

    fn deflate(bytes: &[u8], level: u32) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::new(level));
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn texts_are_told_at_every_level() {
        let short = "import os\n\n\ndef path():\n    return os.environ['PATH']\n".repeat(4);
        // Long and varied enough for codes of its own.
        let lines = (0..400).map(|line| format!("value_{line} = {}\n", line * 7919 % 1009));
        let long = "import ".to_owned() + &lines.collect::<String>();
        let mut kinds = Vec::new();
        for (text, level) in [&short, &long]
            .into_iter()
            .flat_map(|text| (0..=9).map(move |level| (text, level)))
        {
            let packed = deflate(text.as_bytes(), level);
            assert_eq!(first_bytes(&packed), Some(*b"impo"), "level {level}");
            kinds.push(packed[0] >> 1 & 3);
        }
        kinds.sort_unstable();
        kinds.dedup();
        assert_eq!(kinds, [0, 1, 2]);
    }

    #[test]
    fn too_short_ones_are_left_to_inflating() {
        for text in ["", "abc", "aaaaaaaaaaaa"] {
            assert_eq!(first_bytes(&deflate(text.as_bytes(), 6)), None, "{text}");
        }
        let packed = deflate("import this, and that".repeat(100).as_bytes(), 6);
        for len in 0..4 {
            assert_eq!(first_bytes(&packed[..len]), None);
        }
    }

    proptest! {
        #[test]
        fn what_is_told_of_texts_is_what_inflating_gives(text in "([a-z#]{1,9}[ ,(){}]{1,2}){1,400}", level in 0_u32..=9) {
            let told = first_bytes(&deflate(text.as_bytes(), level));
            if let Some(first) = told {
                prop_assert_eq!(Some(&first), text.as_bytes().first_chunk());
            }
        }

        #[test]
        fn what_is_told_is_what_inflating_gives(bytes in prop::collection::vec(any::<u8>(), 0..600), level in 0_u32..=9) {
            if let Some(first) = first_bytes(&deflate(&bytes, level)) {
                prop_assert_eq!(Some(&first), bytes.first_chunk());
            }
        }

        #[test]
        fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            let mut output = [0; 4];
            let mut state = flate2::Decompress::new(false);
            let told = first_bytes(&bytes);
            let status = state.decompress(&bytes, &mut output, flate2::FlushDecompress::None);
            if let (Some(told), Ok(_), 4) = (told, status, state.total_out()) {
                prop_assert_eq!(told, output);
            }
        }
    }
}
