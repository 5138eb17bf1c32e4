//! Builds of distributions, told by the folders that the library was built for.
//!
//! A distribution mends what it ships without changing the version, so that upstream's ranges say
//! nothing about such a build. Alpine is none of these: its packages are upstream's releases.

use super::super::banner::{Mark, Texts};

/// Whether the library was built to be part of Red Hat's, Debian's, or a system made from them.
///
/// Either folder alone proves nothing: many projects build OpenSSL themselves with the folder of
/// certificates of the system that their wheels are to run on.
pub(super) fn is_patched(texts: &Texts) -> bool {
    has(texts, Mark::Directory, |folder| folder == "/etc/pki/tls")
        && has(texts, Mark::Installed, is_red_hats)
        || has(texts, Mark::Directory, |folder| folder == "/usr/lib/ssl")
            && has(texts, Mark::Installed, is_debians)
}

fn has(texts: &Texts, mark: Mark, is_theirs: impl Fn(&str) -> bool) -> bool {
    texts
        .hits(mark)
        .iter()
        .any(|hit| hit.text.split('"').nth(1).is_some_and(&is_theirs))
}

/// `/usr/lib64/engines-1.1`, `/usr/lib64/ossl-modules`, on 32 bits below `/usr/lib`.
fn is_red_hats(folder: &str) -> bool {
    ["/usr/lib64/", "/usr/lib/"].iter().any(|parent| {
        folder
            .strip_prefix(parent)
            .is_some_and(|rest| rest.starts_with("engines") || rest == "ossl-modules")
    })
}

/// `/usr/lib/x86_64-linux-gnu/engines-3`: below a folder for one architecture.
fn is_debians(folder: &str) -> bool {
    folder
        .strip_prefix("/usr/lib/")
        .and_then(|rest| rest.split_once('/'))
        .is_some_and(|(triplet, _)| triplet.contains("-linux-gnu"))
}
