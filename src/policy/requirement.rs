//! Requirements on a wheel's content: `openssl>=3.5.4`, `openssl==3.5.*`.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use crate::model::{Library, Linkage, OpensslVersion, Series, WheelScan};

/// What a wheel must carry: a library, and what its version must be.
///
/// The grammar is `LIBRARY OP VERSION[,OP VERSION…]` with `==`, `!=`, `>=`, `>`, `<=`, `<`; blanks
/// are allowed between the parts. Letters of OpenSSL versions are ordered as OpenSSL orders them,
/// and `==3.5.*` means a whole series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    text: String,
    library: Library,
    clauses: Vec<Clause>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Clause {
    Compare(Operator, LibraryVersion),
    InSeries { series: Series, negated: bool },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    AtLeast,
    More,
    AtMost,
    Less,
}

/// The longer operators come first: `>=` begins with `>`.
const OPERATORS: [(&str, Operator); 6] = [
    ("==", Operator::Equal),
    ("!=", Operator::NotEqual),
    (">=", Operator::AtLeast),
    ("<=", Operator::AtMost),
    (">", Operator::More),
    ("<", Operator::Less),
];

/// A version of one of the libraries: OpenSSL's, or numbers joined by points.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum LibraryVersion {
    Openssl(OpensslVersion),
    Numbers(Vec<u32>),
}

impl LibraryVersion {
    fn parse(library: Library, text: &str) -> Option<Self> {
        if library == Library::Openssl {
            return text.parse().ok().map(Self::Openssl);
        }
        let mut numbers: Vec<u32> = text
            .split('.')
            .map(|part| part.parse().ok())
            .collect::<Option<_>>()?;
        // 5.12 and 5.12.0 are the same version.
        while numbers.last() == Some(&0) {
            numbers.pop();
        }
        Some(Self::Numbers(numbers))
    }
}

/// Why a text is not a requirement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a requirement: {reason}; write it as \"openssl>=3.5.4\"")]
pub struct ParseRequirementError {
    text: String,
    reason: String,
}

