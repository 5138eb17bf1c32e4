//! Starting workflows.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::RepositoryName;

use super::super::client::Github;
use super::super::error::GithubError;
use super::super::route::Route;
use super::permission;

/// The run that a dispatch started.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Dispatched {
    /// The run's number.
    #[serde(rename = "workflow_run_id")]
    pub run: u64,
    /// Where people see it.
    pub html_url: String,
}

#[derive(Serialize)]
struct WorkflowDispatch<'a> {
    #[serde(rename = "ref")]
    reference: &'a str,
    inputs: &'a BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    return_run_details: Option<bool>,
}

#[derive(Serialize)]
struct RepositoryDispatch<'a> {
    event_type: &'a str,
    client_payload: &'a BTreeMap<String, String>,
}

/// The field by which GitHub is asked for the run; older servers refuse it.
const RUN_DETAILS: &str = "return_run_details";

impl Github {
    /// Starts a workflow by the name of its file at a branch or tag, and says which run it
    /// became; none when the server does not tell. Source: "Create a workflow dispatch event".
    ///
    /// # Errors
    /// As every write; [`GithubError::Refused`] when it has no such trigger or input.
    pub async fn dispatch_workflow(
        &self,
        repository: &RepositoryName,
        workflow: &str,
        reference: &str,
        inputs: &BTreeMap<String, String>,
    ) -> Result<Option<Dispatched>, GithubError> {
        let tail = ["actions", "workflows", workflow, "dispatches"];
        let route = Route::post(repository, &tail, permission::ACTIONS_WRITE);
        let mut body = WorkflowDispatch {
            reference,
            inputs,
            return_run_details: Some(true),
        };
        match self.write_with_optional_answer(&route, &body).await {
            // Nothing has been started: GitHub Enterprise Server up to 3.19 knows no such field.
            Err(GithubError::Refused {
                status: 400 | 422,
                message,
                fields,
                ..
            }) if message.contains(RUN_DETAILS)
                || fields.iter().any(|field| field.contains(RUN_DETAILS)) =>
            {
                body.return_run_details = None;
                self.write_with_optional_answer(&route, &body).await
            }
            done => done,
        }
    }

    /// Tells a repository's workflows that something happened outside. `event` has at most 100
    /// characters, `payload` at most 10 keys. Source: "Create a repository dispatch event".
    ///
    /// # Errors
    /// As every write.
    pub async fn dispatch_event(
        &self,
        repository: &RepositoryName,
        event: &str,
        payload: &BTreeMap<String, String>,
    ) -> Result<(), GithubError> {
        let route = Route::post(repository, &["dispatches"], permission::CONTENTS_WRITE);
        let body = RepositoryDispatch {
            event_type: event,
            client_payload: payload,
        };
        self.write_without_answer(&route, &body).await
    }
}
