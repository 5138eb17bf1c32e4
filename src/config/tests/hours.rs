//! When it looks, and how soon.

use super::*;

#[test]
fn a_project_has_its_own_hours_or_those_of_the_others() {
    let configuration = good(
        "[watch]\nhot-interval = \"none\"\nreload-on-change = true\n[index]\ninterval = \"1h\"\n\
         [defaults]\ntimezone = \"Europe/Berlin\"\n[[project]]\npackage = \"a\"\nschedule = \
         \"0 6 * * *\"\n[[project]]\npackages = [\"b\", \"c\"]\n",
    );
    assert_eq!(configuration.watch.hot_interval, None);
    assert!(configuration.watch.reload_on_change);
    assert_eq!(configuration.index_interval, TimeDelta::hours(1));
    let hours = |at: usize| {
        let project: &ProjectSettings = &configuration.projects[at];
        (project.schedule.as_deref(), project.timezone.as_deref())
    };
    assert_eq!(hours(0), (Some("0 6 * * *"), Some("Europe/Berlin")));
    assert_eq!(hours(1), (None, Some("Europe/Berlin")));
    assert_eq!(hours(2), hours(1));
}

#[rstest]
#[case("true", true)]
#[case("false", false)]
fn a_variable_says_true_or_false(#[case] text: &str, #[case] says: bool) {
    let variables = [("REWHEEL_WATCH__RELOAD_ON_CHANGE", text)];
    let configuration = read_with("", &variables).unwrap();
    assert_eq!(configuration.watch.reload_on_change, says);
}

#[rstest]
#[case(
    "[watch]\nreload-on-change = \"yes\"",
    "is to be true or false; this is a text"
)]
#[case(
    "[watch]\nhot-interval = \"soon\"",
    "neither a duration, such as \"5m\", nor \"none\""
)]
#[case(
    "[[project]]\npackage = \"a\"\ntimezone = \"Europe/Belrin\"",
    "did you mean `Europe/Berlin`?"
)]
#[case(
    "[[project]]\npackage = \"a\"\nschedule = \"0 0 30 2 *\"",
    "never fires"
)]
fn hours_that_mean_nothing(#[case] text: &str, #[case] sentence: &str) {
    let found = wrong(text);
    assert!(found.contains(sentence), "{found}");
}
