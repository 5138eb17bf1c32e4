//! What the documents promise to be complete about.

use rewheel::model::{EvidenceKind, ProblemCode};
use serde::de::DeserializeOwned;

/// Every word of an enum: serde names them all when it is given one that it does not know.
fn words<T: DeserializeOwned>() -> Vec<String> {
    let Err(error) = serde_json::from_str::<T>("\"?\"") else {
        panic!("? is no word");
    };
    let words = error.to_string();
    let words = words.split('`').skip(3).step_by(2);
    words.map(str::to_owned).collect()
}

#[test]
fn every_kind_of_evidence_and_problem_is_explained() {
    let text = include_str!("../../docs/detection.md");
    let kinds = words::<EvidenceKind>();
    let codes = words::<ProblemCode>();
    assert!(kinds.contains(&"version-constant".to_owned()), "{kinds:?}");
    assert!(codes.contains(&"not-an-archive".to_owned()), "{codes:?}");
    let missing: Vec<_> = kinds
        .iter()
        .chain(&codes)
        .filter(|word| !text.contains(&format!("\n| `{word}` | ")))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn which_problems_may_hide_a_library_is_said() {
    let text = include_str!("../../docs/detection.md");
    for word in words::<ProblemCode>() {
        let code: ProblemCode = serde_json::from_value(word.clone().into()).unwrap();
        let row = text
            .lines()
            .find(|line| line.starts_with(&format!("| `{word}` | ")))
            .unwrap();
        let hides = row.ends_with("| yes |");
        assert_eq!(hides, code.hides_content(), "{row}");
    }
}
