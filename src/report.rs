//! Reports: what was found and decided, for terminals, scripts, Markdown and browsers.

pub mod action;
pub mod check;
mod feeds;
pub mod history;
pub mod html;
pub mod inspection;
pub mod issue;
pub mod json;
pub mod markdown;
pub mod notice;
pub mod openssl;
pub mod printable;
pub mod rows;
pub mod table;
pub mod text;
mod wording;

pub use action::{Action, ActionKind, ActionState};
pub use check::{CheckReport, ExitStatus, LineReport};
pub use inspection::{InspectedWheel, InspectionReport};
pub use notice::Notice;

/// How results are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Appearance {
    /// Whether colours are wanted.
    pub colours: bool,
    /// The width of the terminal in columns; none for a pipe or a file, where lines are not
    /// wrapped.
    pub width: Option<u16>,
    /// Whether every wheel's reasons and evidence are shown.
    pub verbose: bool,
}
