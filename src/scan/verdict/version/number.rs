//! What the constants of version functions say.

use super::super::super::banner::{Mark, Texts};
use super::super::super::binary::Part;
use super::super::super::object_file::{Constant, Headers};
use super::super::super::version_number::VersionFunction;
use super::{CONSTANT, Candidates};
use crate::model::{Evidence, EvidenceKind, Library, OpensslVersion};

/// Adds the version that the code returns. Of a binary that has a fork's code as well, 1.1.1 and
/// older are only shown: `OpenSSL_version_num` of BoringSSL and AWS-LC returns such a number.
pub(super) fn add(part: &Part, candidates: &mut Candidates) {
    let headers = &part.headers;
    let is_forks = is_forks(headers, &part.texts);
    let whole = [VersionFunction::OpensslVersionNum, VersionFunction::Ssleay]
        .into_iter()
        .find_map(|function| {
            let constant = headers.constant(function)?;
            let version = OpensslVersion::from_version_number(constant.number)?;
            Some((version, evidence(constant)))
        });
    for (version, evidence) in whole.into_iter().chain(by_parts(headers)) {
        // The constant does not tell 3.0.0-beta2 from 3.0.0; a text does.
        let is_old = version.major() < 3;
        let is_only_shown = headers.fork.is_some() || (is_forks && is_old);
        let weight = if is_only_shown { 0 } else { CONSTANT };
        let stage = candidates.0.iter().find(|known| {
            let release = known.version.split_once('-').map(|(release, _)| release);
            release.is_some_and(|release| release.starts_with(|c: char| c >= '3'))
                && release == Some(version.to_string().as_str())
        });
        let version = stage.map_or_else(|| version.to_string(), |known| known.version.clone());
        candidates.add(&version, weight, evidence);
    }
}

/// The version that `OPENSSL_version_major`, `_minor` and `_patch` return.
fn by_parts(headers: &Headers) -> Option<(OpensslVersion, Evidence)> {
    let major = headers.constant(VersionFunction::Major)?;
    let minor = headers.constant(VersionFunction::Minor)?.number;
    let patch = headers.constant(VersionFunction::Patch)?.number;
    // They exist since 3.0.
    let text = format!("{}.{minor}.{patch}", major.number);
    let version: OpensslVersion = text.parse().ok()?;
    let is_possible = (3..10).contains(&major.number) && minor < 256 && patch < 256;
    is_possible.then(|| {
        let evidence = Evidence {
            kind: EvidenceKind::VersionConstant,
            text: format!("OPENSSL_version_major, minor, patch: {text}"),
            offset: Some(major.offset),
        };
        (version, evidence)
    })
}

/// Whether the functions may be a fork's: BoringSSL, AWS-LC and LibreSSL have both the old and
/// the new function, OpenSSL one of them.
fn is_forks(headers: &Headers, texts: &Texts) -> bool {
    let has = |function| {
        let mut functions = headers.functions.iter();
        functions.any(|(known, _)| *known == function)
    };
    let has_both = has(VersionFunction::OpensslVersionNum) && has(VersionFunction::Ssleay);
    let is_marked = [
        Mark::BoringSource,
        Mark::BoringName,
        Mark::AwsLcSource,
        Mark::AwsLcName,
    ]
    .into_iter()
    .any(|mark| texts.has(mark));
    has_both || is_marked || texts.forks.iter().any(|fork| fork.value.is_bare())
}

/// The version of a fork that its own function returns. Only Tongsuo's says more than which
/// version of OpenSSL it wants to be taken for.
pub(super) fn of_fork(library: Library, part: &Part) -> Option<(String, Evidence)> {
    let constant = part
        .headers
        .constant(VersionFunction::BabasslVersionNum)
        .filter(|_| library == Library::Tongsuo)?;
    let digit = |shift: u32, mask: u32| constant.number >> shift & mask;
    let version = format!("{}.{}.{}", digit(28, 0xf), digit(20, 0xff), digit(12, 0xff));
    Some((version, evidence(constant)))
}

fn evidence(constant: Constant) -> Evidence {
    Evidence {
        kind: EvidenceKind::VersionConstant,
        text: format!("{}: {:#010x}", constant.function.name(), constant.number),
        offset: Some(constant.offset),
    }
}
