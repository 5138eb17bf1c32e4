//! `rewheel inspect`: what is inside these wheels.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, anyhow, bail};
use futures_util::{StreamExt, stream};
use url::Url;

use crate::config::{self, Limits};
use crate::cycle::Progress;
use crate::fetch::{Client, ClientSettings, Credentials, printable};
use crate::model::{Problem, ProblemCode, WheelName, WheelScan};
use crate::report::{self, InspectedWheel, InspectionReport};
use crate::scan::{Scanners, Source};
use crate::source::{FileSource, ReadError, Remote, TimedSource, is_sha256, read_wheel};

use super::arguments::{Common, Inspect, InspectFormat};
use super::{limits, output, progress};

/// How deep folders are searched for wheels.
const DEEPEST_FOLDER: usize = 16;

/// A wheel to look at.
enum Place {
    Local(PathBuf),
    Remote(Url),
}

/// Runs the command.
///
/// # Errors
/// A path that does not exist, a folder without wheels, an address that is none.
pub async fn run(command: &Inspect, common: &Common) -> anyhow::Result<u8> {
    let configuration = config::load(common.configuration_file(), std::env::vars_os())?;
    let bounds = configuration.limits;
    let places = places(&command.wheels)?;
    let variable = |name: &str| std::env::var(name).ok();
    let client = if places.iter().any(|place| matches!(place, Place::Remote(_))) {
        let credentials = Credentials::from_environment(&variable);
        Some(Client::new(ClientSettings::default(), credentials)?)
    } else {
        None
    };
    let bar = progress::of(common);
    bar.found(places.len() as u64, places.len() as u64);
    let scanners = Arc::new(Scanners::default());
    let wheels: Vec<InspectedWheel> = stream::iter(places)
        .map(|place| inspect(place, client.as_ref(), bounds, &scanners, bar.clone()))
        .buffered(limits::parallel(&bounds))
        .collect()
        .await;
    bar.finish();
    let mut report = InspectionReport { wheels };
    for wheel in &mut report.wheels {
        require(command, wheel);
    }
    let text = match command.format {
        InspectFormat::Text => report::inspection::text(&report, output::appearance(common)),
        InspectFormat::Json => report::json::inspection(&report)?,
    };
    output::result(&text)?;
    Ok(exit_code(&report))
}

fn exit_code(report: &InspectionReport) -> u8 {
    if report.wheels.iter().any(|wheel| !wheel.unmet.is_empty()) {
        1
    } else if report.wheels.iter().any(|wheel| !wheel.scan.is_complete()) {
        3
    } else {
        0
    }
}

fn require(command: &Inspect, wheel: &mut InspectedWheel) {
    // That a wheel carries none is known only when all of it was read.
    let allow_none = command.allow_none || !wheel.scan.is_complete();
    wheel.unmet = command
        .require
        .iter()
        .flat_map(|requirement| requirement.unmet(&wheel.scan, allow_none))
        .collect();
}

/// The wheels that the arguments name, those of a folder in the order of their names.
fn places(arguments: &[PathBuf]) -> anyhow::Result<Vec<Place>> {
    let mut places = Vec::new();
    for argument in arguments {
        let text = argument.to_string_lossy();
        if text.contains("://") {
            let url = Url::parse(&text)
                .map_err(|error| anyhow!("the address of a wheel cannot be read: {error}"))?;
            if !matches!(url.scheme(), "http" | "https") {
                bail!("{} is not an http or https address", printable(&url));
            }
            places.push(Place::Remote(url));
            continue;
        }
        let metadata = std::fs::metadata(argument)
            .with_context(|| format!("{} cannot be read", argument.display()))?;
        if !metadata.is_dir() {
            places.push(Place::Local(argument.clone()));
            continue;
        }
        let mut found = Vec::new();
        wheels_below(argument, 0, &mut found)
            .with_context(|| format!("the folder {} cannot be listed", argument.display()))?;
        if found.is_empty() {
            bail!("the folder {} holds no wheels (*.whl)", argument.display());
        }
        found.sort();
        places.extend(found.into_iter().map(Place::Local));
    }
    Ok(places)
}

fn wheels_below(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        // A link to a folder is not followed: it may lead back here.
        if entry.file_type()?.is_dir() {
            if depth < DEEPEST_FOLDER {
                wheels_below(&path, depth.saturating_add(1), found)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "whl") {
            found.push(path);
        }
    }
    Ok(())
}

