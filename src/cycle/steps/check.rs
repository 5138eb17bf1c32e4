//! What would stand against a dispatch: looked at before anything is claimed.

use std::collections::BTreeMap;

use crate::github::workflow_file::{dispatch_problems, state_problem};
use crate::model::{Start, Step};
use crate::policy::steps::StepState;

use super::places::Place;
use super::values::{Values, correlation};
use super::verdict::Verdict;
use super::{DueTarget, Round};

/// Where workflows stand in a repository.
const WORKFLOWS: &str = ".github/workflows";

/// A dispatch as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Dispatch {
    pub start: Start,
    pub reference: String,
    pub inputs: BTreeMap<String, String>,
}

/// A dispatch as it is configured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    pub start: &'a Start,
    pub reference: Option<&'a str>,
    pub inputs: &'a BTreeMap<String, String>,
}

impl Round<'_> {
    /// The dispatch of an attempt with its values in it.
    pub(super) fn rendered(
        &self,
        step: &Step,
        wanted: &Wanted<'_>,
        place: &Place,
        due: &DueTarget,
        attempt: u32,
        claim: &str,
    ) -> Result<Dispatch, Verdict> {
        let target = due.version.to_string();
        let request = self.request;
        let correlation = correlation(request.scope, &step.name, &target, attempt, claim);
        let values = Values::new(&request.project, due, Some(&correlation));
        let reference = match wanted.reference {
            Some(template) => values.render("`ref`", template)?,
            None => place.default_branch.clone(),
        };
        Ok(Dispatch {
            start: wanted.start.clone(),
            reference,
            inputs: values.render_all(wanted.inputs)?,
        })
    }

    /// Why the dispatch would be refused, as far as that can be seen without sending it.
    pub(super) async fn check(&self, place: &Place, dispatch: &Dispatch) -> Result<(), Verdict> {
        let repository = &place.name;
        if place.is_archived {
            return Err(Verdict::blocked(format!(
                "{repository} is archived, so nothing can be started in it"
            )));
        }
        let Start::Workflow(file) = &dispatch.start else {
            return Ok(());
        };
        let github = self.request.github;
        let workflow = github.workflow(repository, file).await;
        let Some(workflow) = workflow.map_err(|error| Verdict::of_read(&error))? else {
            return Err(Verdict::blocked(format!(
                "{repository} has no workflow {file} that may be seen: check its name, and that \
                 the token or App may read actions there"
            )));
        };
        if let Some(problem) = state_problem(file, workflow.state.as_str()) {
            return Err(Verdict::blocked(format!("in {repository} {problem}")));
        }
        let path = format!("{WORKFLOWS}/{file}");
        let read = github
            .file(repository, &path, Some(&dispatch.reference))
            .await;
        let text = match read {
            Ok(text) => text,
            // What cannot be read for now or for good is judged by GitHub when it is started.
            Err(error) if Verdict::of_read(&error).state == StepState::Blocked => None,
            Err(error) => return Err(Verdict::of_read(&error)),
        };
        let Some(text) = text else { return Ok(()) };
        let text = String::from_utf8_lossy(&text);
        let problems = dispatch_problems(&text, &dispatch.start, &dispatch.inputs);
        if problems.is_empty() {
            return Ok(());
        }
        Err(Verdict::blocked(format!(
            "in {repository} at {}: {}",
            dispatch.reference,
            problems.join("; ")
        )))
    }
}
