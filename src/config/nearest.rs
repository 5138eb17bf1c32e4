//! The right spelling of what was written nearly right.

/// The known name that is nearest to this one, when one is near enough to be meant.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = name.to_ascii_lowercase().replace('_', "-");
    // A third of the letters may be wrong; more than that is another word.
    let most = (wanted.chars().count() / 3).clamp(1, 4);
    let mut candidates: Vec<(usize, &str)> = known
        .into_iter()
        .filter_map(|known| {
            let distance = distance(&wanted, known);
            // `token` is a beginning of `token-env`, however long the rest is.
            let begins = known
                .strip_prefix(wanted.as_str())
                .is_some_and(|rest| rest.starts_with('-'));
            (distance <= most || begins).then_some((distance, known))
        })
        .collect();
    candidates.sort_by_key(|(distance, _)| *distance);
    candidates.first().map(|(_, known)| *known)
}

fn distance(wanted: &str, known: &str) -> usize {
    let known = known.to_ascii_lowercase().replace('_', "-");
    strsim::damerau_levenshtein(wanted, &known)
}

/// "unknown severity `hgih`; did you mean `high`?", or the names that are known.
pub(super) fn unknown(what: &str, name: &str, known: &[&str]) -> String {
    let name: String = name.chars().take(64).collect();
    match nearest(&name, known.iter().copied()) {
        Some(right) => format!("unknown {what} `{name}`; did you mean `{right}`?"),
        None => format!("unknown {what} `{name}`; known are {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("shedule", Some("schedule"))]
    #[case("Schedule", Some("schedule"))]
    #[case("max_fact_age", Some("max-fact-age"))]
    #[case("max", Some("max-fact-age"))]
    #[case("max-age", None)]
    #[case("x", None)]
    #[case("colour", None)]
    fn the_nearest_is_found(#[case] name: &str, #[case] found: Option<&str>) {
        let known = ["schedule", "max-fact-age", "timezone"];
        assert_eq!(nearest(name, known), found);
    }
}
