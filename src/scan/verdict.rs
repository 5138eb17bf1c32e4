//! From what was gathered to findings: first what each binary carries by itself, then what the
//! binaries of a wheel say about each other.

mod carried;
mod distribution;
mod external;
mod names;
mod sbom_check;
mod sibling;
mod version;

use std::cmp::Ordering;

use self::carried::Carried;
use self::names::Names;
use super::binary::Part;
use super::collector::{Binary, Gathered};
use super::library_name::{Half, half};
use crate::model::{Architecture, BinaryFormat, Finding, Library, Problem, WheelScan};

/// One binary or slice, with what it carries.
struct Judged<'a> {
    path: &'a str,
    format: BinaryFormat,
    arch: Architecture,
    part: &'a Part,
    /// Whether it was not seen to its end.
    is_cut: bool,
    carried: Vec<Carried>,
}

impl Judged<'_> {
    /// Which half of the library it is, as a shared library.
    fn half(&self) -> Option<Half> {
        shared_half(self.path, self.part)
    }
}

fn shared_half(path: &str, part: &Part) -> Option<Half> {
    half(path).or_else(|| half(&part.headers.name.as_ref()?.text))
}

/// Whether a binary carries OpenSSL and its version is not settled by what is at hand, so that the
/// constant in its code is worth reading the binary again. A libssl has none.
pub(super) fn is_in_doubt(path: &str, parts: &[Part]) -> bool {
    parts.iter().any(|part| {
        let has_number = part
            .headers
            .constants
            .iter()
            .any(|constant| constant.function.is_whole());
        if has_number || shared_half(path, part) == Some(Half::Ssl) {
            return false;
        }
        let (carried, remark) = carried::carried(path, part);
        carried.iter().any(|carried| {
            matches!(carried.library, Library::Openssl | Library::Tongsuo)
                && (carried.version.is_none() || remark.is_some())
        })
    })
}

/// Draws the conclusions.
pub(super) fn conclude(gathered: Gathered) -> WheelScan {
    let mut problems = gathered.problems;
    let mut judged = judge(&gathered.binaries, &mut problems);
    let names = Names::of(&judged);
    sibling::ask(&mut judged, &names);
    sibling::share_patches(&mut judged, &names);
    let mut findings = Vec::new();
    for one in &judged {
        findings.extend(one.carried.iter().map(|carried| carried.finding(one)));
        findings.extend(external::needed(one, &judged, &names));
    }
    findings.sort_by(order);
    let sbom = sbom_check::compare(gathered.claims, &mut findings, &mut problems);
    WheelScan {
        findings,
        sbom,
        problems,
    }
}

fn order(one: &Finding, other: &Finding) -> Ordering {
    let key = |finding: &Finding| (finding.arch, finding.library);
    one.path
        .cmp(&other.path)
        .then_with(|| key(one).cmp(&key(other)))
}

fn judge<'a>(binaries: &'a [Binary], problems: &mut Vec<Problem>) -> Vec<Judged<'a>> {
    let mut judged = Vec::new();
    for binary in binaries {
        for part in &binary.parts {
            let (mut carried, mut remark) = carried::carried(&binary.path, part);
            if binary.is_cut {
                // What was not seen could name another version.
                carried.iter_mut().for_each(Carried::forget_version);
                remark = None;
            }
            if let Some((code, message)) = remark {
                problems.push(Problem {
                    code,
                    message,
                    path: Some(binary.path.clone()),
                });
            }
            judged.push(Judged {
                path: &binary.path,
                format: binary.format,
                arch: part.headers.arch.unwrap_or(Architecture::Other),
                part,
                is_cut: binary.is_cut,
                carried,
            });
        }
    }
    judged
}
