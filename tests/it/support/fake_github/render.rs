//! Things of the fake in GitHub's JSON.

mod actions;
mod people;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::repository::{Comment, Commit, Issue, Label, Repository};
use super::world::World;

pub(super) use actions::{artifact, job, run, workflow};
pub(super) use people::{private_user, user};

/// A moment as GitHub writes it.
pub(super) fn moment(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The addresses that a repository always names, with how they end.
const ADDRESSES: [(&str, &str); 37] = [
    ("archive_url", "/{archive_format}{/ref}"),
    ("assignees_url", "/assignees{/user}"),
    ("blobs_url", "/git/blobs{/sha}"),
    ("branches_url", "/branches{/branch}"),
    ("collaborators_url", "/collaborators{/collaborator}"),
    ("comments_url", "/comments{/number}"),
    ("commits_url", "/commits{/sha}"),
    ("compare_url", "/compare/{base}...{head}"),
    ("contents_url", "/contents/{+path}"),
    ("contributors_url", "/contributors"),
    ("deployments_url", "/deployments"),
    ("downloads_url", "/downloads"),
    ("events_url", "/events"),
    ("forks_url", "/forks"),
    ("git_commits_url", "/git/commits{/sha}"),
    ("git_refs_url", "/git/refs{/sha}"),
    ("git_tags_url", "/git/tags{/sha}"),
    ("hooks_url", "/hooks"),
    ("issue_comment_url", "/issues/comments{/number}"),
    ("issue_events_url", "/issues/events{/number}"),
    ("issues_url", "/issues{/number}"),
    ("keys_url", "/keys{/key_id}"),
    ("labels_url", "/labels{/name}"),
    ("languages_url", "/languages"),
    ("merges_url", "/merges"),
    ("milestones_url", "/milestones{/number}"),
    (
        "notifications_url",
        "/notifications{?since,all,participating}",
    ),
    ("pulls_url", "/pulls{/number}"),
    ("releases_url", "/releases{/id}"),
    ("stargazers_url", "/stargazers"),
    ("statuses_url", "/statuses/{sha}"),
    ("subscribers_url", "/subscribers"),
    ("subscription_url", "/subscription"),
    ("tags_url", "/tags"),
    ("teams_url", "/teams"),
    ("trees_url", "/git/trees{/sha}"),
    ("url", ""),
];

/// A repository as it stands in other things.
pub(super) fn minimal_repository(world: &World, repository: &Repository) -> Value {
    let mut body = json!({
        "id": repository.id,
        "node_id": format!("R_{}", repository.id),
        "name": repository.name(),
        "full_name": repository.full_name,
        "owner": user(world, repository.owner()),
        "private": repository.private,
        "html_url": format!("{}/{}", world.web, repository.full_name),
        "description": null,
        "fork": false,
    });
    for (name, end) in ADDRESSES {
        let url = format!("{}/repos/{}{end}", world.api, repository.full_name);
        body[name] = url.into();
    }
    body
}

/// A repository.
pub(super) fn repository(world: &World, repository: &Repository) -> Value {
    let mut body = minimal_repository(world, repository);
    let html = body["html_url"].as_str().unwrap().to_owned();
    let open = repository.issues.iter().filter(|one| one.open).count();
    let rest = json!({
        "git_url": format!("git://github.com/{}.git", repository.full_name),
        "ssh_url": format!("git@github.com:{}.git", repository.full_name),
        "clone_url": format!("{html}.git"),
        "svn_url": html,
        "mirror_url": null,
        "homepage": null,
        "language": null,
        "forks_count": 0, "stargazers_count": 0, "watchers_count": 0, "size": 1,
        "subscribers_count": 0, "network_count": 0, "forks": 0, "watchers": 0,
        "open_issues_count": open, "open_issues": open,
        "default_branch": repository.default_branch,
        "has_issues": repository.has_issues,
        "has_projects": false, "has_wiki": false, "has_pages": false, "has_downloads": true,
        "has_discussions": false,
        "archived": repository.archived,
        "disabled": false,
        "visibility": if repository.private { "private" } else { "public" },
        "pushed_at": moment(repository.created),
        "created_at": moment(repository.created),
        "updated_at": moment(repository.created),
        "license": null,
    });
    for (name, value) in rest.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// A label.
pub(super) fn label(world: &World, repository: &Repository, label: &Label) -> Value {
    let mut url = url::Url::parse(&world.api).unwrap();
    url.path_segments_mut()
        .unwrap()
        .extend(["repos", repository.owner(), repository.name()])
        .extend(["labels", &label.name]);
    json!({
        "id": label.id,
        "node_id": format!("LA_{}", label.id),
        "url": url.as_str(),
        "name": label.name,
        "description": label.description,
        "color": label.color,
        "default": false,
    })
}

/// An issue or a pull request.
pub(super) fn issue(world: &World, repository: u64, issue: &Issue) -> Value {
    let repository = &world.repositories[&repository];
    let base = format!("{}/repos/{}", world.api, repository.full_name);
    let url = format!("{base}/issues/{}", issue.number);
    let kind = if issue.pull_request { "pull" } else { "issues" };
    let page = format!("{}/{}", world.web, repository.full_name);
    let labels: Vec<Value> = issue
        .labels
        .iter()
        .filter_map(|name| repository.label(name))
        .map(|one| label(world, repository, one))
        .collect();
    let people: Vec<Value> = issue
        .assignees
        .iter()
        .map(|login| user(world, login))
        .collect();
    let closed_by = issue.closed_by.as_ref();
    let mut body = json!({
        "id": issue.id,
        "node_id": format!("I_{}", issue.id),
        "url": url,
        "repository_url": base,
        "labels_url": format!("{url}/labels{{/name}}"),
        "comments_url": format!("{url}/comments"),
        "events_url": format!("{url}/events"),
        "html_url": format!("{page}/{kind}/{}", issue.number),
        "number": issue.number,
        "state": if issue.open { "open" } else { "closed" },
        "state_reason": issue.state_reason,
        "title": issue.title,
        "body": issue.body,
        "user": author(world, &issue.author),
        "labels": labels,
        "assignee": people.first(),
        "assignees": people,
        "milestone": null,
        "locked": issue.locked,
        "active_lock_reason": null,
        "comments": issue.comments.len(),
        "created_at": moment(issue.created),
        "updated_at": moment(issue.updated),
        "closed_at": issue.closed.map(moment),
        "closed_by": closed_by.map(|login| user(world, login)),
        "author_association": "NONE",
    });
    if issue.pull_request {
        let html = format!("{page}/pull/{}", issue.number);
        body["pull_request"] = json!({
            "url": format!("{base}/pulls/{}", issue.number),
            "html_url": html,
            "diff_url": format!("{html}.diff"),
            "patch_url": format!("{html}.patch"),
            "merged_at": null,
        });
        body["draft"] = false.into();
    }
    body
}

/// Who wrote something; null where the login is empty, as GitHub says it of some lost accounts.
fn author(world: &World, login: &str) -> Value {
    if login.is_empty() {
        return Value::Null;
    }
    user(world, login)
}

/// A comment of an issue.
pub(super) fn comment(world: &World, repository: u64, number: u64, comment: &Comment) -> Value {
    let name = &world.repositories[&repository].full_name;
    let base = format!("{}/repos/{name}/issues", world.api);
    let page = format!("{}/{name}/issues/{number}", world.web);
    json!({
        "id": comment.id,
        "node_id": format!("IC_{}", comment.id),
        "url": format!("{base}/comments/{}", comment.id),
        "issue_url": format!("{base}/{number}"),
        "html_url": format!("{page}#issuecomment-{}", comment.id),
        "body": comment.body,
        "user": author(world, &comment.author),
        "created_at": moment(comment.created),
        "updated_at": moment(comment.updated),
        "author_association": "NONE",
    })
}

/// A commit.
pub(super) fn commit(world: &World, repository: &Repository, commit: &Commit) -> Value {
    let base = format!("{}/repos/{}", world.api, repository.full_name);
    let page = format!("{}/{}", world.web, repository.full_name);
    let url = |sha: &str| format!("{base}/commits/{sha}");
    let person = json!({
        "name": commit.author,
        "email": format!("{}@users.noreply.github.com", commit.author),
        "date": moment(commit.moment),
    });
    let parents: Vec<Value> = commit
        .parent
        .iter()
        .map(|sha| json!({ "sha": sha, "url": url(sha), "html_url": format!("{page}/commit/{sha}") }))
        .collect();
    json!({
        "url": url(&commit.sha),
        "sha": commit.sha,
        "node_id": format!("C_{}", commit.sha),
        "html_url": format!("{page}/commit/{}", commit.sha),
        "comments_url": format!("{}/comments", url(&commit.sha)),
        "commit": {
            "url": format!("{base}/git/commits/{}", commit.sha),
            "author": person,
            "committer": person,
            "message": commit.message,
            "comment_count": 0,
            "tree": { "sha": commit.sha, "url": format!("{base}/git/trees/{}", commit.sha) },
        },
        "author": user(world, &commit.author),
        // As GitHub says it where the committer has no account.
        "committer": null,
        "parents": parents,
    })
}
