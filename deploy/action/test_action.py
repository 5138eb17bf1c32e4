"""Runs the action's scripts with the runner's environment and files, against a command that is played.
`tests/it/action.rs` runs the action's steps with the real one, against a GitHub and an index."""

import contextlib
import hashlib
import http.server
import io
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import threading
import unittest
import zipfile
from pathlib import Path
from unittest import mock

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import escaping  # noqa: E402
import inputs as action_inputs  # noqa: E402
import install  # noqa: E402
import report as action_report  # noqa: E402

TOKEN = "ghs_" + "t" * 36
FAKE = """#!{python}
import json, os, sys
folder = os.path.dirname(os.path.abspath(__file__))
config = [a[9:] for a in sys.argv if a.startswith("--config=")]
seen = {{"arguments": sys.argv[1:], "environment": dict(os.environ),
        "config": open(config[0], encoding="utf-8").read()}}
json.dump(seen, open(os.path.join(folder, "seen.json"), "w"))
play = json.load(open(os.path.join(folder, "play.json")))
sys.stderr.write(play["says"])
sys.stdout.write(play["report"])
sys.exit(play["code"])
"""
HOSTILE = "x\n::error::owned\r\n##[error]owned\n::set-output name=due::false\u202e<img src=x>](javascript:1)|`@all`%0A"


def document(**changes):
    project = {
        "package": "example", "line": "main", "version": "1.0", "decision": "track",
        "severity": "high", "events": ["security"],
        "targets": [{"series": "3.5", "version": "3.5.9", "due": True}],
        "wheels": [{"file": "example-1.0-py3-none-any.whl", "status": "vulnerable", "findings": [
            {"library": "openssl", "linked": "3.5.4", "status": "vulnerable", "accepted": None}]}],
        "reasons": [{"code": "in-affected-range", "message": "3.5.4 is affected"}],
        "actions": [{"kind": "open-issue", "state": "done", "error": None,
                     "url": "https://github.example/example/wheels/issues/7"}],
    }
    project.update(changes)
    return {"schema": "rewheel/check/v1", "projects": [project]}


class Runner:
    """A runner with a folder, an event and the files that it reads afterwards."""

    def __init__(self, folder, report, code=1, says=""):
        self.folder = Path(folder)
        text = report if isinstance(report, str) else json.dumps(report)
        (self.folder / "play.json").write_text(json.dumps({"report": text, "code": code, "says": says}))
        fake = self.folder / "rewheel"
        fake.write_text(FAKE.format(python=sys.executable))
        fake.chmod(0o755)
        self.command = fake
        (self.folder / "event.json").write_text('{"repository": {"default_branch": "main"}}')
        for name in ("output", "summary", "env", "path"):
            (self.folder / name).write_text("")
        (self.folder / "work").mkdir()
        (self.folder / "temp").mkdir()

    def run(self, event="schedule", ref="refs/heads/main", environment=(), **inputs):
        seen = {
            "PATH": os.environ["PATH"], "HOME": str(self.folder), "SECRET_THING": "s3cret",
            "GITHUB_EVENT_NAME": event, "GITHUB_REF": ref,
            "GITHUB_EVENT_PATH": str(self.folder / "event.json"),
            "GITHUB_REPOSITORY": "example/wheels", "GITHUB_API_URL": "https://api.github.example",
            "GITHUB_ACTIONS": "true", "JOB_TOKEN": TOKEN, "REWHEEL_LOG": "info",
            "REWHEEL_GITHUB__API": "https://elsewhere.example", "REWHEEL_STATE__URL": "sqlite:x.db",
            "GITHUB_WORKSPACE": str(self.folder / "work"),
            "GITHUB_OUTPUT": str(self.folder / "output"), "GITHUB_ENV": str(self.folder / "env"),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"), "RUNNER_TEMP": str(self.folder / "temp"),
            "REWHEEL_COMMAND": str(self.command), "INPUT_GITHUB_TOKEN": TOKEN,
        }
        for name in ("SYSTEMROOT", "TEMP", "TMP"):
            if name in os.environ:
                seen[name] = os.environ[name]
        seen.update(environment)
        seen.update({"INPUT_" + name.upper(): value for name, value in inputs.items()})
        ran = subprocess.run([sys.executable, str(HERE / "run.py")], env=seen, cwd=self.folder,
                             capture_output=True, text=True, encoding="utf-8", timeout=300, check=False)
        self.code, self.log = ran.returncode, ran.stdout
        if ran.stderr:
            raise AssertionError(ran.stderr)
        return self

    def outputs(self):
        """Read the way the runner reads it."""
        found = {}
        lines = iter((self.folder / "output").read_text(encoding="utf-8").split("\n"))
        for line in lines:
            if not line:
                continue
            name, delimiter = line.split("<<", 1)
            value = []
            for line in lines:
                if line == delimiter:
                    break
                value.append(line)
            found[name] = "\n".join(value)
        return found

    def commands(self):
        """The commands that the runner would see in the log, by its own two rules."""
        rules = (r"^\s*::([a-z-]+)[ :]", r"##\[([a-z-]+)")
        return [m for line in self.log.splitlines() for rule in rules for m in re.findall(rule, line)]

    def seen(self):
        return json.loads((self.folder / "seen.json").read_text())

    def summary(self):
        return (self.folder / "summary").read_text(encoding="utf-8")


