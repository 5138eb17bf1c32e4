//! Workflows.

use serde_json::{Value, json};

use super::paging::Page;
use super::{Answered, Call, not_found, of_json};
use crate::support::fake_github::access::Level;
use crate::support::fake_github::render;
use crate::support::fake_github::world::World;

pub(super) fn list(world: &mut World, call: &Call) -> Answered {
    let repository = call.repository(world, "actions", Level::Read)?;
    let page = Page::of(world, call, repository.workflows.clone());
    let workflows = page
        .items
        .iter()
        .map(|one| render::workflow(world, repository, one));
    let workflows = Value::Array(workflows.collect());
    Ok(page.reply(&json!({ "total_count": page.total, "workflows": workflows })))
}

pub(super) fn get(world: &mut World, call: &Call) -> Answered {
    let repository = call.repository(world, "actions", Level::Read)?;
    let workflow = world
        .workflow(repository.id, call.name("workflow_id"))
        .ok_or_else(not_found)?;
    Ok(of_json(200, &render::workflow(world, repository, workflow)))
}
