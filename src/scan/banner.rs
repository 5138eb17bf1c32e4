//! The texts of a binary that tell of a library, found while the binary streams by.

mod mark;
mod whole;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, Input, MatchKind};
use regex::bytes::Regex;

pub(super) use self::mark::Mark;
use super::dated::{self, Dated};
use super::distinct::Distinct;
use super::fields::until_nul;
use crate::model::Library;

/// How many bytes after the start of a text must be at hand to read it.
pub(super) const AHEAD: usize = 192;

/// How many bytes before a text are looked at.
pub(super) const BEHIND: usize = 96;

/// How many texts of one kind are kept for a binary; the others are only counted.
const KEPT: usize = 8;

/// A text and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hit {
    pub text: String,
    /// Bytes from the start of the file.
    pub offset: u64,
}

/// A version text of a fork.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fork {
    pub library: Library,
    pub version: String,
    pub text: String,
}

impl Fork {
    /// Whether the text is nothing but name and version, as in the library itself. A sentence
    /// that speaks of a fork goes on.
    pub(super) fn is_bare(&self) -> bool {
        self.text.ends_with(&self.version)
    }
}

/// How often a kind of text occurs, and the first of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Marked {
    pub count: u32,
    pub hits: Vec<Hit>,
}

/// The texts found in one binary.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Texts {
    /// OpenSSL's dated version texts, and how far from the build date or folder they stand.
    pub dated: Distinct<Dated>,
    /// How often one of OpenSSL's modules names itself in such a text.
    pub modules: u32,
    /// The versions of forks, from texts such as `AWS-LC 5.12.0`; places as of dated texts.
    pub forks: Distinct<Fork>,
    /// Bare versions of the provider tables, `\0 3.6.2 \0`, and how far from the parameters of
    /// providers they stand.
    pub bare: Distinct<String>,
    /// All else.
    pub marks: BTreeMap<Mark, Marked>,
}

impl Texts {
    /// How often a kind occurs.
    pub(super) fn count(&self, mark: Mark) -> u32 {
        self.marks.get(&mark).map_or(0, |marked| marked.count)
    }

    /// Whether a kind occurs.
    pub(super) fn has(&self, mark: Mark) -> bool {
        self.count(mark) > 0
    }

    /// The first texts of a kind.
    pub(super) fn hits(&self, mark: Mark) -> &[Hit] {
        self.marks
            .get(&mark)
            .map_or(&[], |marked| marked.hits.as_slice())
    }

    /// Whether a text names a library's code, rather than something that others have as well.
    pub(super) fn name_a_library(&self) -> bool {
        let marks = [
            Mark::Directory,
            Mark::Configuration,
            Mark::Providers,
            Mark::SslSource,
            Mark::CryptoSource,
            Mark::BoringSource,
            Mark::AwsLcSource,
        ];
        !self.dated.is_empty() || marks.into_iter().any(|mark| self.has(mark))
    }

    fn mark(&mut self, mark: Mark, offset: u64, text: &[u8]) {
        if !whole::is_whole(mark, text) {
            return;
        }
        match mark {
            Mark::Directory | Mark::BuiltOn => {
                self.dated.mark(offset);
                self.forks.mark(offset);
            }
            Mark::ProviderParameter => self.bare.mark(offset),
            _ => {}
        }
        let marked = self.marks.entry(mark).or_default();
        marked.count = marked.count.saturating_add(1);
        if marked.hits.len() < KEPT {
            marked.hits.push(Hit {
                text: printable(until_nul(text)),
                offset,
            });
        }
    }
}

