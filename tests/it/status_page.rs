//! The page for people, as text: what it shows, how much of it, and that nothing from outside acts
//! in it. What a browser makes of it is in `status_page_browser`.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use regex::Regex;
use rewheel::fetch::RateLimit;
use rewheel::model::Releases;
use rewheel::policy::{Reason, ReasonCode};
use rewheel::report::html::{Asked, STYLE, Show, View, Watcher, status};
use rewheel::report::{CheckReport, LineReport, PastAction};

use crate::support::lines::{self, cycle, facts, line, many, moment};

/// The page of these lines, and of what was done about them.
fn page(lines: Vec<LineReport>, asked: Asked) -> String {
    let facts = facts();
    let finished = cycle(lines, &facts);
    shown(&finished.report, &finished.releases, asked)
}

fn shown(report: &CheckReport, releases: &Releases, asked: Asked) -> String {
    let recent: Vec<PastAction> = report
        .lines
        .iter()
        .flat_map(|line| {
            let past = |action| PastAction::of(line, action, report.checked_at);
            line.actions.iter().map(past)
        })
        .collect();
    let names = report.feeds.iter().map(|feed| feed.name);
    let watcher = Watcher {
        last_good: Some(moment() - TimeDelta::minutes(3)),
        ready_within: TimeDelta::hours(1),
        messages: None,
        next: Some(moment() + TimeDelta::minutes(12)),
        under_way: None,
        error: None,
        feeds_good: names.map(|name| (name, moment())).collect(),
        budgets: BTreeMap::from([(
            "github",
            RateLimit {
                remaining: 4000,
                reset: u64::try_from(moment().timestamp()).unwrap() + 1800,
            },
        )]),
        recent: &recent,
    };
    status(&View {
        now: moment(),
        asked,
        report: Some(report),
        releases,
        watcher,
    })
    .unwrap()
    // It is escaped, too.
    .replace("&#x2f;", "/")
}

fn asked(filter: &str, show: Show, page: usize) -> Asked {
    Asked {
        filter: filter.to_owned(),
        show,
        page,
    }
}

/// The names of the lines of a page, in their order.
fn names(page: &str) -> Vec<String> {
    let heading = Regex::new("<h3>(\\S+)").unwrap();
    let found = heading.captures_iter(page);
    found.map(|found| found[1].to_owned()).collect()
}

/// The tags of a page with the names of their attributes: what a browser would build.
fn skeleton(page: &str) -> Vec<String> {
    let values = Regex::new("\"[^\"]*\"").unwrap();
    let tags = Regex::new("<[^>]*>").unwrap();
    let bare = values.replace_all(page, "");
    tags.find_iter(&bare)
        .map(|tag| tag.as_str().to_owned())
        .collect()
}

#[test]
fn the_worst_comes_first_and_is_open() {
    let facts = facts();
    let lines = vec![
        line("well", [None; 5], &facts),
        line("old", [Some("3.5.8"); 5], &facts),
        line("older", [Some("3.5.7"); 5], &facts),
        line("withdrawn", [Some("3.0.6"); 5], &facts),
    ];
    let page = page(lines, Asked::default());
    assert_eq!(names(&page), ["withdrawn", "older", "old", "well"]);
    assert_eq!(page.matches("<details class=\"card").count(), 4);
    assert_eq!(page.matches(" open>").count(), 3);
    assert!(page.contains("<h1 class=\"bad\">3 of 4 lines have something due</h1>"));
    // Days since the fix: of OpenSSL 3.5.9, and of 3.5.8 before it.
    assert!(page.contains("<strong>24</strong> days"), "{page}");
}

