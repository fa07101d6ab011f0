"""Prints what check found: a line each, or with --json objects for an editor or CI; those of one file together."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path

from lakehouse.cli.printing import print_line

ERROR, WARNING = "error", "warning"

# The form in which compilers print: file, line where there is one, then the text, which begins with the field.
_LINE = re.compile(r"(?P<file>[^:\n]+\.\w+):(?:(?P<line>\d+):)? (?P<text>.*)", re.S)
_FIELD = re.compile(r"(?P<field>[A-Za-z_][\w.\[\]]*): ")


def print_findings(errors: Iterable[str], warnings: Iterable[str]) -> None:
    """Print warnings and errors to standard error, by file and line."""
    marked = [*((f"{WARNING}: ", line) for line in warnings), *(("", line) for line in errors)]
    for mark, line in sorted(marked, key=lambda one: (one[0] == "", _order(one[1]))):
        print_line(mark + line, sys.stderr)


def print_json(errors: Iterable[str], warnings: Iterable[str], root: Path) -> None:
    """Print one JSON list; files are named as from the project's folder, what is unknown is null."""
    marked = [*((ERROR, line) for line in errors), *((WARNING, line) for line in warnings)]
    found = [{"severity": mark, **_parts(line, root)} for mark, line in sorted(marked, key=lambda one: _order(one[1]))]
    for line in json.dumps(found, indent=1).split("\n"):
        print_line(line)


def _order(line: str) -> tuple[str, int]:
    found = _LINE.fullmatch(line)
    return (found["file"], int(found["line"] or 0)) if found else ("", 0)


def _parts(line: str, root: Path) -> dict[str, object]:
    """File, line, field and message of a line."""
    found = _LINE.fullmatch(line)
    if found is None:
        return {"file": None, "line": None, "field": None, "message": line}
    file = Path(found["file"])
    named = str(file.relative_to(root)) if file.is_relative_to(root) else str(file)
    field = _FIELD.match(found["text"])
    message = found["text"][field.end() :] if field else found["text"]
    number = int(found["line"]) if found["line"] else None
    return {"file": named, "line": number, "field": field["field"] if field else None, "message": message}
