//! Lists in pages.

use serde_json::Value;

use super::Call;
use crate::support::fake_github::world::World;
use crate::support::reply::Reply;

/// One page of a list, and the `Link` header to the others.
pub(super) struct Page<T> {
    pub items: Vec<T>,
    pub total: usize,
    link: String,
}

impl<T> Page<T> {
    /// The page that a call asks for: 30 items, or up to 100.
    pub fn of(world: &World, call: &Call, all: Vec<T>) -> Self {
        let number = |name: &str, otherwise: usize| {
            let asked = call.query(name).and_then(|value| value.parse().ok());
            asked.filter(|value| *value > 0).unwrap_or(otherwise)
        };
        let size = number("per_page", 30).min(100);
        let page = number("page", 1);
        let total = all.len();
        let last = total.div_ceil(size).max(1);
        let url = |page: usize| {
            let others = call.query.iter().filter(|(name, _)| name != "page");
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            query.extend_pairs(others);
            query.append_pair("page", &page.to_string());
            format!("<{}{}?{}>", world.api, call.path, query.finish())
        };
        let mut links = Vec::new();
        if page > 1 {
            links.push(format!("{}; rel=\"prev\"", url(page - 1)));
        }
        if page < last {
            links.push(format!("{}; rel=\"next\"", url(page + 1)));
            links.push(format!("{}; rel=\"last\"", url(last)));
        }
        if page > 1 {
            links.push(format!("{}; rel=\"first\"", url(1)));
        }
        let skipped = size.saturating_mul(page - 1);
        Self {
            items: all.into_iter().skip(skipped).take(size).collect(),
            total,
            link: links.join(", "),
        }
    }

    /// The answer with this body.
    pub fn reply(&self, body: &Value) -> Reply {
        let reply = super::of_json(200, body);
        if self.link.is_empty() {
            return reply;
        }
        reply.header("link", self.link.clone())
    }
}
