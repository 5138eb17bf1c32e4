"""Builds the wheel and the command for one target, into dist/wheels and dist/commands/TARGET.

    python deploy/release/build.py TARGET

Needs maturin and the target's tool chain. Paths of the machine are left out of the binary, and times
are that of the commit.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
# A static binary runs on every Linux of its architecture: one wheel serves glibc and musl.
LINUX_TAGS = ("manylinux_2_17", "musllinux_1_1")


def time_of_commit():
    """In seconds since 1970."""
    ran = subprocess.run(["git", "show", "-s", "--format=%ct", "HEAD"], cwd=ROOT, check=True, capture_output=True)
    return int(ran.stdout)


def reproducible(target, environment):
    """What the build is given so that paths of this machine, its language and its clock leave no trace;
    `.ci/build-release` gives the same to a build without a wheel."""
    cargo = environment.get("CARGO_HOME") or str(Path.home() / ".cargo")
    # rustc takes the last prefix that fits.
    places = ((cargo, "/cargo"), (ROOT, "/rewheel"), (ROOT / "target", "/target"))
    flags = [f"--remap-path-prefix={path}={name}" for path, name in places]
    given = {"SOURCE_DATE_EPOCH": str(time_of_commit()), "CARGO_INCREMENTAL": "0", "LC_ALL": "C", "TZ": "UTC"}
    if "windows" in target:
        # Without it the C run-time library of Visual Studio must have been installed.
        flags.append("-Ctarget-feature=+crt-static")
    else:
        given["CFLAGS"] = " ".join(f"-ffile-prefix-map={path}={name}" for path, name in places)
    return {"CARGO_ENCODED_RUSTFLAGS": "\x1f".join(flags), **given}


def arguments(target, wheels):
    command = ["maturin", "build", "--release", "--locked", "--target", target, "--out", str(wheels)]
    if target.endswith("-linux-musl"):
        command += ["--compatibility", *LINUX_TAGS]
    return command


def main():
    target = sys.argv[1]
    environment = {**os.environ, **reproducible(target, os.environ)}
    subprocess.run(arguments(target, ROOT / "dist" / "wheels"), cwd=ROOT, env=environment, check=True)
    name = "rewheel.exe" if "windows" in target else "rewheel"
    folder = ROOT / "dist" / "commands" / target
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "target" / target / "release" / name, folder / name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
