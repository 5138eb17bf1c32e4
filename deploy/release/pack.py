"""Makes a release's files out of the commands of all targets.

    python3 deploy/release/pack.py COMMANDS OUT REPOSITORY TAG

COMMANDS holds a folder for each target with its `rewheel` in it. Into OUT come an archive for each,
`SHA256SUMS` of all files there, and `sha256.json`: what `deploy/action/install.py` reads in the commit
that the tag is on. The same commands give the same bytes.
"""

import gzip
import hashlib
import io
import json
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from datetime import datetime, timezone
from pathlib import Path

sys.dont_write_bytecode = True

from build import ROOT, time_of_commit  # noqa: E402

TARGETS = (
    "aarch64-apple-darwin", "aarch64-pc-windows-msvc", "aarch64-unknown-linux-musl",
    "x86_64-apple-darwin", "x86_64-pc-windows-msvc", "x86_64-unknown-linux-musl",
)
# Its command writes the manual pages and the completions, which are the same for all.
RUNS_HERE = "x86_64-unknown-linux-musl"
BESIDE = ("LICENSE-APACHE", "LICENSE-MIT", "README.md", "CHANGELOG.md")
SHELLS = ("bash", "zsh", "fish", "powershell")


def pages(command):
    """The manual pages of all commands, and the completions, as the command itself writes them."""
    def said(*arguments):
        return subprocess.run([command, *arguments], check=True, capture_output=True).stdout

    with tempfile.TemporaryDirectory() as folder:
        said("man", f"--directory={folder}")
        manual = {f"man/{page.name}": page.read_bytes() for page in sorted(Path(folder).iterdir())}
    if "man/rewheel.1" not in manual:
        raise SystemExit("the command wrote no manual page of itself")
    return {**manual, **{f"completions/rewheel.{shell}": said("completions", shell) for shell in SHELLS}}


def pack(archive, files, moment):
    """Writes an archive whose bytes depend on the files and the moment only.

    `files` are (path, content, whether it is a program).
    """
    if archive.suffix == ".zip":
        date = datetime.fromtimestamp(moment, timezone.utc).timetuple()[:6]
        with zipfile.ZipFile(archive, "w") as packed:
            for path, content, runs in files:
                entry = zipfile.ZipInfo(path, date)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.create_system = 3
                entry.external_attr = (0o100755 if runs else 0o100644) << 16
                packed.writestr(entry, content)
        return
    with open(archive, "wb") as file, gzip.GzipFile("", "wb", fileobj=file, mtime=moment) as packed, \
            tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for path, content, runs in files:
            entry = tarfile.TarInfo(path)
            entry.size, entry.mtime, entry.mode = len(content), moment, 0o755 if runs else 0o644
            tar.addfile(entry, io.BytesIO(content))


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def pins(repository, tag, archives):
    """What the action of this tag installs."""
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repository, re.ASCII) or not re.fullmatch(r"v[0-9][\w.-]*", tag, re.ASCII):
        raise SystemExit("that is no repository, or no tag of a release")
    if set(archives) != set(TARGETS):
        raise SystemExit(f"these targets are missing, or are not ours: {sorted(set(archives) ^ set(TARGETS))}")
    files = {target: {"name": path.name, "sha256": sha256(path)} for target, path in sorted(archives.items())}
    return json.dumps({"repository": repository, "tag": tag, "files": files}, indent=2) + "\n"


def main():
    commands, out, repository, tag = Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:5]
    out.mkdir(parents=True, exist_ok=True)
    moment = time_of_commit()
    own = commands / RUNS_HERE / "rewheel"
    own.chmod(0o755)
    beside = {**pages(own.resolve()), **{name: (ROOT / name).read_bytes() for name in BESIDE}}
    archives = {}
    for target in TARGETS:
        windows = "windows" in target
        name = "rewheel.exe" if windows else "rewheel"
        files = [(f"rewheel-{target}/{name}", (commands / target / name).read_bytes(), True)]
        files += [(f"rewheel-{target}/{path}", content, False) for path, content in beside.items()]
        archives[target] = out / f"rewheel-{target}{'.zip' if windows else '.tar.gz'}"
        pack(archives[target], files, moment)
    (out / "sha256.json").write_text(pins(repository, tag, archives), encoding="utf-8")
    kept = sorted(path for path in out.iterdir() if path.name not in ("SHA256SUMS", "sha256.json"))
    sums = "".join(f"{sha256(path)}  {path.name}\n" for path in kept)
    (out / "SHA256SUMS").write_text(sums, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
