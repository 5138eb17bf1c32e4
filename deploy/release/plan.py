"""Says whether what is checked out can be released, and writes its version and tag as outputs.

    python3 deploy/release/plan.py

In a job of GitHub Actions, on the default branch, with all tags fetched. One version stands in
Cargo.toml, Cargo.lock and CHANGELOG.md, and is not released yet.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def version_of(manifest):
    """The version in the section [package], which is the first one."""
    found = re.search(r'^version = "([0-9]+\.[0-9]+\.[0-9]+(?:-[0-9A-Za-z.]+)?)"$', manifest, re.M)
    if found is None:
        raise SystemExit("Cargo.toml has no version that could be released")
    return found[1]


def problems(version, lock, changelog, tags, branch):
    """What stands against releasing it."""
    if branch != "refs/heads/main":
        yield "releases are made from main"
    if f'name = "rewheel"\nversion = "{version}"' not in lock:
        yield f"Cargo.lock has another version than {version}: run cargo check"
    if not re.search(rf"^## {re.escape(version)} - [0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}$", changelog, re.M):
        yield f"CHANGELOG.md has no heading `## {version} - YYYY-MM-DD`"
    if f"v{version}" in tags:
        yield f"v{version} is released already"


def main():
    read = lambda name: (ROOT / name).read_text(encoding="utf-8")  # noqa: E731
    version = version_of(read("Cargo.toml"))
    tags = subprocess.run(["git", "tag", "--list"], cwd=ROOT, check=True, capture_output=True, text=True)
    found = list(problems(version, read("Cargo.lock"), read("CHANGELOG.md"), tags.stdout.split(),
                          os.environ.get("GITHUB_REF", "")))
    # Nothing leaves a run that does not publish: it may be made from anywhere, at any time.
    publishes = os.environ.get("PUBLISH") == "true"
    for problem in found:
        print(f"::{'error' if publishes else 'notice'} title=release::{problem}")
    if found and publishes:
        return 1
    with open(os.environ["GITHUB_OUTPUT"], "a", encoding="utf-8") as file:
        file.write(f"version={version}\ntag=v{version}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
