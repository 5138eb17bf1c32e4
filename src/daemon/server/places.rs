//! The places that connections have, and which of them gives up its own when there is none left.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::{CancellationToken, WaitForCancellationFuture};

/// As many places as there may be connections.
#[derive(Clone, Debug)]
pub(super) struct Places {
    free: Arc<Semaphore>,
    waiting: Arc<Waiting>,
}

/// The connections that wait for a request, the longest first.
#[derive(Debug, Default)]
struct Waiting {
    list: Mutex<List>,
    /// One more waits.
    grown: Notify,
}

#[derive(Debug, Default)]
struct List {
    next: u64,
    by_age: BTreeMap<u64, CancellationToken>,
}

/// The place of one connection, which is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    waiting: Arc<Waiting>,
    given_up: CancellationToken,
    /// Under what it is in the list of those that wait; none while a request is answered.
    age: Mutex<Option<u64>>,
    used: AtomicBool,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Places {
    pub(super) fn new(count: usize) -> Self {
        Self {
            free: Arc::new(Semaphore::new(count.max(1))),
            waiting: Arc::default(),
        }
    }

    /// A place: a free one, or that of the connection that has waited longest. While all are
    /// busy with answering it waits for one to end.
    pub(super) async fn take(&self) -> Place {
        let permit = loop {
            if let Ok(permit) = Arc::clone(&self.free).try_acquire_owned() {
                break Some(permit);
            }
            let free = Arc::clone(&self.free).acquire_owned();
            let grown = self.waiting.grown.notified();
            let oldest = self.waiting.lock().by_age.pop_first();
            if let Some((_, oldest)) = oldest {
                oldest.cancel();
                // It is never closed.
                break free.await.ok();
            }
            tokio::select! {
                permit = free => break permit.ok(),
                () = grown => {}
            }
        };
        let place = Place {
            waiting: Arc::clone(&self.waiting),
            given_up: CancellationToken::new(),
            age: Mutex::new(None),
            used: AtomicBool::new(false),
            _permit: permit,
        };
        place.wait();
        place
    }
}

impl Waiting {
    // Nobody panics while holding it: there is nothing in between that could.
    fn lock(&self) -> MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// A request came.
    pub(super) fn asked(&self) {
        self.used.store(true, Ordering::Relaxed);
        self.leave();
    }

    /// It has its answer, which may still be on its way: who reads slowly waits, too.
    pub(super) fn answered(&self) {
        self.wait();
    }

    /// Whether no request came yet.
    pub(super) fn is_unused(&self) -> bool {
        !self.used.load(Ordering::Relaxed)
    }

    /// Another connection needs the place.
    pub(super) fn given_up(&self) -> WaitForCancellationFuture<'_> {
        self.given_up.cancelled()
    }

    fn wait(&self) {
        let mut list = self.waiting.lock();
        let age = list.next;
        list.next = age.wrapping_add(1);
        list.by_age.insert(age, self.given_up.clone());
        *self.age.lock().unwrap_or_else(PoisonError::into_inner) = Some(age);
        drop(list);
        self.waiting.grown.notify_waiters();
    }

    fn leave(&self) {
        let mut list = self.waiting.lock();
        let age = self
            .age
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(age) = age {
            list.by_age.remove(&age);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.leave();
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn who_waited_longest_gives_up_its_place_and_who_answers_does_not() {
        let places = Places::new(3);
        let busy = places.take().await;
        busy.asked();
        let oldest = places.take().await;
        let other = places.take().await;
        let mut more = Box::pin(places.take());
        assert!(more.as_mut().now_or_never().is_none());
        assert!(oldest.given_up.is_cancelled());
        assert!(!other.given_up.is_cancelled() && !busy.given_up.is_cancelled());
        drop(oldest);
        let newest = more.await;
        assert!(!other.given_up.is_cancelled() && !newest.given_up.is_cancelled());
    }

    #[tokio::test]
    async fn where_all_are_busy_the_first_that_has_answered_gives_up_its_place() {
        let places = Places::new(2);
        let (first, second) = (places.take().await, places.take().await);
        first.asked();
        second.asked();
        let mut more = Box::pin(places.take());
        assert!(more.as_mut().now_or_never().is_none());
        second.answered();
        assert!(more.as_mut().now_or_never().is_none());
        assert!(second.given_up.is_cancelled() && !first.given_up.is_cancelled());
        drop(second);
        assert!(more.now_or_never().is_some());
    }
}
