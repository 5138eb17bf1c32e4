//! From facts to statuses, targets and decisions.
//!
//! Everything here is a pure function of facts, settings and the moment: no input, no output, no
//! clock. What is decided comes with the reasons for it, each with a code that stays and a
//! sentence for people.

pub mod acceptance;
pub mod assess;
pub mod coverage;
pub mod decide;
pub mod event;
pub mod fix;
pub mod line;
pub mod newer;
pub mod next_version;
pub mod reason;
pub mod requirement;
pub mod settings;
pub mod status;
pub mod steps;
pub mod target;
pub mod tracking;
pub mod wheel;

pub use acceptance::Acceptance;
pub use assess::{AdvisoryMatch, Assessment, assess};
pub use decide::{Decision, DecisionKind, PlannedAction, decide};
pub use event::Event;
pub use line::LineFacts;
pub use next_version::next_version;
pub use reason::{Reason, ReasonCode};
pub use requirement::Requirement;
pub use settings::{Follow, Reaction, Settings};
pub use status::Status;
pub use target::{Successor, Target};
pub use tracking::{Cause, IssuePlan, Standing};
pub use wheel::{FindingVerdict, WheelContent, WheelFacts, WheelVerdict};
