//! Repositories with their issues and files.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use rewheel::source::Sha256Sum;

use super::actions::{Run, Workflow};

/// One repository.
#[derive(Clone, Debug, PartialEq)]
pub struct Repository {
    pub id: u64,
    /// `owner/name`; empty once another one has its name.
    pub full_name: String,
    pub private: bool,
    pub archived: bool,
    pub has_issues: bool,
    pub default_branch: String,
    pub created: DateTime<Utc>,
    pub labels: Vec<Label>,
    /// Who can be assigned to an issue, beside those with a token that may push.
    pub collaborators: BTreeSet<String>,
    /// Issues and pull requests in the order of their numbers.
    pub issues: Vec<Issue>,
    pub commits: Vec<Commit>,
    /// Branches by name, with the commit they are at.
    pub branches: BTreeMap<String, String>,
    pub tags: BTreeMap<String, String>,
    pub workflows: Vec<Workflow>,
    /// Oldest first.
    pub runs: Vec<Run>,
}

/// A label of a repository.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    pub id: u64,
    pub name: String,
    pub color: String,
    pub description: Option<String>,
}

/// An issue, or a pull request.
#[derive(Clone, Debug, PartialEq)]
pub struct Issue {
    pub id: u64,
    pub number: u64,
    pub title: String,
    pub body: Option<String>,
    pub author: String,
    pub open: bool,
    pub state_reason: Option<String>,
    pub closed: Option<DateTime<Utc>>,
    pub closed_by: Option<String>,
    pub labels: Vec<String>,
    pub assignees: Vec<String>,
    pub locked: bool,
    pub created: DateTime<Utc>,
    pub updated: DateTime<Utc>,
    pub pull_request: bool,
    /// It keeps its number, is in no list, and is gone.
    pub deleted: bool,
    pub comments: Vec<Comment>,
}

/// A comment on an issue.
#[derive(Clone, Debug, PartialEq)]
pub struct Comment {
    pub id: u64,
    pub author: String,
    pub body: String,
    pub created: DateTime<Utc>,
    pub updated: DateTime<Utc>,
}

/// A commit with all files as they are then.
#[derive(Clone, Debug, PartialEq)]
pub struct Commit {
    pub sha: String,
    pub parent: Option<String>,
    pub message: String,
    pub author: String,
    pub moment: DateTime<Utc>,
    pub files: Arc<BTreeMap<String, Vec<u8>>>,
}

impl Repository {
    pub fn new(id: u64, full_name: &str, now: DateTime<Utc>) -> Self {
        assert!(full_name.split('/').count() == 2, "{full_name}");
        let mut repository = Self {
            id,
            full_name: full_name.to_owned(),
            private: false,
            archived: false,
            has_issues: true,
            default_branch: "main".to_owned(),
            created: now,
            labels: Vec::new(),
            collaborators: BTreeSet::new(),
            issues: Vec::new(),
            commits: Vec::new(),
            branches: BTreeMap::new(),
            tags: BTreeMap::new(),
            workflows: Vec::new(),
            runs: Vec::new(),
        };
        repository.commit("main", &[("README.md", b"# readme\n")], "Begin", now);
        repository
    }

    pub fn owner(&self) -> &str {
        self.full_name.split('/').next().unwrap_or_default()
    }

    pub fn name(&self) -> &str {
        self.full_name.split('/').nth(1).unwrap_or_default()
    }

    /// The next number, which issues and pull requests share.
    pub fn next_number(&self) -> u64 {
        self.issues.last().map_or(1, |last| last.number + 1)
    }

    pub fn issue(&self, number: u64) -> Option<&Issue> {
        self.issues.iter().find(|issue| issue.number == number)
    }

    pub fn issue_mut(&mut self, number: u64) -> Option<&mut Issue> {
        self.issues.iter_mut().find(|issue| issue.number == number)
    }

    pub fn label(&self, name: &str) -> Option<&Label> {
        let mut labels = self.labels.iter();
        labels.find(|label| label.name.eq_ignore_ascii_case(name))
    }

    /// Puts files onto a branch, which begins at the default one when it is new, and gives the
    /// commit's hash.
    pub fn commit(
        &mut self,
        branch: &str,
        changes: &[(&str, &[u8])],
        message: &str,
        moment: DateTime<Utc>,
    ) -> String {
        let base = self.branches.get(branch);
        let base = base.or_else(|| self.branches.get(&self.default_branch));
        let parent = base.and_then(|sha| self.commits.iter().find(|one| one.sha == *sha));
        let mut files = parent.map_or_else(BTreeMap::new, |one| one.files.as_ref().clone());
        for (path, content) in changes {
            files.insert((*path).to_owned(), content.to_vec());
        }
        let parent = parent.map(|one| one.sha.clone());
        let mut sum = Sha256Sum::default();
        sum.add(format!("{} {branch} {parent:?} {message}", self.commits.len()).as_bytes());
        for (path, content) in &files {
            sum.add(path.as_bytes());
            sum.add(content);
        }
        let sha = sum.finish()[..40].to_owned();
        self.commits.push(Commit {
            sha: sha.clone(),
            parent,
            message: message.to_owned(),
            author: "maintainer".to_owned(),
            moment,
            files: Arc::new(files),
        });
        self.branches.insert(branch.to_owned(), sha.clone());
        sha
    }

    /// The commit that a branch, a tag, `refs/…` or (the beginning of) a hash names.
    pub fn resolve(&self, reference: &str) -> Option<&Commit> {
        let short = reference.strip_prefix("refs/").unwrap_or(reference);
        let of = |names: &BTreeMap<String, String>, prefix: &str| {
            names
                .get(short.strip_prefix(prefix).unwrap_or(short))
                .cloned()
        };
        let named = of(&self.branches, "heads/").or_else(|| of(&self.tags, "tags/"));
        let sha = match reference {
            "HEAD" => self.branches.get(&self.default_branch).cloned(),
            _ => named,
        };
        let is_hash = |sha: &str| reference.len() >= 7 && sha.starts_with(reference);
        self.commits.iter().rev().find(|one| match &sha {
            Some(sha) => one.sha == *sha,
            None => is_hash(&one.sha),
        })
    }

    /// The branch or tag of a reference, as runs name it, and its commit.
    pub fn head(&self, reference: &str) -> Option<(String, String)> {
        let short = reference.strip_prefix("refs/").unwrap_or(reference);
        for (names, prefix) in [(&self.branches, "heads/"), (&self.tags, "tags/")] {
            let name = short.strip_prefix(prefix).unwrap_or(short);
            if let Some(sha) = names.get(name) {
                return Some((name.to_owned(), sha.clone()));
            }
        }
        None
    }
}
