//! The commands of docs/operations.md and of deploy/systemd, run as they are written: as root, in a
//! copy of this system that is thrown away (an overlay), with a network of its own. Where that cannot
//! be made it is told, and nothing is run; for root, where `CI` is set,
//! it fails the test.
//!
//! No systemd runs there: `tests/it/support/systemctl.py` does with the unit's lines what it would.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::support::binary::wheel_carrying;
use crate::support::command::User;
use crate::support::fake_feeds::FakeFeeds;

/// What is said of blocks that are not run.
const NOT_RUN: &str = "not run by the tests";

fn repository(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The blocks of commands of a document: how each is fenced, the paragraph before it, its lines.
fn blocks(name: &str) -> Vec<(String, String, Vec<String>)> {
    let text = fs::read_to_string(repository(name)).unwrap();
    let mut found = Vec::new();
    let (mut before, mut is_over) = (String::new(), true);
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        match line.strip_prefix("```") {
            Some(fence) => {
                let block = lines.by_ref().take_while(|line| *line != "```");
                found.push((
                    fence.to_owned(),
                    before.clone(),
                    block.map(str::to_owned).collect(),
                ));
            }
            None if line.trim().is_empty() => is_over = true,
            None if std::mem::take(&mut is_over) => before = line.to_owned(),
            None => before = format!("{before} {line}"),
        }
    }
    found
}

/// The commands of the blocks that are to be run, in their order.
fn commands(name: &str) -> Vec<String> {
    let run = blocks(name)
        .into_iter()
        .filter(|(fence, ..)| fence == "console");
    run.flat_map(|(_, _, lines)| lines)
        .map(|line| {
            let command = line.strip_prefix("$ ").or_else(|| line.strip_prefix("# "));
            command
                .unwrap_or_else(|| panic!("{name}: no command: {line}"))
                .to_owned()
        })
        .collect()
}

#[test]
fn what_is_not_run_says_so() {
    for name in [
        "docs/operations.md",
        "deploy/systemd/README.md",
        "deploy/docker/README.md",
        "deploy/kubernetes/README.md",
        "deploy/windows/README.md",
    ] {
        for (fence, before, lines) in blocks(name) {
            match fence.as_str() {
                "console" => assert!(!before.contains(NOT_RUN), "{name}: {before}"),
                "shellsession" => assert!(before.contains(NOT_RUN), "{name}: {before} {lines:?}"),
                // The schema's tests hold configurations against what rewheel takes.
                "yaml" | "toml" => {}
                other => panic!("{name}: a block of the kind {other:?}"),
            }
        }
    }
}

/// What the copy is made of, and what runs in it. `$1` is the folder of what the test made.
const STAGE: &str = r#"
set -euo pipefail
made=$1 repository=$2 binary=$3
mount -t tmpfs tmpfs "$made/stage"
mkdir "$made/stage/upper" "$made/stage/work" "$made/stage/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$made/stage/upper,workdir=$made/stage/work" "$made/stage/root"
root=$made/stage/root
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/run"
mkdir -p "$root$repository/target/release" "$root/srv"
cp "$binary" "$root$repository/target/release/rewheel"
cp "$made/rewheel.toml" "$root$repository/rewheel.toml"
cp -r "$made/mirror" "$made/index" "$root/srv"
cp "$made/systemctl.py" "$root/usr/local/bin/systemctl"
cp "$made/commands" "$root/srv/commands"
python3 - <<'PYTHON'
import fcntl, socket, struct
with socket.socket() as one:
    fcntl.ioctl(one, 0x8914, struct.pack("16sh22x", b"lo", 0x49))  # SIOCSIFFLAGS: up, running
PYTHON
exec chroot "$root" /bin/bash /srv/commands "$repository"
"#;

