//! What the wheels of a green run prove.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::{Library, Linkage, OpensslVersion, WheelScan};

/// How many wheels are named in a sentence.
const MOST_NAMED: usize = 5;

/// A wheel among the artifacts of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuiltWheel {
    /// Its file name.
    pub file: String,
    /// The OpenSSL versions that it carries, sorted.
    pub versions: Vec<OpensslVersion>,
    /// Whether everything in it was read and every OpenSSL in it has a version.
    pub is_proven: bool,
}

/// What the artifacts of a run held.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Built {
    /// Its wheels.
    pub wheels: Vec<BuiltWheel>,
    /// A sentence for each artifact that could not be looked into.
    pub unread: Vec<String>,
}

/// What they prove about a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Wheels carry a lower version of the target's series: what the sentence says.
    Lacking(String),
    /// Wheels carry the target or a later version of its series, and none a lower one.
    Carried(String),
    /// Nothing is proven, for what the sentence says.
    Nothing(String),
}

impl BuiltWheel {
    /// What a scan says of one wheel. `findings` and `problems` are those of the wheel alone.
    pub fn of(file: &str, scan: &WheelScan) -> Self {
        let carried = scan.findings.iter().filter(|finding| {
            finding.library == Library::Openssl && finding.linkage != Linkage::External
        });
        let mut versions = Vec::new();
        let mut is_proven = scan.is_complete();
        for finding in carried {
            match finding.openssl_version() {
                Some(version) => versions.push(version),
                None => is_proven = false,
            }
        }
        versions.sort();
        versions.dedup();
        Self {
            file: file.to_owned(),
            versions,
            is_proven,
        }
    }
}

/// The wheels of an artifact, from the scan of the artifact and the names of its members: a
/// finding in a wheel has the path `wheel!member`.
pub fn wheels_of(members: &[String], scan: &WheelScan) -> Vec<BuiltWheel> {
    let mut wheels: BTreeMap<&str, WheelScan> = members
        .iter()
        .filter(|name| name.ends_with(".whl"))
        .map(|name| (name.as_str(), WheelScan::default()))
        .collect();
    for finding in &scan.findings {
        let wheel = wheel_in(&finding.path, &wheels);
        if let Some(wheel) = wheel.and_then(|wheel| wheels.get_mut(wheel)) {
            wheel.findings.push(finding.clone());
        }
    }
    for problem in &scan.problems {
        let path = problem.path.as_deref().unwrap_or_default();
        let wheel = wheel_in(path, &wheels).unwrap_or(path);
        match wheels.get_mut(wheel) {
            Some(wheel) => wheel.problems.push(problem.clone()),
            // What is wrong with the artifact itself may hide something of any wheel.
            None if !path.contains('!') => {
                for wheel in wheels.values_mut() {
                    wheel.problems.push(problem.clone());
                }
            }
            None => {}
        }
    }
    wheels
        .iter()
        .map(|(name, scan)| {
            let file = name.rsplit('/').next().unwrap_or(name);
            BuiltWheel::of(file, scan)
        })
        .collect()
}

/// The wheel in which a path `wheel!member` leads; the wheel's own name may hold a `!` too.
fn wheel_in<'a>(path: &'a str, wheels: &BTreeMap<&str, WheelScan>) -> Option<&'a str> {
    path.match_indices('!')
        .filter_map(|(at, _)| path.get(..at))
        .find(|wheel| wheels.contains_key(wheel))
}

/// What the wheels of a run prove about a target. Only the target's series counts: wheels may
/// carry several.
pub fn prove(built: &Built, target: &OpensslVersion) -> Proof {
    let of_series = |wheel: &BuiltWheel| -> Option<OpensslVersion> {
        let series = target.series();
        let own = wheel.versions.iter().filter(|own| own.series() == series);
        own.min().cloned()
    };
    let lower: Vec<String> = built
        .wheels
        .iter()
        .filter_map(|wheel| {
            let version = of_series(wheel).filter(|version| version < target)?;
            Some(format!("{} carries OpenSSL {version}", wheel.file))
        })
        .collect();
    if !lower.is_empty() {
        return Proof::Lacking(format!(
            "its wheels lack OpenSSL {target}: {}",
            some_of(&lower)
        ));
    }
    let unread = match built.unread.as_slice() {
        [] => String::new(),
        sentences => format!("; not looked into: {}", some_of(sentences)),
    };
    if built.wheels.is_empty() {
        return Proof::Nothing(format!(
            "no wheel is among its artifacts, so nothing proves what was built{unread}"
        ));
    }
    let unproven: Vec<String> = built
        .wheels
        .iter()
        .filter(|wheel| !wheel.is_proven)
        .map(|wheel| wheel.file.clone())
        .collect();
    if !unproven.is_empty() {
        return Proof::Nothing(format!(
            "which OpenSSL is in {} cannot be proven{unread}",
            some_of(&unproven)
        ));
    }
    let carrying = built
        .wheels
        .iter()
        .filter(|wheel| of_series(wheel).is_some())
        .count();
    let count = built.wheels.len();
    if carrying == 0 {
        return Proof::Nothing(format!(
            "{count} {} read, and none carries OpenSSL of the series {}, so nothing is proven{unread}",
            if count == 1 {
                "wheel was"
            } else {
                "wheels were"
            },
            target.series()
        ));
    }
    Proof::Carried(format!(
        "{carrying} of {count} {} OpenSSL {target} or later of its series, and none a lower \
         one{unread}",
        if count == 1 {
            "wheel carries"
        } else {
            "wheels carry"
        }
    ))
}

