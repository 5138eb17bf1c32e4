//! What the issue is to say and to remember.

use crate::policy::next_version::next_version;
use crate::policy::tracking::Standing;
use crate::report::LineReport;
use crate::report::issue::body::Written;
use crate::report::issue::marker::Memory;
use crate::report::issue::{self as text, IssueFacts, StepView};

use super::observe::Observed;
use super::several::remembering;

/// The body of an issue that is closed: as it was, with what was proved ticked.
pub(super) fn closing(body: &str, memory: &Memory) -> String {
    remembering(body, memory).replacen("- [ ] Published:", "- [x] Published:", 1)
}

/// The body, or why it cannot be written.
pub(super) fn body_of(
    observed: &Observed<'_>,
    line: &LineReport,
    steps: &[StepView],
    memory: &Memory,
    written: &Written,
) -> Result<String, String> {
    let settings = &observed.project.issue;
    let unproven: &[String] = match &observed.standing {
        Standing::Unproven(why) => why,
        _ => &[],
    };
    let notes: Vec<String> = memory.dropped.iter().cloned().collect();
    let next = line
        .version
        .as_ref()
        .map(next_version)
        .map(|next| next.to_string());
    let facts = IssueFacts {
        line,
        cause: &observed.cause,
        unproven,
        steps,
        notes: &notes,
        after: memory.after,
        next: next.as_deref(),
        mailing_list: settings.mailing_list.as_deref(),
    };
    let template = settings
        .template
        .as_ref()
        .map_or(text::TEMPLATE, |template| &template.text);
    text::body(&facts, template, written, memory).map_err(|error| error.to_string())
}

/// What the issue is to remember.
pub(super) fn memory_of(
    observed: &Observed<'_>,
    line: &LineReport,
    before: Option<&Memory>,
) -> Memory {
    let mut memory = before.cloned().unwrap_or_default();
    memory.cause = observed.cause.clone();
    memory.events.extend(observed.cause.events.iter().copied());
    memory.closed = None;
    if observed.standing == Standing::Wanted {
        memory.coverage.extend(
            line.decision
                .wheels
                .iter()
                .flat_map(|wheel| wheel.name.coverage()),
        );
    }
    memory
}
