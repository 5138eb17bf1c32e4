//! `rewheel config schema`: the JSON Schema and the reference, held against `config check`.

use std::path::{Path, PathBuf};

use jsonschema::{Draft, Validator};
use rstest::rstest;
use serde_json::Value;

use crate::support::command::User;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn schema() -> Value {
    User::new().run(&["config", "schema"]).exits(0).json()
}

fn validator() -> Validator {
    jsonschema::options()
        .with_draft(Draft::Draft202012)
        .build(&schema())
        .unwrap()
}

/// The configuration as an editor sees it.
fn seen(text: &str) -> Value {
    let table: toml::Table = toml::from_str(text).unwrap();
    plain(toml::Value::Table(table))
}

/// Dates are texts to a schema.
fn plain(value: toml::Value) -> Value {
    match value {
        toml::Value::Table(table) => Value::Object(
            table
                .into_iter()
                .map(|(key, value)| (key, plain(value)))
                .collect(),
        ),
        toml::Value::Array(list) => list.into_iter().map(plain).collect(),
        toml::Value::Datetime(moment) => moment.to_string().into(),
        other => serde_json::to_value(other).unwrap(),
    }
}

/// What `config check` exits with.
fn checked(text: &str) -> i32 {
    let user = User::new();
    let path = user.home().join("rewheel.toml");
    std::fs::write(&path, text).unwrap();
    // The template that the shipped configuration names.
    std::fs::write(user.home().join("issue.md"), "{{ project.package }}\n").unwrap();
    user.run(&["config", "check", path.to_str().unwrap()]).code
}

/// The files below a folder whose names end so.
fn files(folder: &Path, ends: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, ends));
        } else if ends.iter().any(|end| path.to_str().unwrap().ends_with(end)) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The blocks of TOML in a document.
fn blocks(document: &str) -> impl Iterator<Item = &str> {
    let ends = document.split("```toml\n").skip(1);
    ends.map(|block| block.split("```").next().unwrap())
}

