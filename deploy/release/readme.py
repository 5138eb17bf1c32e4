"""Makes README.md fit for a package index, where nothing lies beside it.

    python3 deploy/release/readme.py TAG

Addresses that are relative become those of the tag at the project's home. The file is written over: this
is for a checkout that is thrown away.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
# Of Markdown, then of HTML: what stands before an address, the address, and what stands behind it.
PLACES = (r"(!?\[[^\]]*\]\()([^)\s]+)(\))", r"(\b(?:src|srcset|href)=\")([^\"\s]+)(\")")
IMAGES = (".png", ".svg")


def home_of(manifest):
    """The repository that Cargo.toml names, owner/name on GitHub."""
    found = re.search(r'^repository = "https://github\.com/([\w.-]+/[\w.-]+)"$', manifest, re.M | re.A)
    if found is None:
        raise SystemExit("Cargo.toml names no repository on GitHub")
    return found[1]


def absolute(text, home, tag):
    """The text with every relative address made one of the tag; code stays as it is."""
    def address(found):
        before, path, behind = found.groups()
        if re.match(r"[a-z][a-z0-9+.-]*:|#|//", path, re.I):
            return found[0]
        if path.startswith("/") or ".." in path.split("/"):
            raise SystemExit(f"{path} leads out of the repository")
        is_image = path.endswith(IMAGES)
        place = f"https://raw.githubusercontent.com/{home}/{tag}" if is_image else f"https://github.com/{home}/blob/{tag}"
        return f"{before}{place}/{path}{behind}"

    parts = re.split(r"(^```.*?^```$)", text, flags=re.M | re.S)
    for at in range(0, len(parts), 2):
        for place in PLACES:
            parts[at] = re.sub(place, address, parts[at])
    return "".join(parts)


def main():
    tag = sys.argv[1]
    if not re.fullmatch(r"v[0-9][\w.-]*", tag, re.ASCII):
        raise SystemExit("that is no tag of a release")
    file = ROOT / "README.md"
    home = home_of((ROOT / "Cargo.toml").read_text(encoding="utf-8"))
    file.write_bytes(absolute(file.read_text(encoding="utf-8"), home, tag).encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
