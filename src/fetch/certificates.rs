//! Certificate authorities beside those that the system's verifier knows.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use reqwest::Certificate;

use super::FetchError;

/// A bound on what is read from `SSL_CERT_DIR`.
const MAXIMUM_FILES: usize = 2_000;

/// The certificates of `SSL_CERT_FILE` and `SSL_CERT_DIR` where the system's verifier does not
/// look there by itself, which is on macOS and Windows.
///
/// # Errors
/// A file that cannot be read or holds no certificates.
pub(super) fn additional_roots(
    variable: &dyn Fn(&str) -> Option<OsString>,
) -> Result<Vec<Certificate>, FetchError> {
    if cfg!(any(windows, target_vendor = "apple")) {
        named_by_environment(variable)
    } else {
        Ok(Vec::new())
    }
}

fn named_by_environment(
    variable: &dyn Fn(&str) -> Option<OsString>,
) -> Result<Vec<Certificate>, FetchError> {
    let mut roots = Vec::new();
    if let Some(file) = variable("SSL_CERT_FILE").filter(|value| !value.is_empty()) {
        roots.extend(of_file(Path::new(&file))?);
    }
    if let Some(folder) = variable("SSL_CERT_DIR").filter(|value| !value.is_empty()) {
        for file in files_of(Path::new(&folder)) {
            // A folder of certificates may hold other things too.
            roots.extend(of_file(&file).unwrap_or_default());
        }
    }
    Ok(roots)
}

fn of_file(path: &Path) -> Result<Vec<Certificate>, FetchError> {
    let unreadable = |source: Box<dyn std::error::Error + Send + Sync>| FetchError::Setup {
        reason: format!(
            "the certificates in {} cannot be read: {source}",
            path.display()
        ),
        source,
    };
    let text = fs::read(path).map_err(|error| unreadable(error.into()))?;
    Certificate::from_pem_bundle(&text).map_err(|error| unreadable(error.into()))
}

fn files_of(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    entries
        .take(MAXIMUM_FILES)
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_file())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_file_is_a_sentence() {
        let error = named_by_environment(&|name| {
            (name == "SSL_CERT_FILE").then(|| OsString::from("/nowhere/authority.pem"))
        })
        .unwrap_err()
        .to_string();
        assert!(error.contains("/nowhere/authority.pem"), "{error}");
        assert!(error.contains("SSL_CERT_FILE"), "{error}");
    }

    #[test]
    fn nothing_named_is_nothing_added() {
        assert!(named_by_environment(&|_| None).unwrap().is_empty());
    }
}
