//! Which version a carried library has, by weight of evidence.

mod definition;
mod number;

use super::super::banner::{Mark, Texts};
use super::super::binary::Part;
use super::super::dated::Dated;
use super::super::distinct::Seen;
use super::carried::from_hit;
use super::distribution;
use super::shared_half;
use crate::model::{Evidence, EvidenceKind, Library, OpensslVersion, ProblemCode};

/// How near a dated text stands to `built on: ` or `OPENSSLDIR: ` when it is the library's own.
pub(super) const BESIDE_BYTES: u64 = 1024;

/// How near a bare version stands to the parameter names of the providers.
const PROVIDER_BYTES: u64 = 4096;

// What a piece of evidence weighs. The sums decide only between versions that contradict each
// other; anything above zero proves a version that stands alone.

/// The code itself says so, and no header or neighbour can.
const CONSTANT: u32 = 100;
/// A text where the library keeps its own, beside the build date and the folder: a header's text
/// stands there only by chance.
const BESIDE: u32 = 20;
/// The resource of a shared library: right 48 times of 48, but written by whoever built it.
const RESOURCE: u32 = 15;
/// A module's own text; Red Hat's self tests show that modules may be older than the library.
const MODULE: u32 = 8;
/// The provider tables have bare versions; so have other things, and thus any text outweighs
/// them with its second piece. Alone, it must be the only one.
const BARE: u32 = 6;
/// A bare version that a better piece of evidence names too.
const BARE_CONFIRMS: u32 = 4;
/// A text anywhere: as often as not a header's, that was compiled into somebody else's code.
const TEXT: u32 = 3;
/// A version definition of the same series. It tells no release, so it only tips a balance; and
/// one of a newer series takes away what a text anywhere or a bare version weighs, as neither
/// can be the library's.
const DEFINITION: u32 = 6;

/// A version that was settled on.
#[derive(Debug, Default)]
pub(super) struct Chosen {
    pub version: Option<String>,
    pub suffix: Option<String>,
    pub distro_patched: bool,
    pub evidence: Vec<Evidence>,
}

/// What speaks for one version.
#[derive(Debug)]
struct Candidate {
    version: String,
    weight: u32,
    evidence: Vec<Evidence>,
}

#[derive(Debug, Default)]
struct Candidates(Vec<Candidate>);

impl Candidates {
    fn add(&mut self, version: &str, weight: u32, evidence: Evidence) {
        let candidate = match self.0.iter().position(|known| known.version == version) {
            Some(index) => self.0.get_mut(index),
            None => {
                self.0.push(Candidate {
                    version: version.to_owned(),
                    weight: 0,
                    evidence: Vec::new(),
                });
                self.0.last_mut()
            }
        };
        let Some(candidate) = candidate else {
            return;
        };
        // The same kind of evidence twice is no more than once, but for the heavier one.
        candidate.weight = candidate.weight.saturating_add(weight);
        if candidate.evidence.len() < 8 {
            candidate.evidence.push(evidence);
        }
    }
}

/// What is to be told about a choice: its kind and a sentence.
pub(super) type Remark = (ProblemCode, String);

/// Settles on the version of a library, and says what contradicts it.
pub(super) fn choose(library: Library, path: &str, part: &Part) -> (Chosen, Option<Remark>) {
    let is_openssl = library == Library::Openssl;
    let (mut chosen, remark) = if is_openssl {
        let (chosen, conflict) = openssl(path, part);
        let conflict = conflict.map(|message| (ProblemCode::ConflictingEvidence, message));
        (chosen, conflict)
    } else {
        (fork(library, part), None)
    };
    let texts = &part.texts;
    let is_unread = if is_openssl {
        let has_bare = texts.count(Mark::Providers) >= 3 && chosen.version.is_none();
        texts.dated.has_overflowed() || (has_bare && texts.bare.has_overflowed())
    } else {
        texts.forks.has_overflowed()
    };
    if !is_unread {
        return (chosen, remark);
    }
    // What was not kept could be the library's own.
    chosen.version = None;
    chosen.suffix = None;
    chosen.distro_patched = false;
    let message = "The binary has more different version texts than are compared; which of them is the library's stays open.";
    (
        chosen,
        Some((ProblemCode::LimitReached, message.to_owned())),
    )
}

/// A fork's version is the only one that its own texts name; Tongsuo's code may tell it too.
fn fork(library: Library, part: &Part) -> Chosen {
    let texts = &part.texts;
    // Sentences that only speak of the fork count where nothing better does.
    let has_bare = texts
        .forks
        .iter()
        .any(|fork| fork.value.library == library && fork.value.is_bare());
    let named = || {
        texts
            .forks
            .iter()
            .filter(|fork| fork.value.library == library && (!has_bare || fork.value.is_bare()))
    };
    let first = named().next();
    let agree =
        first.filter(|first| named().all(|other| other.value.version == first.value.version));
    let told = number::of_fork(library, part);
    let is_open = named().next().is_none();
    let version = agree.map(|fork| fork.value.version.clone());
    let told_version = told.as_ref().map(|(version, _)| version.clone());
    let texts = named().take(4).map(|fork| Evidence {
        kind: EvidenceKind::VersionText,
        text: fork.value.text.clone(),
        offset: Some(fork.offset),
    });
    Chosen {
        version: version.or(told_version.filter(|_| is_open)),
        evidence: texts.chain(told.map(|(_, evidence)| evidence)).collect(),
        ..Chosen::default()
    }
}

