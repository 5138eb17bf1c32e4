//! The page for people in a real browser: a headless Chromium, see `support::browser`.

use std::sync::mpsc;

use rewheel::report::LineReport;
use serde_json::{Value, json};

use crate::support::browser::Browser;
use crate::support::lines::{self, cycle, facts, line, many, moment};
use crate::support::page::start;

/// The widths that are looked at: a small telephone, a tablet, a desk.
const WIDTHS: [u32; 3] = [320, 768, 1280];

/// Serves the page of these lines on a thread of its own, until the test ends.
fn served(lines: Vec<LineReport>) -> String {
    let (told, port) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let served = start(None, moment()).await;
            let facts = facts();
            let well = cycle(Vec::new(), &facts);
            served.board.ended(well);
            served.board.ended(cycle(lines, &facts));
            served.board.next(moment() + chrono::TimeDelta::minutes(12));
            told.send(served.port).unwrap();
            served.task.await.unwrap()
        })
    });
    format!("http://127.0.0.1:{}", port.recv().unwrap())
}

/// Lines of every kind, with an issue, with names that are long, and with names that are evil.
fn everything() -> Vec<LineReport> {
    let facts = facts();
    let mut lines = many(4, &facts);
    let mut tracked = line("tracked", [Some("3.5.8"); 5], &facts);
    let title = format!("Rebuild with {}", "averylongwordwithoutanyspace".repeat(8));
    lines::tracked(&mut tracked, &title, "https://github.example/a/b/issues/17");
    lines.push(tracked);
    let long = "a-name-that-is-as-long-as-a-name-may-ever-be".repeat(4);
    lines.push(line(&long, [Some("3.5.7"); 5], &facts));
    lines.push(line(&"unbreakable".repeat(20), [Some("3.0.17"); 5], &facts));
    let evil = "\"><script>document.title='evil'</script><img src=//evil.example/x>";
    lines.push(line(evil, [Some("3.5.8"); 5], &facts));
    lines
}

/// Opens every part that can be.
const OPEN_ALL: &str = "document.querySelectorAll('details').forEach(one => one.open = true)";

/// What is wider than the page, and how wide.
const TOO_WIDE: &str = "(() => { const width = document.documentElement.clientWidth; \
    if (document.documentElement.scrollWidth > width) { \
        return [...document.querySelectorAll('body *')] \
            .filter(one => one.getBoundingClientRect().right > width + 1) \
            .map(one => one.tagName + '.' + one.getAttribute('class') + ' ' + \
                one.getBoundingClientRect().right + ' ' + one.textContent.slice(0, 40)) \
            .concat(['scrollWidth ' + document.documentElement.scrollWidth]); \
    } return []; })()";

#[test]
fn nothing_goes_wrong_nothing_is_fetched_elsewhere_and_it_fits_every_width() {
    let Some(mut browser) = Browser::start() else {
        return;
    };
    let base = served(everything());
    for width in WIDTHS {
        for dark in [false, true] {
            browser.look(width, 900, dark);
            browser.open(&base);
            browser.keep(&format!("{width}-{}", if dark { "dark" } else { "light" }));
            let closed = browser.evaluate(TOO_WIDE);
            browser.evaluate(OPEN_ALL);
            let opened = browser.evaluate(TOO_WIDE);
            assert_eq!((closed, opened), (json!([]), json!([])), "{width}");
            for event in [
                "Log.entryAdded",
                "Runtime.consoleAPICalled",
                "Runtime.exceptionThrown",
                "Audits.issueAdded",
                "Network.loadingFailed",
            ] {
                let told = browser.told(event);
                assert!(told.is_empty(), "{event}: {told:#?}");
            }
            let requests = browser.told("Network.requestWillBeSent");
            let urls: Vec<&str> = requests
                .iter()
                .filter_map(|request| request["request"]["url"].as_str())
                .collect();
            assert!(urls.len() >= 2, "{urls:?}");
            assert!(urls.iter().all(|url| url.starts_with(&base)), "{urls:?}");
            assert_ne!(browser.evaluate("document.title"), "evil");
        }
    }
}

#[test]
fn dark_is_dark_and_light_is_light() {
    let Some(mut browser) = Browser::start() else {
        return;
    };
    let base = served(everything());
    let mut pictures = Vec::new();
    for (dark, ground) in [(false, "rgb(255, 255, 255)"), (true, "rgb(13, 17, 23)")] {
        browser.look(1280, 900, dark);
        browser.open(&base);
        let said = browser.evaluate("getComputedStyle(document.body).backgroundColor");
        assert_eq!(said, ground);
        // What is drawn changes, too.
        let drawn = "getComputedStyle(document.querySelector('rect.solid')).fill";
        pictures.push((browser.evaluate(drawn), browser.picture()));
    }
    let [light, dark] = pictures.try_into().unwrap();
    assert_ne!(light.0, dark.0);
    assert_ne!(light.1, dark.1);
}

