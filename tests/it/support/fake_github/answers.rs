//! What GitHub answers to each operation when nothing goes wrong.

mod accounts;
mod contents;
mod dispatches;
mod issues;
mod labels;
mod paging;
mod runs;
mod workflows;

pub(super) use dispatches::{Start, started};

use axum::http::HeaderMap;
use serde_json::{Value, json};

use super::access::{Access, Level, Token};
use super::repository::Repository;
use super::schema::Operation;
use super::world::World;
use crate::support::reply::Reply;

/// One request that fits the description.
pub(super) struct Call {
    pub operation: Operation,
    pub query: Vec<(String, String)>,
    pub headers: HeaderMap,
    pub body: Value,
    pub token: Option<Token>,
    /// The path as it was asked for.
    pub path: String,
}

/// An answer, or one that says why not.
pub(super) type Answered = Result<Reply, Reply>;

impl Call {
    pub fn query(&self, name: &str) -> Option<&str> {
        let mut query = self.query.iter();
        query
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    pub fn name(&self, name: &str) -> &str {
        &self.operation.names[name]
    }

    /// A number in the path. What is none cannot be found.
    pub fn number(&self, name: &str) -> Result<u64, Reply> {
        self.name(name).parse().map_err(|_| not_found())
    }

    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    pub fn login(&self) -> String {
        let token = self.token.as_ref();
        token.map_or_else(String::new, |token| token.login.clone())
    }

    /// What the caller may do in a repository.
    pub fn access(&self, repository: &Repository) -> Access {
        let granted = self
            .token
            .as_ref()
            .and_then(|token| token.access(&repository.full_name));
        granted.unwrap_or(Access::none())
    }

    /// The repository of the path when the caller has this permission there. Public ones can be
    /// read by everybody; private ones are not there for those they do not concern.
    pub fn repository<'a>(
        &self,
        world: &'a World,
        permission: &str,
        level: Level,
    ) -> Result<&'a Repository, Reply> {
        let name = format!("{}/{}", self.name("owner"), self.name("repo"));
        let Some(repository) = world.named(&name) else {
            return Err(self.moved(world, &name));
        };
        let granted = self.access(repository).level(permission);
        let readable = !repository.private && level == Level::Read;
        if granted >= level || readable {
            if repository.archived && level == Level::Write {
                return Err(error(403, "Repository was archived so is read-only."));
            }
            return Ok(repository);
        }
        if repository.private && self.access(repository) == Access::none() {
            return Err(not_found());
        }
        match &self.token {
            None => Err(error(401, "Requires authentication")),
            Some(token) => {
                let kind = if token.installation {
                    "integration"
                } else {
                    "personal access token"
                };
                let needed = format!("{permission}={}", level.name().unwrap_or("none"));
                let message = format!("Resource not accessible by {kind}");
                Err(error(403, &message).header("x-accepted-github-permissions", needed))
            }
        }
    }

    /// Where a renamed repository is now; 404 when it never was there.
    fn moved(&self, world: &World, name: &str) -> Reply {
        let Some(id) = world.renamed.get(&name.to_lowercase()) else {
            return not_found();
        };
        if self.token.is_none() && world.repositories[id].private {
            return not_found();
        }
        let (status, message) = match self.operation.method.as_str() {
            "GET" => (301, "Moved Permanently"),
            _ => (307, "Temporary Redirect"),
        };
        let rest = self.path.splitn(5, '/').nth(4).unwrap_or_default();
        let mut url = format!("{}/repositories/{id}", world.api);
        if !rest.is_empty() {
            url += &format!("/{rest}");
        }
        if !self.query.is_empty() {
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            url += &format!("?{}", query.extend_pairs(&self.query).finish());
        }
        let body = json!({ "message": message, "url": url, "documentation_url": DOCUMENTATION });
        of_json(status, &body).header("location", url)
    }
}

const DOCUMENTATION: &str = "https://docs.github.com/rest";

