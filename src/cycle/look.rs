//! One look at a project: what it has published, and what is in its wheels.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use futures_util::{StreamExt, stream};
use tokio_util::sync::CancellationToken;

use crate::index::File;
use crate::model::WheelName;

use super::bytes::CycleBytes;
use super::room::Places;
use super::sight::Sight;
use super::{LineRequest, Observer, Progress};

/// What a look fills, while it goes on.
#[derive(Clone, Debug, Default)]
pub(super) struct SharedSight(Arc<Mutex<Sight>>);

impl SharedSight {
    pub(super) fn lock(&self) -> MutexGuard<'_, Sight> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One look at a project.
#[derive(Debug)]
pub(super) struct Look {
    pub(super) package: String,
    pub(super) requests: Vec<LineRequest>,
    pub(super) sight: SharedSight,
    /// Whether the index is asked; else only wheels are read that were not.
    pub(super) asks_index: bool,
    pub(super) places: Places,
    pub(super) bytes: Arc<CycleBytes>,
    pub(super) began: DateTime<Utc>,
    /// Cancelled when the look is over, however it ends.
    pub(super) over: CancellationToken,
}

/// Gives the places of a look back.
struct Leaving<'a>(&'a Places);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.leave();
    }
}

impl Look {
    /// Looks, and tells what it sees bit by bit.
    pub(super) async fn run(&self, observer: &Observer, progress: &Arc<dyn Progress>) {
        // However it ends, a panic included: its places are for others, and nobody waits for it.
        let _over = self.over.clone().drop_guard();
        let _places = Leaving(&self.places);
        self.sight.lock().begin(self.began);
        if self.asks_index {
            self.ask(observer).await;
        }
        let (count, unread) = {
            let sight = self.sight.lock();
            (sight.count(), sight.unread())
        };
        progress.found(count as u64, unread.len() as u64);
        for _ in unread.len()..count {
            progress.done();
        }
        stream::iter(unread)
            .for_each_concurrent(self.places.room_of_one(), |(file, name)| async move {
                self.read(observer, &file, &name, progress).await;
                progress.done();
            })
            .await;
    }

    async fn ask(&self, observer: &Observer) {
        let asked = observer.index.project(&self.package, &observer.store).await;
        match asked {
            Ok(project) => {
                let mut sight = self.sight.lock();
                let is_news = sight.is_new() || !project.from_memory;
                for warning in &project.warnings {
                    if is_news {
                        tracing::warn!("{}: {warning}", project.name);
                    } else {
                        tracing::debug!("{}: {warning}", project.name);
                    }
                }
                sight.take(&self.requests, &project, self.began, |file| {
                    observer.remembered(file)
                });
            }
            Err(error) => {
                tracing::debug!("{error}");
                self.sight.lock().fail(&error);
            }
        }
    }

    async fn read(
        &self,
        observer: &Observer,
        file: &File,
        name: &WheelName,
        progress: &Arc<dyn Progress>,
    ) {
        let _place = self.places.wheel().await;
        let size = file.size.unwrap_or(0);
        if !self.bytes.take(size) {
            self.sight.lock().refuse(&file.name);
            return;
        }
        let (content, received) = observer.read(file, name, progress).await;
        self.bytes.settle(size, received);
        let mut sight = self.sight.lock();
        sight.read(&file.name, content, received, self.began);
    }
}
