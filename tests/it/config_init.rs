//! `rewheel config init`: what it writes is taken by the product, and nothing is ever overwritten
//! unasked.

use std::path::Path;

use rstest::rstest;

use crate::support::command::User;
use crate::support::runner::yaml;

/// What the command has left in the user's folder.
fn left(user: &User) -> Vec<String> {
    let entries = std::fs::read_dir(user.home()).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[rstest]
#[case::reports(&[], &["repository: none", "acts: never, it is reported on only"])]
#[case::issue(
    &["--repository", "owner/demo"],
    &["repository: owner/demo", "opens the issue for: withdrawn, security, exposed"],
)]
#[case::steps(
    &["--repository", "owner/demo", "--workflow", "wheels.yml", "--follow", "lts"],
    &[
        "opens the issue and starts the steps for: withdrawn, security, bug-fix",
        "1. wheels: starts wheels.yml with openssl-sha256 = `{{ openssl.sha256 }}`",
        "openssl-version = `{{ openssl.version }}`",
    ],
)]
fn what_is_written_can_be_used(#[case] arguments: &[&str], #[case] says: &[&str]) {
    let user = User::new();
    let all = [&["config", "init", "--package", "Demo_Package"], arguments].concat();
    let ran = user.run(&all);
    ran.exits(0)
        .says("rewheel.toml is written")
        .says("rewheel config check rewheel.toml --online")
        .is_plain();
    assert_eq!(ran.stderr, "");
    assert_eq!(left(&user), ["rewheel.toml"]);
    let checked = user.run(&["config", "check", "rewheel.toml"]);
    checked.exits(0).says("demo-package");
    for text in says {
        checked.says(text);
    }
    // What it comments out can be used too, and is what the schema knows.
    let text = std::fs::read_to_string(user.home().join("rewheel.toml")).unwrap();
    let open = |line: &str| match line.strip_prefix("# ") {
        Some(rest) if rest.contains(" = ") => rest.to_owned(),
        _ => line.to_owned(),
    };
    let lines: Vec<String> = text.lines().map(open).collect();
    std::fs::write(user.home().join("full.toml"), lines.join("\n")).unwrap();
    user.run(&["config", "check", "full.toml"]).exits(0);
    let stdout = user.run(&[&all[..], &["--output", "-"]].concat());
    assert_eq!(stdout.exits(0).stdout, text);
}

/// The workflow that is there to be copied takes what the configuration gives it.
#[test]
fn what_is_written_starts_the_example() {
    let user = User::new();
    user.run(&[
        "config",
        "init",
        "--package=demo",
        "--repository=owner/demo",
        "--workflow=wheels.yml",
    ])
    .exits(0);
    let text = std::fs::read_to_string(user.home().join("rewheel.toml")).unwrap();
    let written: toml::Table = toml::from_str(&text).unwrap();
    let inputs = &written["project"][0]["step"][0]["dispatch"]["inputs"];
    let given = inputs.as_table().unwrap();
    let workflow = yaml(include_str!("../../deploy/github/wheels.yml"));
    let taken = workflow["on"]["workflow_dispatch"]["inputs"].as_object();
    let taken = taken.unwrap();
    for name in given.keys() {
        assert!(taken.contains_key(name), "it takes no {name}");
    }
    for (name, input) in taken {
        let is_required = input["required"] == "true";
        assert!(!is_required || given.contains_key(name), "it wants {name}");
    }
}

#[rstest]
#[case(&["--package", "a-"], "no package's name")]
#[case(&["--package", "a\"\n[github]"], "no package's name")]
#[case(&["--package", "a", "--repository", "owner"], "\"owner\" is no repository")]
#[case(&["--package", "a", "--repository", "o/a\"]"], "is no repository")]
#[case(&["--package", "a", "--repository", "o/a", "--workflow", "../x.yml"], "write only the name")]
#[case(&["--package", "a", "--repository", "o/a", "--workflow", "a\u{202e}.yml"], "no workflow")]
#[case(&["--package", "a", "--workflow", "a.yml"], "--repository <OWNER/NAME>")]
#[case(&["--package", "a", "--follow", "latets"], "did you mean `latest`?")]
fn what_cannot_be_meant_is_refused(#[case] arguments: &[&str], #[case] complains: &str) {
    let user = User::new();
    let ran = user.run(&[&["config", "init"], arguments].concat());
    ran.exits(2).complains(complains).is_plain();
    assert!(left(&user).is_empty());
}

