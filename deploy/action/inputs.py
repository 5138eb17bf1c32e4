"""The action's inputs, and the configuration that they name or stand for."""

import json
import re
from pathlib import Path

from escaping import Refused, for_toml, is_control

FAIL_ON = ("never", "due", "vulnerable", "low", "moderate", "high", "critical")
REPOSITORY = r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}"
TOKEN = r"[!-~]*"

# name: (longest, shape, what it should be)
INPUTS = {
    "config": (500, r".*", "a path"),
    "package": (200, r"(?:[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)?", "the name of a package"),
    "repository": (201, f"(?:{REPOSITORY})?", "owner/name"),
    "follow": (20, r"(?:series|latest|lts|[0-9]+\.[0-9]+)?", "series, latest, lts or a series"),
    "workflow": (200, r"(?:[A-Za-z0-9_.-]+\.ya?ml)?", "the name of a workflow's file"),
    "platforms": (100, r"[a-z, ]*", "names of platforms with commas between them"),
    "login": (100, r"(?:[A-Za-z0-9-]+(?:\[bot\])?)?", "the name of an account, such as my-app[bot]"),
    "github-token": (5000, TOKEN, "a token"),
    "openssl-token": (5000, TOKEN, "a token"),
    "dry-run": (5, r"(?:true|false)?", "true or false"),
    "fail-on": (10, "|".join(FAIL_ON), "one of " + ", ".join(FAIL_ON)),
    "version": (200, r"[A-Za-z0-9.,*~=<>! +-]*", "a version or a specifier"),
    "index-url": (2000, r"(?:https?://[!-~]+)?", "an address"),
}


def read_inputs(environment):
    """The inputs, every one of bounded length and of its shape."""
    inputs = {}
    for name, (longest, shape, words) in INPUTS.items():
        value = environment.get("INPUT_" + name.upper().replace("-", "_"), "").strip()
        if len(value) > longest:
            raise Refused(f"the input `{name}` is longer than {longest} letters")
        if any(map(is_control, value)):
            raise Refused(f"the input `{name}` has a line's end or another control character in it")
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
    if inputs["workflow"] and not inputs["repository"]:
        raise Refused("the input `workflow` has no meaning without `repository`, where the tracking issue is")
    return inputs


def may_act(inputs, environment):
    """Whether this run may act; and why not."""
    own = environment.get("GITHUB_REPOSITORY", "")
    if not re.fullmatch(REPOSITORY, own):
        return False, "it cannot be told in which repository this is"
    if not re.fullmatch(r"https?://[A-Za-z0-9.:/_-]{1,200}", environment.get("GITHUB_API_URL", "")):
        return False, "it cannot be told where GitHub's API is"
    if inputs["repository"] and inputs["repository"].lower() != own.lower():
        return False, "the input `repository` is not the repository of this workflow"
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


def own_configuration(inputs):
    """The configuration for one package. What else is set comes in variables."""
    lines = ["[[project]]", f"package = {for_toml(inputs['package'])}"]
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
        lines += ["[project.step.dispatch.inputs]"]
        lines += [f'openssl-{name} = "{{{{ openssl.{name} }}}}"' for name in ("version", "sha256")]
    return "\n".join(lines) + "\n"


def configuration_file(inputs, environment, folder):
    """The file that the command is to read."""
    if not inputs["config"]:
        path = folder / "rewheel.toml"
        path.write_text(own_configuration(inputs), encoding="utf-8")
        return path
    if environment.get("GITHUB_EVENT_NAME") == "pull_request_target":
        raise Refused("`config` is not read on pull_request_target: a stranger may have written it")
    root = Path(environment.get("GITHUB_WORKSPACE") or ".").resolve()
    path = (root / inputs["config"]).resolve()
    if root not in path.parents or not path.is_file():
        raise Refused("the input `config` is no file in the checked-out repository; is actions/checkout "
                      "a step before this one?")
    return path
