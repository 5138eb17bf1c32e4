//! Which libraries' code is inside a binary. Decided apart from the version: a text alone, out
//! of a header, a help page or a check for another library, is no code.

use super::super::banner::{Hit, Mark, Texts, printable};
use super::super::binary::Part;
use super::super::library_name::{Half, base_name, is_libressl};
use super::super::object_file::Headers;
use super::{Judged, shared_half, version};
use crate::model::{Evidence, EvidenceKind, Finding, Library, Linkage};

/// How many pieces of evidence a finding shows.
const SHOWN: usize = 16;

/// How many of OpenSSL's modules must name themselves. The libssl of 1.0.2 has three that do.
const MODULES: u32 = 3;

/// A library whose code is inside a binary.
#[derive(Clone, Debug)]
pub(super) struct Carried {
    pub library: Library,
    pub version: Option<String>,
    pub suffix: Option<String>,
    pub distro_patched: bool,
    pub linkage: Linkage,
    pub evidence: Vec<Evidence>,
}

impl Carried {
    /// Leaves the version open; the evidence for it stays.
    pub(super) fn forget_version(&mut self) {
        self.version = None;
        self.suffix = None;
        self.distro_patched = false;
    }

    pub(super) fn finding(&self, one: &Judged<'_>) -> Finding {
        Finding {
            path: one.path.to_owned(),
            format: one.format,
            arch: one.arch,
            library: self.library,
            version: self.version.clone(),
            linkage: self.linkage,
            suffix: self.suffix.clone(),
            distro_patched: self.distro_patched,
            evidence: self.evidence.iter().take(SHOWN).cloned().collect(),
        }
    }
}

/// What a binary carries, and what is to be told if pieces of evidence contradict each other.
pub(super) fn carried(path: &str, part: &Part) -> (Vec<Carried>, Option<version::Remark>) {
    let half = shared_half(path, part);
    let mut all = Vec::new();
    let mut remark = None;
    let mut found = libraries(path, part, half);
    if found.is_empty() && half.is_some() {
        // A file of this name serves whoever needs the library: it is there, whatever its code
        // shows.
        found.push(if is_named_libressl(path, &part.headers) {
            Library::Libressl
        } else {
            Library::Openssl
        });
    }
    for library in found {
        let (chosen, told) = version::choose(library, path, part);
        remark = remark.or(told);
        let mut evidence = chosen.evidence;
        evidence.extend(code_evidence(library, part, half));
        if evidence.is_empty() {
            evidence.push(Evidence {
                kind: EvidenceKind::LibraryName,
                text: printable(base_name(path).as_bytes()),
                offset: None,
            });
        }
        all.push(Carried {
            library,
            version: chosen.version,
            suffix: chosen.suffix,
            distro_patched: chosen.distro_patched,
            linkage: if half.is_some() {
                Linkage::Vendored
            } else {
                Linkage::Static
            },
            evidence,
        });
    }
    (all, remark)
}

/// What LibreSSL's `OpenSSL_version_num` and `SSLeay` return, whatever its version.
const LIBRESSL_NUMBER: u32 = 0x2000_0000;

fn is_named_libressl(path: &str, headers: &Headers) -> bool {
    let own = headers.name.as_ref().map(|own| own.text.as_str());
    is_libressl(path) || own.is_some_and(is_libressl)
}

