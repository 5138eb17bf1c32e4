//! What people, programs and strangers do to a tracking issue that nobody foresees.

use std::time::Duration;

use crate::support::binary::wheel_carrying;
use crate::support::fake_github::{Artifact, Fault, Input, Issue, Job, Matcher, Workflow};
use crate::support::fake_index::FakeFile;
use crate::support::life;
use crate::support::stage::{ME, NEW, OLD, PLATFORMS, REPOSITORY, Stage};

fn text(issue: &Issue) -> &str {
    issue.body.as_deref().unwrap_or_default()
}

/// Changes the body, and asserts that one issue stays open after two cycles, the second of which
/// writes nothing. Gives its body.
async fn after(stage: &Stage, number: u64, edit: impl FnOnce(&str) -> String) -> String {
    stage.github.edit_issue(REPOSITORY, number, |issue| {
        issue.body = Some(edit(text(issue)));
    });
    stage.cycle().await.is_clean();
    stage.github.forget_requests();
    stage.cycle().await.is_clean();
    let writes: Vec<_> = stage.github.writes();
    assert!(writes.is_empty(), "{writes:#?}");
    let open = stage.github.open_issues(REPOSITORY);
    assert_eq!(open.len(), 1, "{open:#?}");
    assert_eq!(open[0].number, number);
    text(&open[0]).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn text_above_the_marker_opens_no_second_issue() {
    let stage = Stage::new();
    let number = stage.opened().await;
    let body = after(&stage, number, |body| {
        format!("I look at it.\r\n\r\n{body}")
    })
    .await;
    assert!(body.starts_with("<!-- rewheel:v1 "), "{body}");
    assert!(body.contains("I look at it."), "{body}");
    let body = after(&stage, number, |body| format!("\n\n{body}")).await;
    assert!(body.contains("I look at it."), "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_somebody_emptied_is_written_again() {
    let stage = Stage::new();
    let number = stage.opened().await;
    let whole = text(&stage.github.issue(REPOSITORY, number)).to_owned();
    let body = after(&stage, number, |_| String::new()).await;
    assert_eq!(body, whole);
    let body = after(&stage, number, |_| "Gone.".to_owned()).await;
    assert!(body.contains("Gone."), "{body}");
    assert!(body.contains("3.5.9"), "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issue_of_ours_that_is_of_another_line_is_left_alone() {
    let stage = Stage::new();
    let number = stage.opened().await;
    let other = "<!-- rewheel:v1 package=other line=main -->\nother";
    stage.github.edit_issue(REPOSITORY, number, |issue| {
        issue.body = Some(other.to_owned());
    });
    stage.cycle().await.is_clean();
    assert_eq!(text(&stage.github.issue(REPOSITORY, number)), other);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moved_issue_leads_to_no_write_on_another_one() {
    let stage = Stage::new();
    stage.github.repository("pyca/elsewhere");
    let number = stage.opened().await;
    let body = text(&stage.github.issue(REPOSITORY, number)).to_owned();
    // Under the number that it has there, somebody else's issue stands here.
    let theirs = stage.github.open_issue(REPOSITORY, "alex", "mine", "mine");
    stage.github.open_issue("pyca/elsewhere", ME, "x", "x");
    let moved = stage.github.open_issue("pyca/elsewhere", ME, "t", &body);
    assert_eq!(moved, theirs);
    stage
        .github
        .edit_issue(REPOSITORY, number, |issue| issue.deleted = true);
    let to = format!("{}/repos/pyca/elsewhere/issues/{moved}", stage.github.url());
    let at = format!("/repos/{REPOSITORY}/issues/{number}");
    stage
        .github
        .fault(Matcher::new("GET", &at).always(), Fault::Redirect(to));
    stage.publish("1.1", "OpenSSL 4.0.2 25 Aug 2026");
    stage.cycle().await;
    stage.cycle().await;
    let theirs = stage.github.issue(REPOSITORY, theirs);
    assert_eq!((theirs.title.as_str(), text(&theirs)), ("mine", "mine"));
    assert!(theirs.comments.is_empty(), "{:?}", theirs.comments);
    let elsewhere = stage.github.issue("pyca/elsewhere", moved);
    assert_eq!(elsewhere.title, "t");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_hidden_state_nothing_proves_that_it_may_be_closed() {
    let stage = Stage::new();
    let number = stage.opened().await;
    stage.github.edit_issue(REPOSITORY, number, |issue| {
        let kept: Vec<&str> = text(issue)
            .lines()
            .filter(|line| !line.starts_with("<!-- rewheel:state"))
            .collect();
        issue.body = Some(kept.join("\n"));
    });
    stage.publish("1.1", NEW);
    for _ in 0..3 {
        stage.cycle().await.is_clean();
        assert!(stage.github.issue(REPOSITORY, number).open);
    }
    let issue = stage.github.issue(REPOSITORY, number);
    assert!(text(&issue).contains("close it by hand"), "{issue:#?}");
    stage.github.forget_requests();
    stage.cycle().await.is_clean();
    assert_eq!(stage.github.writes().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn yanked_files_close_nothing() {
    let stage = Stage::new();
    let number = stage.opened().await;
    stage.publish_for("1.1", PLATFORMS[0], NEW);
    stage.cycle().await.is_clean();
    assert!(stage.github.issue(REPOSITORY, number).open);
    stage.publish_for("1.1", PLATFORMS[1], OLD);
    stage.cycle().await.is_clean();
    assert!(stage.github.issue(REPOSITORY, number).open);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_change_is_not_fought_over() {
    let stage = Stage::new();
    let number = stage.opened().await;
    stage.github.edit_issue(REPOSITORY, number, |issue| {
        issue.title = "OpenSSL again".to_owned();
        issue.labels.clear();
        issue.assignees = vec!["maintainer".to_owned()];
        issue.locked = true;
    });
    stage.github.forget_requests();
    stage.cycle().await.says("locked");
    let body = after(&stage, number, |body| {
        body.replace('\n', "  \r\n") + "\r\n\r\n  \r\n"
    })
    .await;
    assert!(body.contains("3.5.9"));
    assert_eq!(
        stage.github.issue(REPOSITORY, number).title,
        "OpenSSL again"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issue_full_of_peoples_text_fails_and_opens_no_other() {
    let stage = Stage::new();
    let number = stage.opened().await;
    let full = |issue: &mut Issue| {
        let own = text(issue).to_owned();
        let room = 65_536 - own.chars().count() - 1;
        issue.body = Some(format!("{own}\n{}", "x".repeat(room)));
    };
    stage.github.edit_issue(REPOSITORY, number, full);
    stage.cycle().await;
    stage.cycle().await;
    assert_eq!(stage.github.open_issues(REPOSITORY).len(), 1);
    stage.publish("1.1", NEW);
    for _ in 0..3 {
        stage.cycle().await;
    }
    let issue = stage.github.issue(REPOSITORY, number);
    assert!(!issue.open, "{}", text(&issue).len());
    assert_eq!(issue.comments.len(), 1, "{:#?}", issue.comments);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_peoples_text_of_the_greatest_length() {
    let stage = Stage::new();
    let number = stage.opened().await;
    stage.github.edit_issue(REPOSITORY, number, |issue| {
        issue.body = Some("y".repeat(65_536));
    });
    stage.cycle().await.says("shorten it");
    stage.cycle().await;
    assert_eq!(stage.github.open_issues(REPOSITORY).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn five_thousand_comments_and_three_thousand_issues() {
    let stage = Stage::new();
    for at in 0..3000 {
        stage
            .github
            .open_issue(REPOSITORY, ME, &format!("{at}"), "other");
    }
    let number = {
        stage.cycle().await;
        stage.cycle().await.is_clean();
        stage.github.open_issues(REPOSITORY).last().unwrap().number
    };
    for at in 0..5000 {
        stage
            .github
            .add_comment(REPOSITORY, number, "alex", &format!("@me {at}"));
    }
    stage.publish("1.1", NEW);
    stage.cycle().await.is_clean();
    assert!(!stage.github.issue(REPOSITORY, number).open);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_of_github_that_is_years_off() {
    let stage = Stage::new();
    stage.github.advance(Duration::from_secs(20 * 365 * 86_400));
    let number = stage.opened().await;
    stage.publish("1.1", NEW);
    stage.cycle().await.is_clean();
    assert!(!stage.github.issue(REPOSITORY, number).open);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_read_opens_no_issue_that_a_person_closed() {
    let stage = Stage::new();
    stage.publish_for("1.1", PLATFORMS[0], OLD);
    let other = "demo-1.1-cp39-abi3-win_amd64.whl";
    let file = FakeFile::new(other, wheel_carrying("OpenSSL 4.0.2 25 Aug 2026"));
    stage.index.publish("demo", file.clone());
    let number = stage.opened().await;
    stage.github.close_issue(REPOSITORY, number, "alex");
    stage.cycle().await.is_clean().says("a person closed it");
    stage.index.publish("demo", file.wrong_hash());
    stage.cycle().await.is_clean();
    let open = stage.github.open_issues(REPOSITORY);
    assert!(open.is_empty(), "{open:#?}");
}

/// Names that would act in Markdown if they were not made harmless.
const HOSTILE: &str = "](https://evil.example) @pyca #1 GH-1 <!-- rewheel:end --> ```` <img src=x> \
                       www.evil.example pyca/demo#2 | x\r\n- [x] y <!-- rewheel:task release -->";

#[tokio::test(flavor = "multi_thread")]
async fn names_of_strangers_do_not_act() {
    let stage = Stage::with(&format!("{}attempts = 1", life::STEPS));
    let workflow = Workflow::new("wheels.yml").dispatched([Input::required("openssl")]);
    stage.github.workflow(REPOSITORY, workflow);
    let number = stage.opened().await;
    let run = stage.github.runs(REPOSITORY)[0].id;
    let jobs = vec![Job::new(HOSTILE, "failure")];
    stage
        .github
        .finish_run(run, "failure", jobs, vec![Artifact::new(HOSTILE, &[])]);
    stage.github.edit_run(run, |run| run.attempt = 9);
    stage.cycle().await;
    stage.cycle().await;
    check_harmless(&stage, number);
    let archive = Artifact {
        expired: true,
        ..Artifact::new(HOSTILE, &[])
    };
    let hostile_wheel = format!("{}.whl", HOSTILE.replace('/', ""));
    let wheel = wheel_carrying(OLD);
    let other = Artifact::new(HOSTILE, &[(&hostile_wheel, &wheel)]);
    stage
        .github
        .finish_run(run, "success", Vec::new(), vec![archive, other]);
    stage.cycle().await;
    stage.cycle().await;
    check_harmless(&stage, number);
}

fn check_harmless(stage: &Stage, number: u64) {
    let issue = stage.github.issue(REPOSITORY, number);
    let body = text(&issue);
    assert!(body.contains("evil"), "{body}");
    for acting in [
        "@pyca", "#1 ", "GH-1", "<img", "www.evil", "demo#2", "[x] y", "://evil",
    ] {
        assert!(!body.contains(acting), "{acting} in {body}");
    }
    for once in ["<!-- rewheel:end -->", "<!-- rewheel:task release -->"] {
        assert_eq!(body.matches(once).count(), 1, "{once} in {body}");
    }
    assert_eq!(body.matches("````").count(), 2, "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_artifacts_and_a_bomb() {
    let stage = Stage::with(life::STEPS);
    let workflow = Workflow::new("wheels.yml").dispatched([Input::required("openssl")]);
    stage.github.workflow(REPOSITORY, workflow);
    let number = stage.opened().await;
    let run = stage.github.runs(REPOSITORY)[0].id;
    let mut artifacts = vec![Artifact::new("w", &[])];
    let zeros = vec![0_u8; 64 << 20];
    let mut bomb = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for at in 0..20 {
        let name = format!("demo-1.{at}-cp39-abi3-win_amd64.whl");
        let options = zip::write::SimpleFileOptions::default();
        bomb.start_file(name, options).unwrap();
        std::io::Write::write_all(&mut bomb, &zeros).unwrap();
    }
    artifacts[0].archive = bomb.finish().unwrap().into_inner();
    artifacts.extend((0..4999).map(|at| Artifact::new(&format!("a{at}"), &[])));
    stage
        .github
        .finish_run(run, "success", Vec::new(), artifacts);
    stage.cycle().await;
    stage.github.forget_requests();
    stage.cycle().await.is_clean();
    assert_eq!(stage.github.writes().len(), 0);
    let requests = stage.github.requests().len();
    assert!(requests < 30, "{requests}");
    let issue = stage.github.issue(REPOSITORY, number);
    assert!(text(&issue).contains("more artifacts"), "{}", text(&issue));
    assert_eq!(stage.github.runs(REPOSITORY).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_cannot_be_assigned_keeps_no_issue_from_being_opened() {
    let stage = Stage::with("issue = { assignees = [\"left-the-project\"] }");
    let number = stage.opened().await;
    let issue = stage.github.issue(REPOSITORY, number);
    let said = "GitHub left out the assignees left-the-project";
    assert!(text(&issue).contains(said), "{issue:#?}");
    stage.github.forget_requests();
    stage.cycle().await.is_clean();
    assert_eq!(stage.github.writes().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_with_a_long_name_has_an_issue() {
    let mut line = ">=0.1,<2".to_owned();
    for at in 0..60 {
        line += &format!(",!=0.{at}");
    }
    let stage = Stage::with(&format!("lines = [\"{line}\"]"));
    let number = stage.opened().await;
    let issue = stage.github.issue(REPOSITORY, number);
    assert_eq!(issue.title.chars().count(), 256);
    stage.publish("1.1", NEW);
    stage.cycle().await.is_clean();
    assert!(!stage.github.issue(REPOSITORY, number).open);
}
