//! Labels of a repository and of its issues.

use serde_json::Value;

use super::paging::Page;
use super::{Answered, Call, invalid, not_found, of_json};
use crate::support::fake_github::access::Level;
use crate::support::fake_github::render;
use crate::support::fake_github::repository::Label;
use crate::support::fake_github::world::World;

/// The names of these labels; those that the repository does not have are made.
pub(super) fn made(world: &mut World, repository: u64, wanted: &[Value]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for one in wanted {
        let Some(name) = one.as_str().or_else(|| one["name"].as_str()) else {
            continue;
        };
        let id = world.id();
        let of = world.repositories.get_mut(&repository).unwrap();
        let name = match of.label(name) {
            Some(known) => known.name.clone(),
            None => {
                of.labels.push(Label {
                    id,
                    name: name.to_owned(),
                    color: "ededed".to_owned(),
                    description: None,
                });
                name.to_owned()
            }
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

pub(super) fn list(world: &mut World, call: &Call) -> Answered {
    let repository = call.repository(world, "issues", Level::Read)?;
    let page = Page::of(world, call, repository.labels.clone());
    let labels = page
        .items
        .iter()
        .map(|label| render::label(world, repository, label));
    let body = Value::Array(labels.collect());
    Ok(page.reply(&body))
}

pub(super) fn get(world: &mut World, call: &Call) -> Answered {
    let repository = call.repository(world, "issues", Level::Read)?;
    let label = repository.label(call.name("name")).ok_or_else(not_found)?;
    Ok(of_json(200, &render::label(world, repository, label)))
}

pub(super) fn create(world: &mut World, call: &Call) -> Answered {
    let repository = call.repository(world, "issues", Level::Write)?;
    let name = call.body["name"].as_str().unwrap_or_default().to_owned();
    if !call.access(repository).push {
        return Err(not_found());
    }
    if repository.label(&name).is_some() {
        return Err(invalid("Label", "name", "already_exists", None));
    }
    let color = call.body["color"].as_str().unwrap_or("ededed").to_owned();
    let is_color = color.len() == 6 && color.chars().all(|one| one.is_ascii_hexdigit());
    if name.is_empty() || name.chars().count() > 50 || !is_color {
        let field = if is_color { "name" } else { "color" };
        return Err(invalid("Label", field, "invalid", None));
    }
    let description = call.body["description"].as_str().map(str::to_owned);
    if description
        .as_ref()
        .is_some_and(|text| text.chars().count() > 100)
    {
        return Err(invalid("Label", "description", "invalid", None));
    }
    let id = repository.id;
    world.write();
    let label = Label {
        id: world.id(),
        name,
        color,
        description,
    };
    let repository = world.repositories.get_mut(&id).unwrap();
    repository.labels.push(label.clone());
    let body = render::label(world, &world.repositories[&id], &label);
    Ok(of_json(201, &body))
}

fn rendered(world: &World, repository: u64, names: &[String]) -> Value {
    let repository = &world.repositories[&repository];
    let labels = names.iter().filter_map(|name| repository.label(name));
    labels
        .map(|label| render::label(world, repository, label))
        .collect()
}

pub(super) fn of_issue(world: &mut World, call: &Call) -> Answered {
    let repository = call.repository(world, "issues", Level::Read)?;
    let number = call.number("issue_number")?;
    let issue = repository.issue(number).ok_or_else(not_found)?;
    let page = Page::of(world, call, issue.labels.clone());
    Ok(page.reply(&rendered(world, repository.id, &page.items)))
}

pub(super) fn add_to_issue(world: &mut World, call: &Call) -> Answered {
    let repository = call.repository(world, "issues", Level::Write)?;
    let number = call.number("issue_number")?;
    repository.issue(number).ok_or_else(not_found)?;
    if !call.access(repository).push {
        return Err(not_found());
    }
    let id = repository.id;
    let wanted = match &call.body {
        Value::Array(labels) => labels.clone(),
        Value::String(label) => vec![label.clone().into()],
        body => body["labels"].as_array().cloned().unwrap_or_default(),
    };
    let now = world.write();
    let names = made(world, id, &wanted);
    let repository = world.repositories.get_mut(&id).unwrap();
    let issue = repository.issue_mut(number).unwrap();
    issue.updated = now;
    for name in names {
        if !issue.labels.contains(&name) {
            issue.labels.push(name);
        }
    }
    let names = issue.labels.clone();
    Ok(of_json(200, &rendered(world, id, &names)))
}
