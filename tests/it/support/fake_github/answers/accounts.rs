//! Who the caller is, what is left of the limit, and Apps.

use chrono::{Duration, SecondsFormat};
use serde_json::{Value, json};

use super::{Answered, Call, error, not_found, of_json};
use crate::support::fake_github::access::{Access, App, Level, Token};
use crate::support::fake_github::render;
use crate::support::fake_github::world::World;
use crate::support::reply::Reply;

/// The permissions that the fake knows.
const PERMISSIONS: [&str; 4] = ["issues", "actions", "contents", "metadata"];

pub(super) fn user(world: &mut World, call: &Call) -> Answered {
    match &call.token {
        None => Err(error(401, "Requires authentication")),
        Some(token) if token.installation => {
            Err(error(403, "Resource not accessible by integration"))
        }
        Some(token) => {
            let account = world.account(&token.login);
            Ok(of_json(200, &render::private_user(world, &account)))
        }
    }
}

pub(super) fn rate_limit(world: &mut World, _: &Call) -> Answered {
    let rate = &world.rate;
    let core = json!({
        "limit": rate.limit,
        "used": rate.used.min(rate.limit),
        "remaining": rate.limit.saturating_sub(rate.used),
        "reset": rate.reset.timestamp(),
    });
    let body = json!({ "resources": { "core": core, "search": core }, "rate": core });
    Ok(of_json(200, &body))
}

/// The App whose JSON Web Token the call carries.
fn signed(world: &World, call: &Call) -> Result<App, Reply> {
    let carried = call.header("authorization");
    let token = carried.split_once(' ').map_or("", |(_, token)| token);
    if token.is_empty() {
        return Err(error(401, "Requires authentication"));
    }
    let mut verdicts = world.apps.iter().filter_map(|app| {
        let verdict = app.refuses(token, world.now)?;
        Some(verdict.map(|()| app.clone()))
    });
    match verdicts.next() {
        Some(Ok(app)) => Ok(app),
        Some(Err(message)) => Err(error(401, &message)),
        None => Err(error(401, "A JSON web token could not be decoded")),
    }
}

fn permissions(access: Access) -> Value {
    let levels = PERMISSIONS
        .iter()
        .filter_map(|name| Some((*name, access.level(name).name()?)));
    levels
        .map(|(name, level)| (name.to_owned(), level.into()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

pub(super) fn app(world: &mut World, call: &Call) -> Answered {
    let app = signed(world, call)?;
    let owner = world.account("app-owner");
    let moment = render::moment(world.now);
    let body = json!({
        "id": app.id,
        "slug": app.slug,
        "node_id": format!("A_{}", app.id),
        "client_id": format!("Iv1.{:016x}", app.id),
        "owner": render::user(world, &owner.login),
        "name": app.slug,
        "description": null,
        "external_url": "https://example.org",
        "html_url": format!("{}/apps/{}", world.web, app.slug),
        "created_at": moment,
        "updated_at": moment,
        "permissions": permissions(app.access),
        "events": [],
        "installations_count": 1,
    });
    Ok(of_json(200, &body))
}

pub(super) fn installation(world: &mut World, call: &Call) -> Answered {
    let app = signed(world, call)?;
    let name = format!("{}/{}", call.name("owner"), call.name("repo"));
    if world.renamed.contains_key(&name.to_lowercase()) {
        return Err(call.repository(world, "metadata", Level::Read).unwrap_err());
    }
    let mut installed = app.repositories.iter();
    if !installed.any(|one| one.eq_ignore_ascii_case(&name)) {
        return Err(not_found());
    }
    let repository = world.named(&name).ok_or_else(not_found)?;
    let owner = repository.owner().to_owned();
    let account = world.account(&owner);
    let moment = render::moment(world.now);
    let suspended = app.suspended.then(|| moment.clone());
    let body = json!({
        "id": app.installation,
        "account": render::user(world, &owner),
        "access_tokens_url":
            format!("{}/app/installations/{}/access_tokens", world.api, app.installation),
        "repositories_url": format!("{}/installation/repositories", world.api),
        "html_url": format!("{}/settings/installations/{}", world.web, app.installation),
        "app_id": app.id,
        "app_slug": app.slug,
        "target_id": account.id,
        "target_type": "Organization",
        "permissions": permissions(app.access),
        "events": [],
        "created_at": moment,
        "updated_at": moment,
        "single_file_name": null,
        "repository_selection": "selected",
        "suspended_by": null,
        "suspended_at": suspended,
    });
    Ok(of_json(200, &body))
}

pub(super) fn installation_token(world: &mut World, call: &Call) -> Answered {
    let app = signed(world, call)?;
    if call.number("installation_id")? != app.installation {
        return Err(not_found());
    }
    if app.suspended {
        return Err(error(403, "This installation has been suspended"));
    }
    let access = narrowed(&app, call)?;
    let repositories = reached(world, &app, call)?;
    world.write();
    let number = world.id();
    // Of no fixed length or shape: GitHub's have dots, dashes and underscores in them.
    let text = format!("ghs_{}_{}.{number}-x_y", app.id, "Ab3".repeat(60));
    let expires = world.now + Duration::hours(1);
    let mut token = Token::bot(&app.login());
    token.expires = Some(expires);
    for repository in &repositories {
        token = token.on(repository, access);
    }
    world.account(&app.login());
    world.tokens.insert(text.clone(), token);
    let body = json!({
        "token": text,
        "expires_at": expires.to_rfc3339_opts(SecondsFormat::Secs, true),
        "permissions": permissions(access),
        "repository_selection": "selected",
    });
    Ok(of_json(201, &body))
}

/// What the token may do: all that the App may, or what is asked for.
fn narrowed(app: &App, call: &Call) -> Result<Access, Reply> {
    let Some(asked) = call.body["permissions"].as_object() else {
        return Ok(app.access);
    };
    let mut access = Access {
        metadata: app.access.metadata,
        push: app.access.push,
        ..Access::none()
    };
    for (name, level) in asked {
        let level = Level::parse(level.as_str().unwrap_or_default());
        if !PERMISSIONS.contains(&name.as_str()) || level > app.access.level(name) {
            let message = "The permissions requested are not granted to this installation.";
            return Err(error(422, message));
        }
        access.set(name, level);
    }
    Ok(access)
}

/// The repositories of the token: all of the installation's, or those that are asked for.
fn reached(world: &World, app: &App, call: &Call) -> Result<Vec<String>, Reply> {
    let mut asked: Vec<Option<String>> = Vec::new();
    for name in call.body["repositories"].as_array().into_iter().flatten() {
        let mut names = app.repositories.iter();
        let short = |full: &str| full.split('/').nth(1).map(str::to_owned);
        let known = names.find(|full| short(full).as_deref() == name.as_str());
        asked.push(known.cloned());
    }
    for id in call.body["repository_ids"].as_array().into_iter().flatten() {
        let repository = id.as_u64().and_then(|id| world.repositories.get(&id));
        let name = repository.map(|one| one.full_name.clone());
        asked.push(name.filter(|name| app.repositories.contains(name)));
    }
    if asked.is_empty() {
        return Ok(app.repositories.clone());
    }
    let message = "There is at least one repository that does not exist or is not accessible to the parent installation.";
    asked
        .into_iter()
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| error(422, message))
}