async fn inspect(
    place: Place,
    client: Option<&Client>,
    bounds: Limits,
    scanners: &Arc<Scanners>,
    bar: Arc<dyn Progress>,
) -> InspectedWheel {
    let scanners = Arc::clone(scanners);
    let wheel = match (place, client) {
        (Place::Remote(url), Some(client)) => {
            remote(&url, client, bounds, scanners, Arc::clone(&bar)).await
        }
        (Place::Remote(url), None) => unread(
            &base_name(url.path()),
            ProblemCode::Unreadable,
            "there is no client to read it with".to_owned(),
        ),
        (Place::Local(path), _) => {
            let name = base_name(&path.to_string_lossy());
            tokio::task::spawn_blocking(move || local(&path, &bounds, &scanners))
                .await
                .unwrap_or_else(|_| {
                    unread(
                        &name,
                        ProblemCode::Unreadable,
                        "scanning it broke off; please report this as a bug".to_owned(),
                    )
                })
        }
    };
    bar.done();
    wheel
}

fn local(path: &Path, bounds: &Limits, scanners: &Scanners) -> InspectedWheel {
    let name = base_name(&path.to_string_lossy());
    let time = limits::wheel(bounds).time;
    let failed = |error: io::Error| {
        if error.kind() == io::ErrorKind::TimedOut {
            let message = format!(
                "reading it took longer than the limit `wheel-seconds` allows ({})",
                time.as_secs()
            );
            return unread(&name, ProblemCode::LimitReached, message);
        }
        unread(
            &name,
            ProblemCode::Unreadable,
            format!("{} cannot be read: {error}", path.display()),
        )
    };
    let source = match FileSource::open(path) {
        Ok(source) => source,
        Err(error) => return failed(error),
    };
    let (scanned, sha256) = std::thread::scope(|scope| {
        let sum = scope.spawn(|| source.sha256());
        let timed = TimedSource::new(&source, Instant::now() + time);
        let scanned = scanners.with(|scanner| scanner.scan_whole(&timed, &bounds.scan));
        let sum = sum
            .join()
            .unwrap_or_else(|_| Err(io::Error::other("hashing it broke off")));
        (scanned, sum)
    });
    match (scanned, sha256) {
        (Ok(scanned), Ok(sha256)) => InspectedWheel {
            name: name.parse().ok(),
            sha256: Some(sha256),
            hash_verified: false,
            size: source.len(),
            bytes_read: source.len(),
            scan: scanned.scan,
            unmet: Vec::new(),
            file: name,
        },
        (Err(error), _) | (_, Err(error)) => failed(error),
    }
}

async fn remote(
    url: &Url,
    client: &Client,
    bounds: Limits,
    scanners: Arc<Scanners>,
    bar: Arc<dyn Progress>,
) -> InspectedWheel {
    let name = base_name(url.path());
    // Indexes write the SHA-256 of a file into the fragment of its address (PEP 503).
    let promised = url
        .fragment()
        .and_then(|fragment| fragment.strip_prefix("sha256="))
        .map(str::to_ascii_lowercase)
        .filter(|sum| is_sha256(sum));
    let wheel = Remote {
        sha256: promised,
        ..Remote::from(url.clone())
    };
    let read = read_wheel(
        client,
        wheel,
        &limits::wheel(&bounds),
        move |bytes| bar.received(bytes),
        move |wheel| scanners.with(|scanner| scanner.scan_whole(wheel, &bounds.scan)),
    )
    .await;
    match read {
        Ok(read) => InspectedWheel {
            name: name.parse::<WheelName>().ok(),
            sha256: read.sha256,
            hash_verified: read.hash_verified,
            size: read.size,
            bytes_read: read.bytes_read,
            scan: read.value.scan,
            unmet: Vec::new(),
            file: name,
        },
        Err(error) => {
            let code = match error {
                ReadError::HashMismatch { .. } => ProblemCode::HashMismatch,
                ReadError::LimitReached { .. } => ProblemCode::LimitReached,
                _ => ProblemCode::Unreadable,
            };
            unread(&name, code, error.to_string())
        }
    }
}

fn unread(name: &str, code: ProblemCode, message: String) -> InspectedWheel {
    InspectedWheel {
        file: name.to_owned(),
        sha256: None,
        hash_verified: false,
        size: 0,
        bytes_read: 0,
        name: name.parse().ok(),
        scan: WheelScan {
            problems: vec![Problem {
                code,
                message,
                path: None,
            }],
            ..WheelScan::default()
        },
        unmet: Vec::new(),
    }
}

fn base_name(path: &str) -> String {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    if name.is_empty() {
        "unnamed".to_owned()
    } else {
        name.replace("%2B", "+").replace("%2b", "+")
    }
}
