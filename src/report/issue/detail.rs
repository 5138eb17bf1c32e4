//! How much of everything a tracking issue shows: less of it where there is more.

/// How much is shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Detail {
    /// Rows of the table of wheels.
    pub(super) wheels: usize,
    /// Whether wheels that say the same of one platform are one row.
    pub(super) is_grouped: bool,
    /// Whether the table shows evidence.
    pub(super) has_evidence: bool,
    /// Rows of the table of advisories.
    pub(super) advisories: usize,
    /// Reasons.
    pub(super) reasons: usize,
    /// Steps, and runs and failed jobs of each.
    pub(super) steps: usize,
    /// Runs, and failed jobs, of each step.
    pub(super) runs: usize,
    /// Characters of one text of others.
    pub(super) text: usize,
}

impl Detail {
    /// From everything to the least.
    pub(super) const LEVELS: [Self; 4] = [
        Self {
            wheels: 200,
            is_grouped: false,
            has_evidence: true,
            advisories: 100,
            reasons: 40,
            steps: 60,
            runs: 10,
            text: 400,
        },
        Self {
            wheels: 100,
            is_grouped: true,
            has_evidence: true,
            advisories: 60,
            reasons: 20,
            steps: 40,
            runs: 5,
            text: 300,
        },
        Self {
            wheels: 40,
            is_grouped: true,
            has_evidence: false,
            advisories: 20,
            reasons: 12,
            steps: 30,
            runs: 2,
            text: 200,
        },
        Self {
            wheels: 8,
            is_grouped: true,
            has_evidence: false,
            advisories: 5,
            reasons: 5,
            steps: 8,
            runs: 1,
            text: 100,
        },
    ];
}
