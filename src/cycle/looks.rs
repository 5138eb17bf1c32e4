//! Looks at projects, which may outlast the cycle that began them.
//!
//! A cycle begins looks in the order in which they are asked for, waits for each only so long, and
//! then goes on with what was seen. A look that takes longer goes on beside, and a later cycle
//! takes in what it sees; two looks at one project never overlap.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument;

use crate::model::wheel::normalize_package;
use crate::policy::{Reason, ReasonCode};

use super::bytes::CycleBytes;
use super::look::{Look, SharedSight};
use super::room::Places;
pub use super::room::Room;
use super::sight::{SeenLine, Unfinished};
use super::{LineRequest, Observer, Progress};

/// How the looks of one cycle are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LookPlan {
    /// The moment of the cycle.
    pub now: DateTime<Utc>,
    /// How long it waits for one look; without it, until it is over.
    pub patience: Option<Duration>,
    /// How many bytes of wheels it receives at most.
    pub bytes: Option<u64>,
    /// How long what the index said is good for.
    pub interval: TimeDelta,
}

impl LookPlan {
    /// Everything is looked at to its end.
    pub const fn whole(now: DateTime<Utc>) -> Self {
        Self {
            now,
            patience: None,
            bytes: None,
            interval: TimeDelta::zero(),
        }
    }
}

/// The looks at all projects, and what was seen.
#[derive(Debug)]
pub struct Looks {
    observer: Arc<Observer>,
    room: Room,
    plan: Option<LookPlan>,
    bytes: Arc<CycleBytes>,
    seen: BTreeMap<String, Seen>,
}

/// What is known of a project.
#[derive(Debug)]
struct Seen {
    sight: SharedSight,
    /// The last look, which may be over.
    look: Option<UnderWay>,
    /// Whether that look was cut short.
    is_cut: bool,
}

#[derive(Debug)]
struct UnderWay {
    look: Arc<Look>,
    _task: AbortOnDropHandle<()>,
}

impl Looks {
    /// Nothing has been looked at.
    pub fn new(observer: Observer, room: Room) -> Self {
        Self {
            observer: Arc::new(observer),
            room,
            plan: None,
            bytes: Arc::new(CycleBytes::new(None)),
            seen: BTreeMap::new(),
        }
    }

    /// Looks at the projects of these lines, in their order, and comes back when each look is over
    /// or takes too long.
    pub async fn look(
        &mut self,
        requests: &[LineRequest],
        plan: &LookPlan,
        progress: &Arc<dyn Progress>,
    ) {
        self.bytes = Arc::new(CycleBytes::new(plan.bytes));
        self.look_on(requests, plan, progress).await;
    }

    /// Looks at further projects in the same cycle: what it receives counts together.
    pub async fn look_on(
        &mut self,
        requests: &[LineRequest],
        plan: &LookPlan,
        progress: &Arc<dyn Progress>,
    ) {
        self.plan = Some(*plan);
        let bytes = Arc::clone(&self.bytes);
        let mut asked = by_package(requests)
            .into_iter()
            .filter(|(package, _)| !self.is_under_way(package))
            .collect::<Vec<_>>()
            .into_iter()
            .peekable();
        let room = self.room.clone();
        let mut waiting = FuturesUnordered::new();
        loop {
            tokio::select! {
                place = room.project(), if asked.peek().is_some() => {
                    if let Some((package, requests)) = asked.next() {
                        let places = Places::new(room.clone(), place);
                        let look = self.begin(package, requests, plan, places, &bytes, progress);
                        waiting.push(wait(look, plan.patience));
                    }
                }
                Some(slow) = waiting.next(), if !waiting.is_empty() => {
                    if let Some(slow) = slow {
                        self.let_go(&slow);
                    }
                }
                else => break,
            }
        }
    }

