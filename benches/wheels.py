#!/usr/bin/env python3
"""Downloads the wheels that the figures were measured with.

    benches/wheels.py FOLDER [COUNT]

pip has them from wherever it is configured to. `benches/wheels.sha256` names them; COUNT takes so many
of the 150, evenly out of the list. A file that is there and right is not downloaded again, and one that
is not what the list says is not kept.
"""

import argparse
import hashlib
import pathlib
import subprocess
import sys
import tempfile

LIST = pathlib.Path(__file__).with_name("wheels.sha256")


def is_right(path: pathlib.Path, sha256: str) -> bool:
    """Whether the file is there and has this SHA-256."""
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256


def arguments(file: str, version_of_python: str) -> list[str]:
    """What pip must be told to choose this file (PEP 425, PEP 427)."""
    name, version, *_, python, abi, platform = file.removesuffix(".whl").split("-")
    chosen = ["--implementation", python[:2], "--python-version", version_of_python]
    for tag in platform.split("."):
        chosen += ["--platform", tag]
    for tag in abi.split("."):
        chosen += ["--abi", tag]
    return [*chosen, f"{name}=={version}"]


def versions_of_python(file: str) -> list[str]:
    """Which versions to ask with: the file's own, in a late release, and one that most projects support."""
    own = file.split("-")[-3].split(".")[-1][2:]
    return [f"{own[0]}.{own[1:]}.99", "3.11.99"] if len(own) > 1 else ["3.11.99"]


def download(folder: pathlib.Path, file: str, sha256: str) -> None:
    """Downloads one wheel; what pip says is shown when it fails."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    pip += ["--no-deps", "--only-binary", ":all:", "--dest"]
    for version in versions_of_python(file):
        # pip may choose another file, which is not to lie beside those of the list.
        with tempfile.TemporaryDirectory(dir=folder) as chosen:
            subprocess.run([*pip, chosen, *arguments(file, version)], check=False)
            path = pathlib.Path(chosen, file)
            if is_right(path, sha256):
                path.replace(folder / file)
                return


def main() -> int:
    """Downloads what is missing, and tells what could not be had."""
    listed = [line.split() for line in LIST.read_text().splitlines()]
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=pathlib.Path, metavar="FOLDER")
    counts = range(1, len(listed) + 1)
    count_help = f"1 to {len(listed)}"
    parser.add_argument(
        "count", type=int, nargs="?", default=len(listed), choices=counts, metavar="COUNT", help=count_help
    )
    chosen = parser.parse_args()
    folder, count = chosen.folder, chosen.count
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        parser.error(f"the folder cannot be made: {error}")
    wanted = [listed[index * len(listed) // count] for index in range(count)]
    missing = []
    for sha256, file in wanted:
        path = folder / file
        if not is_right(path, sha256):
            path.unlink(missing_ok=True)
            download(folder, file, sha256)
        if not is_right(path, sha256):
            path.unlink(missing_ok=True)
            missing.append(file)
    print(f"{count - len(missing)} of {count} wheels are in {folder}")
    for file in missing:
        print(f"could not be had: {file}", file=sys.stderr)
    return 3 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
