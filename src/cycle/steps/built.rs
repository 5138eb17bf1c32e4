//! The wheels among a run's artifacts.

use std::sync::Arc;
use std::time::Instant;

use crate::github::{Artifact, GithubError, Run};
use crate::policy::steps::wheels::{Built, BuiltWheel, wheels_of};
use crate::scan;
use crate::source::TimedSource;

use super::Round;
use super::places::Place;
use super::verdict::Verdict;

/// How many artifacts of one run are looked into.
const MOST_ARTIFACTS: usize = 200;

/// How many wheels of one run are remembered.
const MOST_WHEELS: usize = 2000;

impl Round<'_> {
    /// What the artifacts of a run hold. A run that has ended does not change, so it is looked into
    /// once; what could not be had for now is looked for again.
    pub(super) async fn built(&self, place: &Place, run: &Run) -> Result<Built, Verdict> {
        let revision = scan::REVISION;
        let of_run = format!(
            "built/{}/{}/{}/{revision}",
            place.name, run.id, run.run_attempt
        );
        if let Some(built) = self.remembered(&of_run)? {
            return Ok(built);
        }
        let listed = self.request.github.artifacts(&place.name, run.id).await;
        let artifacts = listed.map_err(|error| Verdict::of_read(&error))?;
        let mut built = Built::default();
        for artifact in artifacts.iter().take(MOST_ARTIFACTS) {
            let digest = artifact.digest.as_deref().unwrap_or("none");
            let subject = format!(
                "artifact/{}/{}/{digest}/{revision}",
                place.name, artifact.id
            );
            let own = match self.remembered(&subject)? {
                Some(own) => own,
                None => {
                    let own = self.look_into(place, artifact).await?;
                    self.remember(&subject, &own);
                    own
                }
            };
            built.wheels.extend(own.wheels);
            built.unread.extend(own.unread);
        }
        let left = artifacts.len().saturating_sub(MOST_ARTIFACTS);
        if left > 0 {
            built.unread.push(format!("{left} more artifacts"));
        }
        let cut = built.wheels.len().saturating_sub(MOST_WHEELS);
        if cut > 0 {
            built.wheels.truncate(MOST_WHEELS);
            built.unread.push(format!("{cut} more wheels"));
        }
        self.remember(&of_run, &built);
        Ok(built)
    }

    async fn look_into(&self, place: &Place, artifact: &Artifact) -> Result<Built, Verdict> {
        let name = &artifact.name;
        let limit = self.request.wheel_limits.wheel_bytes;
        let unread = |why: String| Built {
            wheels: Vec::new(),
            unread: vec![format!("{name} {why}")],
        };
        if artifact.expired {
            return Ok(unread("has expired".to_owned()));
        }
        let too_large = format!("is larger than the limit `wheel-bytes` allows ({limit})");
        if artifact.size > limit {
            return Ok(unread(too_large));
        }
        let github = self.request.github;
        let download = match github.artifact(&place.name, artifact.id, limit).await {
            Ok(download) => download,
            Err(GithubError::TooLarge { .. }) => return Ok(unread(too_large)),
            // GitHub says so of one that expired since it was listed.
            Err(GithubError::IssuesOff { .. } | GithubError::NotFound { .. }) => {
                return Ok(unread("is not there any more".to_owned()));
            }
            Err(error) => return Err(Verdict::of_read(&error)),
        };
        if download.is(artifact.digest.as_deref()) == Some(false) {
            let why = "does not have the digest that GitHub names, so it is not believed";
            return Ok(unread(why.to_owned()));
        }
        let scanners = Arc::clone(self.request.scanners);
        let limits = self.request.scan_limits;
        let time = self.request.wheel_limits.time;
        let label = name.clone();
        let scanned = tokio::task::spawn_blocking(move || {
            let archive = TimedSource::new(&download.archive, deadline(time));
            let members = scan::member_names(&archive, &limits)?;
            let scanned = scanners.with(|scanner| scanner.scan_whole(&archive, &limits))?;
            let is_wheel = label.ends_with(".whl")
                || members.iter().any(|member| is_metadata_of_wheel(member));
            Ok::<_, std::io::Error>(if is_wheel {
                vec![BuiltWheel::of(&label, &scanned.scan)]
            } else {
                wheels_of(&members, &scanned.scan)
            })
        })
        .await;
        Ok(match scanned {
            Ok(Ok(wheels)) => Built {
                wheels,
                unread: Vec::new(),
            },
            Ok(Err(error)) => unread(format!("could not be read: {error}")),
            Err(_) => unread("could not be scanned; please report this as a bug".to_owned()),
        })
    }

    fn remembered(&self, subject: &str) -> Result<Option<Built>, Verdict> {
        let seen = self.request.ledger.seen(subject);
        let seen = seen.map_err(|error| Verdict::of_ledger(&error))?;
        Ok(seen.and_then(|seen| serde_json::from_str(&seen.value).ok()))
    }

    fn remember(&self, subject: &str, built: &Built) {
        if let Ok(value) = serde_json::to_string(built) {
            self.note(subject, &value);
        }
    }
}

fn deadline(time: std::time::Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(time).unwrap_or(now)
}

/// Whether the archive with this member is a wheel itself: `demo-1.dist-info/WHEEL`.
fn is_metadata_of_wheel(member: &str) -> bool {
    member
        .strip_suffix("/WHEEL")
        .is_some_and(|folder| folder.ends_with(".dist-info") && !folder.contains('/'))
}
