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
import urllib.error
import urllib.request
from pathlib import Path

sys.dont_write_bytecode = True

from escaping import Refused, for_log, printable, say  # noqa: E402
from inputs import configuration_file, may_act, read_inputs  # noqa: E402
from report import SEVERITIES, Report  # noqa: E402

QUIET_DAYS = 50
MOST_LINES = 500
MOST_COMPLAINTS = 3
# What the command begins lines with that people are to see without opening the log.
TOLD = {"error: ": "error", "warning: [notify] ": "warning"}

# What a run that may not act gets of the environment: no token, no secret, no setting.
HARMLESS = (
    "PATH", "HOME", "USERPROFILE", "LOCALAPPDATA", "APPDATA", "SYSTEMROOT", "WINDIR", "TEMP", "TMP",
    "TMPDIR", "RUNNER_TEMP", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR",
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
)

# What even a run that acts does not hand on: tokens that are for the action, and the runner's files.
KEPT_BACK = (
    "GITHUB_TOKEN", "GH_TOKEN", "JOB_TOKEN", "REWHEEL_CONFIG", "REWHEEL_COMMAND",
    "GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STATE", "GITHUB_STEP_SUMMARY",
)


def environment_of_the_command(environment, inputs, acts):
    """What the command sees of the environment."""
    if acts:
        kept = {
            name: value for name, value in environment.items()
            if name not in KEPT_BACK and not name.upper().startswith(("INPUT_", "ACTIONS_"))
        }
    else:
        kept = {name: value for name, value in environment.items() if name in HARMLESS}
    # These go before a configuration's file. A job keeps no files, so the tracking issue is the
    # whole state; and no file says where a token goes.
    kept["REWHEEL_STATE__URL"] = "none"
    kept["REWHEEL_GITHUB__API"] = environment.get("GITHUB_API_URL") or "https://api.github.com"
    if inputs["index-url"]:
        # Not an argument: it may hold a login.
        kept["REWHEEL_INDEX__URL"] = inputs["index-url"]
    if not acts:
        return kept
    token = inputs["github-token"]
    if token:
        kept["GITHUB_TOKEN"] = token
    if token != environment.get("JOB_TOKEN"):
        # With this the command would take any token for that of the job, and its owner for
        # github-actions[bot].
        kept.pop("GITHUB_ACTIONS", None)
    if inputs["login"]:
        kept["REWHEEL_GITHUB__LOGIN"] = inputs["login"]
    openssl_token = inputs["openssl-token"] or job_token_for_openssl(environment, inputs)
    if openssl_token:
        kept["OPENSSL_TOKEN"] = openssl_token
        kept["REWHEEL_OPENSSL__TOKEN_ENV"] = "OPENSSL_TOKEN"
    return kept


def job_token_for_openssl(environment, inputs):
    """The job's own token, where OpenSSL's releases are read from the server that gave it; else nothing.

    Without one the runners of many jobs share what GitHub allows an address, and are refused. It goes to
    no other server: not from a GitHub Enterprise Server to github.com, and not to where a configuration
    says that a mirror is.
    """
    own = environment.get("GITHUB_API_URL", "").rstrip("/")
    said = section_of_the_file(environment, inputs["config"]) if inputs["config"] else {}
    if said is None or any(name in said for name in ("token-env", "directory")):
        return ""
    if any(environment.get(f"REWHEEL_OPENSSL__{name}") for name in ("TOKEN_ENV", "DIRECTORY")):
        return ""
    asked = environment.get("REWHEEL_OPENSSL__API") or said.get("api", "https://api.github.com")
    if not isinstance(asked, str) or asked.rstrip("/") != own:
        return ""
    return environment.get("JOB_TOKEN", "")