fn some_of(texts: &[String]) -> String {
    let shown = texts.get(..MOST_NAMED.min(texts.len())).unwrap_or_default();
    let more = texts.len().saturating_sub(shown.len());
    match more {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::model::{Architecture, BinaryFormat, Finding, Problem, ProblemCode};

    fn wheel(file: &str, versions: &[&str], is_proven: bool) -> BuiltWheel {
        BuiltWheel {
            file: file.to_owned(),
            versions: versions.iter().map(|text| text.parse().unwrap()).collect(),
            is_proven,
        }
    }

    #[rstest]
    #[case::target(vec![wheel("a", &["3.5.4"], true)], vec![],
        Proof::Carried("1 of 1 wheel carries OpenSSL 3.5.4 or later of its series, and none a lower one".to_owned()))]
    #[case::later(vec![wheel("a", &["3.5.5"], true), wheel("b", &[], true)], vec!["x is too large"],
        Proof::Carried("1 of 2 wheels carry OpenSSL 3.5.4 or later of its series, and none a lower one; not looked into: x is too large".to_owned()))]
    #[case::lower(vec![wheel("a", &["3.5.4"], true), wheel("b", &["3.5.3", "3.5.4"], false)], vec![],
        Proof::Lacking("its wheels lack OpenSSL 3.5.4: b carries OpenSSL 3.5.3".to_owned()))]
    #[case::other_series(vec![wheel("a", &["3.0.1"], true)], vec![],
        Proof::Nothing("1 wheel was read, and none carries OpenSSL of the series 3.5, so nothing is proven".to_owned()))]
    #[case::unproven(vec![wheel("a", &["3.5.4"], true), wheel("b", &[], false)], vec![],
        Proof::Nothing("which OpenSSL is in b cannot be proven".to_owned()))]
    #[case::no_wheels(vec![], vec!["logs expired"],
        Proof::Nothing("no wheel is among its artifacts, so nothing proves what was built; not looked into: logs expired".to_owned()))]
    fn wheels_prove_what_they_carry(
        #[case] wheels: Vec<BuiltWheel>,
        #[case] unread: Vec<&str>,
        #[case] expected: Proof,
    ) {
        let built = Built {
            wheels,
            unread: unread.into_iter().map(str::to_owned).collect(),
        };
        assert_eq!(prove(&built, &"3.5.4".parse().unwrap()), expected);
    }

    fn finding(path: &str, version: Option<&str>, linkage: Linkage) -> Finding {
        Finding {
            path: path.to_owned(),
            format: BinaryFormat::Elf,
            arch: Architecture::X86_64,
            library: Library::Openssl,
            version: version.map(str::to_owned),
            linkage,
            suffix: None,
            distro_patched: false,
            evidence: Vec::new(),
        }
    }

    #[test]
    fn findings_and_problems_belong_to_their_wheel() {
        let members: Vec<String> = ["out/a.whl", "out/b.whl", "c.whl", "log.txt"]
            .map(str::to_owned)
            .into();
        let problem = |path: &str| Problem {
            code: ProblemCode::MemberCorrupt,
            message: String::new(),
            path: Some(path.to_owned()),
        };
        let scan = WheelScan {
            findings: vec![
                finding("out/a.whl!x.so", Some("3.5.4"), Linkage::Static),
                finding("out/a.whl!y.so", Some("3.5.3"), Linkage::Vendored),
                finding("c.whl!z.so", None, Linkage::External),
                finding("loose.so", Some("1.1.1"), Linkage::Static),
            ],
            sbom: Vec::new(),
            problems: vec![problem("out/b.whl!x.so"), problem("log.tar!x")],
        };
        assert_eq!(
            wheels_of(&members, &scan),
            [
                wheel("c.whl", &[], true),
                wheel("a.whl", &["3.5.3", "3.5.4"], true),
                wheel("b.whl", &[], false),
            ]
        );
        let broken = WheelScan {
            problems: vec![problem("log.txt")],
            ..scan
        };
        assert!(
            wheels_of(&members, &broken)
                .iter()
                .all(|wheel| !wheel.is_proven)
        );
    }
}
