"""Runs `rewheel check-now` in a job of GitHub Actions.

Inputs come in variables of the environment, never in the text of a script. What the command writes
is taken for hostile: it reaches outputs, the summary and annotations only bounded and escaped.
"""

import calendar
import json
import os
import re
import secrets
import subprocess
import sys
import tempfile
import time
import unicodedata
import urllib.error
import urllib.request
from pathlib import Path

DECISIONS = ("none", "inform", "track", "rebuild")
# OpenSSL gave no severity before 2015: "unknown" counts as high.
SEVERITIES = {"low": 1, "moderate": 2, "unknown": 3, "high": 3, "critical": 4}
FAIL_ON = ("never", "due", "vulnerable", "low", "moderate", "high", "critical")
VULNERABLE = ("vulnerable", "exposed", "withdrawn")
LONGEST_REPORT = 64 * 1024 * 1024
LONGEST_SUMMARY = 60_000
LONGEST_TEXT = 300
MOST_ROWS = 50
MOST_ANNOTATIONS = 10
QUIET_DAYS = 50

# What a run that may not act gets of the environment: no token, no secret, no setting.
HARMLESS = (
    "PATH", "HOME", "USERPROFILE", "LOCALAPPDATA", "APPDATA", "SYSTEMROOT", "WINDIR", "TEMP", "TMP",
    "TMPDIR", "RUNNER_TEMP", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR",
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
)

# name: (longest, shape, what it should be)
INPUTS = {
    "config": (500, r".*", "a path"),
    "package": (200, r"(?:[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)?", "the name of a package"),
    "repository": (140, r"(?:[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+)?", "owner/name"),
    "follow": (20, r"(?:series|latest|lts|[0-9]+\.[0-9]+)?", "series, latest, lts or a series"),
    "workflow": (200, r"(?:[A-Za-z0-9_.-]+\.ya?ml)?", "the name of a workflow's file"),
    "platforms": (100, r"[a-z, ]*", "names of platforms with commas between them"),
    "dry-run": (5, r"(?:true|false)?", "true or false"),
    "fail-on": (10, "|".join(FAIL_ON), "one of " + ", ".join(FAIL_ON)),
    "version": (200, r"[A-Za-z0-9.,*~=<>! +-]*", "a version or a specifier"),
    "index-url": (2000, r"(?:https?://[!-~]+)?", "an address"),
}


class Refused(Exception):
    """Why nothing is run. The text holds nothing that somebody else wrote."""


def printable(text, longest=LONGEST_TEXT):
    """One line of text that neither moves a cursor nor turns the direction of writing."""
    text = str(text)
    cut = text[: longest * 2]
    kept = "".join(c if unicodedata.category(c)[0] != "C" and c not in "\u2028\u2029" else " " for c in cut)
    return kept if len(kept) <= longest and len(text) == len(cut) else kept[:longest] + "…"


def for_log(text):
    """A line of a log. The runner looks for `##[` anywhere and for `::` at the start."""
    return "| " + printable(text, 1000).replace("##[", "## [")


def for_command(text):
    """The data of a command of the runner."""
    text = printable(text).replace("##[", "## [")
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def for_markdown(text):
    """Text that does nothing in Markdown or HTML."""
    return re.sub(r"([!-/:-@\[-`{-~])", lambda found: f"&#{ord(found[1])};", printable(text))


def for_toml(text):
    """A basic string of TOML."""
    parts = []
    for c in text:
        if c in '"\\':
            parts.append("\\" + c)
        elif ord(c) < 0x20 or ord(c) == 0x7F:
            parts.append(f"\\u{ord(c):04X}")
        else:
            parts.append(c)
    return '"' + "".join(parts) + '"'


def say(level, text):
    print(f"::{level} title=rewheel::{for_command(text)}")


