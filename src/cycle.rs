//! One round: observe the index and the wheels, then decide.

pub mod act;
mod reading;
pub mod steps;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use futures_util::{StreamExt, stream};

use crate::feeds::{Known, Watch};
use crate::index::{File, Index, IndexError, Project};
use crate::model::wheel::normalize_package;
use crate::model::{PublishedFile, PublishedVersion, Wanted, published};
use crate::policy::{LineFacts, ReasonCode, Settings, WheelFacts, decide};
use crate::report::{CheckReport, LineReport, Tracking};
use crate::scan;
use crate::source::WheelLimits;
use crate::store::Store;

/// How many published versions of a project are told of at most, the newest.
const PUBLISHED: usize = 60;

/// Who wants to know how far a round has come.
pub trait Progress: Send + Sync {
    /// That many more wheels are to be looked at; so many of them are to be read, the others are
    /// remembered.
    fn found(&self, wheels: u64, unread: u64);
    /// That many more bytes have been received.
    fn received(&self, bytes: u64);
    /// One more wheel has been looked at.
    fn done(&self);
}

/// Nobody wants to know.
#[derive(Clone, Copy, Debug)]
pub struct Silent;

impl Progress for Silent {
    fn found(&self, _wheels: u64, _unread: u64) {}
    fn received(&self, _bytes: u64) {}
    fn done(&self) {}
}

/// What is asked of one project.
#[derive(Clone, Debug)]
pub struct LineRequest {
    /// The project's name.
    pub package: String,
    /// The line's name: `main`, or the specifier that selects its versions.
    pub line: String,
    /// The versions that are looked at.
    pub wanted: Wanted,
    /// Whether all of them are looked at, or only the newest that has wheels.
    pub every_version: bool,
    /// How they are judged.
    pub settings: Settings,
}

/// Everything a round needs beside what is asked.
#[derive(Debug)]
pub struct Cycle {
    /// The index.
    pub index: Index,
    /// What is remembered.
    pub store: Store,
    /// What is known of OpenSSL, and who is asked for it.
    pub watch: Watch,
    /// Bounds on what scanning one wheel may cost.
    pub scan_limits: scan::Limits,
    /// What wheels are scanned with.
    pub scanners: Arc<scan::Scanners>,
    /// Bounds on what fetching one wheel may cost.
    pub wheel_limits: WheelLimits,
    /// How many wheels, and how many pages, are read at once; at least one.
    pub parallel: usize,
    /// The moment for which everything is judged.
    pub now: DateTime<Utc>,
}

/// One version of a project, observed and not yet judged.
struct Observed {
    version: PublishedVersion,
    files: Vec<File>,
    awaiting: Option<pep440_rs::Version>,
    published: Vec<(pep440_rs::Version, NaiveDate)>,
    previous: Option<PublishedVersion>,
    superseded: bool,
}

/// One line, observed and not yet judged.
enum ObservedLine {
    /// Nothing could be found out.
    Failed(Box<LineReport>),
    /// There is nothing to judge.
    NoWheels,
    /// Versions with what is in their wheels, newest first.
    Versions(Vec<(Observed, Vec<WheelFacts>)>),
}

impl Cycle {
    /// Looks at every line and decides; nothing is written but what is remembered. What cannot be
    /// had is told in the report: this never fails. OpenSSL's feeds are asked while the index is,
    /// so that a slow one holds up nothing but the decision.
    pub async fn check(
        &self,
        requests: &[LineRequest],
        progress: Arc<dyn Progress>,
    ) -> (CheckReport, Known) {
        let (known, observed) = tokio::join!(
            self.watch.known(&self.store, self.now),
            self.observe(requests, &progress)
        );
        let lines = observed
            .into_iter()
            .flat_map(|(request, observed)| self.judge_all(request, observed, &known));
        let report = CheckReport {
            checked_at: self.now,
            dry_run: true,
            feeds: known.reports.clone(),
            lines: lines.collect(),
        };
        (report, known)
    }