/// An answer in JSON.
pub(super) fn of_json(status: u16, body: &Value) -> Reply {
    Reply::new(status)
        .header("content-type", "application/json; charset=utf-8")
        .body(body.to_string().into_bytes())
}

/// An error in GitHub's form.
pub(super) fn error(status: u16, message: &str) -> Reply {
    let body = json!({
        "message": message,
        "documentation_url": DOCUMENTATION,
        "status": status.to_string(),
    });
    of_json(status, &body)
}

pub(super) fn not_found() -> Reply {
    error(404, "Not Found")
}

/// A 422 about one field.
pub(super) fn invalid(resource: &str, field: &str, code: &str, message: Option<&str>) -> Reply {
    let mut problem = json!({ "resource": resource, "field": field, "code": code });
    if let Some(message) = message {
        problem["message"] = message.into();
    }
    let body = json!({
        "message": "Validation Failed",
        "errors": [problem],
        "documentation_url": DOCUMENTATION,
        "status": "422",
    });
    of_json(422, &body)
}

/// The answer to a call.
pub(super) fn answer(world: &mut World, call: &Call) -> Reply {
    use self::{accounts, contents, dispatches, issues, labels, runs, workflows};
    let path = call.operation.path;
    let Some(rest) = path.strip_prefix("/repos/{owner}/{repo}") else {
        return match path {
            "/user" => accounts::user(world, call),
            "/rate_limit" => accounts::rate_limit(world, call),
            "/app" => accounts::app(world, call),
            "/app/installations/{installation_id}/access_tokens" => {
                accounts::installation_token(world, call)
            }
            _ => Err(not_found()),
        }
        .unwrap_or_else(|reply| reply);
    };
    let is_write = call.operation.method != "GET";
    let answered = match (is_write, rest) {
        (false, "") => contents::repository(world, call),
        (false, "/installation") => accounts::installation(world, call),
        (false, "/branches/{branch}") => contents::branch(world, call),
        (false, "/commits/{ref}") => contents::commit(world, call),
        (false, "/contents/{path}") => contents::contents(world, call),
        (false, "/issues") => issues::list(world, call),
        (true, "/issues") => issues::create(world, call),
        (false, "/issues/{issue_number}") => issues::get(world, call),
        (true, "/issues/{issue_number}") => issues::update(world, call),
        (false, "/issues/{issue_number}/comments") => issues::comments(world, call),
        (true, "/issues/{issue_number}/comments") => issues::create_comment(world, call),
        (false, "/issues/comments/{comment_id}") => issues::comment(world, call),
        (true, "/issues/comments/{comment_id}") => issues::update_comment(world, call),
        (false, "/issues/{issue_number}/labels") => labels::of_issue(world, call),
        (true, "/issues/{issue_number}/labels") => labels::add_to_issue(world, call),
        (false, "/labels") => labels::list(world, call),
        (true, "/labels") => labels::create(world, call),
        (false, "/labels/{name}") => labels::get(world, call),
        (true, "/dispatches") => dispatches::repository(world, call),
        (false, "/actions/workflows") => workflows::list(world, call),
        (false, "/actions/workflows/{workflow_id}") => workflows::get(world, call),
        (true, "/actions/workflows/{workflow_id}/dispatches") => dispatches::workflow(world, call),
        (false, "/actions/workflows/{workflow_id}/runs") | (false, "/actions/runs") => {
            runs::list(world, call)
        }
        (false, "/actions/runs/{run_id}") => runs::get(world, call),
        (false, "/actions/runs/{run_id}/jobs") => runs::jobs(world, call),
        (true, "/actions/runs/{run_id}/rerun-failed-jobs") => runs::rerun_failed(world, call),
        (false, "/actions/runs/{run_id}/artifacts") => runs::artifacts(world, call),
        (false, "/actions/artifacts/{artifact_id}/{archive_format}") => runs::download(world, call),
        _ => Err(not_found()),
    };
    answered.unwrap_or_else(|reply| reply)
}