class Case(unittest.TestCase):
    def runner(self, report=None, **keys):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        return Runner(folder.name, document() if report is None else report, **keys)


class Acting(Case):
    def test_outputs_summary_and_configuration(self):
        ran = self.runner().run(package="example", repository="Example/Wheels", workflow="w.yml",
                                platforms="linux, macos", version="1.0")
        self.assertEqual(ran.code, 0, ran.log)
        outputs = ran.outputs()
        self.assertTrue(Path(outputs.pop("report")).is_file())
        self.assertEqual(outputs, {
            "decision": "track", "severity": "high", "target": "3.5.9", "linked": "3.5.4",
            "issue-url": "https://github.example/example/wheels/issues/7", "due": "true"})
        seen = ran.seen()
        self.assertNotIn("--dry-run", seen["arguments"])
        self.assertEqual(seen["environment"]["GITHUB_TOKEN"], TOKEN)
        for line in ('workflow = "w.yml"', 'platforms = ["linux", "macos"]', 'lines = ["==1.0"]',
                     'openssl-sha256 = "{{ openssl.sha256 }}"'):
            self.assertIn(line, seen["config"])
        for name in seen["environment"]:
            self.assertFalse(name.startswith("INPUT_") or name in ("GITHUB_OUTPUT", "GITHUB_ENV"), name)
        self.assertNotIn("JOB_TOKEN", seen["environment"])
        self.assertIn("example", ran.summary())
        self.assertNotIn(TOKEN, ran.log + ran.summary())

    def test_where_it_acts(self):
        for event, ref, repository, acts in (
            ("schedule", "refs/heads/main", "example/wheels", True),
            ("workflow_dispatch", "refs/heads/other", "example/wheels", True),
            ("push", "refs/heads/main", "example/wheels", True),
            ("push", "refs/heads/other", "example/wheels", False),
            ("push", "refs/tags/main", "example/wheels", False),
            ("pull_request", "refs/pull/1/merge", "example/wheels", False),
            ("pull_request_target", "refs/heads/main", "example/wheels", False),
            ("issues", "refs/heads/main", "example/wheels", False),
            ("", "refs/heads/main", "example/wheels", False),
            ("schedule", "refs/heads/main", "somebody/else", False),
        ):
            with self.subTest(event=event, ref=ref, repository=repository):
                ran = self.runner().run(event, ref, {"GITHUB_TOKEN": TOKEN}, package="example",
                                        repository=repository)
                seen = ran.seen()
                self.assertEqual("--dry-run" not in seen["arguments"], acts)
                self.assertIn("--act-in=" + ("example/wheels" if acts else "none"), seen["arguments"])
                self.assertEqual(TOKEN in json.dumps(seen), acts)
                for name in ("SECRET_THING", "REWHEEL_LOG", "GITHUB_ACTIONS"):
                    self.assertEqual(name in seen["environment"], acts, name)
                # No file and no variable says where a token goes, or that something is kept.
                self.assertEqual(seen["environment"]["REWHEEL_GITHUB__API"], "https://api.github.example")
                self.assertEqual(seen["environment"]["REWHEEL_STATE__URL"], "none")

    def test_surroundings_that_say_too_little_are_a_dry_run(self):
        for name, value in (("GITHUB_REPOSITORY", ""), ("GITHUB_REPOSITORY", "a/b/c"),
                            ("GITHUB_REPOSITORY", "--dry-run"), ("GITHUB_API_URL", ""),
                            ("GITHUB_API_URL", "file:///x"), ("GITHUB_EVENT_NAME", "")):
            with self.subTest(name=name, value=value):
                ran = self.runner().run(environment={name: value}, package="example")
                self.assertIn("--dry-run", ran.seen()["arguments"])
                self.assertNotIn(TOKEN, json.dumps(ran.seen()))

    def test_tokens_of_others(self):
        ran = self.runner().run(package="example", github_token="other", login="my-app[bot]",
                                openssl_token="third")
        seen = ran.seen()["environment"]
        self.assertEqual(seen["GITHUB_TOKEN"], "other")
        self.assertEqual(seen["REWHEEL_GITHUB__LOGIN"], "my-app[bot]")
        self.assertEqual(seen[seen["REWHEEL_OPENSSL__TOKEN_ENV"]], "third")
        # The command takes a token for the job's own where this is set.
        self.assertNotIn("GITHUB_ACTIONS", seen)
        seen = self.runner().run("pull_request", package="example", openssl_token="third").seen()
        self.assertNotIn("third", json.dumps(seen))

    def test_openssl_is_asked_with_the_token_of_the_job_where_that_came_from(self):
        public = {"GITHUB_API_URL": "https://api.github.com"}
        other = {"REWHEEL_OPENSSL__API": "https://api.github.com.example"}
        mirror = {"REWHEEL_OPENSSL__DIRECTORY": "mirror"}
        mine = {"REWHEEL_OPENSSL__API": "https://api.github.example/"}
        for event, environment, file, given in (
            ("schedule", public, None, True), ("schedule", {}, None, False), ("schedule", mine, None, True),
            ("schedule", {**public, **other}, None, False), ("schedule", {**public, **mirror}, None, False),
            ("pull_request", public, None, False),
            ("schedule", public, "[watch]\n", True), ("schedule", public, "[openssl]\nwithdrawn = []\n", True),
            ("schedule", public, '[openssl]\napi = "https://x.example"\n', False),
            ("schedule", public, 'openssl.api = "https://x.example"\n', False),
            ("schedule", public, '"open\\u0073sl".api = "https://x.example"\n', False),
            ("schedule", public, 'openssl.directory = "mirror"\n', False),
            ("schedule", public, 'openssl.token-env = "MINE"\n', False),
            ("schedule", public, "openssl = 5\n", False), ("schedule", public, "not toml", False),
        ):
            with self.subTest(event=event, environment=environment, file=file):
                ran = self.runner()
                inputs = {"package": "example"}
                if file is not None:
                    (ran.folder / "work" / "rewheel.toml").write_text(file)
                    inputs = {"config": "rewheel.toml"}
                seen = ran.run(event, environment=environment, github_token="other", **inputs).seen()["environment"]
                self.assertEqual(seen.get("OPENSSL_TOKEN"), TOKEN if given else None)
                self.assertEqual(seen.get("REWHEEL_OPENSSL__TOKEN_ENV"), "OPENSSL_TOKEN" if given else None)

    def test_an_event_that_cannot_be_read_is_a_dry_run(self):
        for text in ("", "[]", '{"repository": null}', '{"repository": {"default_branch": ""}}'):
            ran = self.runner()
            (ran.folder / "event.json").write_text(text)
            ran.run("push", "refs/heads/", package="example")
            self.assertIn("--dry-run", ran.seen()["arguments"])

    def test_dry_run_keeps_the_token_where_it_is_trusted(self):
        seen = self.runner().run(package="example", dry_run="true").seen()
        self.assertIn("--dry-run", seen["arguments"])
        self.assertEqual(seen["environment"]["GITHUB_TOKEN"], TOKEN)

    def test_a_configuration_of_the_repository(self):
        ran = self.runner()
        (ran.folder / "work" / "rewheel.toml").write_text("# mine\n")
        ran.run(config="rewheel.toml", index_url="https://u:p@index.example/simple/")
        self.assertEqual(ran.code, 0, ran.log)
        self.assertEqual(ran.seen()["config"], "# mine\n")
        self.assertNotIn("u:p", " ".join(ran.seen()["arguments"]) + ran.log)
        ran.run("pull_request_target", config="rewheel.toml")
        self.assertEqual(ran.code, 2)


