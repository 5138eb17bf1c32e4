//! Claims, as they stand in comments on the tracking issue.
//!
//! A claim is a comment whose first line is
//! `<!-- rewheel:claim v1 step=… target=… attempt=… id=… -->`; `run=` or `state=` says what became
//! of it. Who quotes a claim puts something before it, so that a quotation is none. Claims of
//! authors who are not trusted are ignored: they must not silence the watcher.

use std::hash::{BuildHasher, Hasher, RandomState};

use url::form_urlencoded;

use crate::github::Comment;
use crate::model::OpensslVersion;
use crate::policy::steps::claim::{Claim, ClaimState};
use crate::report::printable::markdown;
use crate::source::Sha256Sum;

const START: &str = "<!-- rewheel:claim v1 ";
const END: &str = " -->";

/// A bound on the first line of a claim; ours are a tenth of it.
const LONGEST_LINE: usize = 2048;

/// A bound on the number of an attempt; the configuration allows ten.
const MOST_ATTEMPTS: u32 = 100;

/// What a claim is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Purpose {
    pub step: String,
    pub target: OpensslVersion,
    pub attempt: u32,
    /// The claim's own identifier.
    pub id: String,
}

/// A claim of a comment, of whichever step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Posted {
    pub step: String,
    pub target: OpensslVersion,
    pub claim: Claim,
}

/// An identifier that no other watcher comes upon.
pub(super) fn new_id(purpose: &str) -> String {
    let mut hasher = RandomState::new().build_hasher();
    hasher.write(purpose.as_bytes());
    let parts = format!("{purpose}\n{}", hasher.finish());
    Sha256Sum::of(parts.as_bytes()).chars().take(16).collect()
}

/// The comment that says what became of a claim.
pub(super) fn comment(purpose: &Purpose, state: &ClaimState, sentence: &str) -> String {
    let pairs = [
        ("step", purpose.step.clone()),
        ("target", purpose.target.to_string()),
        ("attempt", purpose.attempt.to_string()),
        ("id", purpose.id.clone()),
    ];
    let became = match state {
        ClaimState::Open => None,
        ClaimState::Yielded => Some(("state", "yielded".to_owned())),
        ClaimState::Refused => Some(("state", "refused".to_owned())),
        ClaimState::Named(runs) => {
            let runs: Vec<String> = runs.iter().map(u64::to_string).collect();
            Some(("run", runs.join(".")))
        }
    };
    let words: Vec<String> = pairs
        .into_iter()
        .chain(became)
        .map(|(name, value)| {
            let value: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
            // Two hyphens in a row would end an HTML comment for some readers.
            format!("{name}={}", value.replace('-', "%2D"))
        })
        .collect();
    format!("{START}{}{END}\n{sentence}\n", words.join(" "))
}

/// "rewheel starts the step \"wheels\" for OpenSSL 3.5.4 (attempt 1 of 3)."
pub(super) fn sentence(purpose: &Purpose, attempts: u32, what: &str) -> String {
    format!(
        "Step *{}* for OpenSSL {}, attempt {} of {attempts}: {what}",
        markdown(&purpose.step),
        purpose.target,
        purpose.attempt
    )
}

