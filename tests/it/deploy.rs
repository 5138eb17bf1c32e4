//! The configurations in `deploy/` are valid, say what they are there to say, and fit the
//! repositories that they speak of.

use std::path::{Path, PathBuf};

use rstest::rstest;

use crate::support::command::User;
use crate::support::fake_github::{Access, FakeGithub, Input, Token, Workflow};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("deploy/github")
        .join(name)
}

#[rstest]
#[case("cryptography.toml", "starts wheel-builder.yml on main")]
#[case("one-workflow.toml", "openssl-sha256 = `{{ openssl.sha256 }}`")]
#[case("issue-only.toml", "ledger: none")]
fn each_is_valid_and_acts(#[case] name: &str, #[case] says: &str) {
    let path = file(name);
    let ran = User::new().run(&["config", "check", path.to_str().unwrap()]);
    ran.exits(0).is_plain().says(says).says("opens the issue");
    ran.omits("acts: never");
}

#[test]
fn every_one_is_tested_and_listed() {
    let readme = std::fs::read_to_string(file("README.md")).unwrap();
    let mut names: Vec<String> = std::fs::read_dir(file(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "README.md")
        .collect();
    names.sort();
    let configurations: Vec<&String> = names
        .iter()
        .filter(|name| name.ends_with(".toml"))
        .collect();
    assert_eq!(
        configurations,
        ["cryptography.toml", "issue-only.toml", "one-workflow.toml"]
    );
    for name in names {
        assert!(readme.contains(&format!("]({name})")), "{name}");
    }
}

/// Whoever runs the image finds it under the name that a release publishes it by.
#[test]
fn the_image_has_one_name() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |name: &str| std::fs::read_to_string(root.join(name)).unwrap();
    let repository = env!("CARGO_PKG_REPOSITORY");
    let repository = repository.strip_prefix("https://github.com/").unwrap();
    let image = format!("ghcr.io/{}", repository.to_lowercase());
    let name = format!("{image}:{}", env!("CARGO_PKG_VERSION"));
    // The workflow makes it of its own repository.
    let release = read(".github/workflows/release.yml");
    assert!(release.contains("image=ghcr.io/${GITHUB_REPOSITORY,,}\n"));
    assert!(release.contains("--tag \"$image:$VERSION\""));
    for (file, times) in [
        ("deploy/docker/compose.yaml", 1),
        ("deploy/kubernetes/rewheel.yaml", 1),
        ("deploy/docker/README.md", 1),
        ("deploy/kubernetes/README.md", 1),
    ] {
        let text = read(file);
        assert_eq!(text.matches(&name).count(), times, "{file}: {name}");
        assert_eq!(text.matches("ghcr.io/").count(), times, "{file}");
        let others = text
            .lines()
            .filter_map(|line| line.trim().strip_prefix("image: "));
        assert!(others.into_iter().all(|other| other == name), "{file}");
    }
    assert!(read("docs/releasing.md").contains(&format!("`{image}:VERSION`")));
}

/// The repositories of pyca, as far as rewheel has to do with them.
fn pyca() -> FakeGithub {
    let fake = FakeGithub::start();
    fake.repository("pyca/cryptography");
    fake.repository("pyca/infra");
    let version = b"export OPENSSL_VERSION=\"openssl-3.5.3\"\nexport OPENSSL_SHA256=\"00\"\n";
    fake.commit(
        "pyca/infra",
        "main",
        "cryptography-linux/openssl-version.sh",
        version,
    );
    for name in [
        "build-docker-images.yml",
        "build-macos-openssl.yml",
        "build-windows-openssl.yml",
    ] {
        fake.workflow("pyca/infra", Workflow::new(name).dispatched([]));
    }
    let wheels = Workflow::new("wheel-builder.yml").dispatched([Input::optional("version")]);
    fake.workflow("pyca/cryptography", wheels);
    fake
}

#[test]
fn that_of_cryptography_fits_its_repositories() {
    let fake = pyca();
    let access = Access::all();
    fake.token("t", Token::person("rewheel").everywhere(access));
    let path = file("cryptography.toml");
    let ran = User::new().run_with(
        &["config", "check", "--online", path.to_str().unwrap()],
        &[
            ("GITHUB_TOKEN", "t"),
            ("REWHEEL_GITHUB__API", &fake.url()),
            ("NO_PROXY", "127.0.0.1"),
        ],
    );
    // The token does not tell what it may do; everything else holds.
    ran.exits(3).is_plain().omits("wrong:");
    ran.says("step `bump`: cryptography-linux/openssl-version.sh in pyca/infra on main holds such a text today");
    ran.says("step `openssl-windows`: build-windows-openssl.yml of pyca/infra on main is there and active");
    ran.says("step `wheels`: wheel-builder.yml of pyca/cryptography takes what it is given");
    assert_eq!(fake.writes().len(), 0);
}