class Refusing(Case):
    def test_inputs_that_are_refused(self):
        good = {"package": "example"}
        for change in (
            {"package": ""}, {"package": "a", "config": "b"}, {"package": "-x"}, {"package": "a" * 201},
            {"package": 'a"\n[github]'}, {"package": "a\r::error::x"}, {"package": "a b"},
            {"repository": "a"}, {"repository": "a/b/c"}, {"repository": "a/b\u2028c"},
            {"follow": "newest"}, {"follow": '3.5"'}, {"workflow": "../x.yml"}, {"workflow": "x"},
            {"workflow": "w.yml"}, {"platforms": "linux"}, {"login": "a b"}, {"openssl_token": "a b"},
            {"workflow": "w.yml", "repository": "a/b", "platforms": "beos"},
            {"dry_run": "maybe"}, {"fail_on": "always"}, {"version": "$(id)"}, {"version": '1"'},
            {"index_url": "file:///x"}, {"index_url": "https://a b"}, {"github_token": "a\nb"},
            {"package": "", "config": "../outside.toml"}, {"package": "", "config": "/etc/passwd"},
            {"package": "", "config": "missing.toml"}, {"package": "", "config": "."},
            {"package": "", "config": "x.toml", "workflow": "w.yml"},
        ):
            with self.subTest(change=change):
                ran = self.runner()
                (ran.folder / "outside.toml").write_text("")
                ran.run(**{**good, **change})
                self.assertEqual(ran.code, 2, ran.log)
                self.assertFalse((ran.folder / "seen.json").exists())
                self.assertEqual(set(ran.commands()) - {"notice"}, {"error"})

    @unittest.skipIf(os.name == "nt", "links need a right there")
    def test_a_link_that_leads_out(self):
        ran = self.runner()
        (ran.folder / "outside.toml").write_text("")
        (ran.folder / "work" / "in.toml").symlink_to(ran.folder / "outside.toml")
        self.assertEqual(ran.run(config="in.toml").code, 2)


