//! `check-now` by a configuration, through the command line.

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::fake_index::{FakeFile, FakeIndex};
use crate::support::wheel;

/// A folder with a configuration, and an index with two projects: `old` is linked to an OpenSSL
/// that is due, `plain` to none.
struct House {
    fake: FakeIndex,
    folder: TempDir,
}

fn native(text: &str) -> Vec<u8> {
    // The smallest thing that counts as an object file: a 64-bit ELF header for x86-64.
    let mut bytes = b"\x7fELF\x02\x01\x01".to_vec();
    bytes.resize(16, 0);
    bytes.extend([3, 0, 62, 0, 1, 0, 0, 0]);
    bytes.resize(52, 0);
    bytes.extend([64, 0, 56, 0, 0, 0, 64, 0, 0, 0, 0, 0]);
    // The texts that OpenSSL's own code keeps.
    let texts = format!(
        "\0{text}\0compiler: gcc\0built on: Tue\0OPENSSLDIR: \"/usr/local/ssl\"\0openssl.cnf\0"
    );
    bytes.extend(texts.as_bytes());
    bytes
}

impl House {
    fn new() -> Self {
        let fake = FakeIndex::start_blocking();
        for (version, openssl) in [
            ("1.0", "OpenSSL 3.0.1 14 Dec 2021"),
            ("2.0", "OpenSSL 3.5.0 8 Apr 2025"),
        ] {
            let name = format!("old-{version}-cp311-abi3-manylinux_2_28_x86_64.whl");
            let bytes = wheel::build(&[("old/_native.abi3.so", &native(openssl))]);
            fake.publish("old", FakeFile::new(&name, bytes));
        }
        let bytes = wheel::build(&[("plain.py", b"")]);
        fake.publish("plain", FakeFile::new("plain-1.0-py3-none-any.whl", bytes));
        Self {
            fake,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn cache(&self) -> PathBuf {
        self.folder.path().join("cache")
    }

    /// Writes the configuration, with the index's address in the place of `INDEX`.
    fn configure(&self, text: &str) -> PathBuf {
        let path = self.folder.path().join("rewheel.toml");
        std::fs::write(&path, text.replace("INDEX", &self.fake.url())).unwrap();
        path
    }

    /// The command, in a scrubbed environment.
    fn command(&self) -> Command {
        let mut command = Command::cargo_bin("rewheel").unwrap();
        command
            .env_clear()
            .env("HOME", self.folder.path())
            .env("REWHEEL_CACHE_DIR", self.cache())
            .env("NO_PROXY", "127.0.0.1")
            .current_dir(self.folder.path())
            .args(["check-now", "--offline"]);
        command
    }

    fn configured(&self, path: &Path) -> Command {
        let mut command = self.command();
        command.arg("--config").arg(path);
        command
    }
}

fn document(command: &mut Command) -> (Value, i32, String) {
    let output = command.args(["--format", "json"]).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    let json = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{stderr}"));
    (json, output.status.code().unwrap(), stderr)
}

fn refused(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(output.stdout.is_empty());
    stderr
}

const TWO_PROJECTS: &str = r#"
[index]
url = "INDEX"
[watch]
max-fact-age = "9000d"
[[project]]
package = "old"
repository = "owner/old"
lines = ["main", "~=1.0"]
policy.security = ["issue", "steps"]
[[project.step]]
name = "wheels"
dispatch.workflow = "wheels.yml"
[[project]]
package = "plain"
policy.security = []
"#;

#[test]
fn each_line_is_judged_by_its_own_settings_and_shows_its_plan() {
    let house = House::new();
    let path = house.configure(TWO_PROJECTS);
    let (json, code, stderr) = document(&mut house.configured(&path));
    assert_eq!(code, 4, "{stderr}");
    assert_eq!(json["dry_run"], false);
    let projects = json["projects"].as_array().unwrap();
    let named: Vec<(&str, &str, &str)> = projects
        .iter()
        .map(|project| {
            let text = |key: &str| project[key].as_str().unwrap();
            (text("package"), text("line"), text("version"))
        })
        .collect();
    assert_eq!(
        named,
        [
            ("old", "main", "2.0"),
            ("old", "~=1.0", "1.0"),
            ("plain", "main", "1.0")
        ]
    );
    assert_eq!(projects[0]["decision"], "rebuild");
    let actions = projects[0]["actions"].as_array().unwrap();
    assert_eq!(actions.len(), 2, "{actions:?}");
    assert_eq!(actions[0]["kind"], "open-issue");
    assert_eq!(actions[0]["key"], "old/main/issue");
    assert_eq!(actions[0]["state"], "failed");
    assert_eq!(actions[0]["url"], Value::Null);
    let error = actions[0]["error"].as_str().unwrap();
    assert!(error.contains("GITHUB_TOKEN holds no token"), "{error}");
    assert_eq!(actions[1]["kind"], "dispatch");
    let target = projects[0]["targets"][0]["version"].as_str().unwrap();
    assert_eq!(actions[1]["key"], format!("old/main/dispatch/{target}"));
    assert_eq!(projects[2]["actions"], Value::Array(Vec::new()));
    let page = "/simple/old/";
    let pages = house
        .fake
        .requests()
        .into_iter()
        .filter(|one| one.path == page);
    assert_eq!(pages.count(), 1, "two lines share one page");
}

#[test]
fn a_dry_run_writes_nothing() {
    let house = House::new();
    let path = house.configure(TWO_PROJECTS);
    let (json, code, _) = document(house.configured(&path).arg("--dry-run"));
    assert_eq!(code, 1);
    assert_eq!(json["dry_run"], true);
    assert!(!house.cache().exists());
    assert_eq!(json["projects"][0]["actions"][0]["state"], "planned");
}

#[test]
fn the_plan_stands_in_text_and_markdown() {
    let house = House::new();
    let path = house.configure(TWO_PROJECTS);
    for format in ["text", "markdown"] {
        let output = house
            .configured(&path)
            .args(["--dry-run", "--format", format])
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("open the tracking issue"), "{text}");
        assert!(text.contains("1.0") && text.contains("2.0"), "{text}");
    }
}

#[test]
fn the_variable_names_the_configuration_too() {
    let house = House::new();
    let path = house.configure(TWO_PROJECTS);
    let (json, _, _) = document(house.command().env("REWHEEL_CONFIG", &path).arg("Plain"));
    let projects = json["projects"].as_array().unwrap();
    assert_eq!(projects.len(), 1);
    assert_eq!(projects[0]["package"], "plain");
}

#[test]
fn no_configuration_is_picked_up_by_itself() {
    let house = House::new();
    house.configure(TWO_PROJECTS);
    std::fs::copy(
        house.folder.path().join("rewheel.toml"),
        house.folder.path().join("config.toml"),
    )
    .unwrap();
    let stderr = refused(&mut house.command());
    assert!(stderr.contains("name a package"), "{stderr}");
    let (json, _, _) = document(
        house
            .command()
            .args(["old", "--index-url", &house.fake.url()]),
    );
    assert_eq!(json["projects"][0]["line"], "main");
    assert_eq!(json["projects"][0]["actions"], Value::Array(Vec::new()));
}

#[test]
fn by_hand_the_environment_counts() {
    let house = House::new();
    let with_age = |age: &str| {
        let mut command = house.command();
        command.env("REWHEEL_INDEX__URL", house.fake.url());
        command.env("REWHEEL_WATCH__MAX_FACT_AGE", age).arg("old");
        document(&mut command).0.to_string()
    };
    assert!(with_age("1s").contains("facts-too-old"));
    assert!(!with_age("9000d").contains("facts-too-old"));
    let (json, code, _) = document(
        house
            .command()
            .env("REWHEEL_INDEX__URL", house.fake.url())
            .env("REWHEEL_LIMITS__WHEEL_BYTES", "10")
            .args(["old", "--no-cache"]),
    );
    assert_eq!(code, 3);
    assert!(json.to_string().contains("wheel-bytes"), "{json}");
}

#[test]
fn what_is_wrong_is_a_sentence_with_its_place() {
    let house = House::new();
    let path = house.configure("[watch]\nshedule = \"* * * * *\"\n");
    let stderr = refused(&mut house.configured(&path));
    let expected = format!(
        "error: {}:2:1: unknown key `shedule`; did you mean `schedule`?\n  |\n\
         2 | shedule = \"* * * * *\"\n  | ^^^^^^^\n",
        path.display()
    );
    assert_eq!(stderr, expected);

    let stderr = refused(
        house
            .command()
            .env("REWHEEL_WATCH__SHEDULE", "x")
            .arg("old"),
    );
    assert!(
        stderr.contains("REWHEEL_WATCH__SHEDULE: ") && stderr.contains("`REWHEEL_WATCH__SCHEDULE`"),
        "{stderr}"
    );

    let path = house.configure(TWO_PROJECTS);
    let stderr = refused(house.configured(&path).arg("plian"));
    assert!(
        stderr.contains("no project \"plian\"; did you mean \"plain\"?"),
        "{stderr}"
    );
    let stderr = refused(house.configured(&path).arg("--all-versions"));
    assert!(stderr.contains("--all-versions"), "{stderr}");
    let stderr = refused(&mut house.configured(&house.configure("")));
    assert!(stderr.contains("no [[project]]"), "{stderr}");
    let stderr = refused(&mut house.configured(Path::new("missing.toml")));
    assert!(stderr.contains("missing.toml cannot be read"), "{stderr}");
}

#[test]
fn secrets_stay_out_of_what_is_written() {
    let house = House::new();
    let with_login = house
        .fake
        .url()
        .replace("http://", "http://someone:s3cret@");
    let text = TWO_PROJECTS.replace("INDEX", &with_login);
    let path = house.configure(&text);
    let output = house
        .configured(&path)
        .args(["-vv", "--format", "json"])
        .output()
        .unwrap();
    let all = [output.stdout, output.stderr].concat();
    let all = String::from_utf8(all).unwrap();
    assert!(all.contains("rewheel/check/v1"), "{all}");
    assert!(!all.contains("s3cret") && !all.contains("someone"), "{all}");

    let path = house.configure(&text.replace("url = \"", "url = 3 #\""));
    let stderr = refused(&mut house.configured(&path));
    assert!(!stderr.contains("s3cret"), "{stderr}");
}
