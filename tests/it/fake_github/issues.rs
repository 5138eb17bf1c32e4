//! Issues, comments, labels, who may write them, and how they are listed.

use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use super::*;
use crate::support::fake_github::{Access, Lag, Level, Listed, Token};

const ISSUES: &str = "/repos/pyca/cryptography/issues";

/// The pages of a list, by following `Link`.
async fn pages(fake: &FakeGithub, path: &str) -> Vec<Vec<u64>> {
    let mut pages = Vec::new();
    let mut next = Some(path.to_owned());
    while let Some(path) = next {
        let response = get(fake, &path).await;
        let link = header(&response, "link");
        pages.push(numbers(&json(response, 200).await));
        let mut links = link.split(", ");
        let address = links.find(|one| one.ends_with("rel=\"next\""));
        next = address.map(|one| {
            let url = one.split(['<', '>']).nth(1).unwrap();
            url.strip_prefix(&fake.url()).unwrap().to_owned()
        });
    }
    pages
}

#[tokio::test]
async fn an_issue_is_created_changed_and_closed() {
    let fake = fake();
    let before = fake.now();
    let response = post(&fake, ISSUES, &json!({ "title": "a", "body": "b" })).await;
    let location = header(&response, "location");
    let issue = json(response, 201).await;
    assert_eq!(location, format!("{}{ISSUES}/1", fake.url()));
    assert_eq!(issue["user"]["login"], "rewheel");
    assert_eq!(
        issue["html_url"],
        "https://github.com/pyca/cryptography/issues/1"
    );
    let created: chrono::DateTime<chrono::Utc> =
        issue["created_at"].as_str().unwrap().parse().unwrap();
    assert_eq!(created - before, chrono::Duration::seconds(1));

    let closing = json!({ "state": "closed", "state_reason": "not_planned" });
    let closed = json(patch(&fake, &format!("{ISSUES}/1"), &closing).await, 200).await;
    assert_eq!(closed["closed_by"]["login"], "rewheel");
    assert_eq!(closed["state_reason"], "not_planned");
    assert_eq!(fake.open_issues(REPOSITORY), []);

    let opening = json!({ "state": "open", "title": "c" });
    let opened = json(patch(&fake, &format!("{ISSUES}/1"), &opening).await, 200).await;
    assert_eq!(
        (&opened["closed_by"], &opened["title"]),
        (&Value::Null, &json!("c"))
    );
    assert_eq!(opened["state_reason"], "reopened");
    let writes = fake.writes();
    assert!(writes.iter().all(|one| one.stored));
    // Each write moves the clock by a second.
    let apart = writes[2].moment - writes[1].moment;
    assert_eq!(apart, chrono::Duration::seconds(1));
    assert_eq!(
        writes[2].line(),
        "PATCH /repos/pyca/cryptography/issues/1 200"
    );
    assert_eq!(writes[2].body, opening);
    assert_eq!(writes[2].login.as_deref(), Some("rewheel"));
    assert_eq!(writes[2].header("user-agent"), "rewheel-test");
    assert_eq!(fake.most_writes_at_once(), 1);
    assert!(fake.connections() > 0);
}

#[tokio::test]
async fn lists_are_paged_and_filtered() {
    let fake = fake();
    for number in 1..=7 {
        let login = if number % 2 == 0 {
            "somebody"
        } else {
            "dependabot[bot]"
        };
        fake.open_issue(REPOSITORY, login, "a", "b");
    }
    fake.open_pull_request(REPOSITORY, "somebody", "c");
    fake.close_issue(REPOSITORY, 4, "somebody");
    assert_eq!(
        pages(&fake, &format!("{ISSUES}?per_page=3")).await,
        [vec![8, 7, 6], vec![5, 3, 2], vec![1]]
    );
    assert_eq!(
        pages(
            &fake,
            &format!("{ISSUES}?state=all&creator=somebody&per_page=100")
        )
        .await,
        [[8, 6, 4, 2]]
    );
    assert_eq!(
        pages(
            &fake,
            &format!("{ISSUES}?creator=dependabot%5Bbot%5D&direction=asc")
        )
        .await,
        [[1, 3, 5, 7]]
    );
    assert_eq!(pages(&fake, &format!("{ISSUES}?state=closed")).await, [[4]]);
    fake.edit_issue(REPOSITORY, 2, |issue| issue.body = None);
    assert_eq!(
        pages(&fake, &format!("{ISSUES}?sort=updated&per_page=1")).await[0],
        [2]
    );
    let listed = json(get(&fake, &format!("{ISSUES}?per_page=1")).await, 200).await;
    assert!(listed[0].get("pull_request").is_some());
    assert_eq!(fake.open_issues(REPOSITORY).len(), 6);
}

