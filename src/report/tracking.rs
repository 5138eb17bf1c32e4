//! What was seen of a line's issue and steps while acting.

use super::issue::StepView;

/// The tracking issue of a line and the steps that it tells of, as they were seen in this cycle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tracking {
    /// The issue, where there is one.
    pub issue: Option<TrackedIssue>,
    /// How far the steps have come.
    pub steps: Vec<StepView>,
}

/// A tracking issue; its texts are GitHub's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackedIssue {
    /// Its number in the repository.
    pub number: u64,
    /// Its title.
    pub title: String,
    /// Where it can be seen.
    pub url: String,
    /// Whether it is open.
    pub is_open: bool,
}