/// Around the commands: an index that serves the wheel, and nothing else.
const BEFORE: &str = r#"
set -euo pipefail
cd "$1"
export PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin:$PATH HOME=/root
python3 -m http.server --bind 127.0.0.1 --directory /srv/index 8000 >/dev/null 2>&1 &
until curl --fail --silent --output /dev/null http://127.0.0.1:8000/simple/demo/; do sleep 0.1; done
ready() { until curl --fail --silent --output /dev/null http://127.0.0.1:9745/readyz; do sleep 0.1; done; }
export PS4='+ '
set -x
"#;

/// Runs these commands in a copy of the system; none where no copy can be made.
fn run(commands: &[String]) -> Option<Output> {
    let made = tempfile::tempdir().unwrap();
    let feeds = FakeFeeds::start();
    let user = User::new();
    let url = feeds.url();
    user.run_with(
        &["openssl", "pull", "mirror"],
        &[
            ("REWHEEL_OPENSSL__API", &url),
            ("REWHEEL_OPENSSL__ARCHIVE_HOSTS", "localhost"),
        ],
    )
    .exits(0);
    let name = "demo-1.0-cp39-abi3-manylinux_2_28_x86_64.whl";
    let wheel = wheel_carrying("OpenSSL 3.5.4 30 Sep 2025");
    let sum = rewheel::source::Sha256Sum::of(&wheel);
    let page = format!("<!doctype html><a href=\"../../{name}#sha256={sum}\">{name}</a>");
    let index = made.path().join("index/simple/demo");
    fs::create_dir_all(&index).unwrap();
    fs::write(index.join("index.html"), page).unwrap();
    fs::write(made.path().join("index").join(name), wheel).unwrap();
    copy(&user.home().join("mirror"), &made.path().join("mirror"));
    fs::create_dir(made.path().join("stage")).unwrap();
    let configuration = "[openssl]\ndirectory = \"/srv/mirror\"\n[index]\nurl = \
         \"http://127.0.0.1:8000/simple/\"\n[[project]]\npackages = [\"demo\"]\n";
    fs::write(made.path().join("rewheel.toml"), configuration).unwrap();
    fs::write(made.path().join("stage.sh"), STAGE).unwrap();
    let script = made.path().join("systemctl.py");
    fs::copy(repository("tests/it/support/systemctl.py"), &script).unwrap();
    let is_executable = Command::new("chmod")
        .arg("755")
        .arg(&script)
        .status()
        .unwrap();
    assert!(is_executable.success());
    // A service that was started is asked only once it had a cycle.
    let waited = commands.iter().map(|command| {
        let starts = ["start ", "restart ", "--now "]
            .iter()
            .any(|word| command.contains(word));
        let wait = if starts {
            "\nset +x; ready; set -x"
        } else {
            ""
        };
        format!("{command}{wait}\n")
    });
    let text = format!("{BEFORE}{}", waited.collect::<String>());
    fs::write(made.path().join("commands"), text).unwrap();
    let mut child = Command::new("unshare")
        .args([
            "--mount",
            "--net",
            "--pid",
            "--fork",
            "--kill-child",
            "bash",
        ])
        .arg(made.path().join("stage.sh"))
        .arg(made.path())
        .arg(env!("CARGO_MANIFEST_DIR"))
        .arg(env!("CARGO_BIN_EXE_rewheel"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    // Who is asked for the token gives it.
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"token-of-the-test\n").unwrap();
    drop(input);
    Some(child.wait_with_output().unwrap())
}

fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp")
        .arg("-r")
        .args([from, to])
        .status()
        .unwrap();
    assert!(status.success());
}

/// Whether a copy of the system can be made here, and everything is there that the commands need.
fn is_possible() -> bool {
    let probe = "mount -t tmpfs t /mnt && mkdir /mnt/u /mnt/w /mnt/r && \
        mount -t overlay o -o lowerdir=/,upperdir=/mnt/u,workdir=/mnt/w /mnt/r && \
        command -v curl && command -v sqlite3 && command -v promtool && command -v systemd-analyze";
    let probed = Command::new("unshare")
        .args(["--mount", "--net", "--pid", "--fork", "bash", "-c", probe])
        .output();
    let is_possible = probed.is_ok_and(|output| output.status.success());
    if !is_possible {
        let is_root = rustix::process::geteuid().is_root();
        let must = is_root && std::env::var_os("CI").is_some_and(|value| !value.is_empty());
        assert!(
            !must,
            "the commands of docs/operations.md cannot be run, see .ci/install"
        );
        let told =
            "no copy of this system can be made: the commands of docs/operations.md are not run\n";
        let _ = std::io::stderr().write_all(told.as_bytes());
    }
    is_possible
}

#[test]
fn every_command_does_what_it_is_there_for() {
    if !is_possible() {
        return;
    }
    let mut all = commands("deploy/systemd/README.md");
    all.extend(commands("docs/operations.md"));
    assert!(all.len() > 20, "{all:#?}");
    // What must be so at the end.
    all.extend(
        [
            "test \"$(stat -c '%U %a' /var/lib/rewheel/rewheel.db)\" = 'rewheel 600'",
            "test \"$(stat -c '%U %a' /etc/rewheel/github-token)\" = 'root 600'",
            "test \"$(sqlite3 /var/lib/rewheel/rewheel.db 'PRAGMA integrity_check')\" = ok",
            "test \"$(sqlite3 /var/backups/rewheel/rewheel.db 'SELECT count(*) > 0 FROM memory')\" = 1",
            "curl --silent http://127.0.0.1:9745/api/v1/status | grep '\"status\": *\"vulnerable\"'",
            "! grep --quiet token-of-the-test /var/log/rewheel.log",
            "systemctl stop rewheel",
            "echo all was run",
        ]
        .map(str::to_owned),
    );
    let output = run(&all).unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && said.contains("all was run"),
        "{said}"
    );
}
