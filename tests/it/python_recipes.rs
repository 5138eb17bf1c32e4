//! The recipes of docs/python.md, run as they are written, on wheelhouses made here.
//!
//! `pipx` is played: it runs the command that is tested. pre-commit is, too: it would compile the
//! command anew, so its part is done here by the two files that it goes by.

use std::path::Path;
use std::process::Command;

use regex::Regex;
use rstest::rstest;
use serde_json::Value;

use crate::support::binary::{SEVERE, wheel_carrying, wheel_without};
use crate::support::command::User;
use crate::support::fake_index::{FakeFile, FakeIndex};
use crate::support::runner::yaml;

const DOCUMENT: &str = include_str!("../../docs/python.md");
const HOOKS: &str = include_str!("../../.pre-commit-hooks.yaml");
const NEW: &str = "OpenSSL 4.0.3 29 Sep 2026";

/// The blocks of the document in this language.
fn blocks(language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    let begun = DOCUMENT.split(&fence).skip(1);
    begun
        .map(|rest| rest.split("```").next().unwrap())
        .collect()
}

/// The step of the workflow that looks into the wheels, and the command for a terminal.
fn gates() -> Vec<String> {
    let workflow = blocks("yaml")
        .into_iter()
        .find(|block| block.contains("Look into them"))
        .unwrap();
    let steps = yaml(workflow);
    let step = steps
        .as_array()
        .unwrap()
        .iter()
        .find(|step| step["name"] == "Look into them")
        .unwrap();
    let of_terminal = blocks("console")
        .into_iter()
        .flat_map(str::lines)
        .filter_map(|line| line.strip_prefix("$ "))
        .find(|line| line.contains("--require"))
        .unwrap();
    vec![
        step["run"].as_str().unwrap().to_owned(),
        of_terminal.to_owned(),
    ]
}

/// A place with a wheelhouse, and with the command on its path.
struct Place(User);

impl Place {
    fn new(wheels: &[(&str, Vec<u8>)]) -> Self {
        let user = User::new();
        for folder in ["bin", "wheelhouse"] {
            std::fs::create_dir(user.home().join(folder)).unwrap();
        }
        for (name, bytes) in wheels {
            std::fs::write(user.home().join("wheelhouse").join(name), bytes).unwrap();
        }
        let command = env!("CARGO_BIN_EXE_rewheel");
        std::os::unix::fs::symlink(command, user.home().join("bin/rewheel")).unwrap();
        let pipx = format!(
            "#!/bin/sh\n[ \"$1 $2\" = 'run rewheel=={}' ] || exit 99\nshift 2\nexec rewheel \"$@\"\n",
            env!("CARGO_PKG_VERSION")
        );
        let path = user.home().join("bin/pipx");
        crate::support::runner::write_script(&path, &pipx);
        Self(user)
    }

    fn run(&self, line: &str) -> (Option<i32>, String) {
        let own = std::env::var("PATH").unwrap();
        let path = format!("{}:{own}", self.0.home().join("bin").display());
        let output = Command::new("bash")
            .args(["--noprofile", "--norc", "-eo", "pipefail", "-c", line])
            .current_dir(self.0.home())
            .env("PATH", path)
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).unwrap())
    }
}

const LINUX: &str = "demo-1.0-cp39-abi3-manylinux_2_28_x86_64.whl";
const WINDOWS: &str = "demo-1.0-cp39-abi3-win_amd64.whl";

#[rstest]
#[case::all_new(&[(LINUX, wheel_carrying(NEW)), (WINDOWS, wheel_carrying(NEW))], 0)]
#[case::one_old(&[(LINUX, wheel_carrying(NEW)), (WINDOWS, wheel_carrying(SEVERE))], 1)]
#[case::one_without(&[(LINUX, wheel_carrying(NEW)), (WINDOWS, wheel_without())], 1)]
#[case::one_broken(&[(LINUX, wheel_carrying(NEW)), (WINDOWS, b"no archive".to_vec())], 3)]
fn the_gate_after_cibuildwheel(#[case] wheels: &[(&str, Vec<u8>)], #[case] code: i32) {
    let place = Place::new(wheels);
    let gates = gates();
    assert!(gates[0].starts_with("pipx run rewheel=="), "{gates:#?}");
    for gate in gates {
        let (exit, said) = place.run(&gate);
        assert_eq!(exit, Some(code), "{gate}: {said}");
    }
}

