//! The right answer to a request: who asks, whether it is well-formed, what GitHub says.

use axum::body::Bytes;
use axum::http::HeaderMap;
use rewheel::source::Sha256Sum;
use serde_json::Value;

use super::access::Token;
use super::answers::{self, Call, error, not_found};
use super::schema::Operation;
use super::serving::header;
use super::world::World;
use crate::support::reply::Reply;

/// A request as it came.
pub(super) struct Asked {
    pub method: String,
    pub path: String,
    pub query: String,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub archives: bool,
}

impl World {
    /// Keeps what a request or an answer does against GitHub's description.
    pub fn violate(&mut self, asked: &Asked, problems: &[String]) {
        for problem in problems {
            let line = format!("{} {}: {problem}", asked.method, asked.path);
            self.violations.push(line);
        }
    }

    /// Finds out whose token a request carries, and notes it. `Err` when nobody knows it.
    pub fn recognize(&mut self, place: usize, asked: &Asked) -> Result<Option<Token>, ()> {
        let carried = header(&asked.headers, "authorization");
        let Some((kind, text)) = carried.split_once(' ') else {
            return if carried.is_empty() {
                Ok(None)
            } else {
                Err(())
            };
        };
        let known = self.tokens.get(text).cloned();
        let is_kind = kind.eq_ignore_ascii_case("bearer") || kind.eq_ignore_ascii_case("token");
        let living = known.filter(|token| token.expires.is_none_or(|end| self.now < end));
        let token = living.filter(|_| is_kind).ok_or(())?;
        self.journal[place].login = Some(token.login.clone());
        Ok(Some(token))
    }

    /// The right answer.
    pub fn respond(&mut self, place: usize, asked: &Asked) -> Reply {
        if asked.archives {
            return self.archive(asked);
        }
        let reply = self.checked(place, asked);
        self.with_limits(reply)
    }

    /// What the server of archives answers. No login may reach it.
    fn archive(&mut self, asked: &Asked) -> Reply {
        if asked.headers.contains_key("authorization") {
            let problem = "the login went to the server of archives".to_owned();
            self.violate(asked, &[problem]);
        }
        let id = asked.path.strip_prefix("/artifact/");
        let artifact = id
            .and_then(|id| id.parse().ok())
            .and_then(|id| self.artifact(id));
        match artifact {
            Some(artifact) if asked.query == "sig=signed" => Reply::new(200)
                .header("content-type", "application/zip")
                .body(artifact.archive.clone()),
            _ => Reply::new(404).header("content-type", "text/html"),
        }
    }

    fn checked(&mut self, place: usize, asked: &Asked) -> Reply {
        let path = self.journal[place].path.clone();
        let mut problems = problems_of_headers(&asked.headers);
        let rooted = path.len() != asked.path.len() || !self.enterprise;
        let named = self.by_name(&path);
        let operation = named
            .as_deref()
            .filter(|_| rooted)
            .and_then(|path| Operation::find(&asked.method, path));
        let Some(operation) = operation else {
            // A repository that is not there any more is no mistake of the client's.
            if named.is_some() {
                problems.push("GitHub's description has no such operation".to_owned());
            }
            self.violate(asked, &problems);
            return not_found();
        };
        let query: Vec<(String, String)> = url::form_urlencoded::parse(asked.query.as_bytes())
            .into_owned()
            .collect();
        problems.extend(operation.problems_of_request(&query, &asked.body));
        if !problems.is_empty() {
            self.violate(asked, &problems);
            let message = format!("Invalid request.\n\n{}", problems.join("\n"));
            return error(422, &message);
        }
        // Apps sign a token of their own, which is looked at where it is asked for.
        let signs = operation.path.starts_with("/app") || operation.path.ends_with("/installation");
        let token = match self.recognize(place, asked) {
            Ok(token) => token,
            Err(()) if signs => None,
            Err(()) => return error(401, "Bad credentials"),
        };
        if !self.within_limit(&operation) {
            return error(403, "API rate limit exceeded for user ID 1.");
        }
        let call = Call {
            path: named.unwrap_or(path),
            query,
            headers: asked.headers.clone(),
            body: serde_json::from_slice(&asked.body).unwrap_or(Value::Null),
            token,
            operation,
        };
        let reply = answers::answer(self, &call);
        self.check_answer(asked, &call.operation, &reply);
        self.marked(asked, reply)
    }

