//! Which versions and files of a project are looked at.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::index::{File, Project};
use crate::model::{PublishedFile, PublishedVersion, published};

use super::LineRequest;

/// One version of a project, observed and not yet judged.
#[derive(Clone, Debug)]
pub(super) struct Observed {
    pub(super) version: PublishedVersion,
    pub(super) awaiting: Option<pep440_rs::Version>,
    pub(super) previous: Option<PublishedVersion>,
    pub(super) superseded: bool,
    /// The versions that have wheels with the days of their first files, newest version first.
    pub(super) published: Vec<(pep440_rs::Version, NaiveDate)>,
}

/// How many published versions of a project are told of at most, the newest.
const PUBLISHED: usize = 60;

/// What a project has published of one line.
#[derive(Clone, Debug)]
pub(super) enum PublishedLine {
    /// No version is one of those asked for; the sentence says so.
    NoSuchVersion(String),
    /// Nothing that could be judged.
    NoWheels,
    /// Versions with their wheels, newest first.
    Versions(Vec<Observed>),
}

/// What the project has published of the line that is asked for, with the files of its wheels.
pub(super) fn line(request: &LineRequest, project: &Project) -> (PublishedLine, Vec<File>) {
    let files = published_files(project);
    let wanted = published::versions(&files, &request.wanted);
    if wanted.is_empty() && request.wanted.versions.is_some() {
        let sentence = format!("{} has no version that is {}", project.name, request.line);
        return (PublishedLine::NoSuchVersion(sentence), Vec::new());
    }
    let everything = published::versions(&files, &crate::model::Wanted::default());
    let days: Vec<_> = everything
        .iter()
        .filter(|one| !one.wheels.is_empty())
        .filter_map(|one| Some((one.version.clone(), one.first_upload?.date_naive())))
        .take(PUBLISHED)
        .collect();
    let newest = wanted.first().map(|one| one.version.clone());
    let mut with_wheels = wanted.into_iter().filter(|one| !one.wheels.is_empty());
    let chosen: Vec<PublishedVersion> = if request.every_version {
        with_wheels.collect()
    } else {
        with_wheels.next().into_iter().collect()
    };
    if chosen.is_empty() {
        return (PublishedLine::NoWheels, Vec::new());
    }
    // The first of each name, as a file is looked for in the order of the page.
    let mut by_name: BTreeMap<&str, &File> = BTreeMap::new();
    for file in &project.files {
        by_name.entry(&file.name).or_insert(file);
    }
    let wheels = chosen
        .iter()
        .flat_map(|version| &version.wheels)
        .filter_map(|wheel| by_name.get(wheel.file.as_str()).copied())
        .cloned()
        .collect();
    let versions = chosen
        .into_iter()
        .enumerate()
        .map(|(at, version)| Observed {
            awaiting: newest
                .clone()
                .filter(|newest| at == 0 && *newest != version.version),
            previous: everything
                .iter()
                .find(|one| one.version < version.version && !one.wheels.is_empty())
                .cloned(),
            superseded: at > 0,
            published: days.clone(),
            version,
        })
        .collect();
    (PublishedLine::Versions(versions), wheels)
}

fn published_files(project: &Project) -> Vec<PublishedFile> {
    project
        .files
        .iter()
        .filter_map(|file| {
            PublishedFile::new(
                &file.name,
                &project.name,
                file.yanked.is_some(),
                file.uploaded,
            )
        })
        .collect()
}
