//! The part of the daemon in a soak: its engine in a process of its own, which makes a cycle for
//! each line that it is told, at the moment that stands there, and says what it came to.

use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use clap::Parser;
use rewheel::cli::{Arguments, Rounds};
use rewheel::daemon::agenda::Agenda;
use rewheel::daemon::{Engine, Pulse};
use rewheel::fetch::{ClientSettings, RetrySettings};
use rewheel::notify::Figures;
use rewheel::report::ActionState;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

/// What a line of an answer begins with.
pub const MARK: &str = "SOAK ";

/// What a cycle came to, and what the process has.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Told {
    pub error: Option<String>,
    /// What the cycle came to; `none` where nothing was due.
    pub result: String,
    /// How many projects were looked at.
    pub looked: usize,
    pub failed: Vec<String>,
    pub done: Vec<String>,
    /// Notices: the key and the packages.
    pub notices: Vec<(String, Vec<String>)>,
    /// The memory that the process has, in KiB.
    pub memory: u64,
    /// Its file descriptors.
    pub descriptors: usize,
    pub threads: u64,
}

/// The part of another process: what the soak starts.
#[test]
#[ignore = "started by the soak"]
fn the_part_of_the_daemon() {
    let file = PathBuf::from(std::env::var_os("REWHEEL_TEST_CONFIG").unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async move {
        let words = ["rewheel", "daemon", "--config", file.to_str().unwrap()];
        let common = Arguments::try_parse_from(words).unwrap().common;
        let wall = Arc::new(Mutex::new(DateTime::<Utc>::UNIX_EPOCH));
        let shown = Arc::clone(&wall);
        // Nothing waits: time is what the soak says.
        let connection = ClientSettings {
            system_proxies: false,
            retry: RetrySettings {
                sleep: Arc::new(|_| Box::pin(std::future::ready(()))),
                ..RetrySettings::default()
            },
            ..ClientSettings::default()
        };
        let pulse = Arc::new(Pulse::new());
        let clock = Arc::new(move || *shown.lock().unwrap());
        let (mut engine, timing) = Rounds::open(
            &file,
            &common,
            clock,
            connection,
            &pulse,
            &Figures::default(),
        )
        .unwrap();
        // As the daemon does it, which cannot be told what time it is.
        let mut agenda: Option<Agenda> = None;
        let mut last = DateTime::<Utc>::UNIX_EPOCH;
        for line in std::io::stdin().lock().lines() {
            let now: DateTime<Utc> = line.unwrap().parse().unwrap();
            *wall.lock().unwrap() = now;
            let agenda = agenda.get_or_insert_with(|| Agenda::new(timing.clone(), now));
            let is_set_back = now < last - TimeDelta::minutes(1);
            last = now;
            let due = match is_set_back {
                true => agenda.everything(),
                false => agenda.due(now),
            };
            let mut told = Told::default();
            let cycle = match due.is_empty() {
                true => None,
                false => {
                    let stop = CancellationToken::new();
                    Some(engine.cycle(&due, now, Arc::clone(&pulse), stop).await)
                }
            };
            match cycle.map(|cycle| cycle.map(Arc::new)) {
                None => told.result = "none".to_owned(),
                Some(Ok(cycle)) => {
                    agenda.ended(&due, now, &cycle.soon, cycle.pace);
                    told.result = cycle.result().to_owned();
                    told.looked = cycle.looked.len();
                    for action in cycle.fresh().flat_map(|line| &line.actions) {
                        match action.state {
                            ActionState::Done => told.done.push(action.sentence()),
                            ActionState::Failed => told.failed.push(action.sentence()),
                            ActionState::Planned | ActionState::Skipped => {}
                        }
                    }
                    let notices = cycle.notices.iter();
                    told.notices = notices
                        .map(|one| {
                            let packages = one.lines.iter().map(|(package, _)| package.clone());
                            (one.key(), packages.collect())
                        })
                        .collect();
                    engine.handed_on(&cycle);
                }
                Some(Err(error)) => told.error = Some(error.to_string()),
            }
            if is_set_back {
                agenda.set_back(now);
            }
            let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
            let number = |name: &str| {
                let line = status.lines().find(|line| line.starts_with(name));
                let number = line.and_then(|line| line.split_whitespace().nth(1));
                number.and_then(|number| number.parse().ok()).unwrap_or(0)
            };
            told.memory = number("VmRSS:");
            told.threads = number("Threads:");
            told.descriptors = std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
            let mut stdout = std::io::stdout().lock();
            writeln!(stdout, "{MARK}{}", serde_json::to_string(&told).unwrap()).unwrap();
            stdout.flush().unwrap();
        }
    });
}
