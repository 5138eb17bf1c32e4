#!/usr/bin/env python3
"""Times three ways of finding OpenSSL's versions in wheels: rewheel, a shell pipeline of unzip,
strings and grep, and Python's zipfile with a regular expression.

    benches/beside.py PROGRAM FOLDER [ROUNDS]

PROGRAM is a release build of rewheel. Every way runs on one processor and on two, in turns; the
least of ROUNDS rounds (3 by default) counts, in megabytes of wheel a second. What the last two find
is only what their texts say: they tell neither code from headers nor forks from OpenSSL.
"""

import os
import re
import subprocess
import sys
import time
import zipfile
from concurrent.futures import ProcessPoolExecutor

TEXT = rb"OpenSSL [0-9]\.[0-9]+\.[0-9]+[a-z]{0,2}[^\0\n]{0,16} [0-9]{1,2} [A-Za-z]{3} [0-9]{4}"
NATIVE = (b"\x7fELF", b"MZ", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xca\xfe\xba\xbe")


def by_python(path):
    """The version texts in one wheel's binaries."""
    found = set()
    with zipfile.ZipFile(path) as wheel:
        for member in wheel.infolist():
            content = wheel.read(member)
            if content.startswith(NATIVE):
                found.update(re.findall(TEXT, content))
    return found


def python(paths, processors):
    if processors == 1:
        return [by_python(path) for path in paths]
    with ProcessPoolExecutor(processors) as pool:
        return list(pool.map(by_python, paths))


def shell(paths, processors):
    pattern = TEXT.decode().replace(r"\0\n", "")
    pattern = re.sub(r"\[\^\]", ".", pattern)
    pipeline = f"unzip -p \"$0\" | strings -n 8 | grep -aoE '{pattern}' | sort -u"
    subprocess.run(
        ["xargs", "-0", "-n", "1", "-P", str(processors), "sh", "-c", pipeline],
        input=b"\0".join(os.fsencode(path) for path in paths),
        stdout=subprocess.DEVNULL,
        check=False,
    )


def rewheel(program):
    def run(paths, processors):
        environment = dict(os.environ, REWHEEL_LIMITS__PARALLEL=str(processors))
        subprocess.run(
            [program, "inspect", "--format", "json", *paths],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )

    return run


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    program, folder = sys.argv[1:3]
    rounds = int(sys.argv[3]) if len(sys.argv) == 4 else 3
    paths = sorted(
        os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(".whl")
    )
    size = sum(os.path.getsize(path) for path in paths) / 1e6
    ways = {
        "rewheel inspect": rewheel(program),
        "unzip | strings | grep": shell,
        "zipfile and re": python,
    }
    available = sorted(os.sched_getaffinity(0))
    least = {}
    for _ in range(rounds):
        for processors in (1, 2):
            # What a way starts inherits the processors that it may use.
            os.sched_setaffinity(0, available[:processors])
            for name, way in ways.items():
                start = time.perf_counter()
                way(paths, processors)
                taken = time.perf_counter() - start
                key = (name, processors)
                least[key] = min(taken, least.get(key, taken))
    print(f"{len(paths)} wheels, {size:.0f} MB")
    print(f"{'':24} {'one processor':>15} {'two processors':>15}")
    for name in ways:
        one, two = (size / least[(name, processors)] for processors in (1, 2))
        print(f"{name:24} {one:10.0f} MB/s {two:10.0f} MB/s")
    for processors in (1, 2):
        others = min(least[(name, processors)] for name in list(ways)[1:])
        ratio = others / least[("rewheel inspect", processors)]
        print(f"rewheel is {ratio:.1f} times as fast as the better of the others on {processors}")
    both = min(least[(name, 1)] for name in list(ways)[1:]) / least[("rewheel inspect", 2)]
    print(f"on two it is {both:.1f} times as fast as the better of the others on one")


if __name__ == "__main__":
    main()
