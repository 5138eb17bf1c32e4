//! What texts look like, for editors: regular expressions of ECMA-262 and lists of words. The
//! functions in `words` say what texts mean; nothing here may refuse what they let through.

use crate::model::{Library, Os, Severity};

/// A text that is not empty.
pub(super) const ANY: &str = r"\S";
/// `3d`.
pub(super) const DURATION: &str = r"^\s*[0-9]+[smhdw]\s*$";
/// `5m`, `none`.
pub(super) const PAUSE: &str = r"^\s*(none|[0-9]+[smhdw])\s*$";
/// `2027-06-30`.
pub(super) const DATE: &str = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$";
/// `https://…`.
pub(super) const ADDRESS: &str = "^\\s*[Hh][Tt][Tt][Pp][Ss]?:";
/// The name of a variable.
pub(super) const VARIABLE: &str = "^[A-Za-z_][A-Za-z0-9_]*$";
/// `owner/name`.
pub(super) const REPOSITORY: &str = r"^\s*[A-Za-z0-9._-]{1,100}/[A-Za-z0-9._-]{1,100}\s*$";
/// A package's name.
pub(super) const PACKAGE: &str = "^[A-Za-z0-9]([A-Za-z0-9._-]{0,126}[A-Za-z0-9])?$";
/// `main`, `~=46.0`.
pub(super) const LINE: &str = r"^(main$|\s*[~=!<>])";
/// A word, or a series.
pub(super) const FOLLOW: &str = r"^(series|latest|lts|[0-9]+(\.[0-9]+){1,2})$";
/// `3.5`, `1.1.1`.
pub(super) const SERIES: &str = r"^[0-9]+(\.[0-9]+){1,2}$";
/// `3.5.4`, `1.1.1w`.
pub(super) const VERSION: &str = r"^[0-9]+\.[0-9]+\.[0-9]+";
/// `1.0.2*`.
pub(super) const BEGINNING: &str = r"^[^*]+\*?$|^\*$";
/// `linux musl x86_64`.
pub(super) const COVERAGE: &str = r"^\s*(linux(\s+musl)?|macos|windows)\s+\S+\s*$";
/// `CVE-2026-12345`.
pub(super) const CVE: &str = "^CVE-[0-9]{4}-[0-9]{4,}$";
/// `sqlite:rewheel.db`, `none`.
pub(super) const STATE: &str = r"^\s*(none\s*$|sqlite:)";
/// `octocat`, `github-actions[bot]`.
pub(super) const LOGIN: &str = r"^\s*[A-Za-z0-9_-]{1,100}(\[bot\])?\s*$";
/// A label, of which 50 letters are the most.
pub(super) const LABEL: &str = "^[^@]{1,50}$";
/// `list@lists.example`.
pub(super) const MAIL: &str = r"^\s*[^@\s]+@[^@\s]+\s*$";
/// The name of a step.
pub(super) const STEP: &str = "^[A-Za-z0-9]([A-Za-z0-9_. +-]{0,62}[A-Za-z0-9_.+-])?$";
/// `wheels.yml`.
pub(super) const WORKFLOW: &str = r"^[A-Za-z0-9_. +-]+\.ya?ml$";
/// An event, of which 100 letters are the most.
pub(super) const EVENT: &str = r"^\S{1,100}$";
/// A file in a repository.
pub(super) const FILE: &str = r"^[^/\\]([^\\]*[^/\\])?$";
/// A branch or tag.
pub(super) const REFERENCE: &str = r"^[^\s~^:?*\[\\]+$";

/// The libraries.
pub(super) const LIBRARIES: &[&str] = &[
    Library::Openssl.as_str(),
    Library::Libressl.as_str(),
    Library::Boringssl.as_str(),
    Library::AwsLc.as_str(),
    Library::Tongsuo.as_str(),
];
/// The severities, lowest first.
pub(super) const SEVERITIES: &[&str] = &[
    Severity::Low.as_str(),
    Severity::Moderate.as_str(),
    Severity::High.as_str(),
    Severity::Critical.as_str(),
];
/// The operating systems that wheels are for.
pub(super) const PLATFORMS: &[&str] = &[
    Os::Linux.as_str(),
    Os::Macos.as_str(),
    Os::Windows.as_str(),
    Os::Any.as_str(),
];
/// What an event may lead to.
pub(super) const REACTIONS: &[&str] = &["issue", "steps"];
