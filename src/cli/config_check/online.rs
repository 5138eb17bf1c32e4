//! Whether GitHub lets a configuration do what it says. Nothing is written.

use std::collections::BTreeMap;

use crate::config::{Configuration, ProjectSettings};
use crate::github::{Github, Granted, Rights};
use crate::model::RepositoryName;

use super::finding::{Finding, Grade};
use super::steps;

/// The findings of each project, in the order of the file.
pub async fn findings(
    github: &Github,
    configuration: &Configuration,
) -> Vec<(String, Vec<Finding>)> {
    let mut asking = Asking {
        github,
        known: BTreeMap::new(),
    };
    let mut all = Vec::new();
    for project in &configuration.projects {
        let found = asking.project(project).await;
        all.push((project.package.clone(), found));
    }
    all
}

/// The worst of all findings.
pub fn worst(all: &[(String, Vec<Finding>)]) -> Grade {
    let findings = all.iter().flat_map(|(_, findings)| findings);
    findings
        .map(|finding| finding.grade)
        .max()
        .unwrap_or(Grade::Good)
}

/// Asking, with what is known so far.
pub(super) struct Asking<'a> {
    pub(super) github: &'a Github,
    /// By the name of the repository in lower case.
    known: BTreeMap<String, Result<Rights, Finding>>,
}

impl Asking<'_> {
    async fn project(&mut self, project: &ProjectSettings) -> Vec<Finding> {
        let Some(name) = project
            .repository
            .as_ref()
            .filter(|_| project.wants_issue())
        else {
            return vec![Finding::good("nothing to ask: it acts on nothing")];
        };
        let rights = match self.rights(name).await {
            Ok(rights) => rights,
            Err(finding) => return vec![finding],
        };
        let mut found = self.who(name).await;
        found.extend(self.issue(project, name, &rights).await);
        for step in &project.steps {
            let repository = step.repository.as_ref().unwrap_or(name);
            let of_step = match self.rights(repository).await {
                Ok(rights) => steps::findings(self, step, repository, &rights).await,
                Err(finding) => vec![finding],
            };
            found.extend(of_step.into_iter().map(|one| one.of_step(&step.name)));
        }
        found
    }

    /// What may be done in a repository; asked once.
    async fn rights(&mut self, name: &RepositoryName) -> Result<Rights, Finding> {
        let key = name.to_string().to_ascii_lowercase();
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let asked = self.github.rights(name).await;
        let rights = asked.map_err(|error| Finding::from(&error));
        self.known.insert(key, rights.clone());
        rights
    }

    async fn who(&self, name: &RepositoryName) -> Vec<Finding> {
        if !self.github.has_identity() {
            return vec![Finding::wrong(
                "there is no token, so nothing can be written: set the variable that \
                 `github.token-env` names, or use `token-file` or `app`",
            )];
        }
        match self.github.me(name).await {
            Ok(me) => vec![Finding::good(format!("it acts as {}", me.login))],
            Err(error) => vec![Finding::from(&error)],
        }
    }

    async fn issue(
        &self,
        project: &ProjectSettings,
        name: &RepositoryName,
        rights: &Rights,
    ) -> Vec<Finding> {
        let repository = &rights.repository;
        let mut found = vec![standing(name, rights)];
        if !repository.has_issues {
            found.push(Finding::wrong(format!(
                "issues are switched off in {name}: switch them on in its settings, under Features"
            )));
        }
        if !self.github.has_identity() || repository.archived || !repository.has_issues {
            return found;
        }
        found.push(permission(name, rights, "issues", "the tracking issue"));
        let settings = &project.issue;
        let is_dressed = !settings.labels.is_empty() || !settings.assignees.is_empty();
        if is_dressed
            && rights.may_label() == Some(false)
            && rights.may_write("issues") != Some(false)
        {
            found.push(Finding::wrong(format!(
                "GitHub would drop the labels and assignees of the issue in {name} without a word: \
                 give this identity the role \"triage\" there, or set `labels` and `assignees` to []"
            )));
        }
        for label in &settings.labels {
            match self.github.has_label(name, label).await {
                Ok(true) => {}
                Ok(false) => found.push(Finding::good(format!(
                    "the label `{label}` is not there yet and would be created"
                ))),
                Err(error) => found.push(Finding::from(&error)),
            }
        }
        found
    }
}

/// Whether a repository is what its name says, and can change.
fn standing(name: &RepositoryName, rights: &Rights) -> Finding {
    let repository = &rights.repository;
    if !repository.full_name.is_same(name) {
        return Finding::wrong(format!(
            "{name} is called {} now: write its new name into the configuration, for others may \
             take the old one",
            repository.full_name
        ));
    }
    if repository.archived {
        return Finding::wrong(format!(
            "{name} is archived, so nothing can be written there: name another repository"
        ));
    }
    Finding::good(format!(
        "{name} can be read; its number is {}",
        repository.id
    ))
}

/// Whether a permission that `what` needs is granted.
pub(super) fn permission(
    name: &RepositoryName,
    rights: &Rights,
    area: &str,
    what: &str,
) -> Finding {
    match rights.may_write(area) {
        Some(true) => Finding::good(format!("\"{area}: write\" is granted in {name}")),
        Some(false) => {
            let now = match &rights.granted {
                Granted::Installation(permissions) => match permissions.get(area) {
                    Some(level) => format!("the App has \"{area}: {level}\" there"),
                    None => format!("the App has no permission for {area} there"),
                },
                Granted::Scopes(scopes) => {
                    format!("the token has the scopes {}", scopes.join(", "))
                }
                Granted::Untold => "whose token it is may not write there".to_owned(),
            };
            Finding::wrong(format!(
                "{what} needs \"{area}: write\" in {name}, and {now}: grant it"
            ))
        }
        None => Finding::untold(format!(
            "{what} needs \"{area}: write\" in {name}, and GitHub does not tell whether this token \
             has it: see to it where the token was made, or in the job's `permissions`"
        )),
    }
}
