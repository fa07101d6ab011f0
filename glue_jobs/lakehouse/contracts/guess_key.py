"""The key of a dataset that has no contract yet: columns that are never null and differ in every row."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence

from lakehouse.contracts.guesses import Candidate, Guess, NotFoundError
from lakehouse.contracts.profile import Profile
from lakehouse.say import format_count

_LIKE_A_KEY = re.compile(
    r"(^|_)(id|key|code|no|nr|num|number|sku|ean|gtin|isbn|uuid|guid|ref|reference|line|position|pos|index)(_|$)"
)
_KINDS = ("string", "bigint", "decimal(38,0)")
_MOST_COLUMNS, _MOST_TOGETHER = 8, 3


def guess_key(profile: Profile, columns: Sequence[Candidate], dataset: str, sequence: Candidate | None) -> Guess:
    """The best key; raises NotFoundError where none tells the rows apart, alone or with the sequence.

    columns: those of the top level. A row that is there twice, the same in every column, counts once.
    """
    whole = [column for column in columns if not column.facts.filled < profile.rows]
    rows = _distinct(profile, columns)
    likely = [column for column in whole if column.type in _KINDS and _LIKE_A_KEY.search(column.name)][:_MOST_COLUMNS]
    likely.sort(key=lambda column: not _is_its_id(column.name, dataset))
    for key in _together(likely):
        if _distinct(profile, key) == rows:
            is_sure = len(key) == 1 and _is_its_id(key[0].name, dataset)
            return Guess(_names(key), f"never empty, and another one in each of {format_count(rows, 'row')}", is_sure)
    if sequence is not None:
        for key in _together([column for column in likely if column != sequence]):
            if _distinct(profile, [*key, sequence]) == rows:
                versions = rows - _distinct(profile, key)
                why = f"with {sequence.name} another one in each row; {format_count(versions, 'row')} would be an older"
                return Guess(_names(key), f"{why} version, and silver keeps the newest", False)
    for key in _together([column for column in whole if column.type in (*_KINDS, "date")][:_MOST_COLUMNS]):
        if _distinct(profile, key) == rows:
            return Guess(_names(key), f"another one in each of {format_count(rows, 'row')}, by its name no key", False)
    raise NotFoundError(
        "key",
        _why_none(profile, columns, rows),
        "deliver columns that tell rows apart, or give --key; --key none keeps each row",
    )


def said_key(
    profile: Profile, columns: Sequence[Candidate], key: Sequence[Candidate], sequence: Candidate | None
) -> str:
    """What becomes of rows under a key that a person named."""
    rows, different = _distinct(profile, columns), _distinct(profile, key)
    facts = [f"{format_count(rows - different, 'row')} of {rows} share it with another"] if different < rows else []
    if sequence and (undecided := rows - _distinct(profile, [*dict.fromkeys((*key, sequence))])):
        facts.append(f"{undecided} of them with the same {sequence.name}, where what came last wins")
    empty = max(profile.rows - column.facts.filled for column in key)
    facts += [f"it is empty in {format_count(empty, 'row')}, which ingest quarantines"] if empty else []
    return "; ".join(["as you said", *facts])


def _together(columns: Sequence[Candidate]) -> Iterator[tuple[Candidate, ...]]:
    for size in range(1, _MOST_TOGETHER + 1):
        yield from itertools.combinations(columns, size)


def _distinct(profile: Profile, columns: Sequence[Candidate]) -> int:
    return profile.distinct([(column.facts.path, column.type) for column in columns])


def _names(columns: Sequence[Candidate]) -> tuple[str, ...]:
    return tuple(column.name for column in columns)


def _is_its_id(name: str, dataset: str) -> bool:
    """Whether a column is by its name the identity of the dataset's rows: id, or order_id of erp_orders."""
    of = name.removesuffix("_id")
    return name in ("id", "uuid") or (of != name and bool(re.search(rf"(^|_){re.escape(of)}(e?s)?$", dataset)))


def _why_none(profile: Profile, columns: Sequence[Candidate], rows: int) -> str:
    named = [column for column in columns if column.type in _KINDS and _LIKE_A_KEY.search(column.name)]
    nearest = max(named, key=lambda column: _distinct(profile, [column]), default=None)
    if nearest is None:
        return "no column of text or whole numbers is named like a key"
    shared, empty = rows - _distinct(profile, [nearest]), profile.rows - nearest.facts.filled
    why = f", and is empty in {format_count(empty, 'row')}" if empty else ""
    return f"nearest is {nearest.name}, which {format_count(shared, 'row')} of {rows} share with another{why}"
