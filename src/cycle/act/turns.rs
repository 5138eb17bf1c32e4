//! How long one line may take while others wait for their turn.
//!
//! Writes go one at a time, so a line that takes long holds up those after it. What takes longer than
//! its turn is left, as a process that is killed leaves it, and in the next cycle it comes last and
//! has all the time that its own bounds allow: so it comes to its end, and holds up nobody.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The turns of lines, remembered from cycle to cycle.
#[derive(Debug, Default)]
pub struct Turns {
    patience: Option<Duration>,
    slow: Mutex<BTreeSet<String>>,
}

/// A line's turn took too long.
#[derive(Debug, thiserror::Error)]
#[error(
    "it took longer than the limit project-seconds ({0}) and was left, so that others have their \
     turn; the next cycle goes on with it, after the others"
)]
pub(super) struct TurnOver(u64);

impl Turns {
    /// Turns of that length; without one nobody is hurried.
    pub fn of(patience: Option<Duration>) -> Self {
        Self {
            patience,
            ..Self::default()
        }
    }

    /// Whether a line's last turn was too short.
    pub(super) fn is_slow(&self, scope: &str) -> bool {
        self.lock().contains(scope)
    }

    /// Does it within a line's turn.
    pub(super) async fn within<T>(
        &self,
        scope: &str,
        work: impl Future<Output = T>,
    ) -> Result<T, TurnOver> {
        let patience = self.patience.filter(|_| !self.is_slow(scope));
        let Some(patience) = patience else {
            let done = work.await;
            return Ok(done);
        };
        match tokio::time::timeout(patience, work).await {
            Ok(done) => Ok(done),
            Err(_) => {
                self.lock().insert(scope.to_owned());
                Err(TurnOver(patience.as_secs()))
            }
        }
    }

    /// All of a line was done.
    pub(super) fn done(&self, scope: &str) {
        self.lock().remove(scope);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.slow.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_was_slow_has_time_the_next_time_and_is_quick_again_after_that() {
        let turns = Turns::of(Some(Duration::from_secs(10)));
        let takes = |seconds| tokio::time::sleep(Duration::from_secs(seconds));
        assert!(turns.within("a/main", takes(9)).await.is_ok());
        let over = turns.within("a/main", takes(11)).await.unwrap_err();
        assert!(over.to_string().contains("project-seconds (10)"), "{over}");
        assert!(turns.is_slow("a/main") && !turns.is_slow("b/main"));
        assert!(turns.within("a/main", takes(500)).await.is_ok());
        turns.done("a/main");
        assert!(turns.within("a/main", takes(11)).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_limit_nobody_is_hurried() {
        let turns = Turns::of(None);
        let long = tokio::time::sleep(Duration::from_secs(100_000));
        assert!(turns.within("a/main", long).await.is_ok());
    }
}
