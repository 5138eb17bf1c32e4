//! Wheels, read once and remembered.

use std::sync::Arc;

use futures_util::{StreamExt, stream};

use crate::index::File;
use crate::model::{Os, WheelName, WheelScan};
use crate::policy::{WheelContent, WheelFacts};
use crate::scan::Scanned;
use crate::source::read_wheel;

use super::{Cycle, Progress};

impl Cycle {
    /// What is in these wheels, in their order; several are read at once.
    pub(super) async fn read(
        &self,
        files: &[&File],
        progress: &Arc<dyn Progress>,
    ) -> Vec<WheelFacts> {
        let known: Vec<(&File, WheelName, Option<WheelScan>)> = files
            .iter()
            .filter_map(|file| Some((*file, file.wheel.clone()?, self.remembered(file))))
            .collect();
        let unread = known.iter().filter(|(_, _, scan)| scan.is_none()).count();
        progress.found(known.len() as u64, unread as u64);
        stream::iter(known)
            .map(|(file, name, scan)| async move {
                let content = match scan {
                    Some(scan) => WheelContent::Scanned(scan),
                    None => self.read_one(file, &name, progress).await,
                };
                progress.done();
                WheelFacts {
                    name,
                    sha256: file.sha256.clone(),
                    content,
                }
            })
            .buffered(self.parallel.max(1))
            .collect()
            .await
    }

    fn remembered(&self, file: &File) -> Option<WheelScan> {
        let scanned = self.store.scan(file.sha256.as_deref()?, &file.url)?;
        Some(scanned.scan)
    }

    async fn read_one(
        &self,
        file: &File,
        name: &WheelName,
        progress: &Arc<dyn Progress>,
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
        let told = Arc::clone(progress);
        let read = read_wheel(
            self.index.client(),
            file,
            &self.wheel_limits,
            move |bytes| told.received(bytes),
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