#[rstest]
#[case::body("body", 65_536)]
#[case::title("title", 256)]
#[tokio::test]
async fn texts_have_a_longest_length(#[case] field: &str, #[case] longest: usize) {
    let fake = fake();
    // Characters count, not bytes.
    for (length, status) in [(longest, 201), (longest + 1, 422)] {
        let mut body = json!({ "title": "a" });
        body[field] = "é".repeat(length).into();
        let answer = json(post(&fake, ISSUES, &body).await, status).await;
        if status == 422 {
            assert_eq!(answer["errors"][0]["field"], field);
        }
    }
    assert_eq!(fake.issues(REPOSITORY).len(), 1);
}

#[tokio::test]
async fn labels_and_assignees_are_dropped_without_push_access() {
    let fake = fake();
    let access = Access {
        push: false,
        ..Access::all()
    };
    fake.token("weak", Token::person("weak").on(REPOSITORY, access));
    let body = json!({ "title": "a", "labels": ["security", "openssl"], "assignees": ["rewheel", "nobody"] });
    let dropped = json(send(&fake, Method::POST, ISSUES, "weak", &body).await, 201).await;
    assert_eq!(
        (&dropped["labels"], &dropped["assignees"]),
        (&json!([]), &json!([]))
    );
    assert_eq!(fake.labels(REPOSITORY), []);

    // Who may assign people is told of those who cannot be.
    let refused = post(&fake, ISSUES, &body).await;
    let refused = json(refused, 422).await;
    assert_eq!(refused["errors"][0]["field"], "assignees");
    let body = json!({ "title": "a", "labels": ["security", "openssl"], "assignees": ["rewheel"] });
    let kept = json(post(&fake, ISSUES, &body).await, 201).await;
    assert_eq!(kept["labels"][1]["name"], "openssl");
    assert_eq!(kept["assignees"].as_array().unwrap().len(), 1);
    assert_eq!(kept["assignee"]["login"], "rewheel");
    assert_eq!(fake.labels(REPOSITORY).len(), 2);

    // Its own issue it may change, but not that of somebody else.
    let change = json!({ "body": "x", "labels": ["more"] });
    let own = send(
        &fake,
        Method::PATCH,
        &format!("{ISSUES}/1"),
        "weak",
        &change,
    )
    .await;
    assert_eq!(json(own, 200).await["labels"], json!([]));
    let other = send(
        &fake,
        Method::PATCH,
        &format!("{ISSUES}/2"),
        "weak",
        &change,
    )
    .await;
    message(other, 403).await;
    assert_eq!(fake.issue(REPOSITORY, 2).body, None);
}

#[tokio::test]
async fn labels_are_made_and_found() {
    let fake = fake();
    let labels = "/repos/pyca/cryptography/labels";
    let label = json!({ "name": "needs rebuild", "color": "d93f0b", "description": "wheels" });
    let made = json(post(&fake, labels, &label).await, 201).await;
    assert_eq!(
        made["url"],
        format!("{}{labels}/needs%20rebuild", fake.url())
    );
    let again = json(post(&fake, labels, &label).await, 422).await;
    assert_eq!(again["errors"][0]["code"], "already_exists");
    json(get(&fake, &format!("{labels}/Needs%20Rebuild")).await, 200).await;
    is(&get(&fake, &format!("{labels}/other")).await, 404);
    assert_eq!(
        json(get(&fake, labels).await, 200)
            .await
            .as_array()
            .unwrap()
            .len(),
        1
    );
    fake.open_issue(REPOSITORY, "somebody", "a", "b");
    let of_issue = format!("{ISSUES}/1/labels");
    let added = post(
        &fake,
        &of_issue,
        &json!({ "labels": ["needs rebuild", "new"] }),
    )
    .await;
    assert_eq!(json(added, 200).await.as_array().unwrap().len(), 2);
    assert_eq!(
        json(get(&fake, &of_issue).await, 200).await[1]["name"],
        "new"
    );
}

#[tokio::test]
async fn comments_are_made_changed_and_listed() {
    let fake = fake();
    fake.open_issue(REPOSITORY, "somebody", "a", "b");
    let comments = format!("{ISSUES}/1/comments");
    let theirs = fake.add_comment(REPOSITORY, 1, "somebody", "first");
    let mine = json(
        post(&fake, &comments, &json!({ "body": "second" })).await,
        201,
    )
    .await;
    let mine = mine["id"].as_u64().unwrap();
    assert!(mine > theirs);
    let one = format!("{ISSUES}/comments/{mine}");
    json(patch(&fake, &one, &json!({ "body": "third" })).await, 200).await;
    assert_eq!(json(get(&fake, &one).await, 200).await["body"], "third");
    let listed = json(get(&fake, &comments).await, 200).await;
    assert_eq!(listed[0]["user"]["login"], "somebody");
    assert_eq!(listed[1]["body"], "third");
    assert_eq!(fake.comments(REPOSITORY, 1).len(), 2);
    assert_eq!(
        json(get(&fake, &format!("{ISSUES}/1")).await, 200).await["comments"],
        2
    );

    fake.edit_issue(REPOSITORY, 1, |issue| issue.locked = true);
    let access = Access {
        push: false,
        ..Access::all()
    };
    fake.token("weak", Token::person("weak").on(REPOSITORY, access));
    let locked = send(
        &fake,
        Method::POST,
        &comments,
        "weak",
        &json!({ "body": "x" }),
    )
    .await;
    assert!(message(locked, 403).await.contains("locked"));
}