def read_inputs(environment):
    """The inputs, every one of bounded length and of its shape."""
    inputs = {}
    for name, (longest, shape, words) in INPUTS.items():
        value = environment.get("INPUT_" + name.upper().replace("-", "_"), "")
        if len(value) > longest:
            raise Refused(f"the input `{name}` is longer than {longest} letters")
        if any(unicodedata.category(c)[0] == "C" or c in "\u2028\u2029" for c in value):
            raise Refused(f"the input `{name}` has a line's end or another control character in it")
        value = value.strip()
        if name == "fail-on" and not value:
            value = "never"
        if not re.fullmatch(shape, value):
            raise Refused(f"the input `{name}` is not {words}")
        inputs[name] = value
    inputs["platforms"] = [one for one in re.split(r"[, ]+", inputs["platforms"]) if one]
    for one in inputs["platforms"]:
        if one not in ("linux", "macos", "windows", "any"):
            raise Refused("the input `platforms` names another platform than linux, macos, windows and any")
    if bool(inputs["config"]) == bool(inputs["package"]):
        raise Refused("either the input `config` or the input `package` is needed, and not both")
    if inputs["config"]:
        for name in ("repository", "follow", "workflow", "platforms", "version"):
            if inputs[name]:
                raise Refused(f"the input `{name}` has no meaning beside `config`: it belongs into the file")
    if inputs["platforms"] and not inputs["workflow"]:
        raise Refused("the input `platforms` has no meaning without `workflow`")
    return inputs


def may_act(environment):
    """Whether the event is one on which may be acted; and why not."""
    event = environment.get("GITHUB_EVENT_NAME", "")
    if event in ("schedule", "workflow_dispatch"):
        return True, ""
    if event != "push":
        return False, "it acts on schedule, workflow_dispatch and push to the default branch only"
    try:
        with open(environment["GITHUB_EVENT_PATH"], encoding="utf-8") as file:
            branch = json.load(file)["repository"]["default_branch"]
    except (KeyError, TypeError, ValueError, OSError):
        return False, "it cannot be told which branch is the default one"
    if isinstance(branch, str) and branch and environment.get("GITHUB_REF") == f"refs/heads/{branch}":
        return True, ""
    return False, "this is not the default branch"


def own_configuration(inputs, environment):
    """The configuration for one package."""
    lines = ["[state]", 'url = "none"']
    if inputs["index-url"]:
        lines += ["[index]", f"url = {for_toml(inputs['index-url'])}"]
    api = environment.get("GITHUB_API_URL", "")
    if re.fullmatch(r"https://[A-Za-z0-9.:/_-]{1,200}", api):
        lines += ["[github]", f"api = {for_toml(api)}"]
    lines += ["[[project]]", f"package = {for_toml(inputs['package'])}"]
    if inputs["repository"]:
        lines.append(f"repository = {for_toml(inputs['repository'])}")
    if inputs["version"]:
        bare = inputs["version"][0].isdigit()
        lines.append(f"lines = [{for_toml('==' + inputs['version'] if bare else inputs['version'])}]")
    if inputs["follow"]:
        lines.append(f"follow = {for_toml(inputs['follow'])}")
    if inputs["workflow"]:
        lines.append("[project.policy]")
        lines += [f'{event} = ["issue", "steps"]' for event in ("security", "withdrawn", "bug-fix")]
        platforms = inputs["platforms"] or ["linux", "macos", "windows"]
        lines += ["[[project.step]]", 'name = "wheels"']
        lines.append("platforms = [" + ", ".join(map(for_toml, platforms)) + "]")
        lines += ["[project.step.dispatch]", f"workflow = {for_toml(inputs['workflow'])}"]
        lines += ["[project.step.dispatch.inputs]", 'openssl-version = "{{ openssl.version }}"']
    return "\n".join(lines) + "\n"


def configuration_file(inputs, environment, folder):
    """The file that the command is to read."""
    if not inputs["config"]:
        path = folder / "rewheel.toml"
        path.write_text(own_configuration(inputs, environment), encoding="utf-8")
        return path
    if environment.get("GITHUB_EVENT_NAME") == "pull_request_target":
        raise Refused("`config` is not read on pull_request_target: a stranger may have written it")
    root = Path(environment.get("GITHUB_WORKSPACE") or ".").resolve()
    path = (root / inputs["config"]).resolve()
    if root not in path.parents or not path.is_file():
        raise Refused("the input `config` is no file in the checked-out repository")
    return path


