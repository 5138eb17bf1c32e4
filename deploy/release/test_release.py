"""What a release is made with, tried on a command that is played; `gh` is played, too."""

import contextlib
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(ROOT / "deploy" / "action")]

import build  # noqa: E402
import install  # noqa: E402
import notes  # noqa: E402
import pack  # noqa: E402
import plan  # noqa: E402
import readme  # noqa: E402

# It writes its pages as the real one does.
COMMAND = b'''#!/bin/sh
if [ "$1" != man ]; then echo "complete $2"; exit; fi
mkdir -p "${2#--directory=}" && cd "${2#--directory=}" || exit
for page in rewheel rewheel-check-now; do echo ".TH $page" >"$page.1"; done
'''


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)


@unittest.skipIf(os.name == "nt", "releases are put together on Linux")
class Packing(Folder):
    def release(self, name, targets=pack.TARGETS):
        commands, out = self.folder / name / "commands", self.folder / name / "out"
        for target in targets:
            (commands / target).mkdir(parents=True)
            file = commands / target / ("rewheel.exe" if "windows" in target else "rewheel")
            file.write_bytes(COMMAND if target == pack.RUNS_HERE else target.encode())
        out.mkdir()
        (out / "rewheel.cdx.json").write_text("{}")
        with mock.patch.object(sys, "argv", ["pack.py", str(commands), str(out), "a/b", "v1.2.3"]):
            pack.main()
        return out

    def test_the_same_commands_give_the_same_bytes(self):
        first, second = self.release("first"), self.release("second")
        names = sorted(path.name for path in first.iterdir())
        self.assertEqual(names, sorted(path.name for path in second.iterdir()))
        self.assertEqual(len(names), len(pack.TARGETS) + 3)
        for name in names:
            self.assertEqual((first / name).read_bytes(), (second / name).read_bytes(), name)

    def test_the_sums_are_those_of_all_files(self):
        out = self.release("one")
        ran = subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=out, capture_output=True,
                             text=True, check=True)
        self.assertEqual(ran.stdout.count(": OK\n"), len(pack.TARGETS) + 1)

    def test_the_action_installs_every_target_of_it(self):
        out = self.release("one")
        document = json.loads((out / "sha256.json").read_text())
        for target in pack.TARGETS:
            with self.subTest(target=target):
                repository, tag, name, sha256 = install.release(document, target)
                self.assertEqual((repository, tag), ("a/b", "v1.2.3"))
                archive = self.folder / name
                install.download((out / name).as_uri(), archive, sha256)
                command = "rewheel.exe" if "windows" in target else "rewheel"
                with mock.patch.object(install, "name_of_the_command", lambda wanted=command: wanted):
                    content = install.unpacked(archive, self.folder).read_bytes()
                self.assertEqual(content, COMMAND if target == pack.RUNS_HERE else target.encode())

    def test_every_machine_that_the_action_knows_has_a_target(self):
        known = set()
        for system in ("Linux", "Darwin", "Windows"):
            for machine in ("x86_64", "aarch64", "arm64", "AMD64", "ARM64"):
                with mock.patch.object(install.platform, "system", lambda s=system: s), \
                        mock.patch.object(install.platform, "machine", lambda m=machine: m):
                    known.add(install.target())
        self.assertEqual(known, set(pack.TARGETS))

    def test_an_archive_has_licences_pages_and_rights(self):
        out = self.release("one")
        listed = subprocess.run(["tar", "tvzf", out / f"rewheel-{pack.RUNS_HERE}.tar.gz"], capture_output=True,
                                text=True, check=True).stdout
        for name in ("LICENSE-MIT", "LICENSE-APACHE", "man/rewheel.1", "man/rewheel-check-now.1",
                     *(f"completions/rewheel.{shell}" for shell in pack.SHELLS)):
            self.assertRegex(listed, rf"-rw-r--r-- .* rewheel-{pack.RUNS_HERE}/{name}\n")
        self.assertRegex(listed, rf"-rwxr-xr-x .* rewheel-{pack.RUNS_HERE}/rewheel\n")

    @unittest.skipUnless(os.environ.get("REWHEEL_BIN"), "REWHEEL_BIN names no command")
    def test_the_real_command_has_a_page_for_every_command(self):
        pages = pack.pages(Path(os.environ["REWHEEL_BIN"]).resolve())
        for name in ("rewheel", "rewheel-check-now", "rewheel-inspect", "rewheel-openssl-pull", "rewheel-config-init"):
            self.assertIn(b".TH " + name.encode(), pages[f"man/{name}.1"])
        for shell in pack.SHELLS:
            self.assertIn(b"check-now", pages[f"completions/rewheel.{shell}"])

    def test_a_target_that_is_missing_is_no_release(self):
        self.assertRaises(OSError, self.release, "less", pack.TARGETS[1:])
        archives = {target: HERE / "pack.py" for target in pack.TARGETS}
        for repository, tag, changed in (("a/b", "1.2.3", archives), ("a", "v1.2.3", archives),
                                         ("a/b", "v1.2.3", {**archives, "x": HERE})):
            self.assertRaises(SystemExit, pack.pins, repository, tag, changed)