/// A piece of some texts that is rare in all other data, and the texts with their bytes before it.
type Core = (&'static [u8], &'static [(&'static [u8], usize)]);

/// The texts of interest, by the pieces that are searched for. One pass for all of them costs less
/// than many passes. What it costs is set by how often it stops for nothing, so the pieces are of
/// each text the three bytes that are rarest in the object files of published wheels: `SSL` and
/// `ssl` are in every name of a symbol, `t o` and `pro` in every help text. Three bytes each,
/// because a fourth one takes a third longer than it spares.
///
/// The vector instructions tell eight groups apart and stop also for a mixture of the pieces of
/// one group. The library puts each eighth piece into the same one, so the order of this list
/// puts those together whose mixtures are rare. Any other order finds the same, more slowly.
const CORES: [Core; 23] = [
    (b"cnf", &[(b"openssl.cnf", 8)]),
    (b"s-l", &[(b"aws-lc", 2)]),
    (b"l-v", &[(b"openssl-version", 6)]),
    (b"\x005.", &[(b"\x005.", 0)]),
    (
        b"R: ",
        &[
            (b"OPENSSLDIR: ", 9),
            (b"ENGINESDIR: ", 9),
            (b"MODULESDIR: ", 9),
        ],
    ),
    (b"gsu", &[(b"Tongsuo ", 3)]),
    (b"l/s", &[(b"ssl/ssl_lib.c", 2), (b"ssl/statem/", 2)]),
    (b"o/i", &[(b"crypto/init.c", 5)]),
    (b"S-L", &[(b"AWS-LC ", 2)]),
    (b"o\\i", &[(b"crypto\\init.c", 5)]),
    (b"l_l", &[(b"ssl\\ssl_lib.c", 6)]),
    (b"\x003.", &[(b"\x003.", 0)]),
    (b"n: ", &[(b"built on: ", 7)]),
    (b"gSS", &[(b"BoringSSL", 5)]),
    (b"gss", &[(b"boringssl", 5)]),
    (b"/im", &[(b"providers/implementations/", 9)]),
    (b"em\\", &[(b"ssl\\statem\\", 8)]),
    (b"s\\i", &[(b"providers\\implementations\\", 8)]),
    (b"L_v", &[(b"OpenSSL_version_num", 6)]),
    (b"\x004.", &[(b"\x004.", 0)]),
    (
        b"SL ",
        &[(b"OpenSSL ", 5), (b"LibreSSL ", 6), (b"BabaSSL ", 5)],
    ),
    (b"w-s", &[(b"rh-allow-sha1-sig", 7)]),
    (b"NES", &[(b"OPENSSL_ENGINES", 12)]),
];

static SEARCHER: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    // Only this kind is searched for with vector instructions.
    AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostFirst)
        .build(CORES.iter().map(|(core, _)| core))
        .ok()
});

static AFTER_NAME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?-u)^(?:FIPS )?([0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,4}(?:-dev|-pre[0-9]{1,2})?)(?:[^0-9A-Za-z.]|$)").ok()
});

static BARE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?-u)^\x00([3-9]\.[0-9]{1,2}\.[0-9]{1,2})\x00").ok());

/// Calls `found` with the place in `bytes` of everything that may be a text of interest and
/// begins between `from` and `to`, as long as that wants to go on.
pub(super) fn search(bytes: &[u8], from: usize, to: usize, mut found: impl FnMut(usize) -> bool) {
    let Some(searcher) = SEARCHER.as_ref() else {
        return;
    };
    // A piece that begins before `to`, or belongs to a text that does, may end behind it.
    let end = to.saturating_add(AHEAD).min(bytes.len());
    let mut at = from;
    while let Some((start, stop)) = not_zero(bytes, at, end) {
        at = start;
        while let Some(hit) = searcher.find(Input::new(bytes).range(at..stop)) {
            let texts = CORES.get(hit.pattern().as_usize()).map(|(_, texts)| texts);
            for (text, before) in texts.into_iter().copied().flatten() {
                let begin = hit.start().checked_sub(*before);
                let begin = begin.filter(|begin| (from..to).contains(begin));
                if let Some(begin) = begin
                    && bytes
                        .get(begin..)
                        .is_some_and(|rest| rest.starts_with(text))
                    && !found(begin)
                {
                    return;
                }
            }
            at = hit.start().saturating_add(1);
        }
        at = stop;
    }
}

/// The next stretch between `from` and `to` that has no blocks of zeros in it, which some binaries
/// are padded with by megabytes.
fn not_zero(bytes: &[u8], from: usize, to: usize) -> Option<(usize, usize)> {
    static ZEROS: [u8; 4096] = [0; 4096];
    let is_zero =
        |at: usize| bytes.get(at..to.min(at.saturating_add(ZEROS.len()))) == Some(ZEROS.as_slice());
    let mut start = from;
    while is_zero(start) {
        start = start.saturating_add(ZEROS.len());
    }
    let mut stop = start;
    while stop < to && !is_zero(stop) {
        stop = stop.saturating_add(ZEROS.len());
    }
    // A text may begin with one zero.
    let begin = if start > from {
        start.saturating_sub(1)
    } else {
        start
    };
    (start < to).then_some((begin, stop.min(to)))
}

