"""Texts of others, made harmless for the places that the action writes to."""

import re
import unicodedata

LONGEST_TEXT = 300


class Refused(Exception):
    """Why nothing is done. The text holds nothing that somebody else wrote."""


def is_control(c):
    """Whether a character moves a cursor, turns the direction of writing, or ends a line."""
    return unicodedata.category(c)[0] == "C" or c in "\u2028\u2029"


def printable(text, longest=LONGEST_TEXT):
    """One line of text, of bounded length, without control characters."""
    text = str(text)
    cut = text[: longest * 2]
    kept = "".join(" " if is_control(c) else c for c in cut)
    return kept if len(kept) <= longest and len(text) == len(cut) else kept[:longest] + "…"


def for_log(text):
    """A line of a log. The runner looks for `##[` anywhere and for `::` at the start."""
    return "| " + printable(text, 1000).replace("##[", "## [")


def for_command(text):
    """The data of a command of the runner."""
    return printable(text).replace("##[", "## [").replace("%", "%25")


def for_markdown(text):
    """Text that does nothing in Markdown or HTML."""
    return re.sub(r"([!-/:-@\[-`{-~])", lambda found: f"&#{ord(found[1])};", printable(text))


def for_toml(text):
    """A basic string of TOML."""
    parts = []
    for c in text:
        if c in '"\\':
            parts.append("\\" + c)
        elif ord(c) < 0x20 or ord(c) == 0x7F:
            parts.append(f"\\u{ord(c):04X}")
        else:
            parts.append(c)
    return '"' + "".join(parts) + '"'


def say(level, text):
    """An annotation: notice, warning or error."""
    print(f"::{level} title=rewheel::{for_command(text)}")