/// The step of docs/code-scanning.md: after it the log is uploaded.
#[rstest]
#[case::all_is_told(&[(LINUX, wheel_carrying(SEVERE))], true)]
#[case::one_was_not_read(&[(LINUX, wheel_carrying(SEVERE)), (WINDOWS, b"no archive".to_vec())], false)]
fn only_a_whole_look_is_uploaded(#[case] wheels: &[(&str, Vec<u8>)], #[case] is_uploaded: bool) {
    let index = FakeIndex::start_blocking();
    for (name, bytes) in wheels {
        index.publish(
            "example-package",
            FakeFile::new(&name.replace("demo", "example_package"), bytes.clone()),
        );
    }
    let document = include_str!("../../docs/code-scanning.md");
    let block = document.split("```yaml\n").nth(1).unwrap();
    let steps = yaml(block.split("```").next().unwrap());
    let step = steps[0]["run"].as_str().unwrap();
    assert!(step.contains("pipx run rewheel=="), "{step}");
    // The rest is as it is written.
    let here = format!("--offline --index-url {} --format", index.url());
    let place = Place::new(&[]);
    let surroundings = "export REWHEEL_WATCH__MAX_FACT_AGE=36500d REWHEEL_CACHE_DIR=$PWD/cache\n";
    let script = step.replace("--format", &here);
    let (exit, said) = place.run(&format!("{surroundings}{script}"));
    assert_eq!(exit == Some(0), is_uploaded, "{exit:?} {said}");
}

/// The hook of the document, held to what the repository offers: the words of its command.
fn hook() -> (Vec<String>, Regex) {
    let text = blocks("yaml")
        .into_iter()
        .find(|block| block.contains("rewheel-inspect"))
        .unwrap();
    let wanted = &yaml(text)["repos"][0];
    assert_eq!(wanted["repo"], env!("CARGO_PKG_REPOSITORY"));
    assert_eq!(wanted["rev"], concat!("v", env!("CARGO_PKG_VERSION")));
    let asked = &wanted["hooks"][0];
    let offered = yaml(HOOKS);
    let offered = offered
        .as_array()
        .unwrap()
        .iter()
        .find(|hook| hook["id"] == asked["id"])
        .unwrap();
    let entry = offered["entry"].as_str().unwrap().split(' ');
    let arguments = asked["args"].as_array().unwrap().iter();
    let words = entry.chain(arguments.map(|word| word.as_str().unwrap()));
    let files = Regex::new(offered["files"].as_str().unwrap()).unwrap();
    assert_eq!(offered["require_serial"], Value::from("true"));
    (words.map(str::to_owned).collect(), files)
}

#[rstest]
#[case::new(wheel_carrying(NEW), 0)]
#[case::old(wheel_carrying(SEVERE), 1)]
fn the_hook_of_pre_commit(#[case] wheel: Vec<u8>, #[case] code: i32) {
    let place = Place::new(&[(LINUX, wheel), ("notes.txt", b"no wheel".to_vec())]);
    let (words, files) = hook();
    let mut line: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    for entry in std::fs::read_dir(place.0.home().join("wheelhouse")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let path = Path::new("wheelhouse").join(name);
        if files.is_match(path.to_str().unwrap()) {
            line.push(path.display().to_string());
        }
    }
    assert_eq!(line.len(), words.len() + 1, "{line:?}");
    let (exit, said) = place.run(&line.join(" "));
    assert_eq!(exit, Some(code), "{line:?}: {said}");
}

/// What is not released yet is said, as on the front page.
#[test]
fn what_needs_the_release_says_what_to_do_until_then() {
    let version = env!("CARGO_PKG_VERSION");
    let flat = DOCUMENT.replace('\n', " ");
    assert!(flat.contains(&format!(
        "Until {version} is out, put a commit of `main` behind `rev`"
    )));
    assert!(flat.contains("Until there is a release, `cargo install --locked --git"));
}