fn libraries(path: &str, part: &Part, half: Option<Half>) -> Vec<Library> {
    let (texts, headers) = (&part.texts, &part.headers);
    let returns_libressl = headers
        .constants
        .iter()
        .any(|constant| constant.number == LIBRESSL_NUMBER);
    let has_fork = |library| texts.forks.iter().any(|fork| fork.value.library == library);
    let mut found = Vec::new();
    let defines_fork = |library| {
        let fork = headers.fork.as_ref();
        fork.is_some_and(|(known, _)| *known == library)
    };
    let is_openssl_code = openssl_code(texts, headers, half);
    let is_libressl = is_named_libressl(path, headers) || returns_libressl;
    if (is_libressl || is_fork(Library::Libressl, texts))
        && !texts.has(Mark::Providers)
        && (texts.has(Mark::Directory) || texts.has(Mark::Configuration) || half.is_some())
    {
        found.push(Library::Libressl);
    } else if (is_fork(Library::Tongsuo, texts) || defines_fork(Library::Tongsuo))
        && is_openssl_code
    {
        found.push(Library::Tongsuo);
    } else if is_openssl_code && !fork_only(texts) {
        found.push(Library::Openssl);
    }
    let is_aws_lc = texts.has(Mark::AwsLcSource)
        || defines_fork(Library::AwsLc)
        || texts.has(Mark::AwsLcName)
        || (has_fork(Library::AwsLc) && texts.has(Mark::Directory) && found.is_empty());
    if is_aws_lc {
        found.push(Library::AwsLc);
    } else if texts.count(Mark::BoringSource) >= if found.is_empty() { 1 } else { 8 }
        || (found.is_empty() && is_boringssl_without_its_folder(texts))
    {
        found.push(Library::Boringssl);
    }
    found
}

/// Whether the code is BoringSSL's, whose source paths do not name it where it was built in its own
/// folder: it answers `n/a` where OpenSSL tells its date and its folder. AWS-LC does the same, beside
/// its own name and version.
fn is_boringssl_without_its_folder(texts: &Texts) -> bool {
    let names = texts.hits(Mark::BoringName);
    let is_its_name = |name: &Hit| name.text == "BoringSSL";
    // Of very many mentions not all are kept.
    let has_its_name =
        names.iter().any(is_its_name) || texts.count(Mark::BoringName) as usize > names.len();
    answers_nothing(texts) && has_its_name
}

/// Whether the answer to a question is that of BoringSSL and AWS-LC, which keep neither folder nor
/// date. OpenSSL without them says `N/A` and `date not available`.
fn is_no_answer(hit: &Hit) -> bool {
    hit.text.ends_with(": n/a")
}

/// Whether folder and date are answered as BoringSSL and AWS-LC do, and no folder otherwise.
fn answers_nothing(texts: &Texts) -> bool {
    texts.hits(Mark::BuiltOn).iter().any(is_no_answer)
        && texts.has(Mark::Directory)
        && !answers(texts, Mark::Directory)
}

/// Whether a text of this kind is there, and an answer.
fn answers(texts: &Texts, mark: Mark) -> bool {
    texts.hits(mark).iter().any(|hit| !is_no_answer(hit))
}

/// Whether the code that has OpenSSL's texts is a fork's: the fork's version stands where
/// OpenSSL keeps its own, beside the build date and the folder, or OpenSSL's is nowhere. Many
/// programs only speak of a fork, or check for it, and carry OpenSSL.
fn is_fork(library: Library, texts: &Texts) -> bool {
    let own = texts
        .forks
        .iter()
        .filter(|fork| fork.value.library == library && fork.value.is_bare())
        .map(|fork| fork.distance.unwrap_or(u64::MAX))
        .min();
    let openssl = texts
        .dated
        .iter()
        .filter(|dated| !dated.value.module)
        .map(|dated| dated.distance.unwrap_or(u64::MAX))
        .min();
    match (own, openssl) {
        (None, _) => false,
        (Some(_), None) => !texts.dated.has_overflowed(),
        (Some(own), Some(openssl)) => own <= version::BESIDE_BYTES && own < openssl,
    }
}

/// Whether everything that speaks for OpenSSL's code speaks for BoringSSL's or AWS-LC's as well.
fn fork_only(texts: &Texts) -> bool {
    let is_fork = texts.has(Mark::BoringSource)
        || texts.has(Mark::AwsLcSource)
        || texts.has(Mark::AwsLcName)
        || answers_nothing(texts);
    is_fork
        && !texts.has(Mark::Configuration)
        && !texts.has(Mark::Providers)
        && texts.dated.is_empty()
}

fn openssl_code(texts: &Texts, headers: &Headers, half: Option<Half>) -> bool {
    let is_static = has_libcrypto(texts);
    match half {
        None => is_static || has_libssl(texts),
        Some(Half::Crypto) => {
            is_static || core(texts) > 0 || defines(headers, &["EVP_", "OPENSSL_"])
        }
        Some(Half::Ssl) => {
            is_static
                || texts.has(Mark::SslSource)
                || texts.modules > 0
                || defines(headers, &["SSL_"])
        }
    }
}

