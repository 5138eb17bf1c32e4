//! The version that a project's next release would have.

use pep440_rs::Version;

/// The version after the newest one: its last release number plus one, as projects number releases
/// that only bring new wheels (46.0.3 → 46.0.4, 25 → 26, 2.9 → 2.10). A pre-release or development
/// release leads to the final release that it is on the way to; what stands after a release
/// (`.post1`) and what a builder added (`+local`) are dropped. The epoch stays.
///
/// Source: PEP 440.
pub fn next_version(newest: &Version) -> Version {
    let mut release = newest.release().to_vec();
    // A development release of a post-release comes after the final release.
    let is_before_final = newest.is_pre() || (newest.is_dev() && !newest.is_post());
    if !is_before_final && let Some(last) = release.last_mut() {
        *last = last.saturating_add(1);
    }
    Version::new(release).with_epoch(newest.epoch())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("46.0.3", "46.0.4")]
    #[case("25", "26")]
    #[case("2.9", "2.10")]
    #[case("1.0.0.post2", "1.0.1")]
    #[case("1.0.0+cu118", "1.0.1")]
    #[case("47.0.0rc1", "47.0.0")]
    #[case("47.0.0.dev3", "47.0.0")]
    #[case("47.0.0a1.post2.dev3", "47.0.0")]
    #[case("1.0.post1.dev2", "1.1")]
    #[case("2!1.9", "2!1.10")]
    fn the_last_number_counts_on(#[case] newest: &str, #[case] next: &str) {
        let newest: Version = newest.parse().unwrap();
        assert_eq!(next_version(&newest).to_string(), next);
    }

    #[test]
    fn the_largest_number_stays() {
        let newest: Version = format!("1.{}", u64::MAX).parse().unwrap();
        assert_eq!(next_version(&newest), newest);
    }
}
