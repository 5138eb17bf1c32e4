//! What is asked of the cycle: by hand, or by a configuration.

use anyhow::bail;

use crate::config::{Configuration, ProjectSettings, nearest};
use crate::cycle::LineRequest;
use crate::model::Wanted;
use crate::model::wheel::normalize_package;

use super::arguments::CheckNow;

/// What is asked of each package, every package once.
///
/// # Errors
/// No package is named.
pub fn by_hand(
    command: &CheckNow,
    configuration: &Configuration,
) -> anyhow::Result<Vec<LineRequest>> {
    let names = packages(command);
    if names.is_empty() {
        bail!(
            "nothing is asked for: name a package, or a configuration with --config FILE \
             (see rewheel check-now --help)"
        );
    }
    let line = command.version.as_ref();
    Ok(names
        .into_iter()
        .map(|package| LineRequest {
            package,
            line: line.map_or_else(|| "main".to_owned(), ToString::to_string),
            wanted: Wanted {
                versions: command.version.clone(),
                pre_releases: false,
            },
            every_version: command.all_versions || command.version.is_some(),
            settings: configuration.defaults.clone(),
        })
        .collect())
}

/// What is asked of each line of each project.
///
/// # Errors
/// There is no project at all.
pub fn of_all(configuration: &Configuration) -> anyhow::Result<Vec<LineRequest>> {
    let projects = &configuration.projects;
    if projects.is_empty() {
        bail!("the configuration has no [[project]]");
    }
    Ok(projects.iter().flat_map(lines).collect())
}

/// What is asked of each line of each project, or of those projects that are named.
///
/// # Errors
/// A package is named that no project has, or there is no project at all.
pub fn configured(
    command: &CheckNow,
    configuration: &Configuration,
) -> anyhow::Result<Vec<LineRequest>> {
    if command.all_versions || command.version.is_some() {
        bail!(
            "--version and --all-versions look back by hand; with a configuration its lines are \
             looked at"
        );
    }
    let projects = &configuration.projects;
    if projects.is_empty() {
        bail!("the configuration has no [[project]]");
    }
    let named = packages(command);
    for package in &named {
        let known = projects.iter().map(|project| project.package.as_str());
        if known.clone().all(|known| known != package) {
            match nearest(package, known) {
                Some(right) => {
                    bail!("the configuration has no project {package:?}; did you mean {right:?}?")
                }
                None => bail!("the configuration has no project {package:?}"),
            }
        }
    }
    Ok(projects
        .iter()
        .filter(|project| named.is_empty() || named.contains(&project.package))
        .flat_map(lines)
        .collect())
}

fn lines(project: &ProjectSettings) -> impl Iterator<Item = LineRequest> {
    project.lines.iter().map(|line| LineRequest {
        package: project.package.clone(),
        line: line.name(),
        wanted: Wanted {
            versions: line.versions.clone(),
            pre_releases: false,
        },
        every_version: false,
        settings: project.settings.clone(),
    })
}

/// The packages that are named, each once, in normal form.
fn packages(command: &CheckNow) -> Vec<String> {
    let mut names = Vec::new();
    for package in &command.packages {
        let normal = normalize_package(package);
        if !names.contains(&normal) {
            names.push(normal);
        }
    }
    names
}
