//! What rewheel asks of GitHub.

pub mod workflow_file;