#[test]
fn the_keyboard_reaches_everything_in_order_and_filters() {
    let Some(mut browser) = Browser::start() else {
        return;
    };
    let mut lines = many(3, &facts());
    lines::tracked(
        &mut lines[0],
        "Rebuild",
        "https://github.example/a/b/issues/17",
    );
    let base = served(lines);
    browser.look(1280, 900, false);
    browser.open(&base);
    let focused = "(() => { const one = document.activeElement; \
        const style = getComputedStyle(one); \
        const seen = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2; \
        const name = one.tagName === 'SUMMARY' && one.querySelector('h3') || one; \
        return (seen ? '' : 'unseen ') + one.tagName.toLowerCase() + ' ' \
            + (one.name || name.textContent.trim().split(/\\s+/).slice(0, 2).join(' ')); })()";
    let mut order = Vec::new();
    for _ in 0..9 {
        browser.press("Tab", 9);
        order.push(browser.evaluate(focused).as_str().unwrap().to_owned());
    }
    assert_eq!(
        order,
        [
            "a Skip to",
            "input q",
            "select show",
            "button Filter",
            "summary package-001 1.2.3",
            "summary The drawing",
            "summary 4 wheels",
            "summary 4 wheels",
            "summary 4 wheels",
        ]
    );
    // And at last the links to issues, runs and what programs read.
    let mut rest = Vec::new();
    loop {
        browser.press("Tab", 9);
        let one = browser.evaluate(focused).as_str().unwrap().to_owned();
        if one.contains("body") || rest.len() > 60 {
            break;
        }
        rest.push(one);
    }
    for wanted in [
        "a Issue #17",
        "a #17 Rebuild",
        "a run 987,",
        "a open the",
        "a Metrics",
    ] {
        assert!(rest.iter().any(|one| one == wanted), "{wanted}: {rest:?}");
    }
    assert!(
        !rest.iter().any(|one| one.starts_with("unseen")),
        "{rest:?}"
    );
    browser.evaluate("document.querySelector('input').focus()");
    browser.write("package-002");
    browser.enter();
    assert_eq!(
        browser.evaluate("location.search"),
        "?q=package-002&show=all"
    );
    assert_eq!(
        browser.evaluate("document.querySelectorAll('.card').length"),
        1
    );
    assert_eq!(
        browser.evaluate("document.querySelector('input').value"),
        "package-002"
    );
}

/// The parts of the accessibility tree with this role, as their names.
fn named(tree: &Value, role: &str) -> Vec<String> {
    let nodes = tree["nodes"].as_array().unwrap().iter();
    nodes
        .filter(|node| node["role"]["value"] == role && node["ignored"] == false)
        .map(|node| {
            node["name"]["value"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        })
        .collect()
}

#[test]
fn who_does_not_see_it_is_told_the_same() {
    let Some(mut browser) = Browser::start() else {
        return;
    };
    let mut lines = many(2, &facts());
    lines::tracked(
        &mut lines[0],
        "Rebuild",
        "https://github.example/a/b/issues/17",
    );
    let base = served(lines);
    for width in WIDTHS {
        browser.look(width, 900, false);
        browser.open(&base);
        browser.evaluate(OPEN_ALL);
        let tree = browser.call("Accessibility.getFullAXTree", &json!({}));
        for (role, count) in [
            ("main", 1),
            ("banner", 1),
            ("contentinfo", 1),
            ("search", 1),
        ] {
            assert_eq!(named(&tree, role).len(), count, "{role} at {width}");
        }
        for role in [
            "link",
            "button",
            "searchbox",
            "combobox",
            "image",
            "table",
            "heading",
        ] {
            let names = named(&tree, role);
            assert!(!names.is_empty(), "{role} at {width}");
            assert!(
                names.iter().all(|name| !name.is_empty()),
                "{role} at {width}: {names:?}"
            );
        }
        let drawings = tree["nodes"].as_array().unwrap().iter();
        let described: Vec<&str> = drawings
            .filter(|node| node["role"]["value"] == "image")
            .filter_map(|node| node["name"]["value"].as_str())
            .collect();
        assert_eq!(described.len(), 2);
        assert!(described[0].contains("vulnerable for"), "{described:?}");
        // The table is one at every width, whatever it looks like.
        let headers = named(&tree, "rowheader");
        assert!(
            headers.iter().any(|name| name == "windows x86_64"),
            "{headers:?}"
        );
        let levels = browser.evaluate(
            "[...document.querySelectorAll('h1,h2,h3')].map(one => one.tagName).join(' ')",
        );
        assert_eq!(levels, "H1 H2 H3 H3 H2 H2 H2");
    }
}

#[test]
fn on_paper_everything_is_there() {
    let Some(mut browser) = Browser::start() else {
        return;
    };
    let base = served(many(3, &facts()));
    browser.look(1280, 900, true);
    browser.open(&base);
    let closed = "document.querySelector('.card:not([open]) .inside').checkVisibility()";
    assert_eq!(browser.evaluate(closed), false);
    browser.call("Emulation.setEmulatedMedia", &json!({ "media": "print" }));
    assert_eq!(browser.evaluate(closed), true);
    let form = "getComputedStyle(document.querySelector('form')).display";
    assert_eq!(browser.evaluate(form), "none");
    let ground = "getComputedStyle(document.body).backgroundColor";
    assert_eq!(browser.evaluate(ground), "rgb(255, 255, 255)");
    let printed = browser.call("Page.printToPDF", &json!({ "printBackground": false }));
    assert!(printed["data"].as_str().unwrap().len() > 10_000);
}