class Hostile(Case):
    def test_what_failed_or_was_left_is_said(self):
        actions = [{"kind": "open-issue", "state": "skipped", "error": "it is elsewhere"},
                   {"kind": "dispatch", "state": "failed", "error": "no such workflow"},
                   {"kind": "dispatch", "state": "failed", "error": "no such workflow"}]
        ran = self.runner(document(decision="none", actions=actions)).run(package="example")
        self.assertEqual(ran.commands(), ["group", "endgroup", "notice", "error"])
        self.assertIn("::error title=rewheel::no such workflow", ran.log)

    def test_what_keeps_it_from_acting_is_a_warning(self):
        for code, reason, skipped in ((1, "facts-too-old", "open-issue"), (3, "unknown-series", "update-issue"),
                                      (1, "newer-release", "dispatch")):
            report = document(reasons=[{"code": reason, "message": "for this"}], actions=[
                {"kind": skipped, "state": "skipped", "error": "nothing is opened"}])
            ran = self.runner(report, code=code).run(package="example")
            self.assertIn("::warning title=rewheel::nothing is opened", ran.log)
            self.assertEqual("::warning title=rewheel::example: for this" in ran.log, skipped != "dispatch")
            self.assertIn("nothing is opened", ran.summary())

    def test_what_is_left_on_purpose_is_a_notice(self):
        actions = [{"kind": kind, "state": "skipped", "error": "it would act elsewhere"}
                   for kind in ("open-issue", "dispatch")]
        actions.append({"kind": "dispatch", "state": "skipped", "error": None})
        ran = self.runner(document(decision="inform", actions=actions)).run(package="example")
        self.assertEqual(ran.commands(), ["group", "endgroup", "notice"])

    def test_versions_are_sorted_as_such(self):
        self.assertEqual(action_report.versions(["3.0.10", "3.0.9", "1.1.1w", "1.1.1", "3.5.0", "3.5.0-beta1", "3.5.0-alpha2", 5]),
                         "1.1.1,1.1.1w,3.0.9,3.0.10,3.5.0-alpha2,3.5.0-beta1,3.5.0")

    def test_only_what_is_due_is_a_target(self):
        targets = [{"version": "3.0.19", "due": False}, {"version": "3.5.9", "due": True}, {"version": "4.0.3"}]
        ran = self.runner(document(targets=targets)).run(package="example")
        self.assertEqual(ran.outputs()["target"], "3.5.9")

    def test_the_issue_is_told_when_nothing_was_written(self):
        there = {"number": 9, "url": "https://github.example/example/wheels/issues/9", "open": True}
        for issue, expected in ((there, there["url"]), (None, ""), ({"url": "javascript:x"}, ""), ([], "")):
            report = document(actions=[], issue=issue)
            ran = self.runner(report).run(package="example")
            self.assertEqual(ran.outputs()["issue-url"], expected)

    def test_what_the_command_complains_of_is_said_in_short(self):
        says = "error: x.toml:1:1: unknown key\n  |\nerror: \x1b[31m##[error]::warning::100%\n" + "error: more\n" * 9
        ran = self.runner("", says=says, code=2).run(package="example")
        self.assertEqual(ran.commands(), ["group", "endgroup", *["error"] * 4])
        self.assertIn("\n::error title=rewheel::x.toml:1:1: unknown key\n", ran.log)
        self.assertIn("\n::error title=rewheel:: [31m## [error]::warning::100%25\n", ran.log)

    def test_who_is_told_nothing_is_said(self):
        says = "warning: of something else\nwarning: [notify] is left aside (ops)\n"
        ran = self.runner(says=says).run(package="example")
        self.assertEqual(ran.log.count("::warning title=rewheel::[notify] is left aside (ops)\n"), 1)
        self.assertNotIn("::of something else", ran.log)

    def test_a_hostile_report_reaches_nothing(self):
        report = document(package=HOSTILE, version=HOSTILE,
                          targets=[{"version": HOSTILE, "due": True}, {"version": "3.5.9", "due": True}],
                          reasons=[{"message": HOSTILE}] * 500, actions=[
                              {"kind": HOSTILE, "url": HOSTILE, "state": HOSTILE, "error": HOSTILE},
                              {"kind": "dispatch", "state": "failed", "error": HOSTILE},
                              {"kind": "open-issue", "url": "javascript:x/issues/1"},
                              {"kind": "open-issue", "url": "https://h.example/a/b/issues/1\nx=y"}])
        ran = self.runner(report, says=HOSTILE * 3 + "\n" + "y" * 100_000).run(package="example")
        self.assertEqual(ran.code, 0, ran.log)
        self.assertEqual(ran.commands(), ["group", "endgroup", "warning", "error"])
        self.assertEqual(set(ran.outputs()), {
            "decision", "severity", "target", "linked", "issue-url", "report", "due"})
        self.assertEqual(ran.outputs()["target"], "3.5.9")
        self.assertEqual(ran.outputs()["issue-url"], "https://h.example/a/b/issues/1")
        summary = ran.summary()
        for bad in ("<img", "](", "@all", "\u202e", "\n::"):
            self.assertNotIn(bad, summary)
        self.assertLess(len(summary.encode()), 61_000)
        self.assertIn("%250A", ran.log)

    def test_a_summary_is_bounded(self):
        report = document()
        report["projects"] = [document(reasons=[{"message": "|" * 300}] * 60)["projects"][0]] * 200
        ran = self.runner(report).run(package="example")
        self.assertLess(len(ran.summary().encode()), 61_000)
        self.assertIn("The rest is in the report", ran.summary())

    def test_reports_that_are_none(self):
        wrong = document()
        wrong["projects"][0]["decision"] = HOSTILE
        for report in ("", "[]", "{", "[" * 100_000, "null", '{"schema": "rewheel/check/v2"}', wrong,
                       document(severity=["high"]), document(decision=["none"])):
            with self.subTest(report=str(report)[:30]):
                ran = self.runner(report, code=0).run(package="example")
                self.assertEqual(ran.code, 1)
                self.assertEqual(ran.outputs()["decision"], "")
                self.assertEqual(ran.commands(), ["group", "endgroup", "error", "error"])

    def test_parts_of_another_shape(self):
        report = document(targets={"a": 1}, wheels=[1, {"findings": [None, {"linked": 5}]}],
                          reasons="text", actions=[[], {"kind": 5, "url": {}}])
        ran = self.runner(report).run(package="example")
        self.assertEqual((ran.code, ran.outputs()["linked"]), (0, ""))