#[test]
fn three_hundred_projects_have_pages_whose_addresses_keep_what_was_asked_for() {
    let all = many(300, &facts());
    let first = page(all.clone(), Asked::default());
    assert_eq!(names(&first).len(), 50);
    assert!(first.contains("300 lines, page 1 of 6"), "{first}");
    assert!(first.contains("href=\"/?page=2\""));
    assert!(first.len() < 2_000_000, "{}", first.len());
    let last = page(all.clone(), asked("", Show::Due, 99));
    assert!(last.contains("225 of 300 lines, page 5 of 5"), "{last}");
    assert!(last.contains("href=\"/?show=due&amp;page=4\""), "{last}");
    let some = page(all.clone(), asked("  KAGE-1 ", Show::All, 1));
    assert_eq!(names(&some).len(), 50);
    assert!(some.contains("href=\"/?q=KAGE-1&amp;page=2\""), "{some}");
    let one = page(all.clone(), asked("package-007", Show::All, 1));
    assert_eq!(names(&one), ["package-007"]);
    let none = page(all, asked("nothing", Show::All, 1));
    assert!(none.contains("No line fits the filter"), "{none}");
}

#[test]
fn the_largest_page_can_be_made() {
    let facts = facts();
    let mut large = line("large", [Some("3.5.8"); 5], &facts);
    // Every wheel has a platform of its own, and there are more of everything than is shown.
    let one = large.decision.wheels[0].clone();
    for at in 0..500 {
        let mut wheel = one.clone();
        let tag = format!("demo-1.2.3-cp311-cp311-manylinux_2_{}_x86_64.whl", at % 40);
        wheel.name = tag.parse().unwrap();
        wheel.findings[0].finding.version = Some(format!("3.5.{}", at % 50));
        large.decision.wheels.push(wheel);
        let reason = format!("reason {at}");
        large
            .decision
            .reasons
            .push(Reason::new(ReasonCode::Unreadable, reason));
        let version = format!("1.{at}").parse().unwrap();
        large.published.push((version, moment().date_naive()));
    }
    lines::tracked(&mut large, "title", "https://github.example/a/b/issues/1");
    let step = large.tracking.steps[0].clone();
    large.tracking.steps = vec![step; 100];
    let action = large.actions[0].clone();
    large.actions = vec![action; 20];
    let page = page(vec![large; 120], Asked::default());
    assert!(page.contains("page 1 of 3"));
    assert!(page.len() < 8_000_000, "{}", page.len());
}

#[test]
fn nothing_from_outside_acts() {
    let evil = "\"><script>alert(1)</script><img src=x onerror=alert(1)> ' {{ 7 * 7 }} \u{202e}x\u{1b}[31m";
    let build = |text: &str, url: &str| {
        let facts = facts();
        let mut line = line(text, [Some("3.5.8"); 5], &facts);
        line.line = text.to_owned();
        lines::tracked(&mut line, text, url);
        let step = &mut line.tracking.steps[0];
        (step.name, step.sentence) = (text.to_owned(), text.to_owned());
        step.runs[0].state = text.to_owned();
        let action = line.actions[0].clone().because(text).noting(text);
        line.actions = vec![action];
        let verdict = &mut line.decision.wheels[0].findings[0];
        verdict.finding.version = Some(text.to_owned());
        verdict.accepted = Some(text.to_owned());
        let reason = Reason::new(ReasonCode::IndexUnavailable, text);
        line.decision.reasons.push(reason);
        let mut finished = cycle(vec![line], &facts);
        finished.report.feeds[0].error = Some(text.to_owned());
        shown(&finished.report, &finished.releases, Asked::default())
    };
    let meek = build("meek", "https://github.example/a/b/issues/1");
    let hostile = build(evil, "https://github.example/a/b/issues/1");
    assert_eq!(skeleton(&hostile), skeleton(&meek));
    let nowhere = |text: &str| page(Vec::new(), asked(text, Show::All, 1));
    assert_eq!(skeleton(&nowhere(evil)), skeleton(&nowhere("meek")));
    let hostile = hostile + &nowhere(evil);
    for text in ["<script", "<img", "\u{202e}", "\u{1b}"] {
        assert!(!hostile.contains(text), "{text:?}");
    }
    assert!(hostile.contains("{{ 7 * 7 }}"), "{hostile}");
    let links = Regex::new("href=\"([^\"]*)\"").unwrap();
    for url in [
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil.example",
        "x",
    ] {
        let page = build("meek", url);
        let odd: Vec<String> = links
            .captures_iter(&page)
            .map(|link| link[1].to_owned())
            .filter(|link| !link.starts_with('/') && !link.starts_with('#'))
            .collect();
        assert!(
            odd.is_empty() && !page.contains("href=\"//"),
            "{url}: {odd:?}"
        );
    }
}

