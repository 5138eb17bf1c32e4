//! Which binaries of a wheel a needed library's name means. A wheel may have tens of thousands of
//! both, so each is found by its name instead of being compared with all.

use std::collections::HashMap;

use super::super::library_name::{Half, base_name, plain};
use super::Judged;
use crate::model::{Architecture, BinaryFormat};

/// More binaries than this that could be meant leave it open which one is, 64.
const MOST: usize = 64;

/// A name as it counts for a format and an architecture.
type Key = (BinaryFormat, Architecture, String);

/// The names of all binaries. Each place counts binaries in the order of the list they came in.
#[derive(Debug, Default)]
pub(super) struct Names {
    exact: HashMap<Key, Vec<usize>>,
    plain: HashMap<Key, Vec<usize>>,
    cryptos: Vec<usize>,
}

impl Names {
    pub(super) fn of(judged: &[Judged<'_>]) -> Self {
        let mut names = Self::default();
        for (place, one) in judged.iter().enumerate() {
            let own = one.part.headers.name.as_ref().map(|own| own.text.as_str());
            for name in [Some(one.path), own].into_iter().flatten() {
                insert(&mut names.exact, key(one, exact(name)), place);
                insert(&mut names.plain, key(one, plain(name)), place);
            }
            if one.half() == Some(Half::Crypto) {
                names.cryptos.push(place);
            }
        }
        names
    }

    /// The binaries that `user` could load and whose name is exactly the needed one.
    pub(super) fn exactly(&self, user: &Judged<'_>, needed: &str) -> &[usize] {
        let found = self.exact.get(&key(user, exact(needed)));
        found.map_or(&[], Vec::as_slice)
    }

    /// The binaries that `user` could load and whose name is the needed one, but for hashes.
    pub(super) fn called(&self, user: &Judged<'_>, needed: &str) -> &[usize] {
        let found = self.plain.get(&key(user, plain(needed)));
        found.map_or(&[], Vec::as_slice)
    }

    /// All binaries that a needed name means, exactly or but for hashes.
    pub(super) fn serving<'s>(
        &'s self,
        user: &Judged<'_>,
        needed: &str,
    ) -> impl Iterator<Item = usize> + use<'s> {
        let exactly = self.exactly(user, needed).iter();
        exactly.chain(self.called(user, needed)).copied()
    }

    /// The shared libraries that are called libcrypto.
    pub(super) fn cryptos(&self) -> &[usize] {
        &self.cryptos
    }
}

/// The binaries at these places, each once and in order; none if there are too many to tell.
pub(super) fn few<'j, 'a>(
    judged: &'j [Judged<'a>],
    places: impl Iterator<Item = usize>,
) -> Option<Vec<&'j Judged<'a>>> {
    let mut few: Vec<usize> = Vec::new();
    for place in places {
        if few.contains(&place) {
            continue;
        }
        if few.len() >= MOST {
            return None;
        }
        few.push(place);
    }
    few.sort_unstable();
    Some(
        few.into_iter()
            .filter_map(|place| judged.get(place))
            .collect(),
    )
}

fn insert(names: &mut HashMap<Key, Vec<usize>>, key: Key, place: usize) {
    let places = names.entry(key).or_default();
    if places.last() != Some(&place) {
        places.push(place);
    }
}

fn key(one: &Judged<'_>, name: String) -> Key {
    (one.format, one.arch, name)
}

fn exact(name: &str) -> String {
    base_name(name).to_ascii_lowercase()
}
