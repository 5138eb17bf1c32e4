//! Wheels, read once and remembered.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::index::File;
use crate::model::{Os, WheelName, WheelScan};
use crate::policy::WheelContent;
use crate::scan::Scanned;
use crate::source::read_wheel;

use super::{Observer, Progress};

impl Observer {
    /// What is remembered of a wheel.
    pub(super) fn remembered(&self, file: &File) -> Option<WheelScan> {
        let scanned = self.store.scan(file.sha256.as_deref()?, &file.url)?;
        Some(scanned.scan)
    }

    /// What is in a wheel, and how many bytes of it were received.
    pub(super) async fn read(
        &self,
        file: &File,
        name: &WheelName,
        progress: &Arc<dyn Progress>,
    ) -> (WheelContent, u64) {
        let received = Arc::new(AtomicU64::new(0));
        let content = self.read_counted(file, name, progress, &received).await;
        (content, received.load(Ordering::Relaxed))
    }

    async fn read_counted(
        &self,
        file: &File,
        name: &WheelName,
        progress: &Arc<dyn Progress>,
        received: &Arc<AtomicU64>,
    ) -> WheelContent {
        if let Some(problem) = &file.problem {
            return WheelContent::Unreadable(format!("{}: {problem}", file.name));
        }
        let Some(promised) = file.sha256.as_deref() else {
            return WheelContent::Unreadable(format!(
                "the index promises no SHA-256 for {}, so nothing that is read from it can be \
                 believed",
                file.name
            ));
        };
        let limits = self.scan_limits;
        let scanners = Arc::clone(&self.scanners);
        // A wheel for one platform is there for its binaries, so its names are not taken at their
        // word.
        let for_any = name.operating_systems() == [Os::Any];
        let (told, received) = (Arc::clone(progress), Arc::clone(received));
        let read = read_wheel(
            self.index.client(),
            file,
            &self.wheel_limits,
            move |bytes| {
                received.fetch_add(bytes, Ordering::Relaxed);
                told.received(bytes);
            },
            move |wheel| {
                scanners.with(|scanner| {
                    if for_any {
                        scanner.scan(wheel, &limits)
                    } else {
                        scanner.scan_whole(wheel, &limits)
                    }
                })
            },
        )
        .await;
        match read {
            Ok(read) if read.hash_verified || read.value.tail_only => {
                self.remember(promised, file, &read.value);
                WheelContent::Scanned(read.value.scan)
            }
            Ok(_) => {
                WheelContent::Unreadable(format!("the SHA-256 of {} was not checked", file.name))
            }
            Err(error) => WheelContent::Unreadable(error.to_string()),
        }
    }

    fn remember(&self, sha256: &str, file: &File, scanned: &Scanned) {
        self.store.remember_scan(sha256, &file.url, scanned);
    }
}