#[tokio::test]
async fn issues_that_are_off_are_gone() {
    let fake = fake();
    fake.edit_repository(REPOSITORY, |repository| repository.has_issues = false);
    message(get(&fake, ISSUES).await, 410).await;
    message(post(&fake, ISSUES, &json!({ "title": "a" })).await, 410).await;
    fake.edit_repository(REPOSITORY, |repository| {
        repository.has_issues = true;
        repository.archived = true;
    });
    is(&get(&fake, ISSUES).await, 200);
    let archived = post(&fake, ISSUES, &json!({ "title": "a" })).await;
    assert!(message(archived, 403).await.contains("archived"));
}

#[rstest]
#[case::public(false, Access::none(), 200, 403)]
#[case::public_to_read(false, Access::read(), 200, 403)]
#[case::private_and_out_of_reach(true, Access::none(), 404, 404)]
#[case::private_to_read(true, Access::read(), 200, 403)]
#[case::private_without_issues(true, Access { issues: Level::None, ..Access::all() }, 403, 403)]
#[case::everything(true, Access::all(), 200, 201)]
#[tokio::test]
async fn permissions_rule(
    #[case] private: bool,
    #[case] access: Access,
    #[case] read: u16,
    #[case] write: u16,
) {
    let fake = fake();
    fake.edit_repository(REPOSITORY, |repository| repository.private = private);
    fake.token("x", Token::workflow().on(REPOSITORY, access));
    let response = request(&fake, Method::GET, ISSUES, "x")
        .send()
        .await
        .unwrap();
    is(&response, read);
    let response = send(&fake, Method::POST, ISSUES, "x", &json!({ "title": "a" })).await;
    if write == 403 {
        let needed = header(&response, "x-accepted-github-permissions");
        assert_eq!(needed, "issues=write");
    }
    is(&response, write);
    let response = send(
        &fake,
        Method::POST,
        ISSUES,
        "unknown",
        &json!({ "title": "a" }),
    )
    .await;
    assert_eq!(message(response, 401).await, "Bad credentials");
}

#[tokio::test]
async fn a_list_lags_behind_writes() {
    let fake = fake();
    fake.open_issue(REPOSITORY, "rewheel", "a", "b");
    fake.lag(Listed::Issues, Lag::Requests(2));
    // As long as nothing changed there is nothing to lag behind.
    assert_eq!(pages(&fake, ISSUES).await, [[1]]);
    is(&post(&fake, ISSUES, &json!({ "title": "c" })).await, 201);
    assert_eq!(pages(&fake, ISSUES).await, [[1]]);
    is(&get(&fake, &format!("{ISSUES}/2")).await, 200);
    assert_eq!(pages(&fake, ISSUES).await, [[1]]);
    assert_eq!(pages(&fake, ISSUES).await, [[2, 1]]);

    let minute = std::time::Duration::from_secs(60);
    fake.lag(Listed::Comments, Lag::For(minute));
    let comments = format!("{ISSUES}/1/comments");
    is(&post(&fake, &comments, &json!({ "body": "c" })).await, 201);
    for (wait, count) in [(0, 0), (30, 0), (40, 1)] {
        fake.advance(std::time::Duration::from_secs(wait));
        let listed = json(get(&fake, &comments).await, 200).await;
        assert_eq!(listed.as_array().unwrap().len(), count);
    }
}

#[tokio::test]
async fn a_deleted_issue_is_gone_and_keeps_its_number() {
    let fake = fake();
    fake.open_issue(REPOSITORY, "rewheel", "a", "b");
    fake.edit_issue(REPOSITORY, 1, |issue| issue.deleted = true);
    assert_eq!(pages(&fake, &format!("{ISSUES}?state=all")).await, [[0; 0]]);
    let path = format!("{ISSUES}/1");
    message(get(&fake, &path).await, 410).await;
    message(patch(&fake, &path, &json!({ "body": "c" })).await, 410).await;
    let next = json(post(&fake, ISSUES, &json!({ "title": "a" })).await, 201).await;
    assert_eq!(next["number"], 2);
    assert_eq!(fake.open_issues(REPOSITORY).len(), 1);
}

#[tokio::test]
async fn an_author_may_be_lost() {
    let fake = fake();
    fake.open_issue(REPOSITORY, "", "a", "b");
    fake.add_comment(REPOSITORY, 1, "", "c");
    let listed = json(get(&fake, ISSUES).await, 200).await;
    assert_eq!(listed[0]["user"], Value::Null);
    let comments = get(&fake, &format!("{ISSUES}/1/comments")).await;
    assert_eq!(json(comments, 200).await[0]["user"], Value::Null);
}