    fn begin(
        &mut self,
        package: String,
        requests: Vec<LineRequest>,
        plan: &LookPlan,
        places: Places,
        bytes: &Arc<CycleBytes>,
        progress: &Arc<dyn Progress>,
    ) -> Arc<Look> {
        let span = tracing::info_span!("project", package);
        let seen = self.seen.entry(package.clone()).or_insert_with(|| Seen {
            sight: SharedSight::default(),
            look: None,
            is_cut: false,
        });
        seen.is_cut = false;
        let is_fresh = seen.sight.lock().is_fresh(plan.now, plan.interval);
        let look = Arc::new(Look {
            package,
            requests,
            sight: seen.sight.clone(),
            asks_index: !is_fresh,
            places,
            bytes: Arc::clone(bytes),
            began: plan.now,
            over: CancellationToken::new(),
        });
        let (own, observer) = (Arc::clone(&look), Arc::clone(&self.observer));
        let progress = Arc::clone(progress);
        let task = async move { own.run(&observer, &progress).await };
        seen.look = Some(UnderWay {
            look: Arc::clone(&look),
            _task: AbortOnDropHandle::new(tokio::spawn(task.instrument(span))),
        });
        look
    }

    /// A look that takes too long goes on beside the others, or is cut short.
    fn let_go(&mut self, look: &Look) {
        if look.places.go_late() {
            tracing::warn!("the look at {} takes long; it goes on beside", look.package);
            if look.over.is_cancelled() {
                // It came to its end meanwhile, and took places after that.
                look.places.leave();
            }
            return;
        }
        tracing::warn!("the look at {} takes long; it is cut short", look.package);
        if let Some(seen) = self.seen.get_mut(&look.package)
            && let Some(under_way) = seen.look.take()
        {
            seen.is_cut = true;
            under_way.look.places.leave();
        }
    }

    /// Whether a look at the project is not over.
    pub fn is_under_way(&self, package: &str) -> bool {
        self.seen.get(package).is_some_and(Seen::is_under_way)
    }

    /// Whether the project was ever looked at.
    pub fn knows(&self, package: &str) -> bool {
        self.seen.contains_key(package)
    }

    /// What is known of a line now.
    pub(super) fn line(&self, request: &LineRequest) -> SeenLine {
        let package = normalize_package(&request.package);
        let Some(seen) = self.seen.get(&package) else {
            let message = "the project was not looked at";
            return SeenLine::Failed(Reason::new(ReasonCode::LookTooSlow, message));
        };
        let plan = self.plan.as_ref();
        let seconds = plan
            .and_then(|plan| plan.patience)
            .map(|time| time.as_secs());
        let look = seen.look.as_ref().map(|under_way| &under_way.look);
        let unfinished = Unfinished {
            slow: seconds.filter(|_| seen.is_cut || seen.is_under_way()),
            bytes: plan.and_then(|plan| plan.bytes),
            since: match look {
                Some(look) => look.asks_index.then_some(look.began),
                None => plan.map(|plan| plan.now),
            },
        };
        seen.sight.lock().line(&request.line, &unfinished)
    }
}

impl Seen {
    fn is_under_way(&self) -> bool {
        let look = self.look.as_ref();
        look.is_some_and(|under_way| !under_way.look.over.is_cancelled())
    }
}

/// Waits until a look is over; gives it back when it takes longer than that.
async fn wait(look: Arc<Look>, patience: Option<Duration>) -> Option<Arc<Look>> {
    let over = look.over.cancelled();
    match patience {
        None => over.await,
        Some(patience) => {
            if tokio::time::timeout(patience, over).await.is_err() {
                return Some(look);
            }
        }
    }
    None
}

/// The lines of each project together, in the order of the first of each.
fn by_package(requests: &[LineRequest]) -> Vec<(String, Vec<LineRequest>)> {
    let mut found: Vec<(String, Vec<LineRequest>)> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for request in requests {
        let package = normalize_package(&request.package);
        let place = *places.entry(package.clone()).or_insert_with(|| {
            found.push((package, Vec::new()));
            found.len() - 1
        });
        if let Some((_, lines)) = found.get_mut(place) {
            lines.push(request.clone());
        }
    }
    found
}