class Building(unittest.TestCase):
    def test_linux_wheels_serve_both_c_libraries(self):
        for target in pack.TARGETS:
            self.assertEqual("musllinux_1_1" in build.arguments(target, Path("dist")), "linux" in target)
            self.assertIn("--locked", build.arguments(target, Path("dist")))

    def test_paths_of_the_machine_are_left_out(self):
        places = (("/cargo home", "/cargo"), (ROOT, "/rewheel"), (ROOT / "target", "/target"))
        for target in pack.TARGETS:
            windows = "windows" in target
            given = build.reproducible(target, {"CARGO_HOME": "/cargo home"})
            flags = [f"--remap-path-prefix={path}={name}" for path, name in places]
            flags += ["-Ctarget-feature=+crt-static"] if windows else []
            self.assertEqual(given["CARGO_ENCODED_RUSTFLAGS"].split("\x1f"), flags)
            self.assertEqual("CFLAGS" in given, not windows)
            self.assertRegex(given["SOURCE_DATE_EPOCH"], r"^[0-9]{10}$")


class Planning(Folder):
    def test_what_stands_against_a_release(self):
        lock = 'name = "rewheel"\nversion = "1.2.3"\n'
        good = ("1.2.3", lock, "## 1.2.3 - 2026-12-01\n", ["v1.2.2"], "refs/heads/main")
        self.assertEqual(list(plan.problems(*good)), [])
        for at, other, says in ((0, "1.2.4", "Cargo.lock"), (2, "## Unreleased\n", "CHANGELOG.md has no heading"),
                                (3, ["v1.2.3"], "is released already"), (4, "refs/heads/x", "made from main")):
            changed = list(good)
            changed[at] = other
            self.assertIn(says, " ".join(plan.problems(*changed)))

    def test_the_version(self):
        self.assertRegex(plan.version_of((ROOT / "Cargo.toml").read_text()), r"^[0-9]")
        for text in ("", 'version = "1"', '[dependencies]\nx = "1.2.3"', 'version = "1.2.3\\n"'):
            self.assertRaises(SystemExit, plan.version_of, text)

    def test_only_what_publishes_fails(self):
        for publish, code in (("true", 1), ("false", 0)):
            output = self.folder / publish
            variables = {"PUBLISH": publish, "GITHUB_OUTPUT": str(output), "GITHUB_REF": "refs/heads/x"}
            said = io.StringIO()
            with mock.patch.dict(os.environ, variables), contextlib.redirect_stdout(said):
                self.assertEqual(plan.main(), code)
            self.assertIn("releases are made from main", said.getvalue())
            self.assertEqual(output.exists(), code == 0)
        version = plan.version_of((ROOT / "Cargo.toml").read_text())
        self.assertEqual((self.folder / "false").read_text(), f"version={version}\ntag=v{version}\n")