class Failing(Case):
    def test_when_the_step_fails(self):
        fine = document(decision="none", severity=None, wheels=[])
        low = document(severity="low")
        unknown = document(severity="unknown")
        accepted = document(decision="none", severity=None)
        accepted["projects"][0]["wheels"][0]["findings"][0]["accepted"] = "on purpose"
        for report, code, fail_on, exits in (
            (fine, 0, "due", 0), (document(), 1, "", 0), (document(), 1, "never", 0),
            (document(), 1, "due", 1), (document(), 1, "vulnerable", 1), (accepted, 0, "vulnerable", 0),
            (low, 1, "moderate", 0), (low, 1, "low", 1), (unknown, 1, "high", 1),
            (unknown, 1, "critical", 0), (document(), 1, "critical", 0), (document(), 1, "high", 1),
            (fine, 3, "never", 0), (fine, 3, "due", 1), (fine, 3, "critical", 1),
            (fine, 2, "never", 2), (fine, 4, "never", 1), (fine, 101, "never", 1),
        ):
            with self.subTest(code=code, fail_on=fail_on, severity=report["projects"][0]["severity"]):
                ran = self.runner(report, code=code).run(package="example", fail_on=fail_on)
                self.assertEqual(ran.code, exits, ran.log)

    def test_no_command(self):
        ran = self.runner()
        ran.command = ran.folder / "missing"
        self.assertEqual(ran.run(package="example").code, 2)

    def test_a_quiet_repository_is_warned_of(self):
        ran = self.runner()
        dates = {"GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z", "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z"}
        git = ["git", "-c", "user.name=n", "-c", "user.email=e@x.example", "-C", str(ran.folder / "work")]
        subprocess.run([*git, "init", "-q"], check=True)
        subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "m"], check=True,
                       env={**os.environ, **dates})
        commit = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
        sha = {"GITHUB_SHA": commit.stdout.strip()}
        self.assertIn("days old", ran.run("schedule", environment=sha, package="example").log)
        self.assertNotIn("days old", ran.run("push", environment=sha, package="example").log)


