//! Steps: what holds, what is started, what is only looked at.
//!
//! Everything here is a judgement of facts that were read before: which step may begin (`order`),
//! whose claim wins (`claim`), what is done about a dispatch (`dispatch`), which run came of it
//! (`find`), whether a failed run is run again (`rerun`), what a run's wheels prove (`wheels`),
//! which runs of others prove a step (`waited`), and whether a file does (`file`).

pub mod claim;
pub mod dispatch;
pub mod file;
pub mod find;
pub mod order;
pub mod progress;
pub mod rerun;
pub mod waited;
pub mod wheels;

pub use progress::{FailedJob, KnownRun, RunSeen, StepProgress, StepState};
