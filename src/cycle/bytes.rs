//! How many bytes of wheels one cycle receives.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// The bytes of one cycle. The first wheel is always read, however large: else one that is larger
/// than the limit would never be.
#[derive(Debug)]
pub struct CycleBytes {
    limit: Option<u64>,
    spent: Mutex<Spent>,
}

#[derive(Debug, Default)]
struct Spent {
    bytes: u64,
    is_closed: bool,
}

impl CycleBytes {
    /// No more than this; no limit where there is none.
    pub fn new(limit: Option<u64>) -> Self {
        Self {
            limit,
            spent: Mutex::default(),
        }
    }

    /// Takes as much as a wheel is said to have; false when that would be too much. Then the cycle
    /// reads no further wheel, a smaller one neither, so that none is overtaken for ever.
    pub fn take(&self, size: u64) -> bool {
        let Some(limit) = self.limit else {
            return true;
        };
        let mut spent = self.lock();
        let after = spent.bytes.saturating_add(size);
        if spent.is_closed || (after > limit && spent.bytes > 0) {
            spent.is_closed = true;
            return false;
        }
        spent.bytes = after;
        true
    }

    /// Sets what was taken right: that much came.
    pub fn settle(&self, taken: u64, received: u64) {
        let mut spent = self.lock();
        spent.bytes = spent.bytes.saturating_sub(taken).saturating_add(received);
    }

    fn lock(&self) -> MutexGuard<'_, Spent> {
        self.spent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_closes_it() {
        let bytes = CycleBytes::new(Some(100));
        assert!(bytes.take(60));
        assert!(!bytes.take(41));
        assert!(!bytes.take(1), "a smaller one does not overtake");
    }

    #[test]
    fn what_did_not_come_is_given_back() {
        let bytes = CycleBytes::new(Some(100));
        assert!(bytes.take(90));
        bytes.settle(90, 10);
        assert!(bytes.take(90));
        bytes.settle(90, 200);
        assert!(!bytes.take(0));
    }

    #[test]
    fn the_first_is_read_however_large() {
        let bytes = CycleBytes::new(Some(100));
        assert!(bytes.take(1_000));
        assert!(!bytes.take(1));
        assert!(CycleBytes::new(None).take(u64::MAX));
    }
}
