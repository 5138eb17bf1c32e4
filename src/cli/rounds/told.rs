//! What the log says of a cycle: what was done, and what is other than it was.

use crate::policy::DecisionKind;
use crate::report::printable::printable;
use crate::report::{Action, ActionState, LineReport};

/// Tells what is new of a project since its last cycle. What stays as it was is told with `-v` alone.
pub(super) fn changes(before: &[&LineReport], now: &[LineReport]) {
    for line in now {
        let known = before.iter().copied().find(|one| one.line == line.line);
        tracing::info_span!("project", package = line.package, line = line.line).in_scope(|| {
            decision(known, line);
            trouble(known, line);
            for action in &line.actions {
                let is_known = known.is_some_and(|known| known.actions.contains(action));
                say(action, is_known);
            }
        });
    }
}

fn say(action: &Action, is_known: bool) {
    let sentence = action.sentence();
    let sentence = printable(&sentence);
    match action.state {
        ActionState::Done => tracing::info!("done: {sentence}"),
        ActionState::Failed if is_known => tracing::debug!("failed again: {sentence}"),
        ActionState::Failed => tracing::warn!("failed: {sentence}"),
        ActionState::Planned | ActionState::Skipped => tracing::debug!("left undone: {sentence}"),
    }
}

fn decision(known: Option<&LineReport>, line: &LineReport) {
    let was = known.map(summary);
    let is = summary(line);
    let is_quiet = known.is_none() && line.decision.kind == DecisionKind::None;
    if is_quiet || was.as_ref() == Some(&is) {
        tracing::debug!("{is}");
    } else {
        tracing::info!("{is}");
    }
}

/// "rebuild: security to 3.5.9".
fn summary(line: &LineReport) -> String {
    let decision = &line.decision;
    let events: Vec<&str> = decision.events.iter().map(|event| event.as_str()).collect();
    let targets: Vec<String> = decision
        .targets
        .iter()
        .filter_map(|target| Some(target.version.as_ref()?.to_string()))
        .collect();
    let mut text = decision.kind.as_str().to_owned();
    if !events.is_empty() {
        text.push_str(&format!(": {}", events.join(", ")));
    }
    if decision.is_due && !targets.is_empty() {
        text.push_str(&format!(" to {}", targets.join(", ")));
    }
    text
}

/// Why nothing is known of the wheels, when it begins and when it ends.
fn trouble(known: Option<&LineReport>, line: &LineReport) {
    let of = |line: &LineReport| {
        let is_blind = line.version.is_none() && line.decision.is_unclear;
        let reason = line.decision.reasons.first().filter(|_| is_blind);
        reason.map(|reason| reason.message.clone())
    };
    match (known.and_then(of), of(line)) {
        (None, Some(why)) => tracing::warn!("nothing is known of its wheels: {}", printable(&why)),
        (Some(_), None) => tracing::info!("its wheels are known again"),
        (Some(_), Some(why)) => tracing::debug!("still nothing is known: {}", printable(&why)),
        (None, None) => {}
    }
}
