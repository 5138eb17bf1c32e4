"""What the action takes from the document `rewheel/check/v1`."""

import json
import re

from escaping import Refused, for_markdown

DECISIONS = ("none", "inform", "track", "rebuild")
# OpenSSL gave no severity before 2015: "unknown" counts as high.
SEVERITIES = {"low": 1, "moderate": 2, "unknown": 3, "high": 3, "critical": 4}
VULNERABLE = ("vulnerable", "exposed", "withdrawn")
# For these nothing is opened and nothing is started, however long they last.
HOLD_BACK = ("facts-too-old", "unknown-series")
LONGEST_REPORT = 64 * 1024 * 1024
LONGEST_SUMMARY = 60_000
MOST_ROWS = 50
MOST_ANNOTATIONS = 10


def texts(value, *keys):
    """The texts under keys in a list of tables; nothing else is believed."""
    for entry in tables(value):
        found = [entry.get(key) for key in keys]
        yield tuple(one if isinstance(one, str) else "" for one in found)


def tables(value):
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def findings(project):
    return [f for wheel in tables(project.get("wheels")) for f in tables(wheel.get("findings"))]


def versions(values):
    fit = {v for v in values if isinstance(v, str) and re.fullmatch(r"[0-9][0-9A-Za-z.+-]{0,40}", v)}
    return ",".join(sorted(fit, key=order)[:MOST_ROWS])


def order(version):
    """What sorts versions as OpenSSL does: 3.0.9, 3.0.10-beta1, 3.0.10; 1.1.1, 1.1.1w."""
    final, _, before = version.partition("-")

    def parts(text):
        return [(1, int(part), "") if part.isdigit() else (2, 0, part) for part in re.findall(r"[0-9]+|[A-Za-z]+", text)]

    return parts(final), not before, parts(before), version


def linked(project):
    return [f.get("linked") for f in findings(project) if f.get("library") == "openssl"]


def targets(project, due_only=False):
    found = tables(project.get("targets"))
    return [one.get("version") for one in found if not due_only or one.get("due") is True]


class Report:
    """The document, as far as the action knows it."""

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
        # Something is to be done about a wheel, or the policy asks for an issue.
        self.due = self.decision in ("track", "rebuild") or any(p.get("due") is True for p in self.projects)
        self.vulnerable = any(
            f.get("status") in VULNERABLE and not f.get("accepted") for p in self.projects for f in findings(p))
        self.codes = {code for p in self.projects for (code,) in texts(p.get("reasons"), "code")}
        self.targets = versions(t for p in self.projects for t in targets(p, due_only=True))
        self.linked = versions(v for p in self.projects for v in linked(p))
        self.issue = self.issue_url()

    @classmethod
    def read(cls, path):
        try:
            if path.stat().st_size > LONGEST_REPORT:
                raise Refused("the report is longer than it may be")
            return cls(json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, RecursionError) as error:
            raise Refused("the report is not JSON") from error

    def issue_url(self):
        """The first tracking issue: the one that is there, else what an action says of it."""
        shape = r"https?://[A-Za-z0-9.:-]{1,200}/[\w.-]{1,100}/[\w.-]{1,100}/issues/[0-9]{1,15}"
        for project in self.projects:
            actions = texts(project.get("actions"), "kind", "url")
            addresses = [url for (url,) in texts([project.get("issue")], "url")]
            addresses += [url for kind, url in actions if kind.endswith("-issue") or kind == "comment"]
            for found in (re.match(shape, url, re.ASCII) for url in addresses):
                if found:
                    return found[0]
        return ""

    def annotations(self):
        """What people see without opening the log: level and sentence."""
        said = []
        for project in self.projects:
            if project.get("decision") in ("track", "rebuild"):
                said.append(("warning", f"{project.get('package')} {project.get('version')}: a rebuild is due "
                             f"(severity {project.get('severity') or 'none'})"))
            held_back = [message for code, message in texts(project.get("reasons"), "code", "message")
                         if code in HOLD_BACK]
            said += [("warning", f"{project.get('package')}: {message}") for message in held_back]
            actions = list(texts(project.get("actions"), "kind", "state", "error"))
            # What the whole project is left alone for is no more than told; a step alone is a warning.
            on_purpose = {error for kind, state, error in actions if state == "skipped" and kind != "dispatch"}
            for kind, state, error in actions:
                if state == "failed":
                    said.append(("error", error))
                elif state == "skipped" and error:
                    said.append(("warning" if held_back or error not in on_purpose else "notice", error))
        return list(dict.fromkeys(said))[:MOST_ANNOTATIONS]

    def summary(self, notes):
        rows = ["## OpenSSL in published wheels", ""]
        rows += [f"> {for_markdown(note)}\n" for note in notes]
        rows += ["| package | version | linked | target | decision | severity |", "|---|---|---|---|---|---|"]
        for project in self.projects[:MOST_ROWS]:
            cells = (project.get("package"), project.get("version"), versions(linked(project)),
                     versions(targets(project)), project.get("decision"), project.get("severity"))
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
        length = 0
        for count, row in enumerate(rows):
            length += len(row.encode("utf-8")) + 1
            if length > LONGEST_SUMMARY:
                return "\n".join(rows[:count]) + "\n\nThe rest is in the report.\n"
        return "\n".join(rows) + "\n"
