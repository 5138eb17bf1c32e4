//! The words of decisions: what `docs/policy.md` lists is what there is.

use rstest::rstest;

const DOCUMENT: &str = include_str!("../../docs/policy.md");

/// The first cells of the table whose head begins with this name, in their order.
fn documented(name: &str) -> Vec<String> {
    let head = format!("| {name} | ");
    DOCUMENT
        .lines()
        .skip_while(|line| !line.starts_with(&head))
        .skip(2)
        .map_while(|line| line.strip_prefix("| `")?.split_once('`'))
        .map(|(word, _)| word.to_owned())
        .collect()
}

/// The words that the variants of an enumeration are given in its `as_str`, in their order. The
/// compiler sees to it that no variant is left out.
fn defined(source: &str, name: &str) -> Vec<String> {
    source
        .lines()
        .skip_while(|line| !line.starts_with(&format!("impl {name} {{")))
        .take_while(|line| *line != "}")
        .filter_map(|line| line.trim().strip_prefix("Self::")?.split_once(" => \""))
        .filter_map(|(_, rest)| Some(rest.strip_suffix("\",")?.to_owned()))
        .collect()
}

#[rstest]
#[case(
    "code",
    "ReasonCode",
    include_str!("../../src/policy/reason.rs"),
    43,
    false
)]
#[case("event", "Event", include_str!("../../src/policy/event.rs"), 12, false)]
#[case("status", "Status", include_str!("../../src/policy/status.rs"), 9, true)]
#[case(
    "decision",
    "DecisionKind",
    include_str!("../../src/policy/decide.rs"),
    4,
    false
)]
fn the_document_lists_every_word_once_and_in_order(
    #[case] head: &str,
    #[case] name: &str,
    #[case] source: &str,
    #[case] least: usize,
    #[case] worst_first: bool,
) {
    let mut defined = defined(source, name);
    assert!(defined.len() >= least, "{defined:?}");
    if worst_first {
        defined.reverse();
    }
    assert_eq!(documented(head), defined);
}

#[test]
fn every_reason_says_what_it_means_and_what_to_do() {
    let rows = DOCUMENT
        .lines()
        .skip_while(|line| !line.starts_with("| code | "))
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        assert_eq!(cells.len(), 3, "{row}");
        assert!(cells.iter().all(|cell| !cell.is_empty()), "{row}");
    }
}