def section_of_the_file(environment, name):
    """What a configuration says in `[openssl]`; none where it cannot be told, as with Python before 3.11."""
    try:
        import tomllib
        with open(Path(environment.get("GITHUB_WORKSPACE") or ".") / name, "rb") as file:
            said = tomllib.load(file).get("openssl", {})
    except (ImportError, OSError, ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """A token is sent to the one place that it is for."""

    def redirect_request(self, *_):
        return None


def date_of_commit(environment, commit, token):
    """When a commit was made, in seconds: by the checked-out repository, else by GitHub."""
    try:
        ran = subprocess.run(
            ["git", "-C", environment.get("GITHUB_WORKSPACE") or ".", "show", "-s", "--format=%ct", commit],
            capture_output=True, check=False, timeout=20,
        )
        if ran.returncode == 0:
            return int(ran.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        pass
    if not token:
        return None
    api, repository = environment["GITHUB_API_URL"], environment["GITHUB_REPOSITORY"]
    request = urllib.request.Request(f"{api}/repos/{repository}/commits/{commit}", headers={
        "Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json",
        "User-Agent": "rewheel", "X-GitHub-Api-Version": "2022-11-28"})
    try:
        with urllib.request.build_opener(NoRedirect).open(request, timeout=20) as answer:
            date = json.loads(answer.read(4 << 20))["commit"]["committer"]["date"]
        return calendar.timegm(time.strptime(date, "%Y-%m-%dT%H:%M:%SZ"))
    except (OSError, ValueError, KeyError, TypeError, urllib.error.URLError):
        return None


def warn_of_quiet(environment, token):
    """Says when the schedule is about to be stopped because nothing happened for long."""
    commit = environment.get("GITHUB_SHA", "")
    if environment.get("GITHUB_EVENT_NAME") != "schedule" or not re.fullmatch(r"[0-9a-f]{40,64}", commit):
        return
    seconds = date_of_commit(environment, commit, token)
    if seconds is not None and (days := int((time.time() - seconds) // 86400)) > QUIET_DAYS:
        say("warning", f"The newest commit is {days} days old. In public repositories GitHub stops "
            "scheduled workflows after 60 days without activity: commit something, or switch the "
            "workflow on again when it was stopped.")


def run_command(arguments, environment, path):
    """Runs the command; its report goes to a file, what else it says to the log, without effect.

    Gives its exit code, and what people are to be told of it, each with its level.
    """
    print("::group::What rewheel says")
    sys.stdout.flush()
    with open(path, "wb") as report:
        with subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=report,
                              stderr=subprocess.PIPE, env=environment) as process:
            shown, complaints = 0, []
            while line := process.stderr.readline(4096):
                text = line.decode("utf-8", "replace").rstrip("\r\n")
                level = next((level for word, level in TOLD.items() if text.startswith(word)), None)
                if level and len(complaints) < MOST_COMPLAINTS:
                    complaints.append((level, text.removeprefix(f"{level}: ")))
                if shown < MOST_LINES:
                    print(for_log(text))
                    sys.stdout.flush()
                shown += 1
    if shown > MOST_LINES:
        print(f"| {shown - MOST_LINES} more lines are left out")
    print("::endgroup::")
    sys.stdout.flush()
    return process.returncode, complaints


def write_outputs(path, report, document):
    """Outputs with a delimiter that nobody can guess."""
    outputs = {"decision": "", "severity": "", "target": "", "linked": "", "issue-url": "", "report": "", "due": ""}
    if report:
        outputs.update({
            "decision": report.decision, "severity": report.severity, "target": report.targets,
            "linked": report.linked, "issue-url": report.issue, "report": str(document),
            "due": str(report.due).lower()})
    with open(path, "a", encoding="utf-8", newline="\n") as file:
        for name, value in outputs.items():
            delimiter = "end_" + secrets.token_hex(32)
            file.write(f"{name}<<{delimiter}\n{printable(value, 4000)}\n{delimiter}\n")


def no_such(report):
    """What the index does not have, where that is why; else nothing."""
    codes = report.codes if report else ()
    if "unknown-package" in codes:
        return "there is no such package"
    return "there is no such version of the package" if "no-such-version" in codes else ""


def fails(code, report, fail_on):
    """Why the step fails; nothing where it does not."""
    if code == 2:
        return no_such(report) or "the usage or the configuration is wrong"
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
    if fail_on == "due" and report.due:
        return "something is due"
    if fail_on == "vulnerable" and report.vulnerable:
        return "a wheel is vulnerable"
    if fail_on in SEVERITIES and report.severity and SEVERITIES[report.severity] >= SEVERITIES[fail_on]:
        return f"the severity is {fail_on} or above"
    return ""


def act(environment):
    inputs = read_inputs(environment)
    notes = []
    acts, why = may_act(inputs, environment)
    if not acts:
        notes.append(f"A dry run without a token: {why}.")
    elif inputs["dry-run"] == "true":
        notes.append("A dry run, as the input `dry-run` says.")
    for note in notes:
        say("notice", note)
    warn_of_quiet(environment, inputs["github-token"] if acts else "")

    folder = Path(tempfile.mkdtemp(prefix="rewheel-", dir=environment.get("RUNNER_TEMP") or None))
    configuration = configuration_file(inputs, environment, folder)
    path = folder / "report.json"
    arguments = [environment.get("REWHEEL_COMMAND") or "rewheel", "check-now",
                 f"--config={configuration}", "--format=json", "--color=never"]
    # A configuration may name other repositories: those are looked at, and left alone. It may name
    # files with tokens, too: a run that may not act asks GitHub for nothing.
    arguments.append(f"--act-in={environment['GITHUB_REPOSITORY'] if acts else 'none'}")
    if not acts or inputs["dry-run"] == "true":
        arguments.append("--dry-run")
    code, complaints = run_command(arguments, environment_of_the_command(environment, inputs, acts), path)
    for level, complaint in complaints:
        say(level, complaint)

    report = None
    if code in (0, 1, 2, 3, 4):
        try:
            report = Report.read(path)
        except Refused as error:
            # Wrong usage leaves none; an unknown package does.
            if code != 2:
                say("error", str(error))
    if report:
        for level, text in report.annotations():
            # That nothing was done is said above where nothing may be done.
            if acts or level != "notice":
                say(level, text)
        if environment.get("GITHUB_STEP_SUMMARY"):
            with open(environment["GITHUB_STEP_SUMMARY"], "a", encoding="utf-8", newline="\n") as file:
                file.write(report.summary(notes))
    if environment.get("GITHUB_OUTPUT"):
        write_outputs(environment["GITHUB_OUTPUT"], report, path)
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