    /// What every line's wheels are, before anything is judged.
    async fn observe<'a>(
        &self,
        requests: &'a [LineRequest],
        progress: &Arc<dyn Progress>,
    ) -> Vec<(&'a LineRequest, ObservedLine)> {
        // Several lines of one project are on one page.
        let packages: BTreeSet<&str> = requests.iter().map(|one| one.package.as_str()).collect();
        let projects: BTreeMap<&str, Result<Project, IndexError>> = stream::iter(packages)
            .map(|package| async move { (package, self.index.project(package, &self.store).await) })
            .buffered(self.parallel.max(1))
            .collect()
            .await;
        let mut lines = Vec::new();
        for request in requests {
            match projects.get(request.package.as_str()) {
                Some(Ok(project)) => {
                    lines.push((request, self.line(request, project, progress).await))
                }
                Some(Err(error)) => lines.push((
                    request,
                    ObservedLine::Failed(Box::new(failed(request, error))),
                )),
                None => {}
            }
        }
        lines
    }

    async fn line(
        &self,
        request: &LineRequest,
        project: &Project,
        progress: &Arc<dyn Progress>,
    ) -> ObservedLine {
        for warning in &project.warnings {
            tracing::warn!("{}: {warning}", project.name);
        }
        let observed = observed_versions(request, project);
        if observed.is_empty() {
            return without_wheels(request, project);
        }
        let wanted: Vec<&File> = observed.iter().flat_map(|one| &one.files).collect();
        let mut wheels = self.read(&wanted, progress).await.into_iter();
        ObservedLine::Versions(
            observed
                .into_iter()
                .map(|one| {
                    let own = wheels.by_ref().take(one.files.len()).collect();
                    (one, own)
                })
                .collect(),
        )
    }

    fn judge_all(
        &self,
        request: &LineRequest,
        observed: ObservedLine,
        known: &Known,
    ) -> Vec<LineReport> {
        match observed {
            ObservedLine::Failed(report) => vec![*report],
            ObservedLine::NoWheels => vec![self.judge(request, None, &[], known)],
            ObservedLine::Versions(versions) => versions
                .iter()
                .map(|(observed, wheels)| self.judge(request, Some(observed), wheels, known))
                .collect(),
        }
    }

    fn judge(
        &self,
        request: &LineRequest,
        observed: Option<&Observed>,
        wheels: &[WheelFacts],
        known: &Known,
    ) -> LineReport {
        let package = normalize_package(&request.package);
        let previous = observed.and_then(|one| one.previous.as_ref());
        let version = observed.map(|one| &one.version);
        let facts = LineFacts {
            package: &package,
            line: &request.line,
            openssl: &known.facts,
            version: version.map(|version| &version.version),
            wheels,
            awaiting: observed.and_then(|one| one.awaiting.as_ref()),
            previous_coverage: &previous.map(PublishedVersion::coverage).unwrap_or_default(),
            first_upload: version.and_then(|version| version.first_upload),
            superseded: observed.is_some_and(|one| one.superseded),
        };
        LineReport {
            decision: decide(&facts, &request.settings, self.now),
            line: request.line.clone(),
            version: version.map(|version| version.version.clone()),
            uploaded: facts.first_upload,
            actions: Vec::new(),
            published: observed
                .map(|one| one.published.clone())
                .unwrap_or_default(),
            tracking: Tracking::default(),
            package,
        }
    }
}

/// A line without any wheel: the project has none, or none of the versions asked for.
fn without_wheels(request: &LineRequest, project: &Project) -> ObservedLine {
    let files = published_files(project);
    if published::versions(&files, &request.wanted).is_empty() && request.wanted.versions.is_some()
    {
        return ObservedLine::Failed(Box::new(LineReport::failed(
            &project.name,
            &request.line,
            ReasonCode::NoSuchVersion,
            format!("{} has no version that is {}", project.name, request.line),
        )));
    }
    ObservedLine::NoWheels
}

/// The versions to look at with the files of their wheels, newest first.
fn observed_versions(request: &LineRequest, project: &Project) -> Vec<Observed> {
    let files = published_files(project);
    let everything = published::versions(&files, &Wanted::default());
    let wanted = published::versions(&files, &request.wanted);
    let newest = wanted.first().map(|one| one.version.clone());
    let mut with_wheels = wanted.into_iter().filter(|one| !one.wheels.is_empty());
    let chosen: Vec<PublishedVersion> = if request.every_version {
        with_wheels.collect()
    } else {
        with_wheels.next().into_iter().collect()
    };
    chosen
        .into_iter()
        .enumerate()
        .map(|(at, version)| Observed {
            files: version
                .wheels
                .iter()
                .filter_map(|wheel| project.files.iter().find(|file| file.name == wheel.file))
                .cloned()
                .collect(),
            awaiting: newest
                .clone()
                .filter(|newest| at == 0 && *newest != version.version),
            published: everything
                .iter()
                .filter(|one| !one.wheels.is_empty())
                .filter_map(|one| Some((one.version.clone(), one.first_upload?.date_naive())))
                .take(PUBLISHED)
                .collect(),
            previous: everything
                .iter()
                .find(|one| one.version < version.version && !one.wheels.is_empty())
                .cloned(),
            superseded: at > 0,
            version,
        })
        .collect()
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

fn failed(request: &LineRequest, error: &IndexError) -> LineReport {
    let code = match error {
        IndexError::UnknownPackage { .. } | IndexError::BadName(_) => ReasonCode::UnknownPackage,
        _ => ReasonCode::IndexUnavailable,
    };
    LineReport::failed(&request.package, &request.line, code, error.to_string())
}
