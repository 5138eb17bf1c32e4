"""Puts the command `rewheel` into place for the action, and says where it is.

The binary is that of the release which belongs to the action's own tag: `sha256.json` beside this
file names it, with a SHA-256 for each target. Where it names none, the command is compiled from the
sources that came with the action.
"""

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
LONGEST_BINARY = 128 * 1024 * 1024


class Refused(Exception):
    """Why nothing is installed."""


def target():
    """The name of this machine's target, or none when there can be no binary for it."""
    machine = {"amd64": "x86_64", "x86_64": "x86_64", "arm64": "aarch64", "aarch64": "aarch64"}
    systems = {"Linux": "unknown-linux-gnu", "Darwin": "apple-darwin", "Windows": "pc-windows-msvc"}
    architecture = machine.get(platform.machine().lower())
    system = systems.get(platform.system())
    return f"{architecture}-{system}" if architecture and system else None


def release(document, wanted):
    """The release's repository, tag, file name and SHA-256 for a target; none if there is none."""
    entry = document.get("files", {}).get(wanted)
    if document.get("tag") is None or entry is None:
        return None
    found = (document["repository"], document["tag"], entry["name"], entry["sha256"])
    shapes = (r"[\w.-]+/[\w.-]+", r"v[0-9][\w.-]*", r"[\w][\w.-]*", r"[0-9a-f]{64}")
    for text, shape in zip(found, shapes):
        if not re.fullmatch(shape, text, re.ASCII):
            raise Refused("sha256.json is not as it should be")
    return found


def download(address, path, sha256):
    """Fetches a file of bounded size; it is kept only when its SHA-256 is the one expected."""
    digest = hashlib.sha256()
    size = 0
    with urllib.request.urlopen(address, timeout=60) as answer, open(path, "wb") as file:
        while block := answer.read(1 << 16):
            size += len(block)
            if size > LONGEST_BINARY:
                raise Refused("the binary is longer than it may be")
            digest.update(block)
            file.write(block)
    if digest.hexdigest() != sha256:
        path.unlink()
        raise Refused("the binary's SHA-256 is not the one that the action expects")


def attested(path, repository):
    """Holds the binary to its attestation where GitHub's command is there and has a token."""
    gh = shutil.which("gh")
    if gh is None or not os.environ.get("GH_TOKEN"):
        print("The attestation is not looked at: gh or its token is missing. The SHA-256 fits.")
        return
    ran = subprocess.run(
        [gh, "attestation", "verify", str(path), "--repo", repository],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, timeout=120,
    )
    if ran.returncode != 0:
        path.unlink()
        raise Refused("the binary's attestation does not hold")


def compiled(folder):
    """Compiles the command from the action's own sources."""
    cargo = shutil.which("cargo")
    if cargo is None:
        raise Refused("there is no binary for this system, and no cargo to compile one")
    print("There is no binary of a release for this system: it is compiled, which takes minutes.")
    sys.stdout.flush()
    environment = {name: value for name, value in os.environ.items() if name != "GH_TOKEN"}
    source = str(HERE.parent.parent)
    # In the folder of the sources, so that the tool chain which they name is used.
    ran = subprocess.run(
        [cargo, "install", "--locked", "--quiet", "--path", source, "--root", str(folder)],
        cwd=source, env=environment, check=False,
    )
    if ran.returncode != 0:
        raise Refused("it could not be compiled")
    return folder / "bin" / name_of_the_command()


def name_of_the_command():
    return "rewheel.exe" if platform.system() == "Windows" else "rewheel"


def install(folder, document):
    """Installs the command below a folder."""
    found = release(document, target())
    if found is None:
        return compiled(folder)
    repository, tag, name, sha256 = found
    path = folder / name_of_the_command()
    download(f"https://github.com/{repository}/releases/download/{tag}/{name}", path, sha256)
    attested(path, repository)
    path.chmod(0o755)
    return path


def main():
    try:
        folder = Path(tempfile.mkdtemp(prefix="rewheel-", dir=os.environ.get("RUNNER_TEMP")))
        document = json.loads((HERE / "sha256.json").read_text(encoding="utf-8"))
        path = install(folder, document)
    except (Refused, OSError, subprocess.TimeoutExpired) as error:
        reason = str(error) if isinstance(error, Refused) else type(error).__name__
        print(f"::error title=rewheel::It could not be installed: {reason}")
        return 1
    if "\n" in str(path) or "\r" in str(path):
        print("::error title=rewheel::The folder for temporary files has a strange name")
        return 1
    with open(os.environ["GITHUB_OUTPUT"], "a", encoding="utf-8") as file:
        file.write(f"command={path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
