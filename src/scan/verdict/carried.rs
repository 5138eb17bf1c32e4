//! Which libraries' code is inside a binary. Decided apart from the version: a text alone, out
//! of a header, a help page or a check for another library, is no code.

use super::super::banner::{Hit, Mark, Texts};
use super::super::binary::Part;
use super::super::library_name::Half;
use super::super::object_file::Headers;
use super::{Judged, shared_half, version};
use crate::model::{Evidence, EvidenceKind, Finding, Library, Linkage};

/// How many pieces of evidence a finding shows.
const SHOWN: usize = 16;

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

/// What a binary carries, and a sentence if pieces of evidence contradict each other.
pub(super) fn carried(path: &str, part: &Part) -> (Vec<Carried>, Option<String>) {
    let half = shared_half(path, part);
    let mut all = Vec::new();
    let mut conflict = None;
    for library in libraries(&part.texts, &part.headers, half) {
        let (chosen, contradiction) = version::choose(library, path, part);
        conflict = conflict.or(contradiction);
        let mut evidence = chosen.evidence;
        evidence.extend(code_evidence(library, part, half));
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
    (all, conflict)
}

fn libraries(texts: &Texts, headers: &Headers, half: Option<Half>) -> Vec<Library> {
    let has_fork = |library| texts.forks.iter().any(|(fork, _, _)| *fork == library);
    let mut found = Vec::new();
    let is_openssl_code = openssl_code(texts, headers, half);
    if has_fork(Library::Libressl)
        && (texts.has(Mark::Directory) || texts.has(Mark::Configuration) || half.is_some())
    {
        found.push(Library::Libressl);
    } else if has_fork(Library::Tongsuo) && is_openssl_code {
        found.push(Library::Tongsuo);
    } else if is_openssl_code && !fork_only(texts) {
        found.push(Library::Openssl);
    }
    let is_aws_lc = texts.has(Mark::AwsLcSource)
        || texts.has(Mark::AwsLcName)
        || (has_fork(Library::AwsLc) && texts.has(Mark::Directory) && found.is_empty());
    if is_aws_lc {
        found.push(Library::AwsLc);
    } else if texts.count(Mark::BoringSource) >= if found.is_empty() { 1 } else { 8 } {
        found.push(Library::Boringssl);
    }
    found
}

/// Whether everything that speaks for OpenSSL's code speaks for BoringSSL's or AWS-LC's as well.
fn fork_only(texts: &Texts) -> bool {
    let is_fork =
        texts.has(Mark::BoringSource) || texts.has(Mark::AwsLcSource) || texts.has(Mark::AwsLcName);
    is_fork
        && !texts.has(Mark::Configuration)
        && !texts.has(Mark::Providers)
        && texts.dated.is_empty()
}

fn openssl_code(texts: &Texts, headers: &Headers, half: Option<Half>) -> bool {
    let modules = texts.dated.iter().filter(|dated| dated.module).count();
    // What the library's core keeps together; each may stand alone in somebody else's program.
    let core = [
        texts.has(Mark::Configuration),
        texts.has(Mark::Engines),
        texts.has(Mark::Directory),
        texts.has(Mark::BuiltOn),
        texts.has(Mark::CryptoSource),
        texts.has(Mark::ProviderParameter),
        modules > 0,
    ];
    let core = core.into_iter().filter(|present| *present).count();
    let is_static = texts.count(Mark::Providers) >= 3
        || modules >= 5
        || (texts.has(Mark::Configuration) && core >= 2)
        || (texts.has(Mark::Directory) && texts.has(Mark::BuiltOn) && !texts.dated.is_empty());
    let is_ssl = texts.count(Mark::SslSource) >= 3;
    match half {
        None => is_static || is_ssl,
        Some(Half::Crypto) => is_static || core > 0 || defines(headers, &["EVP_", "OPENSSL_"]),
        Some(Half::Ssl) => {
            is_static || texts.has(Mark::SslSource) || modules > 0 || defines(headers, &["SSL_"])
        }
    }
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
            (Mark::BoringName, EvidenceKind::Marker),
        ],
        Library::AwsLc => &[
            (Mark::AwsLcSource, EvidenceKind::SourcePath),
            (Mark::AwsLcName, EvidenceKind::Marker),
        ],
        Library::Openssl | Library::Libressl | Library::Tongsuo => &[
            (Mark::Directory, EvidenceKind::Marker),
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
        .filter_map(|(mark, kind)| Some(from_hit(*kind, part.texts.hits(*mark).first()?)))
        .collect();
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
