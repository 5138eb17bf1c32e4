"""Puts the command `rewheel` into place for the action, and says where it is.

The binary is that of the release which belongs to the action's own tag: in a release, `sha256.json`
beside this file names it, with a SHA-256 for each target. Where it names none, or the binary cannot be
had, the command is compiled from the sources that came with the action.
"""

import hashlib
import http.client
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.request
import zipfile
from pathlib import Path

sys.dont_write_bytecode = True

from escaping import for_command, for_log  # noqa: E402

HERE = Path(__file__).resolve().parent
LONGEST_ARCHIVE = 128 * 1024 * 1024
LONGEST_BINARY = 256 * 1024 * 1024
ATTEMPTS = 3
MOST_LINES = 20
# Only what this workflow of the release's repository built is taken.
SIGNER = ".github/workflows/release.yml"

# What compiling gets of the environment. The build scripts of dependencies run then: of the job's
# secrets they see none but what a proxy's address holds.
BUILDS_WITH = frozenset((
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "TZ", "TERM", "TMPDIR", "TMP", "TEMP",
    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR",
    # Compilers and linkers.
    "CC", "CXX", "AR", "RANLIB", "CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "LD_LIBRARY_PATH",
    "SDKROOT", "DEVELOPER_DIR", "MACOSX_DEPLOYMENT_TARGET", "SOURCE_DATE_EPOCH",
    # Windows, and where its compilers are looked for.
    "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "OS", "USERPROFILE", "HOMEDRIVE", "HOMEPATH",
    "APPDATA", "LOCALAPPDATA", "PROGRAMDATA", "PROGRAMFILES", "PROGRAMFILES(X86)", "PROGRAMW6432",
    "COMMONPROGRAMFILES", "COMMONPROGRAMFILES(X86)", "COMMONPROGRAMW6432", "NUMBER_OF_PROCESSORS",
    "PROCESSOR_ARCHITECTURE", "PROCESSOR_IDENTIFIER", "INCLUDE", "LIB", "LIBPATH", "VCINSTALLDIR", "VSINSTALLDIR",
))
BUILDS_WITH_ALL_OF = ("CARGO_", "RUST")


class Refused(Exception):
    """Why nothing is installed."""


class Unreachable(Exception):
    """The release's file cannot be had just now."""


def target():
    """The name of this machine's target, or none when there can be no binary for it."""
    machine = {"amd64": "x86_64", "x86_64": "x86_64", "arm64": "aarch64", "aarch64": "aarch64"}
    systems = {"Linux": "unknown-linux-musl", "Darwin": "apple-darwin", "Windows": "pc-windows-msvc"}
    architecture = machine.get(platform.machine().lower())
    system = systems.get(platform.system())
    return f"{architecture}-{system}" if architecture and system else None


def name_of_the_command():
    return "rewheel.exe" if platform.system() == "Windows" else "rewheel"


def release(document, wanted):
    """The release's repository, tag, file name and SHA-256 for a target; none if there is none."""
    entry = document.get("files", {}).get(wanted)
    if document.get("tag") is None or entry is None:
        return None
    found = (document["repository"], document["tag"], entry["name"], entry["sha256"])
    shapes = (r"[\w.-]+/[\w.-]+", r"v[0-9][\w.-]*", r"[\w][\w.-]*\.(?:tar\.gz|zip)", r"[0-9a-f]{64}")
    for text, shape in zip(found, shapes):
        if not re.fullmatch(shape, text, re.ASCII):
            raise Refused("sha256.json is not as it should be")
    return found


def download(address, path, sha256):
    """Fetches a file of bounded size; it is kept only when its SHA-256 is the one expected."""
    digest = hashlib.sha256()
    size = 0
    try:
        with urllib.request.urlopen(address, timeout=60) as answer, open(path, "wb") as file:
            while block := answer.read(1 << 16):
                size += len(block)
                if size > LONGEST_ARCHIVE:
                    raise Refused("the release's file is longer than it may be")
                digest.update(block)
                file.write(block)
    except (OSError, http.client.HTTPException) as error:
        raise Unreachable(type(error).__name__) from error
    if digest.hexdigest() != sha256:
        path.unlink()
        raise Refused("the SHA-256 of the release's file is not the one that the action expects")


def patiently(address, path, sha256):
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return download(address, path, sha256)
        except Unreachable:
            if attempt == ATTEMPTS:
                raise
            time.sleep(2 * attempt)


def can_attest():
    """GitHub's command, where it is there, knows attestations, and has a token for github.com."""
    gh = shutil.which("gh")
    server = os.environ.get("GITHUB_SERVER_URL", "https://github.com")
    if gh is None or not os.environ.get("GH_TOKEN") or server != "https://github.com":
        return None
    ran = subprocess.run([gh, "attestation", "verify", "--help"], stdout=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL, check=False, timeout=60)
    return gh if ran.returncode == 0 else None


