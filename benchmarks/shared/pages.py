"""Pages in Markdown, made of a template and of figures."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from string import Template

NOT_YET = "Not measured yet."


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose numbers stand to the right, its first two columns to the left."""
    lines = [head, ["---", "---", *["---:"] * (len(head) - 2)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def bullets(lines: Iterable[str]) -> str:
    """A list, a line each."""
    return "\n".join(f"- {line}" for line in lines)


def measured_on(days: Iterable[str], machine: Mapping[str, str], versions: Mapping[str, str]) -> str:
    """When and on what something was measured."""
    return f"Measured on {', '.join(days)}: {say_pairs(machine)}; {say_pairs(versions)}."


def say_pairs(facts: Mapping[str, str]) -> str:
    """Names and values: `cores 2, memory 8 GiB`."""
    return ", ".join(f"{name} {value}" for name, value in facts.items())


def fill(template: Path, parts: Mapping[str, str]) -> str:
    """A template with its parts; an empty part leaves no gap."""
    return re.sub(r"\n{3,}", "\n\n", Template(template.read_text(encoding="utf-8")).substitute(parts))


def write(docs: Path, texts: Mapping[str, str]) -> list[Path]:
    """Write files by name; returns their paths."""
    docs.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (docs / name).write_text(text, encoding="utf-8")
    return [docs / name for name in texts]
