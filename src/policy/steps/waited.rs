//! Runs of others that prove a step.

use chrono::{DateTime, NaiveDate, Utc};

/// The events whose runs are of the repository's own commits. A pull request's run shows the name
/// of its own branch, which somebody else's copy of the repository may call `main`, too.
const OWN_EVENTS: [&str; 7] = [
    "create",
    "push",
    "release",
    "repository_dispatch",
    "schedule",
    "workflow_dispatch",
    "workflow_run",
];

/// Whether runs of this event can prove anything about the repository's own branches.
pub fn is_own_event(event: &str) -> bool {
    OWN_EVENTS.contains(&event)
}

/// What a run must come after where no file in the same repository tells what it built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct After {
    /// The day on which the target was released; none when it is not known.
    pub released: Option<NaiveDate>,
    /// When the last run of the steps that it needs ended.
    pub needs_ended: Option<DateTime<Utc>>,
}

impl After {
    /// Whether a run that was made at this moment came after. On the day of the release itself
    /// nobody knows which was first.
    pub fn allows(&self, created_at: DateTime<Utc>) -> bool {
        let after_release = self
            .released
            .is_some_and(|released| created_at.date_naive() > released);
        let after_needs = self.needs_ended.is_none_or(|ended| created_at >= ended);
        after_release && after_needs
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::next_day(Some("2026-09-29"), None, "2026-09-30T00:00:00Z", true)]
    #[case::same_day(Some("2026-09-29"), None, "2026-09-29T23:59:59Z", false)]
    #[case::day_unknown(None, None, "2026-09-30T00:00:00Z", false)]
    #[case::after_needs(
        Some("2026-09-29"),
        Some("2026-10-01T10:00:00Z"),
        "2026-10-01T10:00:00Z",
        true
    )]
    #[case::before_needs(
        Some("2026-09-29"),
        Some("2026-10-01T10:00:00Z"),
        "2026-10-01T09:59:59Z",
        false
    )]
    fn a_run_comes_after_the_release_and_its_needs(
        #[case] released: Option<&str>,
        #[case] needs_ended: Option<&str>,
        #[case] created_at: &str,
        #[case] expected: bool,
    ) {
        let after = After {
            released: released.map(|day| day.parse().unwrap()),
            needs_ended: needs_ended.map(|moment| moment.parse().unwrap()),
        };
        assert_eq!(after.allows(created_at.parse().unwrap()), expected);
    }

    #[test]
    fn pull_requests_prove_nothing() {
        for event in ["pull_request", "pull_request_target", "issue_comment", ""] {
            assert!(!is_own_event(event));
        }
        assert!(is_own_event("push"));
    }
}