/// The claim of a comment, if it is one and its author is trusted. Whether it is ours, others tell.
pub(super) fn posted(comment: &Comment, is_trusted: impl Fn(&str) -> bool) -> Option<Posted> {
    let author = comment
        .author
        .as_deref()
        .filter(|author| is_trusted(author))?;
    let line = comment.body.lines().next()?;
    let inner = line
        .trim_end()
        .strip_prefix(START)
        .filter(|_| line.len() <= LONGEST_LINE)?
        .strip_suffix(END)?;
    let value = |name: &str| -> Option<String> {
        let text = inner.split(' ').find_map(|word| {
            let (own, value) = word.split_once('=')?;
            (own == name).then_some(value)
        })?;
        let pair = format!("v={text}");
        let mut decoded = form_urlencoded::parse(pair.as_bytes());
        decoded.next().map(|(_, value)| value.into_owned())
    };
    let runs: Vec<u64> = value("run")
        .unwrap_or_default()
        .split('.')
        .filter_map(|run| run.parse().ok())
        .collect();
    let state = match value("state").as_deref() {
        Some("yielded") => ClaimState::Yielded,
        Some("refused") => ClaimState::Refused,
        _ if !runs.is_empty() => ClaimState::Named(runs),
        _ => ClaimState::Open,
    };
    Some(Posted {
        step: value("step")?,
        target: value("target")?.parse().ok()?,
        claim: Claim {
            comment: comment.id,
            attempt: value("attempt")?
                .parse()
                .ok()
                .filter(|number| (1..=MOST_ATTEMPTS).contains(number))?,
            id: value("id")?,
            author: author.to_owned(),
            is_ours: false,
            created_at: comment.created_at,
            state,
        },
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn purpose(step: &str) -> Purpose {
        Purpose {
            step: step.to_owned(),
            target: "3.5.4".parse().unwrap(),
            attempt: 2,
            id: "0123456789abcdef".to_owned(),
        }
    }

    fn written(author: Option<&str>, body: &str) -> Comment {
        Comment {
            id: 7,
            author: author.map(str::to_owned),
            body: body.to_owned(),
            created_at: chrono::DateTime::UNIX_EPOCH,
            html_url: String::new(),
        }
    }

    fn read(author: Option<&str>, body: &str) -> Option<Posted> {
        posted(&written(author, body), |author| author == "bot")
    }

    #[test]
    fn a_claim_reads_as_a_sentence() {
        let purpose = purpose("wheels @team");
        let sentence = sentence(&purpose, 3, "rewheel starts it now.");
        insta::assert_snapshot!(comment(&purpose, &ClaimState::Named(vec![4, 5]), &sentence), @"
        <!-- rewheel:claim v1 step=wheels+%40team target=3.5.4 attempt=2 id=0123456789abcdef run=4.5 -->
        Step *wheels @&#8203;team* for OpenSSL 3.5.4, attempt 2 of 3: rewheel starts it now.
        ");
    }

    #[rstest]
    #[case::somebody_else(Some("alex"), "", "")]
    #[case::nobody(None, "", "")]
    #[case::quoted(Some("bot"), "> ", "")]
    #[case::later_line(Some("bot"), "Look:\n", "")]
    #[case::unfinished(Some("bot"), "", "x")]
    fn only_a_trusted_authors_own_first_line_is_a_claim(
        #[case] author: Option<&str>,
        #[case] before: &str,
        #[case] after: &str,
    ) {
        let claim = comment(&purpose("wheels"), &ClaimState::Open, "s");
        let first = claim.lines().next().unwrap();
        assert_eq!(read(author, &format!("{before}{first}{after}")), None);
        assert!(read(Some("bot"), first).is_some());
    }

    #[test]
    fn identifiers_differ() {
        assert_ne!(new_id("a"), new_id("a"));
        assert_eq!(new_id("a").len(), 16);
    }

    proptest! {
        #[test]
        fn every_claim_is_read_as_it_was_written(step in "\\PC{1,40}", runs in proptest::collection::vec(any::<u64>(), 0..4), number in 0_usize..3) {
            let state = match number {
                0 if !runs.is_empty() => ClaimState::Named(runs),
                1 => ClaimState::Yielded,
                2 => ClaimState::Refused,
                _ => ClaimState::Open,
            };
            let purpose = purpose(&step);
            let body = comment(&purpose, &state, "s");
            let first = body.lines().next().unwrap().strip_suffix(" -->").unwrap();
            prop_assert!(!first.strip_prefix("<!-- ").unwrap().contains("--"));
            let found = read(Some("bot"), &body).unwrap();
            prop_assert_eq!(found.step, step);
            prop_assert_eq!(found.target, purpose.target);
            prop_assert_eq!(found.claim.attempt, 2);
            prop_assert_eq!(found.claim.state, state);
        }

        #[test]
        fn no_comment_breaks_the_reading(body in "(<!-- rewheel:claim v1 )?\\PC{0,80}( -->)?") {
            let _ = read(Some("bot"), &body);
        }
    }
}