class Escaping(unittest.TestCase):
    def test_toml(self):
        self.assertEqual(escaping.for_toml('a"b\\c\n'), '"a\\"b\\\\c\\u000A"')

    def test_commands(self):
        self.assertEqual(escaping.for_command("50%\r\n##[error]"), "50%25  ## [error]")


class Server(http.server.BaseHTTPRequestHandler):
    """Releases, by their path."""

    files = {}

    def do_GET(self):
        body = self.files.get(self.path)
        self.send_response(200 if body is not None else 404)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *_):
        pass


class Installing(unittest.TestCase):
    good = {"repository": "a/b", "tag": "v1.0", "files": {
        "t": {"name": "rewheel-t.tar.gz", "sha256": "0" * 64}}}

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        for patch in (mock.patch.dict(os.environ, {"NO_PROXY": "127.0.0.1", "GH_TOKEN": ""}),
                      mock.patch.object(install, "target", lambda: "t"),
                      mock.patch.object(install.time, "sleep", lambda _: None),
                      mock.patch.object(install, "compiled", lambda folder, why: why)):
            patch.start()
            self.addCleanup(patch.stop)

    def archive(self, members, name="rewheel-t.tar.gz"):
        """Serves an archive, and gives the document that names it."""
        packed = io.BytesIO()
        if name.endswith(".zip"):
            with zipfile.ZipFile(packed, "w") as archive:
                for path, content in members:
                    archive.writestr(path, content)
        else:
            with tarfile.open(fileobj=packed, mode="w:gz") as archive:
                for path, content in members:
                    entry = tarfile.TarInfo(path)
                    entry.size = len(content)
                    archive.addfile(entry, io.BytesIO(content))
        Server.files = {f"/a/b/releases/download/v1.0/{name}": packed.getvalue()}
        sha256 = hashlib.sha256(packed.getvalue()).hexdigest()
        return {**self.good, "files": {"t": {"name": name, "sha256": sha256}}}

    def install(self, document):
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            return install.install(self.folder, document, self.url), said.getvalue()

    def test_which_release(self):
        self.assertEqual(install.release(self.good, "t")[1], "v1.0")
        self.assertIsNone(install.release(self.good, "another"))
        for change in ({"tag": "../v1"}, {"repository": "a/b/../c"},
                       {"files": {"t": {"name": "a/b.zip", "sha256": "0" * 64}}},
                       {"files": {"t": {"name": "a.zip", "sha256": "0"}}}):
            with self.assertRaises(install.Refused):
                install.release({**self.good, **change}, "t")

    def test_the_checkout_itself_is_no_release_and_is_compiled(self):
        document = json.loads((HERE / "sha256.json").read_text())
        self.assertEqual(self.install(document)[0], "this commit of the action is no release")

    def test_the_command_comes_out_of_the_archive(self):
        name = install.name_of_the_command()
        for archive in ("rewheel-t.tar.gz", "rewheel-t.zip"):
            document = self.archive([("rewheel-t/LICENSE-MIT", b"text"), (f"rewheel-t/{name}", b"binary")], archive)
            path, said = self.install(document)
            self.assertEqual(path.read_bytes(), b"binary")
            self.assertIn("The SHA-256 fits", said)
            if os.name != "nt":
                self.assertEqual(path.stat().st_mode & 0o777, 0o755)

    def test_archives_with_something_else(self):
        name = install.name_of_the_command()
        for members in ([], [(f"../{name}/x", b"")], [("rewheel-t/other", b"")], [(f"a/b/{name}", b"")],
                        [(f"a/{name}", b"1"), (f"b/{name}", b"2")]):
            with self.subTest(members=members), self.assertRaises(install.Refused):
                self.install(self.archive(members))

    def test_only_the_right_bytes_stay(self):
        document = self.archive([(f"t/{install.name_of_the_command()}", b"binary")])
        document["files"]["t"]["sha256"] = "0" * 64
        with self.assertRaises(install.Refused):
            self.install(document)
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_what_is_not_there_is_compiled(self):
        document = self.archive([])
        Server.files = {}
        self.assertIn("cannot be had (HTTPError)", self.install(document)[0])
        self.assertEqual(self.install({**document, "files": {}})[0], "the release has no binary for this system")

    @unittest.skipIf(os.name == "nt", "a script stands for gh")
    def test_an_attestation_is_a_second_lock(self):
        gh = self.folder / "gh"
        for help_code, code, server, holds in ((0, 0, "https://github.com", "The attestation holds"),
                                               (0, 1, "https://github.com", None),
                                               (1, 1, "https://github.com", "gh cannot do so here"),
                                               (0, 1, "https://ghes.example", "gh cannot do so here")):
            gh.write_text(f'#!/bin/sh\necho "$*" >>"{self.folder}/asked"\n'
                          'case "$*" in *--help) ;; *) printf "Error:\\n##[error]HTTP 503: try later\\n" >&2;; esac\n'
                          f'case "$*" in *--help) exit {help_code};; *) exit {code};; esac\n')
            gh.chmod(0o755)
            document = self.archive([("t/rewheel", b"binary")])
            variables = {"PATH": f"{self.folder}:{os.environ['PATH']}", "GH_TOKEN": "t", "GITHUB_SERVER_URL": server}
            with self.subTest(code=code, server=server), mock.patch.dict(os.environ, variables):
                if holds:
                    self.assertIn(holds, self.install(document)[1])
                else:
                    with self.assertRaisesRegex(install.Refused, r"gh says: ## \[error\]HTTP 503: try later$"):
                        self.install(document)
                    self.assertFalse((self.folder / "rewheel-t.tar.gz").exists())
        self.assertIn("--repo a/b --signer-workflow a/b/.github/workflows/release.yml",
                      (self.folder / "asked").read_text())