#[test]
fn without_a_terminal_it_says_what_to_give() {
    let user = User::new();
    user.run(&["config", "init"])
        .exits(2)
        .complains("there is no terminal to ask on: name the package with --package NAME");
    assert!(left(&user).is_empty());
}

#[test]
fn a_file_that_is_there_stays() {
    let user = User::new();
    let file = user.home().join("rewheel.toml");
    std::fs::write(&file, "mine").unwrap();
    let init = ["config", "init", "--package", "demo"];
    user.run(&init)
        .exits(2)
        .complains("rewheel.toml is there already: overwrite it with --force");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
    assert_eq!(left(&user), ["rewheel.toml"]);
    user.run(&[&init[..], &["--force"]].concat()).exits(0);
    user.run(&["config", "check", "rewheel.toml"]).exits(0);
}

#[test]
fn what_cannot_be_written_is_told_with_its_cause() {
    let user = User::new();
    let init = ["config", "init", "--package", "demo", "--output"];
    user.run(&[&init[..], &["missing/rewheel.toml"]].concat())
        .exits(2)
        .complains("missing/rewheel.toml cannot be written: ");
    std::fs::create_dir(user.home().join("folder")).unwrap();
    user.run(&[&init[..], &["folder", "--force"]].concat())
        .exits(2)
        .complains("folder cannot be written: it is not a regular file");
    assert_eq!(left(&user), ["folder"]);
}

#[cfg(unix)]
#[test]
fn links_are_followed_by_force_only() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let user = User::new();
    let (real, link) = (user.home().join("real.toml"), user.home().join("link.toml"));
    symlink(&real, &link).unwrap();
    let init = [
        "config",
        "init",
        "--package",
        "demo",
        "--output",
        "link.toml",
    ];
    user.run(&init).exits(2).complains("is there already");
    assert!(!real.exists());
    std::fs::write(&real, "old").unwrap();
    user.run(&[&init[..], &["--force"]].concat()).exits(0);
    assert!(link.is_symlink());
    let is_new = |path: &Path| {
        std::fs::read_to_string(path)
            .unwrap()
            .contains("[[project]]")
    };
    assert!(is_new(&real));
    // Everybody may read it who may read the user's other files.
    let other = user.home().join("other");
    std::fs::write(&other, "").unwrap();
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode();
    assert_eq!(mode(&real), mode(&other));
}

#[cfg(target_os = "linux")]
mod on_a_terminal {
    use super::*;
    use crate::support::terminal::{self, Streams};

    fn init(user: &User, arguments: &[&str], typed: &str) -> terminal::Shown {
        let mut command = user.command();
        command.args(["config", "init"]).args(arguments);
        terminal::run(command, 80, Streams::All, typed)
    }

    #[test]
    fn it_asks_and_writes() {
        let user = User::new();
        let shown = init(&user, &[], "demo\nowner/demo\nwheels.yml\n\n");
        assert_eq!(shown.code, 0, "{shown:?}");
        assert!(shown.screen.contains("Package on the index: "), "{shown:?}");
        assert!(
            shown.screen.contains("rewheel.toml is written"),
            "{shown:?}"
        );
        user.run(&["config", "check", "rewheel.toml"])
            .exits(0)
            .says("starts wheels.yml");
    }

    #[test]
    fn nothing_is_asked_with_a_package_and_nothing_in_vain() {
        let user = User::new();
        let shown = init(&user, &["--package", "demo"], "");
        assert_eq!(shown.code, 0, "{shown:?}");
        assert!(!shown.screen.contains("Repository"), "{shown:?}");
        let shown = init(&user, &["--output", "rewheel.toml"], "");
        assert_eq!(shown.code, 2, "{shown:?}");
        assert!(shown.screen.contains("is there already"), "{shown:?}");
        assert!(!shown.screen.contains("Package"), "{shown:?}");
    }

    #[test]
    fn an_end_of_answers_writes_nothing() {
        let user = User::new();
        // Ctrl-D.
        let shown = init(&user, &[], "demo\n\u{4}");
        assert_eq!(shown.code, 2, "{shown:?}");
        assert!(shown.screen.contains("so nothing was written"), "{shown:?}");
        assert!(left(&user).is_empty());
    }
}