class Noting(unittest.TestCase):
    def test_what_the_changelog_says_of_a_version(self):
        text = "# Changelog\n\n## Unreleased\n\n- next\n\n## 1.2.3 - 2026-12-01\n\n### Added\n\n- this\n\n## 1.2.2 - x\n"
        self.assertEqual(notes.notes(text, "1.2.3"), "### Added\n\n- this\n")
        for version in ("1.2.2", "1.2.4", "1.2", "1x2.3"):
            self.assertRaises(SystemExit, notes.notes, text, version)


# It notes what it is asked with. What it answers stands in ANSWERS, by the end of the path.
GH = r"""#!/usr/bin/env python3
import json, os, sys
body = json.load(sys.stdin) if "--input" in sys.argv else None
with open(os.environ["ASKED"], "a") as file:
    print(json.dumps([sys.argv[1:], body]), file=file)
path = next(one for one in sys.argv if one.startswith("repos/"))
answers = json.loads(os.environ["ANSWERS"])
answer = next((answer for end, answer in answers.items() if path.endswith(end)), "")
if answer is None:
    sys.exit(1)
if "--silent" not in sys.argv:
    print(answer)
"""
BUILT, BASE, TREE, COMMIT, OLDER = ("a" * 40, "b" * 40, "c" * 40, "d" * 40, "e" * 40)
MADE = {f"/commits/{BUILT}": BASE, "/git/trees": TREE, "/git/commits": COMMIT}


@unittest.skipIf(os.name == "nt", "releases are put together on Linux")
class Played(Folder):
    def run_script(self, script, answers, **more):
        gh = self.folder / "gh"
        gh.write_text(GH)
        gh.chmod(0o755)
        (self.folder / "asked").write_text("")
        content = self.folder / "content"
        content.write_text('{"of": "it"}\n')
        environment = {"PATH": f"{self.folder}:{os.environ['PATH']}", "ASKED": str(self.folder / "asked"),
                       "GITHUB_REPOSITORY": "a/b", "GITHUB_SHA": BUILT, "ANSWERS": json.dumps(answers), **more}
        ran = subprocess.run([HERE / script, content], env=environment, capture_output=True, text=True, check=False)
        self.asked = [json.loads(line) for line in (self.folder / "asked").read_text().splitlines()]
        return ran

    def bodies(self):
        return [body for _, body in self.asked if body]

    def written(self):
        """What was changed, without what nothing leads to."""
        return [" ".join(words) for words, _ in self.asked if ("POST" in words or "PATCH" in words)
                and "repos/a/b/git/trees" not in words and "repos/a/b/git/commits" not in words]

    def made(self, path, message):
        return [{"base_tree": BASE, "tree": [
            {"path": path, "mode": "100644", "type": "blob", "content": '{"of": "it"}\n'}]},
                {"message": message, "tree": TREE, "parents": [BUILT]}]


class Tagging(Played):
    def tag(self, tag, there=None):
        answers = {"/ref/tags/v1.2.3": OLDER if there else None, f"/commits/{OLDER}": there, **MADE}
        return self.run_script("tag.sh", answers, TAG=tag)

    def test_the_tag_is_on_the_built_commit_and_the_pins(self):
        ran = self.tag("v1.2.3")
        self.assertEqual((ran.returncode, ran.stdout), (0, f"v1.2.3 is {COMMIT}\n"), ran.stderr)
        self.assertEqual(self.bodies(), self.made("deploy/action/sha256.json", "Release v1.2.3"))
        self.assertEqual(self.written(), [
            "api --method POST repos/a/b/git/refs --raw-field ref=refs/tags/v1.2.3 "
            f"--raw-field sha={COMMIT} --silent"])

    def test_a_tag_that_is_there_must_be_this_one(self):
        for there, code in ((f"{TREE} {BUILT}", 0), (f"{TREE} {OLDER}", 1), (f"{OLDER} {BUILT}", 1)):
            self.assertEqual(self.tag("v1.2.3", there).returncode, code)
            self.assertEqual(self.written(), [])

    def test_what_is_no_tag_asks_for_nothing(self):
        for tag in ("", "1.2.3", "v1.2", "v1.2.3 --x", "v1.2.3\nv1", "heads/v1.2.3"):
            self.assertEqual(self.tag(tag).returncode, 1)
            self.assertEqual(self.asked, [])

    def test_a_refusal_of_github_ends_it(self):
        for end in MADE:
            ran = self.run_script("tag.sh", {**MADE, end: None}, TAG="v1.2.3")
            self.assertNotEqual(ran.returncode, 0)
            self.assertEqual(self.written(), [])