impl FromStr for Requirement {
    type Err = ParseRequirementError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = |reason: String| ParseRequirementError {
            text: text.chars().take(100).collect(),
            reason,
        };
        let at = text
            .find(['=', '!', '<', '>'])
            .ok_or_else(|| error("it compares with no version".to_owned()))?;
        let (name, clauses) = text.split_at_checked(at).unwrap_or((text, ""));
        let library = library(name.trim())
            .ok_or_else(|| error(format!("{:?} is none of the known libraries", name.trim())))?;
        let clauses = clauses
            .split(',')
            .map(|one| {
                clause(library, one.trim()).ok_or_else(|| {
                    error(format!("{:?} is no comparison with a version", one.trim()))
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            text: text.trim().to_owned(),
            library,
            clauses,
        })
    }
}

fn library(name: &str) -> Option<Library> {
    [
        Library::Openssl,
        Library::Libressl,
        Library::Boringssl,
        Library::AwsLc,
        Library::Tongsuo,
    ]
    .into_iter()
    .find(|library| library.as_str().eq_ignore_ascii_case(name))
}

fn clause(library: Library, text: &str) -> Option<Clause> {
    let (operator, version) = OPERATORS
        .iter()
        .find_map(|(sign, operator)| Some((*operator, text.strip_prefix(sign)?.trim())))?;
    if let Some(series) = version.strip_suffix(".*") {
        let negated = match operator {
            Operator::Equal => false,
            Operator::NotEqual => true,
            _ => return None,
        };
        return (library == Library::Openssl)
            .then(|| series.parse().ok())
            .flatten()
            .map(|series| Clause::InSeries { series, negated });
    }
    Some(Clause::Compare(
        operator,
        LibraryVersion::parse(library, version)?,
    ))
}

impl Clause {
    fn holds(&self, version: &LibraryVersion) -> bool {
        match self {
            Self::InSeries { series, negated } => match version {
                LibraryVersion::Openssl(version) => (version.series() == *series) != *negated,
                LibraryVersion::Numbers(_) => false,
            },
            Self::Compare(operator, wanted) => {
                let order = version.cmp(wanted);
                match operator {
                    Operator::Equal => order == Ordering::Equal,
                    Operator::NotEqual => order != Ordering::Equal,
                    Operator::AtLeast => order != Ordering::Less,
                    Operator::More => order == Ordering::Greater,
                    Operator::AtMost => order != Ordering::Greater,
                    Operator::Less => order == Ordering::Less,
                }
            }
        }
    }
}

impl Requirement {
    /// Why a wheel does not meet the requirement; empty when it does. `allow_none` lets wheels pass
    /// that carry nothing of the library, or use the system's.
    pub fn unmet(&self, scan: &WheelScan, allow_none: bool) -> Vec<String> {
        let of_library = || {
            scan.findings
                .iter()
                .filter(|one| one.library == self.library)
        };
        let mut unmet = Vec::new();
        let mut carried = false;
        for finding in of_library() {
            if finding.linkage == Linkage::External {
                if !allow_none {
                    unmet.push(format!(
                        "{} ({}) uses the system's {}, so {self} cannot be held",
                        finding.path, finding.arch, self.library
                    ));
                }
                continue;
            }
            carried = true;
            let version = finding
                .version
                .as_deref()
                .and_then(|text| LibraryVersion::parse(self.library, text));
            match version {
                None => unmet.push(format!(
                    "{} ({}) carries {} of a version that is not provable, so {self} cannot be held",
                    finding.path, finding.arch, self.library
                )),
                Some(version) if !self.clauses.iter().all(|clause| clause.holds(&version)) => {
                    unmet.push(format!(
                        "{} ({}) carries {} {}, which is not {self}",
                        finding.path,
                        finding.arch,
                        self.library,
                        finding.version.as_deref().unwrap_or_default()
                    ));
                }
                Some(_) => {}
            }
        }
        if !carried && unmet.is_empty() && !allow_none {
            unmet.push(format!(
                "it carries no {}, so {self} cannot be held",
                self.library
            ));
        }
        unmet
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::model::{Architecture, BinaryFormat, Finding};

    fn finding(library: Library, version: Option<&str>, linkage: Linkage) -> Finding {
        Finding {
            path: "a.so".to_owned(),
            format: BinaryFormat::Elf,
            arch: Architecture::X86_64,
            library,
            version: version.map(str::to_owned),
            linkage,
            suffix: None,
            distro_patched: false,
            evidence: Vec::new(),
        }
    }

    fn scan(findings: Vec<Finding>) -> WheelScan {
        WheelScan {
            findings,
            ..WheelScan::default()
        }
    }

    #[rstest]
    #[case("openssl>=3.5.4", "3.5.4", true)]
    #[case("openssl>=3.5.4", "3.5.10", true)]
    #[case("openssl>=3.5.4", "3.5.3", false)]
    #[case("openssl >= 1.1.1w", "1.1.1za", true)]
    #[case("openssl > 1.1.1za", "1.1.1w", false)]
    #[case("openssl==3.5.*", "3.5.99", true)]
    #[case("openssl==3.5.*", "3.50.0", false)]
    #[case("openssl!=3.5.*", "3.5.1", false)]
    #[case("openssl==1.1.1.*", "1.1.1k", true)]
    #[case("openssl>=3.0.7,<3.1.0,!=3.0.9", "3.0.8", true)]
    #[case("openssl>=3.0.7,<3.1.0,!=3.0.9", "3.0.9", false)]
    #[case("OpenSSL<=3.0.7", "3.0.7", true)]
    fn openssl(#[case] text: &str, #[case] version: &str, #[case] met: bool) {
        let requirement: Requirement = text.parse().unwrap();
        let scan = scan(vec![finding(
            Library::Openssl,
            Some(version),
            Linkage::Static,
        )]);
        assert_eq!(requirement.unmet(&scan, false).is_empty(), met);
    }

    #[rstest]
    #[case("aws-lc>=5.12", "5.12.0", true)]
    #[case("aws-lc>=5.12.1", "5.12.0", false)]
    #[case("tongsuo==8.3.2", "8.3.2", true)]
    fn forks(#[case] text: &str, #[case] version: &str, #[case] met: bool) {
        let requirement: Requirement = text.parse().unwrap();
        let scan = scan(vec![finding(
            requirement.library,
            Some(version),
            Linkage::Static,
        )]);
        assert_eq!(requirement.unmet(&scan, false).is_empty(), met);
    }

    #[test]
    fn what_is_not_there_meets_nothing_unless_allowed() {
        let requirement: Requirement = "openssl>=3.5.4".parse().unwrap();
        for findings in [
            vec![],
            vec![finding(Library::Boringssl, None, Linkage::Static)],
            vec![finding(Library::Openssl, None, Linkage::External)],
        ] {
            let scan = scan(findings);
            assert_eq!(requirement.unmet(&scan, false).len(), 1);
            assert!(requirement.unmet(&scan, true).is_empty());
        }
        let unproved = scan(vec![finding(Library::Openssl, None, Linkage::Static)]);
        assert_eq!(
            requirement.unmet(&unproved, true),
            [
                "a.so (x86_64) carries openssl of a version that is not provable, so openssl>=3.5.4 cannot be held"
            ]
        );
    }

    #[rstest]
    #[case("openssl", "it compares with no version")]
    #[case("openssl=3.5", "\"=3.5\" is no comparison with a version")]
    #[case("openssl>=3.5", "\">=3.5\" is no comparison with a version")]
    #[case("openssl>=3.5.*", "\">=3.5.*\" is no comparison with a version")]
    #[case("openssl>=3.5.4,", "\"\" is no comparison with a version")]
    #[case("gnutls>=3", "\"gnutls\" is none of the known libraries")]
    #[case(">=3", "\"\" is none of the known libraries")]
    fn refuses_other_texts(#[case] text: &str, #[case] reason: &str) {
        let message = text.parse::<Requirement>().unwrap_err().to_string();
        assert!(message.contains(reason), "{message}");
    }
}
