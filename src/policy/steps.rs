//! Steps: what holds, what is started, what is only looked at.
//!
//! Everything here is a judgement of facts that were read before: which step may begin (`order`),
//! whose claim wins (`claim`), what is done about a dispatch (`dispatch`), which run came of it
//! (`find`), whether a failed run is run again (`rerun`), what a run's wheels prove (`wheels`), and
//! which runs of others prove a step (`waited`).

pub mod claim;
pub mod dispatch;
pub mod find;
pub mod order;
pub mod progress;
pub mod rerun;
pub mod waited;
pub mod wheels;

pub use progress::{FailedJob, RunSeen, StepProgress, StepState};
