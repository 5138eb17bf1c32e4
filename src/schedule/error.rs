//! What is wrong with a schedule, said to the person who wrote it.

/// Why a text is no schedule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// Neither five nor six fields; this many.
    #[error("a schedule has five or six fields, such as \"*/15 * * * *\"; this one has {0}")]
    Count(usize),
    /// A word behind `@` that is not known.
    #[error("{0} is no schedule; known are {known}", known = super::expression::words())]
    Word(String),
    /// A value that its field does not know.
    #[error("the {field} field has {value}, {wrong}")]
    Field {
        /// The field: `minute`.
        field: &'static str,
        /// The part of the field that is wrong, in quotes.
        value: String,
        /// What is wrong with it, and what would be right.
        wrong: String,
    },
    /// No day has what the fields ask for.
    #[error(
        "the schedule {0} never fires: none of its months has such a day; let the day field name one, such as 28"
    )]
    Never(String),
    /// A zone that the database of IANA does not know.
    #[error("{0} is no time zone, such as \"UTC\" or \"Europe/Berlin\"")]
    Zone(String),
    /// What the `cron` crate says to a schedule that it should have understood.
    #[error("the schedule {text} cannot be followed: {why}")]
    Refused {
        /// The schedule, in quotes.
        text: String,
        /// What the crate says.
        why: String,
    },
}

/// The text in quotes, and no more of it than fits into a sentence.
pub(super) fn quoted(text: &str) -> String {
    let start: String = text.chars().take(64).collect();
    format!("{start:?}")
}