fn openssl(path: &str, part: &Part) -> (Chosen, Option<String>) {
    let texts = &part.texts;
    let mut candidates = Candidates::default();
    add_dated(texts, &mut candidates);
    let is_shared = shared_half(path, part).is_some();
    if let Some(resource) = part.headers.resource.as_ref().filter(|_| is_shared)
        && resource.text.parse::<OpensslVersion>().is_ok()
    {
        let evidence = from_hit(EvidenceKind::VersionResource, resource);
        candidates.add(&resource.text, RESOURCE, evidence);
    }
    add_bare(texts, &mut candidates);
    number::add(part, &mut candidates);
    let contradiction = definition::weigh(&part.headers, &mut candidates);
    settle(part, candidates.0, contradiction)
}

fn add_dated(texts: &Texts, candidates: &mut Candidates) {
    // A binary with providers is of 3.0 or later: an older text in it is somebody else's.
    let is_three = texts.count(Mark::Providers) >= 3;
    let mut seen: Vec<(&str, u32)> = Vec::new();
    for seen_text in texts.dated.iter() {
        let dated = &seen_text.value;
        let weight = if is_three && !dated.version.starts_with(|c: char| c >= '3') {
            0
        } else if seen_text.is_within(BESIDE_BYTES) {
            BESIDE
        } else if dated.module {
            MODULE
        } else {
            TEXT
        };
        let known = (dated.version.as_str(), weight);
        if !seen.contains(&known) {
            seen.push(known);
            let evidence = Evidence {
                kind: EvidenceKind::VersionText,
                text: dated.text.clone(),
                offset: Some(seen_text.offset),
            };
            candidates.add(&dated.version, weight, evidence);
        }
    }
}

/// The bare versions of the provider tables, for binaries that have providers. Other things have
/// such versions too: one counts only if it is the only one or stands beside the parameters.
fn add_bare(texts: &Texts, candidates: &mut Candidates) {
    if texts.count(Mark::Providers) < 3 || texts.bare.has_overflowed() {
        return;
    }
    let is_near = |bare: &&Seen<String>| bare.is_within(PROVIDER_BYTES);
    let near: Vec<_> = texts.bare.iter().filter(is_near).collect();
    for bare in texts.bare.iter() {
        // SQLite's, which often stands beside OpenSSL, is 3.20 and later; no series of OpenSSL has
        // come near a second number of two digits.
        let minor = bare.value.split('.').nth(1);
        if minor.is_some_and(|minor| minor.len() > 1) {
            continue;
        }
        let is_known = candidates.0.iter().any(|known| known.version == bare.value);
        let weight = match (texts.bare.iter().len(), near.as_slice()) {
            (1, _) => BARE,
            (_, [only]) if only.value == bare.value => BARE,
            _ if is_known => BARE_CONFIRMS,
            _ => continue,
        };
        candidates.add(
            &bare.value,
            weight,
            Evidence {
                kind: EvidenceKind::ProviderVersion,
                text: bare.value.clone(),
                offset: Some(bare.offset),
            },
        );
    }
}

fn settle(
    part: &Part,
    mut candidates: Vec<Candidate>,
    contradiction: Option<String>,
) -> (Chosen, Option<String>) {
    candidates.sort_by_key(|candidate| std::cmp::Reverse(candidate.weight));
    let mut evidence: Vec<Evidence> = Vec::new();
    let winner = match candidates.as_slice() {
        [] => None,
        [only] => Some(only).filter(|only| only.weight > 0),
        [first, second, ..] => Some(first).filter(|first| first.weight > second.weight),
    };
    for candidate in winner.into_iter().chain(
        candidates
            .iter()
            .filter(|other| winner.is_none_or(|winner| winner.version != other.version)),
    ) {
        evidence.extend(candidate.evidence.iter().take(4).cloned());
    }
    let definition = definition::newest(&part.headers);
    evidence.extend(definition.map(|(hit, _)| from_hit(EvidenceKind::VersionDefinition, hit)));
    let conflict = (candidates.len() > 1).then(|| {
        let all: Vec<&str> = candidates.iter().map(|c| c.version.as_str()).collect();
        let verdict = winner.map_or("none is proved".to_owned(), |winner| {
            format!("{} is the library's", winner.version)
        });
        format!(
            "The binary names several versions of OpenSSL ({}); {verdict}.",
            all.join(", ")
        )
    });
    let conflict = match (conflict, contradiction) {
        (Some(one), Some(other)) => Some(format!("{one} {other}")),
        (one, other) => one.or(other),
    };
    let Some(winner) = winner else {
        let chosen = Chosen {
            evidence,
            ..Chosen::default()
        };
        return (chosen, conflict);
    };
    let own = || {
        part.texts
            .dated
            .iter()
            .map(|seen| &seen.value)
            .filter(|dated| dated.version == winner.version)
    };
    let chosen = Chosen {
        suffix: own().find_map(|dated| dated.suffix.clone()),
        distro_patched: is_red_hat(&part.texts, own()) || distribution::is_patched(&part.texts),
        version: Some(winner.version.clone()),
        evidence,
    };
    (chosen, conflict)
}

/// Whether the library is one of Red Hat's or its rebuilders': their texts say `  FIPS`; before,
/// `-fips` and the folder of their certificates, or the versions their self tests began with.
fn is_red_hat<'a>(texts: &Texts, own: impl Iterator<Item = &'a Dated>) -> bool {
    let has_their_folder = texts
        .hits(Mark::Directory)
        .iter()
        .any(|hit| hit.text.contains("/etc/pki/tls"));
    let has_their_tests = texts.dated.iter().map(|seen| &seen.value).any(|dated| {
        dated.suffix.as_deref() == Some("fips")
            && matches!(dated.version.as_str(), "1.0.0" | "1.0.1e")
    });
    texts.has(Mark::RedHat)
        || own.filter(|dated| dated.suffix.is_some()).any(|dated| {
            let is_fips = dated.suffix.as_deref() == Some("fips");
            dated.red_hat || (is_fips && (has_their_folder || has_their_tests))
        })
}