def attested(path, repository):
    """Holds the release's file to its attestation, as a second lock beside its SHA-256."""
    gh = can_attest()
    if gh is None:
        print("The attestation is not looked at: gh cannot do so here. The SHA-256 fits.")
        return
    ran = subprocess.run(
        [gh, "attestation", "verify", str(path), "--repo", repository,
         "--signer-workflow", f"{repository}/{SIGNER}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False, timeout=120,
    )
    if ran.returncode != 0:
        path.unlink()
        said = [line for line in ran.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
        for line in said[:MOST_LINES]:
            print(for_log(line))
        # An attack and an outage look alike by the exit code: what gh says tells them apart.
        reason = for_command(said[-1]) if said else "nothing"
        raise Refused("the attestation of the release's file does not hold, or could not be had from GitHub; "
                      f"gh says: {reason}")
    print("The attestation holds.")


def unpacked(archive, folder):
    """Takes the one file that is wanted out of the archive."""
    wanted = name_of_the_command()
    path = folder / wanted
    with open(path, "wb") as file:
        if archive.name.endswith(".zip"):
            with zipfile.ZipFile(archive) as packed:
                names = [one for one in packed.infolist() if one.filename.split("/")[1:] == [wanted]]
                source = packed.open(names[0]) if len(names) == 1 else None
                copied(source, file)
        else:
            with tarfile.open(archive, "r:gz") as packed:
                names = [one for one in packed.getmembers() if one.name.split("/")[1:] == [wanted]]
                source = packed.extractfile(names[0]) if len(names) == 1 else None
                copied(source, file)
    path.chmod(0o755)
    return path


def copied(source, file):
    if source is None:
        raise Refused("the command is not in the release's file")
    size = 0
    while block := source.read(1 << 16):
        size += len(block)
        if size > LONGEST_BINARY:
            raise Refused("the command is longer than it may be")
        file.write(block)


def environment_of_the_build(environment):
    """What cargo, and with it every build script, sees of the environment."""
    def is_kept(name):
        # Tokens of registries begin as the settings of cargo do.
        is_set = name.startswith(BUILDS_WITH_ALL_OF) and not re.search("TOKEN|SECRET|PASSWORD|CREDENTIAL", name)
        return name in BUILDS_WITH or is_set

    return {name: value for name, value in environment.items() if is_kept(name.upper())}


def compiled(folder, why):
    """Compiles the command from the action's own sources."""
    cargo = shutil.which("cargo")
    if cargo is None:
        raise Refused(f"{why}, and there is no cargo to compile it: install Rust in a step before this one")
    print(f"::notice title=rewheel::The command is compiled from the action's own sources, which takes minutes: {why}.")
    sys.stdout.flush()
    source = str(HERE.parent.parent)
    # In the folder of the sources, so that the tool chain which they name is used.
    ran = subprocess.run(
        [cargo, "install", "--locked", "--quiet", "--path", source, "--root", str(folder)],
        cwd=source, env=environment_of_the_build(os.environ), check=False,
    )
    if ran.returncode != 0:
        raise Refused("it could not be compiled")
    return folder / "bin" / name_of_the_command()


def install(folder, document, server="https://github.com"):
    """Installs the command below a folder."""
    if document.get("tag") is None:
        return compiled(folder, "this commit of the action is no release")
    found = release(document, target())
    if found is None:
        return compiled(folder, "the release has no binary for this system")
    repository, tag, name, sha256 = found
    archive = folder / name
    try:
        patiently(f"{server}/{repository}/releases/download/{tag}/{name}", archive, sha256)
    except Unreachable as error:
        return compiled(folder, f"the release's binary cannot be had ({error})")
    attested(archive, repository)
    return unpacked(archive, folder)


def main():
    try:
        folder = Path(tempfile.mkdtemp(prefix="rewheel-", dir=os.environ.get("RUNNER_TEMP") or None))
        document = json.loads((HERE / "sha256.json").read_text(encoding="utf-8"))
        path = install(folder, document)
    except (Refused, OSError, subprocess.TimeoutExpired, tarfile.TarError, zipfile.BadZipFile) as error:
        reason = str(error) if isinstance(error, Refused) else type(error).__name__
        print(f"::error title=rewheel::It could not be installed: {reason}")
        return 1
    if "\n" in str(path) or "\r" in str(path):
        print("::error title=rewheel::The folder for temporary files has a strange name")
        return 1
    with open(os.environ["GITHUB_OUTPUT"], "a", encoding="utf-8", newline="\n") as file:
        file.write(f"command={path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