/// Whether only libssl's code is inside a binary: libcrypto's must be in one that it needs.
pub(super) fn is_libssl_alone(texts: &Texts) -> bool {
    has_libssl(texts) && !has_libcrypto(texts)
}

fn has_libcrypto(texts: &Texts) -> bool {
    texts.count(Mark::Providers) >= 3
        || texts.modules >= MODULES
        || (texts.has(Mark::Configuration) && core(texts) >= 2)
        || (answers(texts, Mark::Directory)
            && answers(texts, Mark::BuiltOn)
            && !texts.dated.is_empty())
}

fn has_libssl(texts: &Texts) -> bool {
    texts.count(Mark::SslSource) >= 3
}

/// How many of the texts that libcrypto's core keeps together are there; each may stand alone in
/// somebody else's program.
fn core(texts: &Texts) -> usize {
    let present = [
        texts.has(Mark::Configuration),
        texts.has(Mark::Engines),
        answers(texts, Mark::Directory),
        answers(texts, Mark::BuiltOn),
        texts.has(Mark::CryptoSource),
        texts.has(Mark::ProviderParameter),
        texts.modules > 0,
    ];
    present.into_iter().filter(|present| *present).count()
}

fn defines(headers: &Headers, prefixes: &[&str]) -> bool {
    headers.defined.iter().any(|symbol| {
        prefixes
            .iter()
            .any(|prefix| symbol.text.starts_with(prefix))
    })
}

fn code_evidence(library: Library, part: &Part, half: Option<Half>) -> Vec<Evidence> {
    let marks: &[(Mark, EvidenceKind)] = match library {
        Library::Boringssl => &[
            (Mark::BoringSource, EvidenceKind::SourcePath),
            (Mark::Directory, EvidenceKind::Marker),
            (Mark::BuiltOn, EvidenceKind::Marker),
            (Mark::BoringName, EvidenceKind::Marker),
        ],
        Library::AwsLc => &[
            (Mark::AwsLcSource, EvidenceKind::SourcePath),
            (Mark::AwsLcName, EvidenceKind::Marker),
        ],
        Library::Openssl | Library::Libressl | Library::Tongsuo => &[
            (Mark::Directory, EvidenceKind::Marker),
            (Mark::Installed, EvidenceKind::Marker),
            (Mark::BuiltOn, EvidenceKind::Marker),
            (Mark::Configuration, EvidenceKind::Marker),
            (Mark::Engines, EvidenceKind::Marker),
            (Mark::Providers, EvidenceKind::SourcePath),
            (Mark::CryptoSource, EvidenceKind::SourcePath),
            (Mark::SslSource, EvidenceKind::SourcePath),
            (Mark::RedHat, EvidenceKind::Marker),
        ],
    };
    let mut evidence: Vec<Evidence> = marks
        .iter()
        .filter_map(|(mark, kind)| {
            // Another library's folder and date may be there as well.
            let is_its_own = |hit: &&Hit| library != Library::Boringssl || is_no_answer(hit);
            let mut hits = part.texts.hits(*mark).iter();
            let hit = match mark {
                Mark::Directory | Mark::BuiltOn => hits.find(is_its_own)?,
                _ => hits.next()?,
            };
            Some(from_hit(*kind, hit))
        })
        .collect();
    let fork = part.headers.fork.iter().filter(|(own, _)| *own == library);
    evidence.extend(fork.map(|(_, hit)| from_hit(EvidenceKind::DefinedSymbol, hit)));
    let symbols = part.headers.defined.iter().take(2);
    evidence.extend(symbols.map(|hit| from_hit(EvidenceKind::DefinedSymbol, hit)));
    if half.is_some() {
        let name = part.headers.name.iter();
        evidence.extend(name.map(|hit| from_hit(EvidenceKind::LibraryName, hit)));
    }
    evidence
}

/// Evidence out of a text and its place.
pub(super) fn from_hit(kind: EvidenceKind, hit: &Hit) -> Evidence {
    Evidence {
        kind,
        text: hit.text.clone(),
        offset: Some(hit.offset),
    }
}