/// The configuration in the ConfigMap of the Kubernetes example.
fn config_map() -> String {
    let text = std::fs::read_to_string(root().join("deploy/kubernetes/rewheel.yaml")).unwrap();
    let (_, block) = text.split_once("  rewheel.toml: |\n").unwrap();
    let lines = block.lines().map_while(|line| line.strip_prefix("    "));
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// The shipped configuration with every example in its comments that can stand beside the rest.
fn shipped_in_full() -> String {
    let text = std::fs::read_to_string(root().join("config.toml")).unwrap();
    let open = |line: &str| match line.strip_prefix("# ") {
        // It stands instead of `api`.
        Some(rest) if rest.starts_with("directory") => line.to_owned(),
        Some(rest) if rest.contains(" = ") || rest.starts_with('[') => rest.to_owned(),
        _ => line.to_owned(),
    };
    text.lines()
        .flat_map(|line| [open(line), "\n".to_owned()])
        .collect()
}

/// Every configuration that the repository shows, by a name.
fn shown() -> Vec<(String, String)> {
    let read = |path: &Path| std::fs::read_to_string(path).unwrap();
    let name = |path: &Path| path.strip_prefix(root()).unwrap().display().to_string();
    let mut found = vec![
        ("config.toml".to_owned(), read(&root().join("config.toml"))),
        ("config.toml in full".to_owned(), shipped_in_full()),
        ("the ConfigMap".to_owned(), config_map()),
    ];
    for path in files(&root().join("deploy"), &[".toml"]) {
        found.push((name(&path), read(&path)));
    }
    let documents = files(&root().join("docs"), &[".md"]);
    let documents = documents
        .into_iter()
        .chain(files(&root().join("deploy"), &[".md"]));
    for path in documents.chain([root().join("README.md")]) {
        for block in blocks(&read(&path)) {
            found.push((name(&path), block.to_owned()));
        }
    }
    found
}

#[test]
fn the_schema_is_one_of_2020_12() {
    let schema = schema();
    assert_eq!(
        schema["$schema"],
        "https://json-schema.org/draft/2020-12/schema"
    );
    if let Err(error) = jsonschema::draft202012::meta::validate(&schema) {
        panic!("{error}");
    }
    let step = &schema["$defs"]["step"]["items"];
    assert_eq!(step["properties"]["attempts"]["default"], 3);
    assert_eq!(step["required"], serde_json::json!(["name"]));
    assert_eq!(
        schema["properties"]["limits"]["properties"]["wheel-bytes"]["default"],
        2_147_483_648_u64
    );
}

#[test]
fn every_configuration_that_is_shown_is_valid() {
    let validator = validator();
    let shown = shown();
    assert!(shown.len() >= 6, "only {} are shown", shown.len());
    for (name, text) in shown {
        let problems: Vec<String> = validator
            .iter_errors(&seen(&text))
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(problems.is_empty(), "{name}: {problems:#?}\n{text}");
        assert_eq!(checked(&text), 0, "{name}:\n{text}");
    }
}

#[test]
fn the_shipped_configuration_shows_what_it_comments_out() {
    let full = shipped_in_full();
    for shown in [
        "wheel-bytes",
        "[[project.step]]",
        "until",
        "mailing-list",
        "login",
    ] {
        let line = full.lines().find(|line| line.contains(shown)).unwrap();
        assert!(!line.starts_with('#'), "{line}");
    }
}

const PROJECT: &str = "[[project]]\npackage = \"a\"\nrepository = \"o/a\"\n";
const STEP: &str = "[[project.step]]\nname = \"s\"\n";

#[rstest]
#[case::unknown_section("[wach]\n")]
#[case::unknown_key("[watch]\nshedule = \"@hourly\"\n")]
#[case::unknown_key_below("[github.app]\nid = 1\nkey-file = \"k\"\nkey = \"k\"\n")]
#[case::not_a_number("[limits]\nmembers = \"1\"\n")]
#[case::too_small("[limits]\nparallel = 0\n")]
#[case::too_large("[limits]\nnesting = 17\n")]
#[case::a_fraction("[limits]\nresumes = 1.5\n")]
#[case::not_a_list("[server]\nhosts = \"a.example\"\n")]
#[case::not_a_text("[state]\nurl = 3\n")]
#[case::not_a_section("watch = 3\n")]
#[case::no_duration("[watch]\njitter = \"30\"\n")]
#[case::no_address("[github]\napi = \"api.github.com\"\n")]
#[case::a_token("[github]\ntoken-env = \"a-b\"\n")]
#[case::two_logins("[github]\ntoken-env = \"T\"\ntoken-file = \"t\"\n")]
#[case::an_app_without_key("[github]\napp = { id = 1 }\n")]
#[case::an_app_with_login("[github]\nlogin = \"a\"\napp = { id = 1, key-file = \"k\" }\n")]
#[case::two_sources("[openssl]\napi = \"https://a.example\"\ndirectory = \"m\"\n")]
#[case::no_ledger("[state]\nurl = \"postgres://x\"\n")]
#[case::no_package("[[project]]\nrepository = \"o/a\"\n")]
#[case::two_ways_to_name("[[project]]\npackage = \"a\"\npackages = [\"b\"]\n")]
#[case::bad_package("[[project]]\npackage = \"-a\"\n")]
#[case::bad_repository("[[project]]\npackage = \"a\"\nrepository = \"https://github.com/o/a\"\n")]
#[case::bad_line("[[project]]\npackage = \"a\"\nlines = [\"46.0\"]\n")]
#[case::bad_follow("[defaults]\nfollow = \"newest\"\n")]
#[case::bad_reaction("[defaults.policy]\nsecurity = [\"isue\"]\n")]
#[case::bad_severity("[defaults.policy]\nsteps-severity = \"unknown\"\n")]
#[case::package_of_defaults("[defaults]\npackage = \"a\"\n")]
#[case::no_way(&format!("{PROJECT}{STEP}"))]
#[case::two_ways(&format!("{PROJECT}{STEP}run.workflow = \"a.yml\"\ndispatch.workflow = \"b.yml\"\n"))]
#[case::no_name(&format!("{PROJECT}[[project.step]]\nrun.workflow = \"a.yml\"\n"))]
#[case::file_of_nothing(&format!("{PROJECT}{STEP}file = {{ path = \"a\" }}\n"))]
#[case::run_of_nothing(&format!("{PROJECT}{STEP}run = {{ ref = \"main\" }}\n"))]
#[case::no_workflow(&format!("{PROJECT}{STEP}run.workflow = \"Build wheels\"\n"))]
#[case::two_starts(&format!("{PROJECT}{STEP}dispatch = {{ workflow = \"a.yml\", event = \"e\" }}\n"))]
#[case::event_on_a_branch(&format!("{PROJECT}{STEP}dispatch = {{ event = \"e\", ref = \"main\" }}\n"))]
#[case::inputs_of_numbers(&format!("{PROJECT}{STEP}dispatch = {{ workflow = \"a.yml\", inputs = {{ a = 1 }} }}\n"))]
#[case::bad_platform(&format!("{PROJECT}{STEP}run.workflow = \"a.yml\"\nplatforms = [\"macosx\"]\n"))]
#[case::accepting_without_reason(&format!("{PROJECT}[[project.accept]]\ncve = \"CVE-2026-1234\"\n"))]
#[case::accepting_everything(&format!("{PROJECT}[[project.accept]]\nreason = \"r\"\n"))]
#[case::bad_cve(&format!("{PROJECT}[[project.accept]]\nreason = \"r\"\ncve = \"2026-1\"\n"))]
#[case::bad_day(&format!("{PROJECT}[[project.accept]]\nreason = \"r\"\nlibrary = \"openssl\"\nuntil = \"soon\"\n"))]
fn what_the_schema_refuses_config_check_refuses_too(#[case] text: &str) {
    assert!(!validator().is_valid(&seen(text)), "{text}");
    assert_eq!(checked(text), 2, "{text}");
}

/// The reference in the documents is written by the command: with `REWHEEL_WRITE_DOCS=1` this test
/// writes it anew.
#[test]
fn the_reference_is_that_of_the_command() {
    let path = root().join("docs/configuration.md");
    let document = std::fs::read_to_string(&path).unwrap();
    let (before, written) = document.split_once("## The keys\n").unwrap();
    let made = User::new().run(&["config", "schema", "--format", "markdown"]);
    let (_, made) = made.exits(0).stdout.split_once("## The keys\n").unwrap();
    if std::env::var_os("REWHEEL_WRITE_DOCS").is_some() {
        std::fs::write(&path, format!("{before}## The keys\n{made}")).unwrap();
        return;
    }
    assert!(
        written == made,
        "docs/configuration.md is not what `rewheel config schema --format markdown` says: \
         REWHEEL_WRITE_DOCS=1 cargo test --test it schema writes it anew"
    );
}
