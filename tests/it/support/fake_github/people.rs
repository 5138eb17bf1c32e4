//! What people and runners do on GitHub, and what a test sees of it.

use serde_json::Value;

use super::FakeGithub;
use super::actions::{Artifact, Job, Run, Workflow};
use super::answers::{Start, started};
use super::repository::{Comment, Issue, Label, Repository};
use super::world::World;

impl FakeGithub {
    /// Makes a public repository, `owner/name`, with one commit on `main`. Gives its number.
    pub fn repository(&self, full_name: &str) -> u64 {
        let mut world = self.world();
        assert!(world.named(full_name).is_none(), "{full_name} is there");
        let (id, now) = (world.id(), world.now);
        let repository = Repository::new(id, full_name, now);
        world.account(repository.owner());
        world.account("maintainer");
        world.repositories.insert(id, repository);
        id
    }

    /// Changes a repository.
    pub fn edit_repository(&self, full_name: &str, edit: impl FnOnce(&mut Repository)) -> &Self {
        self.change(|world| edit(world.named_mut(full_name)))
    }

    /// Gives a repository another name; the old one redirects to its number.
    pub fn rename(&self, from: &str, to: &str) -> &Self {
        self.change(|world| {
            let id = world.named_mut(from).id;
            to.clone_into(&mut world.named_mut(from).full_name);
            world.renamed.insert(from.to_lowercase(), id);
            world.account(to.split('/').next().unwrap());
        })
    }

    /// Puts another, empty repository in the place of this one. Gives its number.
    pub fn replace(&self, full_name: &str) -> u64 {
        self.change(|world| world.named_mut(full_name).full_name.clear());
        self.repository(full_name)
    }

    /// Puts a file onto a branch, which begins at the default one when it is new. Gives the
    /// commit's hash.
    pub fn commit(&self, full_name: &str, branch: &str, path: &str, content: &[u8]) -> String {
        let mut world = self.world();
        let now = world.write();
        let message = format!("Change {path}");
        world
            .named_mut(full_name)
            .commit(branch, &[(path, content)], &message, now)
    }

    /// Adds a workflow and its file. Gives its number.
    pub fn workflow(&self, full_name: &str, workflow: Workflow) -> u64 {
        let (path, yaml) = (workflow.path(), workflow.yaml());
        self.commit(full_name, "main", &path, yaml.as_bytes());
        let mut world = self.world();
        let (id, created) = (world.id(), world.now);
        let workflow = Workflow {
            id,
            created,
            ..workflow
        };
        world.named_mut(full_name).workflows.push(workflow);
        id
    }

    /// Somebody opens an issue. Gives its number.
    pub fn open_issue(&self, full_name: &str, login: &str, title: &str, body: &str) -> u64 {
        opened(&mut self.world(), full_name, login, title, body).number
    }

    /// Somebody opens a pull request. Gives its number.
    pub fn open_pull_request(&self, full_name: &str, login: &str, title: &str) -> u64 {
        let mut world = self.world();
        let issue = opened(&mut world, full_name, login, title, "");
        issue.pull_request = true;
        issue.number
    }

    /// Changes an issue, as somebody else than the caller does.
    pub fn edit_issue(&self, full_name: &str, number: u64, edit: impl FnOnce(&mut Issue)) -> &Self {
        self.change(|world| {
            let now = world.write();
            let issue = world.named_mut(full_name).issue_mut(number).unwrap();
            edit(issue);
            issue.updated = now;
        })
    }

    /// Somebody closes an issue.
    pub fn close_issue(&self, full_name: &str, number: u64, login: &str) -> &Self {
        let now = self.now();
        self.world().account(login);
        self.edit_issue(full_name, number, |issue| {
            issue.open = false;
            issue.closed = Some(now);
            issue.closed_by = Some(login.to_owned());
            issue.state_reason = Some("completed".to_owned());
        })
    }

    /// Somebody comments. Gives the comment's number.
    pub fn add_comment(&self, full_name: &str, number: u64, login: &str, body: &str) -> u64 {
        let mut world = self.world();
        world.account(login);
        let now = world.write();
        let comment = Comment {
            id: world.id(),
            author: login.to_owned(),
            body: body.to_owned(),
            created: now,
            updated: now,
        };
        let id = comment.id;
        let repository = world.named_mut(full_name);
        repository.issue_mut(number).unwrap().comments.push(comment);
        id
    }

