//! What is inside wheels that were looked at by hand.

use std::fmt::Write;

use crate::model::{Evidence, Finding, WheelName, WheelScan};

use super::printable::printable;
use super::{Appearance, rows, table};

/// What was found in the wheels that were asked for.
#[derive(Clone, Debug, Default)]
pub struct InspectionReport {
    /// The wheels, in the order in which they were asked for.
    pub wheels: Vec<InspectedWheel>,
}

/// One wheel that was looked at.
#[derive(Clone, Debug)]
pub struct InspectedWheel {
    /// The base name of the file.
    pub file: String,
    /// Its SHA-256 in lower-case hexadecimal; none when it could not be read.
    pub sha256: Option<String>,
    /// Whether the SHA-256 was held against one that was promised.
    pub hash_verified: bool,
    /// Its size in bytes.
    pub size: u64,
    /// How many bytes of it were read.
    pub bytes_read: u64,
    /// Its name, taken apart; none when it is not a wheel's name.
    pub name: Option<WheelName>,
    /// What was found in it.
    pub scan: WheelScan,
    /// Why it does not meet what was required.
    pub unmet: Vec<String>,
}

/// Writes the report for people at a terminal.
pub fn text(report: &InspectionReport, appearance: Appearance) -> String {
    let mut text = String::new();
    for wheel in &report.wheels {
        if !text.is_empty() {
            text.push('\n');
        }
        one_wheel(&mut text, wheel, appearance);
    }
    text
}

fn one_wheel(text: &mut String, wheel: &InspectedWheel, appearance: Appearance) {
    let _ = writeln!(text, "{}", printable(&wheel.file));
    if wheel.scan.findings.is_empty() {
        let none = if wheel.scan.is_complete() {
            "no OpenSSL and no fork of it"
        } else {
            "nothing was found in what could be read"
        };
        let _ = writeln!(text, "  {none}");
    } else {
        let mut found = table::table(
            &["binary", "format", "arch", "library", "version", "linkage"],
            appearance,
        );
        for finding in &wheel.scan.findings {
            found.add_row(vec![
                table::cell(&finding.path),
                table::cell(finding.format.as_str()),
                table::cell(finding.arch.as_str()),
                table::cell(finding.library.as_str()),
                table::cell(&version(finding)),
                table::cell(finding.linkage.as_str()),
            ]);
        }
        text.push_str(&table::render(&found));
        if appearance.verbose {
            for finding in &wheel.scan.findings {
                evidence(text, finding);
            }
        }
    }
    for sbom in &wheel.scan.sbom {
        let _ = writeln!(
            text,
            "  {} says {} {}: {}",
            printable(&sbom.path),
            sbom.library,
            printable(&sbom.version),
            if sbom.agrees {
                "as the binaries do"
            } else {
                "the binaries do not"
            }
        );
    }
    for problem in &wheel.scan.problems {
        let path = problem.path.as_deref();
        let place = path.map_or_else(String::new, |path| format!("{}: ", printable(path)));
        let _ = writeln!(text, "  problem: {place}{}", printable(&problem.message));
    }
    for sentence in &wheel.unmet {
        let _ = writeln!(text, "  not met: {}", printable(sentence));
    }
}

/// The version with what a builder added to it.
fn version(finding: &Finding) -> String {
    let version = match &finding.version {
        Some(version) => version.clone(),
        None if finding.linkage == crate::model::Linkage::External => String::new(),
        None => "not provable".to_owned(),
    };
    let suffix = finding.suffix.as_deref().unwrap_or_default();
    let patched = if finding.distro_patched {
        " (patched by a distribution)"
    } else {
        ""
    };
    if suffix.is_empty() {
        format!("{version}{patched}")
    } else {
        format!("{version} {suffix}{patched}")
    }
}

fn evidence(text: &mut String, finding: &Finding) {
    let _ = writeln!(
        text,
        "  evidence in {} ({}):",
        printable(&finding.path),
        finding.arch
    );
    for Evidence {
        kind,
        text: what,
        offset,
    } in &finding.evidence
    {
        let kind = serde_json::to_value(kind).ok();
        let kind = kind
            .as_ref()
            .and_then(|kind| kind.as_str())
            .unwrap_or_default();
        let place = offset.map_or_else(String::new, |offset| format!(" at byte {offset}"));
        let _ = writeln!(text, "    {kind}{place}: {}", printable(what));
    }
}

/// The platforms of a wheel for documents, each once.
pub(super) fn platforms(name: Option<&WheelName>) -> Vec<&'static str> {
    name.map(|name| {
        name.operating_systems()
            .into_iter()
            .map(|system| system.as_str())
            .collect()
    })
    .unwrap_or_default()
}

/// The platforms of a wheel for people.
pub fn platform_text(name: &WheelName) -> String {
    rows::platforms(name)
}
