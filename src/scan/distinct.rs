//! The versions that a binary's texts name, each kept once and at its best place. Repeating one
//! of them any number of times must not push another one out.

/// How many different ones are kept for a binary.
const KEPT: usize = 48;

/// Something that was seen, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen<T> {
    pub value: T,
    /// Where it stands nearest to a mark; where it was seen first, if there is none.
    pub offset: u64,
    /// How far from the nearest mark that is.
    pub distance: Option<u64>,
    last: u64,
}

impl<T> Seen<T> {
    /// Whether it stands at most `reach` bytes from a mark.
    pub(super) fn is_within(&self, reach: u64) -> bool {
        self.distance.is_some_and(|distance| distance <= reach)
    }

    fn approach(&mut self, offset: u64, mark: u64) {
        let distance = offset.abs_diff(mark);
        if self.distance.is_none_or(|known| distance < known) {
            self.distance = Some(distance);
            self.offset = offset;
        }
    }
}

/// The different values that were seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Distinct<T> {
    kept: Vec<Seen<T>>,
    mark: Option<u64>,
    overflowed: bool,
}

impl<T> Default for Distinct<T> {
    fn default() -> Self {
        Self {
            kept: Vec::new(),
            mark: None,
            overflowed: false,
        }
    }
}

impl<T: PartialEq> Distinct<T> {
    /// Takes note of a value; to be called in the order of the bytes.
    pub(super) fn see(&mut self, value: T, offset: u64) {
        let known = self.kept.iter().position(|known| known.value == value);
        let known = match known {
            Some(index) => self.kept.get_mut(index),
            None if self.kept.len() < KEPT => {
                self.kept.push(Seen {
                    value,
                    offset,
                    distance: None,
                    last: offset,
                });
                self.kept.last_mut()
            }
            None => {
                self.overflowed = true;
                None
            }
        };
        if let Some(known) = known {
            known.last = offset;
            if let Some(mark) = self.mark {
                known.approach(offset, mark);
            }
        }
    }

    /// Takes note of a mark, beside which what counts stands.
    pub(super) fn mark(&mut self, mark: u64) {
        self.mark = Some(mark);
        for known in &mut self.kept {
            known.approach(known.last, mark);
        }
    }

    /// What is kept, in the order of being seen first.
    pub(super) fn iter(&self) -> std::slice::Iter<'_, Seen<T>> {
        self.kept.iter()
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Whether there were more than are kept.
    pub(super) const fn has_overflowed(&self) -> bool {
        self.overflowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_cost_nothing_and_the_best_place_counts() {
        let mut seen = Distinct::default();
        for at in 0..1000 {
            seen.see("a", at);
        }
        seen.see("b", 1100);
        seen.mark(1110);
        seen.see("a", 1115);
        let places: Vec<_> = seen
            .iter()
            .map(|s| (s.value, s.offset, s.distance))
            .collect();
        assert_eq!(places, [("a", 1115, Some(5)), ("b", 1100, Some(10))]);
        assert!(!seen.has_overflowed());
    }

    #[test]
    fn more_than_are_kept_is_told() {
        let mut seen = Distinct::default();
        (0..=KEPT).for_each(|number| seen.see(number, 0));
        assert!(seen.has_overflowed());
    }
}