    /// Somebody, or a push, starts a run of a workflow on a branch. Gives its number.
    pub fn start_run(
        &self,
        full_name: &str,
        file: &str,
        branch: &str,
        event: &str,
        login: &str,
    ) -> u64 {
        let mut world = self.world();
        world.write();
        let repository = world.named_mut(full_name);
        let (branch, sha) = repository.head(branch).unwrap();
        let id = repository.id;
        let workflow = world.workflow(id, file).unwrap().id;
        let start = Start {
            event: event.to_owned(),
            branch,
            sha,
            actor: login.to_owned(),
            inputs: std::collections::BTreeMap::new(),
            payload: Value::Null,
        };
        started(&mut world, id, workflow, start).id
    }

    /// A runner takes a run up.
    pub fn begin_run(&self, id: u64) -> &Self {
        self.edit_run(id, |run| run.status = "in_progress".to_owned())
    }

    /// A run ends so, with these jobs and artifacts, which join those of earlier attempts.
    pub fn finish_run(
        &self,
        id: u64,
        conclusion: &str,
        jobs: Vec<Job>,
        artifacts: Vec<Artifact>,
    ) -> &Self {
        let mut world = self.world();
        let jobs: Vec<Job> = jobs
            .into_iter()
            .map(|job| Job {
                id: world.id(),
                ..job
            })
            .collect();
        let artifacts: Vec<Artifact> = artifacts
            .into_iter()
            .map(|one| Artifact {
                id: world.id(),
                ..one
            })
            .collect();
        drop(world);
        self.edit_run(id, |run| {
            run.status = "completed".to_owned();
            run.conclusion = Some(conclusion.to_owned());
            let attempt = run.attempt;
            run.jobs
                .extend(jobs.into_iter().map(|job| Job { attempt, ..job }));
            run.artifacts.extend(artifacts);
        })
    }

    /// Changes a run.
    pub fn edit_run(&self, id: u64, edit: impl FnOnce(&mut Run)) -> &Self {
        self.change(|world| {
            let now = world.write();
            let run = world.run_mut(id);
            edit(run);
            run.updated = now;
        })
    }

    /// All issues and pull requests of a repository.
    pub fn issues(&self, full_name: &str) -> Vec<Issue> {
        self.world().named_mut(full_name).issues.clone()
    }

    /// The open issues, without pull requests.
    pub fn open_issues(&self, full_name: &str) -> Vec<Issue> {
        let mut issues = self.issues(full_name);
        issues.retain(|issue| issue.open && !issue.pull_request && !issue.deleted);
        issues
    }

    /// One issue.
    pub fn issue(&self, full_name: &str, number: u64) -> Issue {
        let mut world = self.world();
        world.named_mut(full_name).issue(number).unwrap().clone()
    }

    /// The comments of an issue.
    pub fn comments(&self, full_name: &str, number: u64) -> Vec<Comment> {
        self.issue(full_name, number).comments
    }

    /// The labels of a repository.
    pub fn labels(&self, full_name: &str) -> Vec<Label> {
        self.world().named_mut(full_name).labels.clone()
    }

    /// The runs of a repository, oldest first.
    pub fn runs(&self, full_name: &str) -> Vec<Run> {
        self.world().named_mut(full_name).runs.clone()
    }

    /// One run.
    pub fn run(&self, id: u64) -> Run {
        self.world().run_mut(id).clone()
    }
}

fn opened<'a>(
    world: &'a mut World,
    full_name: &str,
    login: &str,
    title: &str,
    body: &str,
) -> &'a mut Issue {
    world.account(login);
    let now = world.write();
    let id = world.id();
    let repository = world.named_mut(full_name);
    let number = repository.next_number();
    repository.issues.push(Issue {
        id,
        number,
        title: title.to_owned(),
        body: Some(body.to_owned()).filter(|body| !body.is_empty()),
        author: login.to_owned(),
        open: true,
        state_reason: None,
        closed: None,
        closed_by: None,
        labels: Vec::new(),
        assignees: Vec::new(),
        locked: false,
        created: now,
        updated: now,
        pull_request: false,
        deleted: false,
        comments: Vec::new(),
    });
    repository.issues.last_mut().unwrap()
}
