//! Accounts.

use serde_json::{Value, json};

use crate::support::fake_github::world::{Account, World};

/// The account of a login.
pub(in crate::support::fake_github) fn user(world: &World, login: &str) -> Value {
    let unknown = || Account {
        id: 1,
        login: login.to_owned(),
    };
    let account = world.accounts.get(login).cloned().unwrap_or_else(unknown);
    let in_address = login.replace('[', "%5B").replace(']', "%5D");
    let url = format!("{}/users/{in_address}", world.api);
    let page = login.strip_suffix("[bot]").map_or_else(
        || format!("{}/{login}", world.web),
        |slug| format!("{}/apps/{slug}", world.web),
    );
    json!({
        "login": login,
        "id": account.id,
        "node_id": format!("U_{}", account.id),
        "avatar_url": format!("https://avatars.githubusercontent.com/u/{}?v=4", account.id),
        "gravatar_id": "",
        "url": url,
        "html_url": page,
        "followers_url": format!("{url}/followers"),
        "following_url": format!("{url}/following{{/other_user}}"),
        "gists_url": format!("{url}/gists{{/gist_id}}"),
        "starred_url": format!("{url}/starred{{/owner}}{{/repo}}"),
        "subscriptions_url": format!("{url}/subscriptions"),
        "organizations_url": format!("{url}/orgs"),
        "repos_url": format!("{url}/repos"),
        "events_url": format!("{url}/events{{/privacy}}"),
        "received_events_url": format!("{url}/received_events"),
        "type": account.kind(),
        "site_admin": false,
    })
}

/// The account as its own token sees it.
pub(in crate::support::fake_github) fn private_user(world: &World, account: &Account) -> Value {
    let mut body = user(world, &account.login);
    let rest = json!({
        "name": null, "company": null, "blog": null, "location": null, "email": null,
        "hireable": null, "bio": null, "twitter_username": null,
        "public_repos": 1, "public_gists": 0, "followers": 0, "following": 0,
        "created_at": "2020-01-01T00:00:00Z", "updated_at": "2020-01-01T00:00:00Z",
        "private_gists": 0, "total_private_repos": 0, "owned_private_repos": 0,
        "disk_usage": 0, "collaborators": 0, "two_factor_authentication": true,
    });
    for (name, value) in rest.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}