class Proposing(Played):
    def test_a_branch_and_a_pull_request_once(self):
        branch = "repos/a/b/git/refs/heads/openssl-facts"
        for there, count, written in (
            (None, "0", ["POST repos/a/b/git/refs --raw-field ref=refs/heads/openssl-facts", "POST repos/a/b/pulls"]),
            (OLDER, "0", [f"PATCH {branch} --raw-field sha={COMMIT} --field force=true", "POST repos/a/b/pulls"]),
            (OLDER, "1", [f"PATCH {branch} --raw-field sha={COMMIT} --field force=true"]),
        ):
            with self.subTest(there=there, count=count):
                answers = {"/ref/heads/openssl-facts": there, "head=a:openssl-facts": count, **MADE}
                ran = self.run_script("propose.sh", answers)
                self.assertEqual((ran.returncode, ran.stdout), (0, f"proposed as {COMMIT}\n"), ran.stderr)
                self.assertEqual(self.bodies()[:2], self.made("data/openssl.json", "Refresh the facts about OpenSSL"))
                self.assertEqual(len(self.written()), len(written))
                for asked, wanted in zip(self.written(), written):
                    self.assertIn(wanted, asked)
                if count == "0":
                    opened = self.bodies()[-1]
                    self.assertEqual((opened["head"], opened["base"]), ("openssl-facts", "main"))
                    self.assertIn("Read the difference", opened["body"])


@unittest.skipIf(os.name == "nt", "releases are made on Linux")
class Again(Folder):
    """What an attempt does that comes after one that failed half-way."""

    def run_script(self, script, tool, answers, **environment):
        played = self.folder / tool
        played.write_text(f'#!/bin/sh\necho "$*" >>"{self.folder}/asked"\ncase "$*" in {answers} esac\n')
        played.chmod(0o755)
        asked = self.folder / "asked"
        asked.write_text("")
        ran = subprocess.run([HERE / script[0], *script[1:]], capture_output=True, text=True, check=False, env={
            "PATH": f"{self.folder}:{os.environ['PATH']}", "RUNNER_TEMP": str(self.folder), **environment})
        return ran, asked.read_text().splitlines()

    def test_a_crate_is_published_once(self):
        for there, published in ((0, []), (101, ["publish --locked --no-verify"])):
            ran, asked = self.run_script(["crate.sh"], "cargo", f"info*) exit {there};;", VERSION="1.2.3")
            self.assertEqual(ran.returncode, 0, ran.stderr)
            self.assertEqual(asked, ["info --registry crates-io --quiet rewheel@1.2.3", *published])
        ran, _ = self.run_script(["crate.sh"], "cargo", "*) exit 101;;", VERSION="1.2.3")
        self.assertEqual(ran.returncode, 101)

    def test_wheels_that_are_there_are_left_out(self):
        text = (ROOT / ".github/workflows/release.yml").read_text()
        self.assertRegex(text, r"gh-action-pypi-publish@.*\n +with:\n(?: +#.*\n)* +skip-existing: true\n")

    def test_a_draft_is_made_once_and_says_what_it_is(self):
        for tag, there, kind in (("v1.2.3", 1, ""), ("v1.2.3-rc.1", 1, "--prerelease "), ("v1.2.3", 0, None)):
            answers = f'"release view"*) exit {there};;'
            ran, asked = self.run_script(["draft.sh", "notes.md", "a", "b"], "gh", answers, TAG=tag,
                                         GITHUB_REPOSITORY="a/b")
            self.assertEqual(ran.returncode, 0, ran.stderr)
            made = [] if kind is None else [
                f"release create {tag} --verify-tag --draft {kind}--title {tag} --notes-file notes.md"]
            self.assertEqual(asked, [f"release view {tag}", *made, f"release upload {tag} --clobber a b"])