class Compiling(unittest.TestCase):
    @unittest.skipIf(os.name == "nt", "a script stands for cargo")
    def test_cargo_gets_the_sources_and_no_token(self):
        with tempfile.TemporaryDirectory() as folder:
            cargo = Path(folder) / "cargo"
            for code in (0, 1):
                cargo.write_text(f'#!/bin/sh\necho "$* in $PWD with $GH_TOKEN." >"{folder}/asked"\nexit {code}\n')
                cargo.chmod(0o755)
                with mock.patch.dict(os.environ, {"PATH": folder, "GH_TOKEN": "t"}), \
                        contextlib.redirect_stdout(io.StringIO()):
                    if code:
                        self.assertRaises(install.Refused, install.compiled, Path(folder), "why")
                    else:
                        path = install.compiled(Path(folder), "why")
                        self.assertEqual(path, Path(folder) / "bin" / "rewheel")
            root = HERE.parent.parent
            self.assertEqual((Path(folder) / "asked").read_text(),
                             f"install --locked --quiet --path {root} --root {folder} in {root} with .\n")
            with mock.patch.dict(os.environ, {"PATH": ""}):
                self.assertRaisesRegex(install.Refused, "no cargo", install.compiled, Path(folder), "why")

    @unittest.skipIf(os.name == "nt", "a script stands for cargo")
    def test_build_scripts_see_what_they_need_and_no_secret(self):
        needed = {"HOME": "/home/x", "CARGO_HOME": "/c", "RUSTUP_HOME": "/r", "RUSTFLAGS": "-g", "https_proxy": "p",
                  "SSL_CERT_FILE": "/ca.pem", "MACOSX_DEPLOYMENT_TARGET": "11.0", "CARGO_BUILD_JOBS": "2"}
        kept_back = {name: "s3cret" for name in (
            "GH_TOKEN", "GITHUB_TOKEN", "JOB_TOKEN", "INPUT_GITHUB_TOKEN", "ACTIONS_RUNTIME_TOKEN", "MY_SECRET",
            "ACTIONS_ID_TOKEN_REQUEST_URL", "CARGO_REGISTRY_TOKEN", "CARGO_REGISTRIES_OWN_TOKEN", "REWHEEL_GITHUB__API",
            "GITHUB_ENV", "GITHUB_OUTPUT", "AWS_SECRET_ACCESS_KEY", "CARGOTOKEN", "OPENSSL_DIR")}
        with tempfile.TemporaryDirectory() as folder:
            cargo = Path(folder) / "cargo"
            cargo.write_text(f'#!/bin/sh\nexport -p >"{folder}/seen"\n')
            cargo.chmod(0o755)
            with mock.patch.dict(os.environ, {**needed, **kept_back, "PATH": folder}, clear=True), \
                    contextlib.redirect_stdout(io.StringIO()):
                install.compiled(Path(folder), "why")
            seen = (Path(folder) / "seen").read_text()
        for name, value in needed.items():
            self.assertRegex(seen, rf"(?m)^export {name}=['\"]?{re.escape(value)}['\"]?$")
        self.assertNotIn("s3cret", seen)

    def test_windows_tells_names_in_any_case(self):
        given = {"SystemRoot": "C:\\Windows", "Path": "C:\\bin", "ProgramFiles(x86)": "C:\\P", "gh_token": "t"}
        self.assertEqual(install.environment_of_the_build(given), {n: v for n, v in given.items() if n != "gh_token"})


