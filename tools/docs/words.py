"""Say where a page uses a word that the field does not, and how long its sentences are.

python -m tools.docs.words                 a line for each word to replace; exit with 1 if there is one
python -m tools.docs.words --sentences     the report of sentence lengths, the longest sentences last
"""

from __future__ import annotations

import re
import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
_HERE = Path(__file__).parent
_LINK = re.compile(r"\]\([^)\s]+\)")
_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LONG = 36
"""Words from which a sentence is shown in the report."""


@dataclass(frozen=True)
class Word:
    """A word that is not used here, and the field's in its place."""

    pattern: str
    use: str

    @property
    def regex(self) -> re.Pattern[str]:
        """The word as a whole one: parts of names, paths and options are none."""
        return re.compile(rf"(?<![\w/.=-]){self.pattern}(?![\w/=-]|\.\w)", re.IGNORECASE)


@dataclass(frozen=True)
class Allowed:
    """A file or folder that keeps words, all or some, for a reason."""

    place: str
    reason: str
    words: tuple[str, ...] = ()

    def covers(self, file: str, word: Word) -> bool:
        """Whether the word stays in the file."""
        return file.startswith(self.place) and (not self.words or word.pattern in self.words)


def vocabulary() -> list[Word]:
    """The words that are not used."""
    return [Word(entry["not"], entry["use"]) for entry in _yaml("vocabulary.yaml")]


def allowances() -> list[Allowed]:
    """Where such words stay."""
    entries = _yaml("vocabulary_allowed.yaml")
    return [Allowed(entry["place"], entry["reason"], tuple(entry.get("words", ()))) for entry in entries]


def pages(root: Path = ROOT) -> list[Path]:
    """Every page."""
    return sorted((*root.glob("*.md"), *root.glob("docs/**/*.md")))


def findings(file: str, text: str, words: Sequence[Word], allowed: Sequence[Allowed]) -> Iterator[str]:
    """A line for each word of a page that is to be replaced."""
    used = [word for word in words if not any(one.covers(file, word) for one in allowed)]
    for number, line in enumerate(_LINK.sub("]", text).splitlines(), start=1):
        for word in used:
            for found in word.regex.finditer(line):
                yield f"{file}:{number}: '{found[0]}'; the field says: {word.use}"


def all_findings(root: Path = ROOT) -> list[str]:
    """The findings of all pages; docs/reference/ has the help texts and messages."""
    words, allowed = vocabulary(), allowances()
    texts = ((page.relative_to(root).as_posix(), page.read_text(encoding="utf-8")) for page in pages(root))
    return [line for file, text in texts for line in findings(file, text, words, allowed)]


def sentences(text: str) -> list[str]:
    """The sentences of a page's prose: without blocks, tables and headings; an item of a list begins a new one."""
    prose = [line for line in _FENCE.sub("", text).splitlines() if not re.match(r"\s*(\||#|!\[|<!--)", line)]
    joined = re.sub(r"\n(?=\s*(?:[-*]|\d+\.)\s)", "\n\n", "\n".join(prose))
    found = [part for block in re.split(r"\n\s*\n", joined) for part in re.split(r"(?<=[.!?:])\s+(?=[A-Z`\[*])", block)]
    plain = (re.sub(r"^\W+", "", " ".join(_LINK.sub("]", part).split())) for part in found)
    return [part for part in plain if part]


def report(root: Path = ROOT) -> Iterator[str]:
    """Per page: sentences, median words, share above 25; then the long ones."""
    long: list[tuple[int, str]] = []
    for page in pages(root):
        name = page.relative_to(root).as_posix()
        lengths = [len(sentence.split()) for sentence in sentences(page.read_text(encoding="utf-8"))]
        if lengths:
            above = sum(length > 25 for length in lengths)
            yield f"{name:60} {len(lengths):5} {statistics.median(lengths):5.0f} {100 * above / len(lengths):4.0f} %"
        long += [(len(s.split()), f"{name}: {s}") for s in sentences(page.read_text(encoding="utf-8"))]
    yield from (f"{length} {text}" for length, text in sorted(long) if length >= LONG)


def _yaml(name: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = yaml.safe_load((_HERE / name).read_text(encoding="utf-8"))
    return found


def main(argv: list[str]) -> int:
    """Print the report or the findings."""
    lines = list(report()) if argv == ["--sentences"] else all_findings()
    print("\n".join(lines), end="\n" if lines else "")
    return 1 if lines and argv != ["--sentences"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
