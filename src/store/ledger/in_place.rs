//! Whether the file that was opened still stands where it was: what is noted in one that is gone is
//! lost with the process.

use std::fs::Metadata;
use std::path::Path;

use super::{Kept, Ledger, LedgerError};

/// What tells a file from another one of the same name.
pub(super) type Identity = (u64, u64);

#[cfg(unix)]
fn identity(metadata: &Metadata) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    Some((metadata.dev(), metadata.ino()))
}

/// There an open file cannot be removed or replaced.
#[cfg(not(unix))]
const fn identity(_: &Metadata) -> Option<Identity> {
    None
}

/// Which file stands there; none where there is none, or nothing tells.
pub(super) fn identity_of(path: &Path) -> Option<Identity> {
    identity(&std::fs::metadata(path).ok()?)
}

impl Ledger {
    /// Whether what is noted can be read by the next process.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Gone`] when the file was removed or replaced while it was open.
    pub fn is_in_place(&self) -> Result<(), LedgerError> {
        let Kept::File(_, files) = &self.kept else {
            return Ok(());
        };
        let opened = files.opened.get().copied().flatten();
        if opened.is_some() && identity_of(&files.real) != opened {
            return Err(LedgerError::Gone {
                path: files.given.clone(),
            });
        }
        Ok(())
    }
}