@unittest.skipUnless(os.environ.get("REWHEEL_BIN"), "REWHEEL_BIN names no command")
class Real(unittest.TestCase):
    """What is written for the real command must be what it takes."""

    def test_every_configuration_is_valid(self):
        for workflow, follow, version in (("", "", ""), ("w.yml", "3.5", "1.0"), ("w.yaml", "latest", "~=1.0")):
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "rewheel.toml"
                inputs = {"package": "example", "repository": "example/wheels", "follow": follow,
                          "workflow": workflow, "platforms": [], "version": version}
                path.write_text(action_inputs.own_configuration(inputs))
                ran = subprocess.run([os.environ["REWHEEL_BIN"], "config", "check", str(path)],
                                     capture_output=True, text=True, check=False)
                self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)

    @unittest.skipIf(sys.version_info < (3, 11), "no tomllib")
    def test_config_init_writes_the_same(self):
        """The same policy, and the same inputs for the workflow."""
        import tomllib
        ran = subprocess.run([os.environ["REWHEEL_BIN"], "config", "init", "--package=example", "--output=-",
                              "--repository=example/wheels", "--workflow=wheels.yml"],
                             capture_output=True, text=True, check=True)
        [by_init] = tomllib.loads(ran.stdout)["project"]
        [own] = tomllib.loads(action_inputs.own_configuration({
            "package": "example", "repository": "example/wheels", "workflow": "wheels.yml", "platforms": [],
            "follow": "", "version": ""}))["project"]
        # What it leaves out is the issue alone.
        written = {**dict.fromkeys(by_init["policy"], ["issue"]), **own["policy"]}
        self.assertEqual({**written, "steps-severity": "low"}, by_init["policy"])
        for key in ("name", "platforms", "dispatch"):
            self.assertEqual(own["step"][0][key], by_init["step"][0][key])


if __name__ == "__main__":
    unittest.main()