/// Reads the text of interest that begins at `at` in `bytes`, which begin at `base` of the file.
pub(super) fn read(texts: &mut Texts, bytes: &[u8], at: usize, base: u64) {
    let Some(rest) = bytes.get(at..) else {
        return;
    };
    let rest = rest.get(..AHEAD).unwrap_or(rest);
    let offset = base.saturating_add(at as u64);
    let starts = |word: &[u8]| rest.starts_with(word);
    if starts(b"\0") {
        read_bare(texts, rest, offset);
    } else if starts(b"OpenSSL ") {
        let before = bytes.get(..at).unwrap_or_default();
        if let Some(dated) = dated::read(rest, before.ends_with(b" part of ")) {
            texts.modules = texts.modules.saturating_add(u32::from(dated.module));
            texts.dated.see(dated, offset);
        }
        // `OpenSSL 1.1.1 (compatible; BoringSSL)`
        if memchr::memmem::find(until_nul(rest), b" (compatible; BoringSSL)").is_some() {
            texts.mark(Mark::BoringSource, offset, rest);
        }
    } else if let Some((_, mark)) = MARKS.iter().find(|(text, _)| starts(text)) {
        texts.mark(*mark, offset, rest);
    } else {
        read_fork(texts, rest, offset);
    }
}

/// The beginnings of texts, and what they tell where they stand as the library keeps them.
const MARKS: [(&[u8], Mark); 15] = [
    (b"OpenSSL_version_num", Mark::VersionFunction),
    (b"OPENSSLDIR: ", Mark::Directory),
    (b"ENGINESDIR: ", Mark::Installed),
    (b"MODULESDIR: ", Mark::Installed),
    (b"built on: ", Mark::BuiltOn),
    (b"openssl.cnf", Mark::Configuration),
    (b"OPENSSL_ENGINES", Mark::Engines),
    (b"openssl-version", Mark::ProviderParameter),
    (b"rh-allow", Mark::RedHat),
    (b"providers", Mark::Providers),
    (b"ssl", Mark::SslSource),
    (b"crypto", Mark::CryptoSource),
    (b"boringssl", Mark::BoringSource),
    (b"BoringSSL", Mark::BoringName),
    (b"aws-lc", Mark::AwsLcSource),
];

fn matches(form: &LazyLock<Option<Regex>>, bytes: &[u8]) -> bool {
    form.as_ref().is_some_and(|form| form.is_match(bytes))
}

fn first_group(form: &LazyLock<Option<Regex>>, bytes: &[u8]) -> Option<String> {
    let found = form.as_ref()?.captures(bytes)?;
    Some(String::from_utf8_lossy(found.get(1)?.as_bytes()).into_owned())
}

fn read_bare(texts: &mut Texts, rest: &[u8], offset: u64) {
    if let Some(version) = first_group(&BARE, rest) {
        texts.bare.see(version, offset.saturating_add(1));
    }
}

fn read_fork(texts: &mut Texts, rest: &[u8], offset: u64) {
    let forks: [(&[u8], Library); 4] = [
        (b"AWS-LC ", Library::AwsLc),
        (b"LibreSSL ", Library::Libressl),
        (b"BabaSSL ", Library::Tongsuo),
        (b"Tongsuo ", Library::Tongsuo),
    ];
    for (name, library) in forks {
        let Some(after) = rest.strip_prefix(name) else {
            continue;
        };
        if let Some(version) = first_group(&AFTER_NAME, after) {
            let text = printable(until_nul(rest));
            let fork = Fork {
                library,
                version,
                text,
            };
            texts.forks.see(fork, offset);
        } else if library == Library::AwsLc {
            texts.mark(Mark::AwsLcName, offset, rest);
        }
    }
}

/// Makes bytes of a binary printable, and no longer than 160 characters.
pub(super) fn printable(bytes: &[u8]) -> String {
    let is_printable = |byte: &u8| matches!(byte, b' '..=b'~');
    if bytes.len() <= 160
        && bytes.iter().all(is_printable)
        && let Ok(text) = std::str::from_utf8(bytes)
    {
        return text.to_owned();
    }
    String::from_utf8_lossy(bytes)
        .chars()
        .take(160)
        .map(|c| {
            if c.is_ascii_graphic() || c == ' ' {
                c
            } else {
                '\u{fffd}'
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_found_by_its_piece() {
        for (text, _) in CORES.iter().flat_map(|(_, texts)| *texts) {
            let mut bytes = vec![b'-'; 40];
            bytes.extend_from_slice(text);
            let mut places = Vec::new();
            search(&bytes, 0, bytes.len(), |at| {
                places.push(at);
                true
            });
            let text = String::from_utf8_lossy(text);
            assert_eq!(places, [40], "{text}");
        }
    }
}
