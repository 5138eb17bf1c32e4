//! What rewheel asks of GitHub, and nothing else.
//!
//! Source: <https://docs.github.com/rest>, version 2022-11-28, and GitHub Enterprise Server's like
//! it. Reads are tried again; a write is sent once, and an error says whether it may have taken
//! effect all the same ([`GithubError::is_ambiguous`]). Credentials go to the API's origin alone.

mod app;
mod attempts;
mod client;
mod download;
mod endpoints;
mod error;
mod identity;
mod jwt;
mod limits;
mod list;
mod memory;
mod rights;
mod route;
mod settings;
mod transport;
mod words;
pub mod workflow_file;

pub use client::Github;
pub use endpoints::artifacts::{Artifact, Download};
pub use endpoints::comments::Comment;
pub use endpoints::dispatches::Dispatched;
pub use endpoints::issues::{Closer, Issue, IssueEdit, NewIssue};
pub use endpoints::me::{Account, Me};
pub use endpoints::repositories::{Permissions, Repository};
pub use endpoints::runs::{Job, Run, RunFilter};
pub use endpoints::workflows::Workflow;
pub use error::{Asked, GithubError};
pub use memory::{AnswerMemory, RememberedAnswer};
pub use rights::{Granted, Rights};
pub use settings::{Clock, GithubSettings, Identity, archive_hosts};
pub use words::{Conclusion, IssueState, RunStatus, StateReason, WorkflowState};
