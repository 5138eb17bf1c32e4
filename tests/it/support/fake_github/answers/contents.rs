//! A repository, its commits and its files.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rewheel::source::Sha256Sum;
use serde_json::{Value, json};

use super::{Answered, Call, error, not_found, of_json};
use crate::support::fake_github::access::Level;
use crate::support::fake_github::render;
use crate::support::fake_github::repository::{Commit, Repository};
use crate::support::fake_github::world::World;
use crate::support::reply::Reply;

/// The most bytes of a file that come inside the JSON.
const LARGEST_IN_JSON: usize = 1 << 20;

pub(super) fn repository(world: &mut World, call: &Call) -> Answered {
    let repository = call.repository(world, "metadata", Level::Read)?;
    let mut body = render::repository(world, repository);
    let access = call.access(repository);
    let permissions = json!({
        "admin": false, "maintain": false, "push": access.push, "triage": access.push,
        "pull": true,
    });
    if call.token.as_ref().is_some_and(|token| !token.installation) {
        body["permissions"] = permissions;
    }
    Ok(of_json(200, &body))
}

pub(super) fn branch(world: &mut World, call: &Call) -> Answered {
    let repository = call.repository(world, "contents", Level::Read)?;
    let name = call.name("branch");
    let sha = repository
        .branches
        .get(name)
        .ok_or_else(|| error(404, "Branch not found"))?;
    let commit = repository.resolve(sha).ok_or_else(not_found)?;
    let url = format!(
        "{}/repos/{}/branches/{name}",
        world.api, repository.full_name
    );
    let html = format!("{}/{}/tree/{name}", world.web, repository.full_name);
    let body = json!({
        "name": name,
        "commit": render::commit(world, repository, commit),
        "_links": { "self": url, "html": html },
        "protected": false,
        "protection": {
            "enabled": false,
            "required_status_checks": { "enforcement_level": "off", "contexts": [], "checks": [] },
        },
        "protection_url": format!("{url}/protection"),
    });
    Ok(of_json(200, &body))
}

pub(super) fn commit(world: &mut World, call: &Call) -> Answered {
    let repository = call.repository(world, "contents", Level::Read)?;
    let reference = call.name("ref");
    let commit = repository
        .resolve(reference)
        .ok_or_else(|| error(422, &format!("No commit found for SHA: {reference}")))?;
    if call.header("accept").contains("application/vnd.github.sha") {
        let reply = Reply::new(200).header("content-type", "application/vnd.github.sha");
        return Ok(reply.body(commit.sha.clone().into_bytes()));
    }
    Ok(of_json(200, &render::commit(world, repository, commit)))
}

pub(super) fn contents(world: &mut World, call: &Call) -> Answered {
    let repository = call.repository(world, "contents", Level::Read)?;
    let reference = call.query("ref").unwrap_or("HEAD");
    let commit = repository
        .resolve(reference)
        .ok_or_else(|| error(404, &format!("No commit found for the ref {reference}")))?;
    let path = call.name("path").trim_end_matches('/');
    let Some(content) = commit.files.get(path) else {
        return directory(world, repository, commit, path);
    };
    if call.header("accept").contains("vnd.github.raw") {
        let kind = "application/vnd.github.raw+json; charset=utf-8";
        let reply = Reply::new(200).header("content-type", kind);
        return Ok(reply.body(content.clone()));
    }
    let mut body = entry(world, repository, commit, path, Some(content));
    let whole = content.len() <= LARGEST_IN_JSON;
    let packed: Vec<String> = BASE64_STANDARD
        .encode(content)
        .as_bytes()
        .chunks(60)
        .map(|line| String::from_utf8_lossy(line).into_owned() + "\n")
        .collect();
    body["content"] = if whole {
        packed.concat()
    } else {
        String::new()
    }
    .into();
    body["encoding"] = if whole { "base64" } else { "none" }.into();
    Ok(of_json(200, &body))
}

fn directory(world: &World, repository: &Repository, commit: &Commit, path: &str) -> Answered {
    let prefix = if path.is_empty() {
        String::new()
    } else {
        format!("{path}/")
    };
    let mut names: Vec<(String, bool)> = commit
        .files
        .keys()
        .filter_map(|file| file.strip_prefix(&prefix))
        .map(|rest| match rest.split_once('/') {
            Some((folder, _)) => (format!("{prefix}{folder}"), false),
            None => (format!("{prefix}{rest}"), true),
        })
        .collect();
    names.dedup();
    if names.is_empty() {
        return Err(not_found());
    }
    let entries = names.iter().map(|(path, is_file)| {
        let content = commit.files.get(path).filter(|_| *is_file);
        entry(world, repository, commit, path, content)
    });
    Ok(of_json(200, &Value::Array(entries.collect())))
}

/// A file, or a folder where there is no content.
fn entry(
    world: &World,
    repository: &Repository,
    commit: &Commit,
    path: &str,
    content: Option<&Vec<u8>>,
) -> Value {
    let name = path.rsplit('/').next().unwrap_or_default();
    let sha = Sha256Sum::of(content.map_or(path.as_bytes(), Vec::as_slice))[..40].to_owned();
    let api = format!("{}/repos/{}", world.api, repository.full_name);
    let url = format!("{api}/contents/{path}?ref={}", commit.sha);
    let (kind, object) = match content {
        Some(_) => ("file", "blob"),
        None => ("dir", "tree"),
    };
    let git = format!("{api}/git/{object}s/{sha}");
    let html = format!(
        "{}/{}/{object}/{}/{path}",
        world.web, repository.full_name, commit.sha
    );
    let raw = format!(
        "{}/{}/raw/{}/{path}",
        world.web, repository.full_name, commit.sha
    );
    json!({
        "type": kind,
        "name": name,
        "path": path,
        "sha": sha,
        "size": content.map_or(0, Vec::len),
        "url": url,
        "git_url": git,
        "html_url": html,
        "download_url": content.map(|_| raw),
        "_links": { "self": url, "git": git, "html": html },
    })
}
