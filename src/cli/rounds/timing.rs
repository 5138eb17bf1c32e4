//! When cycles begin, by the configuration.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::config::Configuration;
use crate::daemon::agenda::Timing;
use crate::schedule::Schedule;

/// When cycles begin, as the configuration says. Projects with one schedule share it.
///
/// # Errors
/// A schedule or a time zone that there is not.
pub(super) fn timing(configuration: &Configuration, file: &Path) -> anyhow::Result<Timing> {
    let watch = &configuration.watch;
    let mut known: BTreeMap<(&str, &str), Arc<Schedule>> = BTreeMap::new();
    let mut projects = BTreeMap::new();
    for project in &configuration.projects {
        let schedule = project.schedule.as_deref().unwrap_or(&watch.schedule);
        let zone = project.timezone.as_deref().unwrap_or(&watch.timezone);
        let shared = match known.get(&(schedule, zone)) {
            Some(shared) => Arc::clone(shared),
            None => Arc::new(Schedule::parse(schedule, zone)?),
        };
        known.insert((schedule, zone), Arc::clone(&shared));
        projects.insert(project.package.clone(), shared);
    }
    Ok(Timing {
        projects,
        jitter: watch.jitter,
        key: file.display().to_string(),
        hot_interval: watch.hot_interval,
    })
}
