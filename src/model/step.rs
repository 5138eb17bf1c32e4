//! Steps: how a project really gets new wheels.

use std::collections::BTreeMap;

use super::openssl_version::Series;
use super::platform::Os;
use super::repository::RepositoryName;

/// One step of a project's way to new wheels. Texts that are templates are rendered from values of
/// ours, never from texts of others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its name, unique in its project.
    pub name: String,
    /// Where it takes place; the project's own repository when none is named.
    pub repository: Option<RepositoryName>,
    /// The names of the steps that must hold before this one.
    pub needs: Vec<String>,
    /// The platforms that get wheels by it, for people.
    pub platforms: Vec<Os>,
    /// The only series whose targets it is for; none means every series.
    pub series: Option<Series>,
    /// How it is proven or started.
    pub kind: StepKind,
    /// How many times it may be started for one target.
    pub attempts: u32,
    /// How many times the failed jobs of one run may be run again.
    pub reruns: u32,
}

/// How a step is proven or started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// Looked at: proven when the file holds the text.
    File {
        /// The file's path in the repository.
        path: String,
        /// The branch or tag; the default branch when none is named.
        reference: Option<String>,
        /// A template of the text.
        contains: String,
    },
    /// Waited for: proven by a successful run on a commit that holds what the step needs.
    Run {
        /// The workflow's file name.
        workflow: String,
        /// The branch of the run; any when none is named.
        reference: Option<String>,
    },
    /// Started by us.
    Dispatch {
        /// What is started.
        start: Start,
        /// A template of the branch or tag that a workflow runs on; the default branch when none is
        /// named.
        reference: Option<String>,
        /// Templates of the inputs, or of the payload, by name.
        inputs: BTreeMap<String, String>,
    },
}

/// What a dispatch starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// The workflow with this file name (`workflow_dispatch`).
    Workflow(String),
    /// Every workflow that listens to this event (`repository_dispatch`).
    Event(String),
}

impl Step {
    /// Whether the step is for targets of this series.
    pub fn is_for(&self, series: Series) -> bool {
        self.series.is_none_or(|own| own == series)
    }
}
