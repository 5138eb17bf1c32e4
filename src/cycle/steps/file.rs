//! Steps that are looked at: a file holds a text.

use crate::policy::steps::StepState;
use crate::policy::steps::file::holds;

use super::places::Place;
use super::values::Values;
use super::verdict::Verdict;
use super::{DueTarget, Round};

impl Round<'_> {
    pub(super) async fn file_step(
        &self,
        place: &Place,
        path: &str,
        reference: Option<&str>,
        contains: &str,
        due: &DueTarget,
    ) -> Verdict {
        let values = Values::new(&self.request.project, due, None);
        let text = match values.render("the text `contains`", contains) {
            Ok(text) => text,
            Err(verdict) => return verdict,
        };
        let branch = reference.unwrap_or(&place.default_branch);
        let repository = &place.name;
        let at = format!("{path} of {repository} at {branch}");
        match self
            .request
            .github
            .file(repository, path, Some(branch))
            .await
        {
            Err(error) => Verdict::of_read(&error),
            Ok(None) => Verdict::new(
                StepState::ForPeople,
                format!("there is no {at}, or it may not be read"),
            ),
            Ok(Some(content)) if holds(&content, &text) => {
                Verdict::held(format!("{at} holds \"{text}\""))
            }
            Ok(Some(_)) => Verdict::new(
                StepState::ForPeople,
                format!("{at} does not hold \"{text}\" yet"),
            ),
        }
    }
}
