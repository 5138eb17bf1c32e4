//! `--act-in`: the one repository that may be written to, whatever the configuration says.

use std::collections::BTreeMap;
use std::str::FromStr;

use crate::config::{Configuration, ProjectSettings};
use crate::model::{ParseRepositoryError, RepositoryName, StepKind};
use crate::report::{Action, ActionState, CheckReport};

/// Where may be acted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActIn {
    /// Nowhere: `none`.
    Nowhere,
    /// In this repository.
    Only(RepositoryName),
}

impl FromStr for ActIn {
    type Err = ParseRepositoryError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "none" => Ok(Self::Nowhere),
            name => name.parse().map(Self::Only),
        }
    }
}

/// The projects that are reported on only, with the reason for each, by package.
#[derive(Debug, Default)]
pub struct Left(BTreeMap<String, String>);

impl ActIn {
    /// Turns projects that would be written of elsewhere into projects that are only reported on:
    /// GitHub is not asked about them. Steps in other repositories that are only waited for are no
    /// writing.
    pub fn keep(&self, configuration: &mut Configuration) -> Left {
        let mut left = BTreeMap::new();
        for project in &mut configuration.projects {
            if let Some(why) = self.forbids(project) {
                let why = format!("{} is reported on only: {why}", project.package);
                left.insert(project.package.clone(), why);
                project.repository = None;
                project.steps.clear();
            }
        }
        Left(left)
    }

    fn forbids(&self, project: &ProjectSettings) -> Option<String> {
        let own = project.repository.as_ref()?;
        let Self::Only(only) = self else {
            return Some("--act-in none".to_owned());
        };
        let started = project.steps.iter().filter_map(|step| match step.kind {
            StepKind::Dispatch { .. } => step.repository.as_ref(),
            StepKind::File { .. } | StepKind::Run { .. } => None,
        });
        let mut written = std::iter::once(own).chain(started);
        let other = written.find(|name| !name.is_same(only))?;
        Some(format!(
            "it would act in {other}, and --act-in allows {only} alone"
        ))
    }
}

impl Left {
    /// The reasons, a sentence for each project.
    pub fn sentences(&self) -> impl Iterator<Item = &str> {
        self.0.values().map(String::as_str)
    }

    /// Tells of what was decided for these projects that it was left undone, and why.
    pub fn tell(&self, report: &mut CheckReport) {
        for line in &mut report.lines {
            if let Some(why) = self.0.get(&line.package) {
                let undone = |action: Action| Action {
                    state: ActionState::Skipped,
                    ..action.because(why)
                };
                line.actions = line.planned().into_iter().map(undone).collect();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const PROJECT: &str = "[[project]]\npackage = \"demo\"\nrepository = \"Example/Demo\"\n";
    const STEPS: &str = "policy.security = [\"issue\", \"steps\"]\n";

    fn step(kind: &str) -> String {
        format!(
            "{PROJECT}{STEPS}[[project.step]]\nname = \"wheels\"\nrepository = \"example/other\"\n{kind}\n"
        )
    }

    fn configuration(text: &str) -> Configuration {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("rewheel.toml");
        std::fs::write(&file, text).unwrap();
        crate::config::load(Some(&file), []).unwrap()
    }

    #[rstest]
    #[case(PROJECT.to_owned(), "example/demo", None)]
    #[case(PROJECT.to_owned(), "example/demo2", Some("it would act in Example/Demo, and --act-in allows example/demo2 alone"))]
    #[case(PROJECT.to_owned(), "none", Some("--act-in none"))]
    #[case("[[project]]\npackage = \"demo\"\n".to_owned(), "none", None)]
    #[case(
        step("dispatch = { workflow = \"w.yml\" }"),
        "example/demo",
        Some("it would act in example/other, and --act-in allows example/demo alone")
    )]
    #[case(
        step("dispatch = { event = \"e\" }"),
        "example/demo",
        Some("it would act in example/other, and --act-in allows example/demo alone")
    )]
    #[case(step("run = { workflow = \"w.yml\" }"), "example/demo", None)]
    #[case(
        step("file = { path = \"f\", contains = \"x\" }"),
        "example/demo",
        None
    )]
    fn only_writing_elsewhere_is_forbidden(
        #[case] text: String,
        #[case] act_in: &str,
        #[case] why: Option<&str>,
    ) {
        let mut configuration = configuration(&text);
        let before = configuration.projects.clone();
        let left = act_in.parse::<ActIn>().unwrap().keep(&mut configuration);
        let told: Vec<&str> = left.sentences().collect();
        match why {
            None => {
                assert_eq!(told, Vec::<&str>::new());
                assert_eq!(configuration.projects, before);
            }
            Some(why) => {
                assert_eq!(told, [format!("demo is reported on only: {why}")]);
                assert_eq!(configuration.projects[0].repository, None);
                assert!(configuration.projects[0].steps.is_empty());
            }
        }
    }

    #[rstest]
    #[case("")]
    #[case("demo")]
    #[case("a/b/c")]
    fn anything_else_is_no_place(#[case] text: &str) {
        assert!(text.parse::<ActIn>().is_err());
    }
}
