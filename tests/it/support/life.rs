//! The life of a tracking issue with one step, in parts, and what must be true at the end of each.

use std::time::Duration;

use super::fake_github::{Access, FakeGithub, Input, Job, Token, Workflow};
use super::stage::{ME, REPOSITORY};

/// A project whose one workflow takes the version.
pub const STEPS: &str = r#"
policy = { security = ["issue", "steps"] }
[[project.step]]
name = "wheels"
dispatch = { workflow = "wheels.yml", ref = "main", inputs = { openssl = "{{ openssl.version }}" } }
"#;

/// The parts of an issue's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The issue is opened and the workflow is started.
    Opens,
    /// A new target joins.
    Changes,
    /// The run failed and is run again.
    RunsAgain,
    /// The published wheels close it.
    Closes,
}

/// The same fake with the project's repository and its workflow; `t` is the token of `ME`.
pub fn world(github: FakeGithub) -> FakeGithub {
    github.repository(REPOSITORY);
    github.token("t", Token::person(ME).everywhere(Access::all()));
    let workflow = Workflow::new("wheels.yml").dispatched([Input::required("openssl")]);
    github.workflow(REPOSITORY, workflow);
    github
}

/// The one run fails, an hour ago.
pub fn fail_run(github: &FakeGithub) {
    let run = github.runs(REPOSITORY)[0].id;
    let jobs = vec![Job::new("linux", "failure")];
    github.finish_run(run, "failure", jobs, Vec::new());
    github.advance(Duration::from_secs(3600));
}

/// What is wrong with the end state of a part, after a cycle that began with no requests noted.
/// `joined` is the target that joined.
pub fn wrong(github: &FakeGithub, part: Part, joined: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut hold = |holds: bool, what: String| {
        if !holds {
            wrong.push(what);
        }
    };
    let open = github.open_issues(REPOSITORY);
    let all = github.issues(REPOSITORY);
    let writes: Vec<String> = github.writes().iter().map(|one| one.line()).collect();
    hold(writes.is_empty(), format!("still writes {writes:?}"));
    let Some(issue) = all.first() else {
        wrong.push("no issue".to_owned());
        return wrong;
    };
    hold(all.len() == 1, format!("{} issues", all.len()));
    hold(
        open.len() == usize::from(part != Part::Closes),
        format!("{} open issues", open.len()),
    );
    let body = issue.body.clone().unwrap_or_default();
    let comments = github.comments(REPOSITORY, issue.number);
    let runs = github.runs(REPOSITORY);
    let expected_runs = if part == Part::Changes { 2 } else { 1 };
    hold(runs.len() == expected_runs, format!("{} runs", runs.len()));
    let commented = |text: &str| {
        comments
            .iter()
            .filter(|one| one.body.contains(text))
            .count()
    };
    match part {
        Part::Opens => hold(body.contains("/actions/runs/"), format!("no run in {body}")),
        Part::Changes => {
            hold(body.contains(joined), "the text is old".to_owned());
            let count = commented("has changed");
            hold(count == 1, format!("{count} comments of the change"));
        }
        Part::RunsAgain => {
            let attempts = runs.first().map_or(0, |run| run.attempt);
            hold(attempts == 2, format!("{attempts} attempts"));
        }
        Part::Closes => {
            let count = commented("Closed: all");
            hold(count == 1, format!("{count} comments of the end"));
        }
    }
    // Each run has a claim; one that came to nothing may stand beside it.
    let claims = commented("rewheel:claim");
    hold(claims >= expected_runs, format!("{claims} claims"));
    wrong
}