    /// The path with a repository's name where it has its number, as redirects say it. `None`
    /// when there is no such repository.
    fn by_name(&self, path: &str) -> Option<String> {
        let Some(rest) = path.strip_prefix("/repositories/") else {
            return Some(path.to_owned());
        };
        let (id, rest) = rest.split_once('/').unwrap_or((rest, ""));
        let repository = self.repositories.get(&id.parse().ok()?)?;
        let slash = if rest.is_empty() { "" } else { "/" };
        let named = !repository.full_name.is_empty();
        named.then(|| format!("/repos/{}{slash}{rest}", repository.full_name))
    }

    /// Counts a request, and says whether it is within the primary limit.
    fn within_limit(&mut self, operation: &Operation) -> bool {
        if self.now >= self.rate.reset {
            self.rate.used = 0;
            self.rate.reset = self.now + chrono::Duration::hours(1);
        }
        if operation.path == "/rate_limit" {
            return true;
        }
        self.rate.used += 1;
        self.rate.used <= self.rate.limit
    }

    fn check_answer(&mut self, asked: &Asked, operation: &Operation, reply: &Reply) {
        let kind = reply
            .headers
            .iter()
            .find(|(name, _)| *name == "content-type");
        let body = match kind {
            Some((_, kind)) if kind.starts_with("application/json") => {
                Some(serde_json::from_slice::<Value>(&reply.body).unwrap())
            }
            // A file as it is, which no schema is for.
            Some(_) => return,
            None => None,
        };
        let problems = operation.problems_of_answer(reply.status, body.as_ref());
        let problems: Vec<String> = problems
            .into_iter()
            .map(|problem| format!("the fake's own answer: {problem}"))
            .collect();
        self.violate(asked, &problems);
    }

    /// The answer with its ETag, or 304, which is free.
    fn marked(&mut self, asked: &Asked, reply: Reply) -> Reply {
        if asked.method != "GET" || reply.status != 200 {
            return reply;
        }
        let etag = format!("W/\"{}\"", Sha256Sum::of(&reply.body));
        let known = header(&asked.headers, "if-none-match");
        if known.split(',').any(|one| one.trim() == etag) {
            self.rate.used = self.rate.used.saturating_sub(1);
            return Reply::new(304).header("etag", etag);
        }
        reply.header("etag", etag)
    }

    /// The answer with the headers that every answer has.
    pub fn with_limits(&self, reply: Reply) -> Reply {
        let rate = &self.rate;
        let left = rate.limit.saturating_sub(rate.used);
        let all = [
            ("date", httpdate::fmt_http_date(self.now.into())),
            (
                "x-github-request-id",
                format!("FAKE:{}", self.journal.len()),
            ),
            ("x-github-api-version-selected", "2022-11-28".to_owned()),
            ("x-ratelimit-limit", rate.limit.to_string()),
            ("x-ratelimit-remaining", left.to_string()),
            ("x-ratelimit-used", rate.used.min(rate.limit).to_string()),
            ("x-ratelimit-reset", rate.reset.timestamp().to_string()),
            ("x-ratelimit-resource", "core".to_owned()),
        ];
        let server = self.enterprise.then(|| "3.19.1".to_owned());
        let server = server.map(|version| ("x-github-enterprise-version", version));
        let mut reply = reply;
        for (name, value) in all.into_iter().chain(server) {
            if !reply.headers.iter().any(|(known, _)| *known == name) {
                reply = reply.header(name, value);
            }
        }
        reply
    }
}

/// What GitHub wants of the headers of every request.
fn problems_of_headers(headers: &HeaderMap) -> Vec<String> {
    let mut problems = Vec::new();
    if header(headers, "user-agent").is_empty() {
        problems.push("the request names no User-Agent".to_owned());
    }
    let version = header(headers, "x-github-api-version");
    if version != "2022-11-28" {
        problems.push(format!("X-GitHub-Api-Version is {version:?}"));
    }
    let accept = header(headers, "accept");
    if !accept.contains("application/vnd.github") && !accept.contains("application/json") {
        problems.push(format!("Accept is {accept:?}"));
    }
    problems
}
