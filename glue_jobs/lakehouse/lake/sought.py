"""By which bytes a value can stand in a file: as text in several encodings, escaped, and packed into base64 or hex."""

from __future__ import annotations

import base64
import html
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal
from urllib.parse import quote, quote_plus

CONTEXT = 16
"""Bytes before and after a value that say whether it is a value of its own, or a part of another."""
SHORTEST, SHORTEST_NUMBER = 6, 10
"""A shorter value is in many files by chance, and so is a number of fewer digits."""

_FORMS: tuple[Literal["NFC", "NFD"], ...] = ("NFC", "NFD")
_BEFORE, _AFTER = rb"[A-Za-z0-9_.+\-]", rb"[A-Za-z0-9_]"
# What comes before may end in a letter that belongs to an escape: %3D, \n, \u0022.
_ESCAPE = rb"(?:(?<=%[0-9A-Fa-f]{2})|(?<=\\[nrtbf])|(?<=\\u[0-9A-Fa-f]{4}))"


@dataclass(frozen=True)
class Needle:
    """One form of a value. word: it counts only where it is no part of a longer word. width: bytes of a character.

    big: of two bytes the first is the high one.
    """

    form: str
    raw: bytes
    word: bool
    width: int = 1
    big: bool = False

    def is_in(self, text: bytes) -> bool:
        """Whether some bytes hold it."""
        if self.raw not in text:
            return False
        return not self.word or self._pattern.search(text) is not None

    @property
    def _pattern(self) -> re.Pattern[bytes]:
        inner = re.escape(self.raw)
        if self.width == 1:
            return re.compile(rb"(?:(?<!%b)|%b)%b(?!%b|[.\-]%b)" % (_BEFORE, _ESCAPE, inner, _AFTER, _AFTER))
        if self.big:
            after = rb"(?!\x00%b|\x00[.\-]\x00%b)" % (_AFTER, _AFTER)
            return re.compile(rb"(?<!\x00%b)%b%b" % (_BEFORE, inner, after))
        after = rb"(?!%b\x00|[.\-]\x00%b\x00)" % (_AFTER, _AFTER)
        return re.compile(rb"(?<!%b\x00)%b%b" % (_BEFORE, inner, after))


@dataclass(frozen=True)
class Sought:
    """The forms of all values that are looked for."""

    needles: tuple[Needle, ...]

    @property
    def longest(self) -> int:
        """Bytes of the longest form with what stands around it."""
        return max((len(needle.raw) for needle in self.needles), default=0) + 2 * CONTEXT

    def in_bytes(self, text: bytes) -> set[str]:
        """The forms in which some bytes hold a value."""
        return {needle.form for needle in self.needles if needle.is_in(text)}

    def in_name(self, path: str) -> set[str]:
        """The forms in which the path of a file has a value; the end of a name is no part of a word."""
        names = [path, *(PurePosixPath(part).stem for part in path.split("/"))]
        return self.in_bytes("\0".join(names).encode("utf-8", "surrogateescape"))

    def in_chunks(self, chunks: Iterable[bytes]) -> set[str]:
        """The same over parts that follow one another; a value may lie across the border of two."""
        found: set[str] = set()
        held = b""
        for chunk in chunks:
            held += chunk
            found |= self.in_bytes(held)
            held = held[-self.longest :]
        return found

    def without(self, text: bytes, mask: bytes) -> bytes:
        """Some bytes with the mask in the place of each form; of forms that are longer words nothing is changed."""
        for needle in self.needles:
            if needle.is_in(text):
                wide = mask.decode().encode("utf-16-be" if needle.big else "utf-16-le") if needle.width == 2 else mask
                pattern = needle._pattern if needle.word else re.compile(re.escape(needle.raw))
                text = pattern.sub(wide.replace(b"\\", rb"\\"), text)
        return text


def can_be_searched(value: str) -> bool:
    """Whether a value is long enough that bytes that equal it are no coincidence."""
    return len(value) >= (SHORTEST_NUMBER if re.fullmatch(r"[0-9.\-+: ]*", value) else SHORTEST)


def sought(values: Iterable[str]) -> Sought:
    """All forms of some values; those that cannot be searched are left out."""
    every = (needle for value in values if can_be_searched(value) for needle in _needles(value))
    forms: dict[bytes, Needle] = {}
    for needle in every:
        forms.setdefault(needle.raw, needle)
    return Sought(tuple(forms.values()))


def _needles(value: str) -> Iterator[Needle]:
    for text in dict.fromkeys(unicodedata.normalize(form, value) for form in _FORMS):
        yield from _as_text(text)
        yield from _packed(text)


def _as_text(value: str) -> Iterator[Needle]:
    for form, text in _escaped(value):
        yield Needle(form, text.encode("utf-8", "surrogatepass"), True)
    yield Needle("UTF-16LE", value.encode("utf-16-le", "surrogatepass"), True, 2)
    yield Needle("UTF-16BE", value.encode("utf-16-be", "surrogatepass"), True, 2, True)
    for codec in ("cp1252", "latin-1"):
        try:
            yield Needle(codec, value.encode(codec), True)
        except UnicodeEncodeError:
            continue


def _escaped(value: str) -> Iterator[tuple[str, str]]:
    """The value, and how files quote it: JSON (also JSON in JSON), HTML, CSV, addresses."""
    yield "UTF-8", value
    for ascii_only in (True, False):
        once = json.dumps(value, ensure_ascii=ascii_only)[1:-1]
        yield "JSON", once
        yield "JSON", once.replace("/", "\\/")
        yield "JSON in JSON", json.dumps(once, ensure_ascii=ascii_only)[1:-1]
    for quotes in (True, False):
        yield "HTML", html.escape(value, quotes)
    yield "HTML", html.escape(value).replace("&#x27;", "&#39;")
    yield "CSV", value.replace('"', '""')
    for safe in ("", "@", "/", "@:+"):
        for text in (quote(value, safe=safe), quote_plus(value, safe=safe)):
            yield "percent-encoded", text
            yield "percent-encoded", re.sub(r"%[0-9A-F]{2}", lambda found: found[0].lower(), text)


def _packed(value: str) -> Iterator[Needle]:
    """Base64 in each of three places that a value can have in it, and hex; without borders, for they have none."""
    for codec in ("utf-8", "utf-16-le"):
        raw = value.encode(codec, "surrogatepass")
        yield Needle("hex", raw.hex().encode(), False)
        yield Needle("hex", raw.hex().upper().encode(), False)
        for before in range(3):
            coded = base64.b64encode(b"\0" * before + raw)
            # The first and last letters also hold bits of what stands around the value.
            first = (0, 2, 3)[before]
            last = len(coded) - (0, 3, 2)[(before + len(raw)) % 3]
            yield Needle("base64", coded[first:last], False)
            yield Needle("base64", coded[first:last].translate(bytes.maketrans(b"+/", b"-_")), False)
