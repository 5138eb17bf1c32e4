//! What ELF version definitions say: `OPENSSL_3.2.0` names the series in which symbols came up.

use super::super::super::banner::Hit;
use super::super::super::object_file::Headers;
use super::{Candidates, DEFINITION};
use crate::model::{OpensslVersion, Series};

/// The newest series that a version definition names, and the definition.
pub(super) fn newest(headers: &Headers) -> Option<(&Hit, Series)> {
    let series = headers
        .definitions
        .iter()
        .filter_map(|hit| Some((hit, series(&hit.text)?)));
    series.max_by(|(_, one), (_, other)| one.cmp(other))
}

/// Weighs the candidates by the definitions, and says what contradicts the heaviest. A library of
/// a series defines what came up in it, mostly; what came up later it cannot define, unless its
/// builder added it.
pub(super) fn weigh(headers: &Headers, candidates: &mut Candidates) -> Option<String> {
    let (hit, newest) = newest(headers)?;
    let heaviest = candidates.0.iter().map(|candidate| candidate.weight).max();
    let mut contradiction = None;
    for candidate in &mut candidates.0 {
        let Ok(version) = candidate.version.parse::<OpensslVersion>() else {
            continue;
        };
        let own = version.series();
        if own == newest {
            candidate.weight = candidate.weight.saturating_add(DEFINITION);
        } else if own < newest {
            if Some(candidate.weight) == heaviest {
                contradiction = Some(format!(
                    "The version definition {} is newer than OpenSSL {}.",
                    hit.text, candidate.version
                ));
            }
            candidate.weight = candidate.weight.saturating_sub(DEFINITION);
        }
    }
    contradiction
}

/// The series of a definition: `OPENSSL_3.0.9` is of 3.0, `OPENSSL_1_1_1e` of 1.1.1.
fn series(text: &str) -> Option<Series> {
    let text = text.strip_prefix("OPENSSL_")?.replace('_', ".");
    let plain: String = text
        .chars()
        .take_while(|c| c.is_ascii_digit() || *c == '.')
        .collect();
    let version: OpensslVersion = plain.trim_end_matches('.').parse().ok()?;
    Some(version.series())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("OPENSSL_3.0.9", Some("3.0"))]
    #[case("OPENSSL_3.5.0", Some("3.5"))]
    #[case("OPENSSL_1_1_1e", Some("1.1.1"))]
    #[case("OPENSSL_1.0.1_EC", Some("1.0.1"))]
    #[case("OPENSSL_", None)]
    #[case("OPENSSLX", None)]
    fn series_of_definitions(#[case] text: &str, #[case] expected: Option<&str>) {
        assert_eq!(
            series(text).map(|series| series.to_string()).as_deref(),
            expected
        );
    }
}