def environment_of_the_command(environment, token, acts):
    """What the command sees of the environment."""
    if acts:
        kept = {
            name: value for name, value in environment.items()
            if not name.upper().startswith(("INPUT_", "ACTIONS_"))
        }
    else:
        kept = {name: value for name, value in environment.items() if name in HARMLESS}
    for name in ("GITHUB_TOKEN", "GH_TOKEN", "REWHEEL_CONFIG"):
        kept.pop(name, None)
    # Files of the runner that a command could write to.
    for name in ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STATE", "GITHUB_STEP_SUMMARY"):
        kept.pop(name, None)
    if acts and token:
        kept["GITHUB_TOKEN"] = token
    return kept


def texts(value, *keys):
    """The texts under a key in a list of tables; nothing else is believed."""
    for entry in value if isinstance(value, list) else []:
        if isinstance(entry, dict):
            found = [entry.get(key) for key in keys]
            yield tuple(one if isinstance(one, str) else "" for one in found)


def tables(value):
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


class Report:
    """What the action takes from the document `rewheel/check/v1`."""

    def __init__(self, document):
        if not isinstance(document, dict) or document.get("schema") != "rewheel/check/v1":
            raise Refused("the report is not a document that this action knows")
        self.projects = tables(document.get("projects"))
        decisions = [p.get("decision") for p in self.projects]
        if not decisions or any(one not in DECISIONS for one in decisions):
            raise Refused("the report has a decision that this action does not know")
        self.decision = max(decisions, key=DECISIONS.index)
        severities = [p.get("severity") for p in self.projects if p.get("severity") is not None]
        if any(not isinstance(one, str) or one not in SEVERITIES for one in severities):
            raise Refused("the report has a severity that this action does not know")
        self.severity = max(severities, key=SEVERITIES.__getitem__, default="")
        self.due = self.decision in ("track", "rebuild")
        findings = [f for p in self.projects for f in self.findings(p)]
        self.vulnerable = any(f.get("status") in VULNERABLE and not f.get("accepted") for f in findings)
        self.targets = self.versions(t for p in self.projects for (t,) in texts(p.get("targets"), "version"))
        self.linked = self.versions(f.get("linked") for f in findings if f.get("library") == "openssl")
        self.issue = self.issue_url()

    @staticmethod
    def findings(project):
        return [f for wheel in tables(project.get("wheels")) for f in tables(wheel.get("findings"))]

    @staticmethod
    def versions(values):
        fit = {v for v in values if isinstance(v, str) and re.fullmatch(r"[0-9][0-9A-Za-z.+-]{0,40}", v)}
        return ",".join(sorted(fit)[:MOST_ROWS])

    def issue_url(self):
        for project in self.projects:
            for kind, url in texts(project.get("actions"), "kind", "url"):
                if kind.endswith("-issue") or kind == "comment":
                    found = re.match(r"https://[A-Za-z0-9.:-]{1,200}/[\w.-]{1,100}/[\w.-]{1,100}/issues/[0-9]{1,15}",
                                     url, re.ASCII)
                    if found:
                        return found[0]
        return ""

    def summary(self, notes):
        rows = ["## OpenSSL in published wheels", ""]
        rows += [f"> {for_markdown(note)}\n" for note in notes]
        rows += ["| package | version | linked | target | decision | severity |", "|---|---|---|---|---|---|"]
        for project in self.projects[:MOST_ROWS]:
            linked = self.versions(f.get("linked") for f in self.findings(project))
            target = self.versions(t for (t,) in texts(project.get("targets"), "version"))
            cells = (project.get("package"), project.get("version"), linked, target,
                     project.get("decision"), project.get("severity"))
            rows.append("| " + " | ".join(for_markdown(cell or "") for cell in cells) + " |")
        if len(self.projects) > MOST_ROWS:
            rows.append(f"\n{len(self.projects) - MOST_ROWS} more are in the report.")
        for project in self.projects[:MOST_ROWS]:
            told = [f"- {for_markdown(message)}" for (message,) in texts(project.get("reasons"), "message")]
            told += [f"- {for_markdown(kind)}: {for_markdown(state)} {for_markdown(error)}"
                     for kind, state, error in texts(project.get("actions"), "kind", "state", "error")]
            if told:
                rows += ["", f"### {for_markdown(project.get('package') or '')}", "", *told[:MOST_ROWS]]
                if len(told) > MOST_ROWS:
                    rows.append(f"- and {len(told) - MOST_ROWS} more")
        text = ""
        for row in rows:
            if len((text + row).encode("utf-8")) > LONGEST_SUMMARY:
                return text + "\n\nThe rest is in the report.\n"
            text += row + "\n"
        return text


