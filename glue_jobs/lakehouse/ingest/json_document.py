"""The elements of an array in a JSON document, one at a time: the array is the document, or lies under a path.

Only the element at hand is in memory. Each is handed on as its own text, so that numbers keep their digits.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence

LONGEST_ELEMENT = 64 << 20
"""Characters of an element, or of a value that lies before the array."""

LEAST = 1 << 16
"""Characters that are held at once, where there are so many."""
_BLANK = re.compile(r"[ \t\r\n]*")
_BEHIND = tuple(" \t\r\n,:]}")
_SCAN = json.JSONDecoder().raw_decode


class DocumentError(ValueError):
    """A document without the array, or one that breaks off: the reason for which it is refused."""


class _Text:
    """A text that arrives in parts; `at` is the place in what is held of it."""

    def __init__(self, chunks: Iterable[str]) -> None:
        self._chunks = iter(chunks)
        self.held, self.at, self.is_whole = "", 0, False

    def more(self) -> bool:
        """Hold more, twice as much as is not read yet; whether there was any."""
        rest, wanted = self.held[self.at :], max(LEAST, len(self.held) - self.at)
        parts, size = [rest], 0
        while size < wanted and not self.is_whole:
            chunk = next(self._chunks, None)
            self.is_whole = chunk is None
            parts.append(chunk or "")
            size += len(chunk or "")
        self.held, self.at = "".join(parts), 0
        return size > 0

    def sign(self) -> str:
        """The next sign that is no blank, without passing it; empty at the end."""
        while True:
            found = _BLANK.match(self.held, self.at)
            self.at = found.end() if found else self.at
            if self.at < len(self.held) or not self.more():
                return self.held[self.at : self.at + 1]

    def has_passed(self, wanted: str) -> bool:
        """Pass a sign if it is the next; whether it was."""
        if self.sign() != wanted:
            return False
        self.at += 1
        return True

    def value(self) -> str:
        """Pass the next value; returns its text. Raises DocumentError where none is whole."""
        self.sign()
        while True:
            try:
                _, end = _SCAN(self.held, self.at)
                if self.held[end : end + 1] in _BEHIND or self.is_whole:  # else a number may go on
                    text = self.held[self.at : end]
                    self.at = end
                    return text
            except (ValueError, StopIteration, RecursionError):
                pass
            if len(self.held) - self.at > LONGEST_ELEMENT:
                raise DocumentError(f"a value in it is broken or longer than {LONGEST_ELEMENT >> 20} MiB")
            if not self.more():
                raise DocumentError("it breaks off, or has no JSON value where one is wanted; deliver it whole")


def elements(chunks: Iterable[str], path: Sequence[str]) -> Iterator[str]:
    """The text of each element, in one line; raises DocumentError where the array is missing or not whole."""
    text = _Text(chunks)
    for name in path:
        _enter(text, name)
    where = f"under {'.'.join(path)}" if path else "in it"
    if not text.has_passed("["):
        raise DocumentError(f"there is no array {where}, found {_named(text.sign())}")
    if text.has_passed("]"):
        _leave(text, path)
        return
    while True:
        yield text.value().replace("\r", " ").replace("\n", " ")
        if text.has_passed("]"):
            break
        if not text.has_passed(","):
            raise DocumentError(f"the array {where} breaks off; deliver it whole")
    _leave(text, path)


def _leave(text: _Text, path: Sequence[str]) -> None:
    """Pass what follows the array up to the end of the document; the way to it is there once, or rows were left out."""
    for name in reversed(path):
        while text.has_passed(","):
            if json.loads(text.value()) == name:
                raise DocumentError(f"its member {name} comes twice; deliver all rows in one")
            text.has_passed(":")
            text.value()
        if not text.has_passed("}"):
            raise DocumentError("it breaks off behind the array; deliver it whole")
    if text.sign():
        raise DocumentError("something follows the document in it; one file is one value")


def _enter(text: _Text, name: str) -> None:
    """Pass all members of an object that come before the one of a name, and its name."""
    if not text.has_passed("{"):
        raise DocumentError(f"there is no member {name}, found {_named(text.sign())}")
    while text.sign() == '"':
        written = text.value()
        if not text.has_passed(":"):
            raise DocumentError("it is no JSON")
        if json.loads(written) == name:
            return
        text.value()
        if not text.has_passed(","):
            break
    raise DocumentError(f"there is no member {name} in it")


def _named(sign: str) -> str:
    return {"{": "an object", "[": "an array", '"': "a text", "": "nothing"}.get(sign, f"'{sign}'")
