"""Which file patterns of two datasets can match the same name, so that nobody could say whose the file is."""

from __future__ import annotations

import fnmatch
import re
from functools import cache

_TOKEN = re.compile(r"\*+|\?|\[!?\]?[^]]*\]|.", re.S)


def can_both_match(one: str, other: str) -> bool:
    """Whether a file name exists that two patterns of fnmatch both match."""
    first, second = _TOKEN.findall(one), _TOKEN.findall(other)

    @cache
    def meet(at: int, to: int) -> bool:
        if at == len(first) and to == len(second):
            return True
        if at < len(first) and first[at][0] == "*":
            return meet(at + 1, to) or (to < len(second) and meet(at, to + 1))
        if to < len(second) and second[to][0] == "*":
            return meet(at, to + 1) or (at < len(first) and meet(at + 1, to))
        return at < len(first) and to < len(second) and _share(first[at], second[to]) and meet(at + 1, to + 1)

    return meet(0, 0)


@cache  # the same few characters meet in all pairs of patterns
def _share(one: str, other: str) -> bool:
    """Whether two tokens, each for one character, have a character in common."""
    return any(
        fnmatch.fnmatchcase(c, one) and fnmatch.fnmatchcase(c, other) for c in {*one, *other, *map(chr, range(32, 127))}
    )