def write_outputs(path, outputs):
    """Outputs with a delimiter that nobody can guess."""
    with open(path, "a", encoding="utf-8", newline="\n") as file:
        for name, value in outputs.items():
            delimiter = "end_" + secrets.token_hex(32)
            file.write(f"{name}<<{delimiter}\n{printable(value, 4000)}\n{delimiter}\n")


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """A token is sent to the one place that it is for."""

    def redirect_request(self, *_):
        return None


def quiet_days(environment, token):
    """How old the newest commit is, in days; none where it cannot be told."""
    api, repository, commit = (environment.get(name, "") for name in
                               ("GITHUB_API_URL", "GITHUB_REPOSITORY", "GITHUB_SHA"))
    if not re.fullmatch(r"[0-9a-f]{40,64}", commit):
        return None
    seconds = None
    try:
        ran = subprocess.run(
            ["git", "-C", environment.get("GITHUB_WORKSPACE") or ".", "show", "-s", "--format=%ct", commit],
            capture_output=True, check=False, timeout=20,
        )
        if ran.returncode == 0:
            seconds = int(ran.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        pass
    if seconds is None and token and api.startswith("https://") and repository:
        request = urllib.request.Request(f"{api}/repos/{repository}/git/commits/{commit}", headers={
            "Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"})
        try:
            with urllib.request.build_opener(NoRedirect).open(request, timeout=20) as answer:
                date = json.loads(answer.read(1 << 20))["committer"]["date"]
            seconds = calendar.timegm(time.strptime(date, "%Y-%m-%dT%H:%M:%SZ"))
        except (OSError, ValueError, KeyError, TypeError, urllib.error.URLError):
            return None
    return None if seconds is None else int((time.time() - seconds) // 86400)


def fails(code, report, fail_on):
    """Why the step fails; nothing where it does not."""
    if code == 2:
        return "the usage or the configuration is wrong, or there is no such package"
    if code == 4:
        return "an action on GitHub failed"
    if code not in (0, 1, 3):
        return "the command ended in a way that it should not"
    if report is None:
        return "there is no report that can be read"
    if fail_on == "never":
        return ""
    if code == 3:
        return "it could not be told whether all is well"
    if fail_on == "due" and (code == 1 or report.due):
        return "something is due"
    if fail_on == "vulnerable" and report.vulnerable:
        return "a wheel is vulnerable"
    if fail_on in SEVERITIES and report.severity and SEVERITIES[report.severity] >= SEVERITIES[fail_on]:
        return f"the severity is {fail_on} or above"
    return ""


def run_command(arguments, environment, path):
    """Runs the command; its report goes to a file, what else it says to the log, without effect."""
    print("::group::What rewheel says")
    sys.stdout.flush()
    with open(path, "wb") as report:
        with subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=report,
                              stderr=subprocess.PIPE, env=environment) as process:
            shown = 0
            while line := process.stderr.readline(4096):
                if shown < 500:
                    print(for_log(line.decode("utf-8", "replace").rstrip("\r\n")))
                    sys.stdout.flush()
                shown += 1
    if shown > 500:
        print(f"| {shown - 500} more lines are left out")
    print("::endgroup::")
    sys.stdout.flush()
    return process.returncode


def read_report(path):
    try:
        if path.stat().st_size > LONGEST_REPORT:
            raise Refused("the report is longer than it may be")
        return Report(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, RecursionError) as error:
        raise Refused("the report is not JSON") from error


def act(environment):
    inputs = read_inputs(environment)
    token = environment.get("INPUT_GITHUB_TOKEN", "").strip()
    if len(token) > 5000 or not re.fullmatch(r"[!-~]*", token):
        raise Refused("the input `github-token` is no token")
    notes = []
    acts, why = may_act(environment)
    own = environment.get("GITHUB_REPOSITORY", "")
    if acts and inputs["repository"] and inputs["repository"].lower() != own.lower():
        acts, why = False, "the input `repository` is not the repository of this workflow"
    if not acts:
        notes.append(f"A dry run without a token: {why}.")
    elif inputs["dry-run"] == "true":
        notes.append("A dry run, as the input `dry-run` says.")
    for note in notes:
        say("notice", note)
    if environment.get("GITHUB_EVENT_NAME") == "schedule":
        days = quiet_days(environment, token if acts else "")
        if days is not None and days > QUIET_DAYS:
            say("warning", f"The newest commit is {days} days old. In public repositories GitHub stops "
                "scheduled workflows after 60 days without activity.")

    folder = Path(tempfile.mkdtemp(prefix="rewheel-", dir=environment.get("RUNNER_TEMP") or None))
    configuration = configuration_file(inputs, environment, folder)
    path = folder / "report.json"
    arguments = [environment.get("REWHEEL_COMMAND") or "rewheel", "check-now",
                 f"--config={configuration}", "--format=json", "--color=never"]
    if not acts or inputs["dry-run"] == "true":
        arguments.append("--dry-run")
    if environment.get("REWHEEL_OFFLINE") == "true":
        arguments.append("--offline")
    seen = environment_of_the_command(environment, token, acts)
    if inputs["config"] and inputs["index-url"]:
        # Not an argument: it may hold a login.
        seen["REWHEEL_INDEX__URL"] = inputs["index-url"]
    code = run_command(arguments, seen, path)

    report = None
    if code in (0, 1, 3, 4):
        try:
            report = read_report(path)
        except Refused as error:
            say("error", str(error))
    outputs = {"decision": "", "severity": "", "target": "", "linked": "", "issue-url": "",
               "report": str(path) if report else "", "due": ""}
    if report:
        outputs.update({
            "decision": report.decision, "severity": report.severity, "target": report.targets,
            "linked": report.linked, "issue-url": report.issue, "due": str(report.due).lower()})
        if environment.get("GITHUB_STEP_SUMMARY"):
            with open(environment["GITHUB_STEP_SUMMARY"], "a", encoding="utf-8", newline="\n") as file:
                file.write(report.summary(notes))
        due = [p for p in report.projects if p.get("decision") in ("track", "rebuild")]
        for project in due[:MOST_ANNOTATIONS]:
            say("warning", f"{project.get('package')} {project.get('version')}: a rebuild is due "
                f"(severity {project.get('severity') or 'none'})")
    if environment.get("GITHUB_OUTPUT"):
        write_outputs(environment["GITHUB_OUTPUT"], outputs)
    if code == 3:
        say("warning", "It could not be told whether all is well.")
    reason = fails(code, report, inputs["fail-on"])
    if reason:
        say("error", reason[0].upper() + reason[1:] + ".")
        return 2 if code == 2 else 1
    return 0


def main():
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        return act(dict(os.environ))
    except Refused as error:
        say("error", str(error))
        return 2
    except OSError as error:
        say("error", f"The action could not be run: {type(error).__name__}")
        return 2


if __name__ == "__main__":
    sys.exit(main())
