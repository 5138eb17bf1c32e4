#!/usr/bin/env python3
"""Holds four ways of finding OpenSSL in wheels against what is known of published ones: rewheel, a
shell pipeline of unzip, strings and grep, Python's zipfile with a regular expression, and the
OpenSSL checker of cve-bin-tool where that is installed.

    benches/right.py PROGRAM FOLDER

PROGRAM is a build of rewheel, FOLDER holds the wheels of tests/fixtures/wheels.json (cargo test
downloads them into target/published-wheels), and that file says what they hold. A way is right about
a wheel when it names every version of OpenSSL that is linked into it and shipped with it, and no
other; where OpenSSL is there and its version cannot be proved, when it names none; where none is
there, when it says nothing. The last column is megabytes of wheel in a second of the processor, not
of the clock.
"""

import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import zipfile

from beside import NATIVE, TEXT

VERSION = re.compile(rb"OpenSSL ([0-9]\.[0-9]+\.[0-9]+[a-z]{0,2})")


def versions(texts):
    return {VERSION.match(text).group(1).decode() for text in texts}


def by_python(path):
    found = set()
    with zipfile.ZipFile(path) as wheel:
        for member in wheel.infolist():
            content = wheel.read(member)
            if content.startswith(NATIVE):
                found.update(re.findall(TEXT, content))
    return versions(found)


def by_shell(path):
    pattern = TEXT.decode().replace("[^\\0\\n]", ".")
    pipeline = "unzip -p \"$0\" | strings -n 8 | grep -aoE \"$1\" | sort -u"
    told = subprocess.run(["sh", "-c", pipeline, path, pattern], capture_output=True, check=False)
    return versions(told.stdout.splitlines())


def by_rewheel(program):
    def run(path):
        told = subprocess.run(
            [program, "inspect", "--format", "json", path], capture_output=True, check=False
        )
        findings = json.loads(told.stdout)["wheels"][0]["findings"]
        carried = (
            finding["version"]
            for finding in findings
            if finding["library"] == "openssl" and finding["linkage"] != "external"
        )
        return set(filter(None, carried))

    return run


def by_cve_bin_tool():
    from cve_bin_tool.checkers.openssl import OpensslChecker
    from cve_bin_tool.strings import parse_strings

    def run(path):
        found = set()
        folder = tempfile.mkdtemp()
        try:
            with zipfile.ZipFile(path) as wheel:
                members = [wheel.extract(member, folder) for member in wheel.infolist()]
            for member in filter(os.path.isfile, members):
                with open(member, "rb") as file:
                    is_native = file.read(4).startswith(NATIVE)
                if is_native:
                    told = OpensslChecker().get_version(parse_strings(member), member)
                    found.add(told.get("version"))
        finally:
            shutil.rmtree(folder)
        return {version for version in found if version and version != "UNKNOWN"}

    return run


def known(wheel):
    """The versions of OpenSSL that a wheel carries, of those that can be proved."""
    words = (one.split(" ") for one in wheel["holds"])
    return {
        word[1]
        for word in words
        if word[0] == "openssl" and word[-1] != "external" and word[1][0].isdigit()
    }


def processor_seconds():
    """What this process and those that it started have used."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    program, folder = sys.argv[1:]
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    with open(os.path.join(root, "tests/fixtures/wheels.json"), encoding="utf-8") as file:
        wheels = json.load(file)
    ways = {
        "rewheel inspect": by_rewheel(program),
        "unzip | strings | grep": by_shell,
        "zipfile and re": by_python,
    }
    try:
        ways["cve-bin-tool's checker"] = by_cve_bin_tool()
    except ImportError:
        print("cve-bin-tool is not installed and is left out", file=sys.stderr)
    print(f"{len(wheels)} wheels, {sum(bool(known(wheel)) for wheel in wheels)} of them with OpenSSL")
    print(f"{'':24} {'right':>6} {'wrong version':>14} {'missed':>7} {'MB/s':>6}")
    size = sum(wheel["size"] for wheel in wheels) / 1e6
    for name, way in ways.items():
        right = wrong = missed = 0
        before = processor_seconds()
        for wheel in wheels:
            told, true = way(os.path.join(folder, wheel["file"])), known(wheel)
            right += told == true
            wrong += bool(told - true)
            missed += bool(true - told)
            if told != true and os.environ.get("VERBOSE"):
                print(f"  {name}: {wheel['file']}: {sorted(told)}, and holds {wheel['holds']}")
        speed = size / (processor_seconds() - before)
        print(f"{name:24} {right:6} {wrong:14} {missed:7} {speed:6.0f}")


if __name__ == "__main__":
    main()