class Readme(unittest.TestCase):
    def test_nothing_in_it_is_relative(self):
        text = (ROOT / "README.md").read_text(encoding="utf-8")
        made = readme.absolute(text, readme.home_of((ROOT / "Cargo.toml").read_text()), "v1.2.3")
        addresses = [found for place in readme.PLACES for _, found, _ in re.findall(place, made)]
        self.assertGreater(len(addresses), 20)
        known = ("https://raw.githubusercontent.com/rewheel/rewheel/v1.2.3/", "https://github.com/rewheel/rewheel/blob/v1.2.3/")
        for address in addresses:
            self.assertRegex(address, r"^https://")
            for start in known:
                if address.startswith(start):
                    self.assertTrue((ROOT / address.removeprefix(start)).is_file(), address)
                    self.assertEqual(address.endswith(readme.IMAGES), start == known[0], address)
        self.assertIn(f'srcset="{known[0]}docs/terminal-dark.svg"', made)
        self.assertIn(f"[Usage]({known[1]}docs/usage.md)", made)
        # A second time nothing changes, and what is code stays.
        self.assertEqual(readme.absolute(made, "a/b", "v2"), made)
        code = "```yaml\na: [b](c.md)\n```\n"
        self.assertEqual(readme.absolute(code, "a/b", "v2"), code)

    def test_it_is_made_before_the_packages(self):
        text = (ROOT / ".github/workflows/release.yml").read_text()
        for packing in ("deploy/release/build.py", "maturin sdist"):
            self.assertRegex(text, rf'readme\.py "\$TAG"\n +(?:python )?{re.escape(packing)}')

    def test_what_leads_out_is_refused(self):
        for text in ("[a](../b.md)", "[a](/b.md)", '<img src="../x.png">'):
            self.assertRaises(SystemExit, readme.absolute, text, "a/b", "v1")
        self.assertRaises(SystemExit, readme.home_of, 'repository = "https://elsewhere.example/a/b"\n')


class Pins(unittest.TestCase):
    """Main itself pins nothing, and every action of others is pinned by a commit."""

    def test_main_pins_nothing(self):
        document = json.loads((ROOT / "deploy/action/sha256.json").read_text())
        self.assertEqual((document["tag"], document["files"]), (None, {}))

    def test_actions_of_others(self):
        files = [*ROOT.glob(".github/workflows/*.yml"), *ROOT.glob("deploy/*/*.yml"), ROOT / "action.yml"]
        # What a document shows is copied.
        files += [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("deploy/*/*.md")]
        found = {}
        for file in files:
            for name, commit, tag in re.findall(r"uses: ([\w./-]+)@(\S+)(?: # (.*))?", file.read_text()):
                if name == "rewheel/rewheel":
                    continue
                self.assertRegex(commit, r"^[0-9a-f]{40}$", f"{file}: {name}")
                self.assertRegex(tag, r"^v[0-9]+\.[0-9]+\.[0-9]+$", f"{file}: {name}")
                # One version of each.
                self.assertEqual(found.setdefault(name, (commit, tag)), (commit, tag), f"{file}: {name}")
        self.assertGreater(len(found), 3)
        self.assertIn("github/codeql-action/upload-sarif", found)

    def test_the_requirements_are_pinned_by_hash(self):
        text = (HERE / "requirements.txt").read_text()
        self.assertRegex(text, r"(?m)^maturin==[0-9.]+ \\$")
        self.assertGreaterEqual(len(re.findall(r"--hash=sha256:[0-9a-f]{64}", text)), 6)


if __name__ == "__main__":
    unittest.main()