#[test]
fn it_needs_no_script_and_no_style_of_its_own() {
    let page = page(many(8, &facts()), Asked::default());
    let own = Regex::new("(?i)<script|<style| style=| on[a-z]+=|https?://").unwrap();
    let found: Vec<&str> = own.find_iter(&page).map(|found| found.as_str()).collect();
    assert!(found.is_empty(), "{found:?}");
    let foreign = Regex::new("(?i)url\\(|@import|expression").unwrap();
    assert!(!foreign.is_match(STYLE));
}

#[test]
fn before_the_first_cycle_and_without_projects_it_says_so() {
    let releases = Releases::default();
    let view = View {
        now: moment(),
        asked: Asked::default(),
        report: None,
        releases: &releases,
        watcher: Watcher {
            under_way: Some(moment() - TimeDelta::minutes(2)),
            error: Some("the ledger <is> full"),
            ..Watcher::default()
        },
    };
    let page = status(&view).unwrap();
    for text in [
        "No cycle has come to an end yet",
        "2 minutes ago",
        "the ledger &lt;is&gt; full",
        "Nobody has been asked yet",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let page = self::page(Vec::new(), Asked::default());
    assert!(page.contains("No project is configured"), "{page}");
    let well = self::page(vec![line("well", [None; 5], &facts())], Asked::default());
    assert!(
        well.contains("<h1 class=\"good\">The one line is well</h1>"),
        "{well}"
    );
}

/// The bars of a page with this class: from where and how long, in percent of the drawing.
fn bars(page: &str, class: &str) -> Vec<(f64, f64)> {
    let bar = format!("<rect class=\"{class}\" x=\"([0-9.]+)%\" y=\"[0-9]+\" width=\"([0-9.]+)%\"");
    let found = Regex::new(&bar).unwrap();
    let number = |text: &str| text.parse::<f64>().unwrap();
    found
        .captures_iter(page)
        .map(|bar| (number(&bar[1]), number(&bar[2])))
        .collect()
}

#[test]
fn exposure_is_a_length() {
    let facts = facts();
    let of = |linked| {
        page(
            vec![line("demo", [Some(linked); 5], &facts)],
            Asked::default(),
        )
    };
    // 3.5.8 of 2026-08-25, wheels of 2026-09-13, fixed by 3.5.9 of 2026-09-29, seen on 2026-10-23.
    let (whole, well, behind) = (59.0, 16.0, 24.0);
    let page = of("3.5.8");
    let [(from, length)] = bars(&page, "solid vulnerable")[..] else {
        panic!("{page}");
    };
    assert!((length - 100.0 * behind / whole).abs() < 0.1, "{length}");
    assert!((from + length - 100.0).abs() < 0.1, "{from}");
    let [(_, length)] = bars(&page, "well vulnerable")[..] else {
        panic!("{page}");
    };
    assert!((length - 100.0 * well / whole).abs() < 0.1, "{length}");
    assert_eq!(bars(&page, "before vulnerable"), []);
    // 3.5.7 of 2026-06-09 was fixed by 3.5.8 before these wheels were published.
    let page = of("3.5.7");
    let whole = 136.0;
    let ([(_, before)], [(_, length)]) = (
        &bars(&page, "before vulnerable")[..],
        &bars(&page, "solid vulnerable")[..],
    ) else {
        panic!("{page}");
    };
    assert!((before - 100.0 * 19.0 / whole).abs() < 0.1, "{before}");
    assert!((length - 100.0 * 40.0 / whole).abs() < 0.1, "{length}");
    // What is current has no length of exposure.
    let page = of("3.5.9");
    assert_eq!(bars(&page, "solid [a-z]+"), []);
    assert_eq!(bars(&page, "well current").len(), 1);
}

#[test]
fn what_is_accepted_is_no_exposure_and_comes_after_what_is_not() {
    let facts = facts();
    let mut accepted = line("accepted", [Some("3.0.6"); 5], &facts);
    for finding in accepted
        .decision
        .wheels
        .iter_mut()
        .flat_map(|wheel| &mut wheel.findings)
    {
        finding.accepted = Some("legacy is its purpose".to_owned());
    }
    accepted.decision.is_due = false;
    let page = page(
        vec![accepted, line("old", [Some("3.5.8"); 5], &facts)],
        Asked::default(),
    );
    assert_eq!(names(&page), ["old", "accepted"]);
    assert_eq!(bars(&page, "solid withdrawn"), []);
    assert!(page.contains("withdrawn (accepted)"), "{page}");
    assert!(page.contains("legacy is its purpose"), "{page}");
}

#[test]
fn issues_runs_and_actions_are_told_with_their_reasons() {
    let facts = facts();
    let mut demo = line("demo", [Some("3.5.8"); 5], &facts);
    lines::tracked(&mut demo, "Rebuild", "https://github.example/a/b/issues/17");
    let page = page(vec![demo], Asked::default());
    for text in [
        "href=\"https://github.example/a/b/issues/17\" rel=\"noreferrer\">#17 Rebuild</a>",
        "run 987, attempt 2: in progress",
        "its run is under way",
        "open the tracking issue</a>",
        "because of security, new-series (severity high); to OpenSSL 3.5.9",
        "4 minutes ago",
        "4000 requests are left; more of them in 30 minutes",
        "answered for 1 of 1 lines",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
}

/// The colours of one scheme, by name.
type Colours = BTreeMap<String, [f64; 3]>;

/// Light, dark and print; what a scheme does not say is as in light.
fn schemes() -> [Colours; 3] {
    let blocks = Regex::new(":root \\{([^}]*)\\}").unwrap();
    let colour = Regex::new("--([a-z]+): #([0-9a-f]{6});").unwrap();
    let found: Vec<Colours> = blocks
        .captures_iter(STYLE)
        .map(|block| {
            let colours = colour.captures_iter(&block[1]);
            let one = |found: regex::Captures<'_>| {
                let part = |at: usize| u8::from_str_radix(&found[2][at..at + 2], 16).unwrap();
                let parts = [part(0), part(2), part(4)].map(|part| f64::from(part) / 255.0);
                (found[1].to_owned(), parts)
            };
            colours.map(one).collect()
        })
        .collect();
    found.try_into().unwrap()
}

/// How much two colours differ. Source: WCAG 2.2, "contrast ratio" and "relative luminance".
fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
    let luminance = |colour: [f64; 3]| {
        let [red, green, blue] = colour.map(|part| {
            if part <= 0.04045 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    };
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn every_colour_can_be_read_in_light_in_dark_and_on_paper() {
    for scheme in schemes() {
        assert_eq!(scheme.len(), 10, "{scheme:?}");
        for ground in ["paper", "raised"] {
            for text in ["ink", "soft", "link", "bad", "warn", "good"] {
                let ratio = contrast(scheme[text], scheme[ground]);
                assert!(ratio >= 4.5, "{text} on {ground}: {ratio:.2} in {scheme:?}");
            }
            let ratio = contrast(scheme["edge"], scheme[ground]);
            assert!(ratio >= 3.0, "edge on {ground}: {ratio:.2} in {scheme:?}");
        }
    }
    // There are no others.
    let rules = Regex::new(":root \\{[^}]*\\}").unwrap();
    let rest = rules.replace_all(STYLE, "");
    let other = Regex::new("#[0-9a-fA-F]{3,8}\\b|rgb|hsl|opacity").unwrap();
    assert!(!other.is_match(&rest), "{:?}", other.find(&rest));
}
