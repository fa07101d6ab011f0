"""The key of a dataset that has no contract yet: columns named like one, never empty, other ones in every row.

Start here: `guess_key` takes such columns; where there is less, its guess has a refusal, and only a person takes it.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence

from lakehouse.contracts.guess_names import is_position, plain
from lakehouse.contracts.guesses import Candidate, Guess, NotFoundError
from lakehouse.contracts.key_rows import KeyRows, is_its_id
from lakehouse.contracts.odd_keys import said_null_words
from lakehouse.contracts.profile import Profile
from lakehouse.say import format_count

_LIKE_A_KEY = re.compile(
    r"(^|_)(id|key|code|no|nr|num|number|sku|ean|gtin|isbn|uuid|guid|ref|reference|line|position|pos|index)(_|$)"
)
_MEASURED = re.compile(
    r"(^|_)(price|amount|total|cost|value|revenue|discount|tax|fee|balance|salary|budget|margin|paid|refund|net|gross"
    r"|qty|quantity|count|units|rate|percent|weight|flag|active|enabled|anzahl|bezahlt)$"
    r"|(betrag|preis|summe|menge)$|(^|_)(no|nr|num|number|count|sum)_of_|^(is|has|was|can)_"
)
_KINDS = ("string", "bigint", "decimal(38,0)")
_MOST_COLUMNS, _MOST_TOGETHER = 8, 3
_OR = "--key COLUMNS; --key none keeps each row"


def guess_key(
    profile: Profile,
    columns: Sequence[Candidate],
    dataset: str,
    sequence: Candidate | None = None,
    orders_versions: bool = True,
    is_snapshot: bool = False,
) -> Guess:
    """The best key, or one with a refusal, which a person has to take; raises NotFoundError where nothing comes near.

    orders_versions: whether the sequence says when a row changed, so that rows of a key are versions of one another.
    is_snapshot: whether a file has all rows, and takes the place of the one before. A row that is there twice, the same
    in every column, counts once.
    """
    rows = KeyRows(profile, columns, dataset)
    named = [column for column in columns if _is_named(column)]
    found = _named_key(rows, named) or _versioned_key(rows, named, sequence if orders_versions else None)
    _require_no_better_of_two_types(rows, found)
    near = _near(rows, named, sequence, found.values if found else ())
    if near is not None and (found is None or rows.rank(_names(near)) < rows.rank(found.values)):
        return _asked_for_empty(rows, near)
    if found is None:
        return _happens_to_differ(rows, named, sequence)
    if is_snapshot:
        return found
    return _asked_for_day(rows, found, sequence if orders_versions else None) or found


def said_key(
    profile: Profile, columns: Sequence[Candidate], key: Sequence[Candidate], sequence: Candidate | None
) -> str:
    """What becomes of rows under a key that a person named."""
    rows = KeyRows(profile, columns, "")
    total, different = rows.filled(key), rows.different(key)
    facts = [f"{format_count(total - different, 'row')} of {total} share it with another"] if different < total else []
    versions = [*dict.fromkeys((*key, sequence))] if sequence else []
    if sequence and (undecided := rows.filled(versions) - rows.different(versions)):
        facts.append(f"{undecided} of them with the same {sequence.name}, where what came last wins")
    empty = max(profile.rows - column.facts.filled + column.facts.blanks for column in key)
    facts += [f"it is empty in {format_count(empty, 'row')}, which ingest quarantines"] if empty else []
    if words := max(column.facts.null_words for column in key):
        facts.append(said_null_words(words))
    return "; ".join(["as you said", *facts])


def _is_named(column: Candidate) -> bool:
    return column.type in _KINDS and _is_a_keys(column.name)


def _is_a_keys(name: str) -> bool:
    """Whether a name is that of a key: no amount, number of things or flag."""
    return _LIKE_A_KEY.search(name) is not None and _MEASURED.search(name) is None


def _named_key(rows: KeyRows, named: Sequence[Candidate]) -> Guess | None:
    """Columns that are named like a key and are one."""
    for key in _together(_whole(rows, named)):
        if rows.tells_apart(*key):
            is_sure = len(key) == 1 and is_its_id(key[0].name, rows.dataset)
            return Guess(_names(key), f"never empty, and {_another(rows)}", is_sure)
    return None


def _versioned_key(rows: KeyRows, named: Sequence[Candidate], sequence: Candidate | None) -> Guess | None:
    """Columns that are named like a key and are one of versions, which the sequence orders."""
    if sequence is None:
        return None
    for key in _together([column for column in _whole(rows, named) if column != sequence]):
        if rows.tells_apart(*key, sequence):
            versions = format_count(rows.number - rows.different(key), "row")
            why = f"with {sequence.name} another one in each row; {versions} would be an older version"
            return Guess(_names(key), f"{why}, and silver keeps the newest", False)
    return None


def _require_no_better_of_two_types(rows: KeyRows, found: Guess | None) -> None:
    """Raise NotFoundError where the column that would be the key by its name has values of several JSON types."""
    for facts in rows.profile.columns:
        name = plain(facts.path[-1])
        if len(facts.path) > 1 or len(facts.kinds) < 2 or not _is_a_keys(name):
            continue
        if found is None or (is_its_id(name, rows.dataset) and rows.rank(found.values)[0]):
            kinds = " and ".join(sorted(facts.kinds))
            raise NotFoundError("key", f"{facts.path[-1]} is {kinds}", f"deliver one type, or give {_OR}")


def _near(
    rows: KeyRows, named: Sequence[Candidate], sequence: Candidate | None, found: Sequence[str]
) -> tuple[Candidate, ...] | None:
    """The columns that would be the key but for rows in which one is empty, at most half of all. found: a key."""
    few = [column for column in named if 0 < rows.missing(column) * 2 <= rows.profile.rows]
    mostly = [column for column in named if column in few or not rows.missing(column)][:_MOST_COLUMNS] if few else []
    more = [sequence] if sequence is not None else []
    near: list[tuple[Candidate, ...]] = []
    for key in _together([column for column in mostly if column not in more]):
        known = [set(_names(one)) for one in near] + ([set(found)] if found else [])
        if any(one <= set(_names(key)) for one in known) or not any(column in few for column in key):
            continue
        if rows.tells_apart(*key) or rows.tells_apart(*key, *more):
            near.append(key)
    return min(near, key=lambda key: rows.rank(_names(key)), default=None)


def _asked_for_empty(rows: KeyRows, near: tuple[Candidate, ...]) -> Guess:
    lacking, names = max(near, key=rows.missing), ",".join(_names(near))
    missing, words = rows.missing(lacking), lacking.facts.null_words
    is_empty = (
        "is empty" if not words else "has a word for null" if words == missing else "is empty or has a word for null"
    )
    which = f"{lacking.name} " if len(near) > 1 else ""
    found = f"{which}{is_empty} in {format_count(missing, 'row')} of {rows.profile.rows}"
    wanted = f"give --key {names}, and ingest quarantines such rows, or {_OR}"
    refusal = NotFoundError("key", f"{names} is named like one but {found}", wanted)
    return Guess(_names(near), f"named like a key but {found}", False, refusal)


def _asked_for_day(rows: KeyRows, found: Guess, sequence: Candidate | None) -> Guess | None:
    """A key beside the day that all rows have: one row of each store a day is found by the store alone on one day.

    What happens once, such as an order, is found on one day only. sequence: when a row changed.
    """
    days = [column for column in rows.columns if column.type == "date" and column != sequence]
    days = [day for day in days if day.name not in found.values]
    if not days or rows.number < 2 or not all(map(rows.is_constant, days)) or any(map(rows.is_once, found.values)):
        return None
    key, day = ",".join(found.values), days[0].name
    why = f"{key} is another one in each row, which all have one {day}"
    wanted = f"give --key {key},{day} if there is one row of it for each {day}, --key {key} if a newer one replaces it"
    refusal = NotFoundError("key", why, f"{wanted}, or --key none, which keeps each row")
    return Guess(found.values, f"{found.why}; all have one {day}", False, refusal)


def _happens_to_differ(rows: KeyRows, named: Sequence[Candidate], sequence: Candidate | None) -> Guess:
    """Columns that tell the rows of these files apart, though nothing says that they are a key; else NotFoundError."""
    plausible = [column for column in rows.columns if column in named or _is_plausible(column)]
    texts = _whole(rows, [column for column in plausible if column in named or column.type == "string"])
    numbers = [(column,) for column in _whole(rows, plausible) if column not in texts]
    days = [sequence] if sequence is not None and sequence.type == "date" else []
    for key in (*_together([*texts, *days]), *numbers):
        if rows.tells_apart(*key) and any(column not in days for column in key):
            text, whose = ",".join(_names(key)), "its name" if len(key) == 1 else "their names"
            why = f"{_another(rows)}, by {whose} no key"
            refusal = NotFoundError("key", f"{text} is {why}", f"give --key {text} if it is one, or {_OR}")
            return Guess(_names(key), why, False, refusal)
    raise NotFoundError("key", _why_none(rows, named), f"deliver columns that tell rows apart, or give {_OR}")


def _is_plausible(column: Candidate) -> bool:
    """Whether a column may be a key though its name does not say so: no amount, flag or time."""
    facts = column.facts
    if _MEASURED.search(column.name):
        return False
    other = facts.numbers + facts.grouped + facts.exponents + facts.booleans + facts.local_times + facts.other_dates
    return column.type == "bigint" or (column.type == "string" and not other)


def _whole(rows: KeyRows, columns: Sequence[Candidate]) -> list[Candidate]:
    """The columns without an empty value, the dataset's own id before the others."""
    found = [column for column in columns if not rows.missing(column)][:_MOST_COLUMNS]
    return sorted(found, key=lambda column: not is_its_id(column.name, rows.dataset))


def _together(columns: Sequence[Candidate]) -> Iterator[tuple[Candidate, ...]]:
    for size in range(1, _MOST_TOGETHER + 1):
        yield from (key for key in itertools.combinations(columns, size) if not all(map(is_position, _names(key))))


def _another(rows: KeyRows) -> str:
    """That every row has another one; a row that is there twice is no other."""
    twice = rows.profile.rows - rows.number
    again = f", {format_count(twice, 'row')} the same as another" if twice else ""
    return f"another one in each of {format_count(rows.number, 'row')}{again}"


def _names(columns: Sequence[Candidate]) -> tuple[str, ...]:
    return tuple(column.name for column in columns)


def _why_none(rows: KeyRows, named: Sequence[Candidate]) -> str:
    nearest = max((c for c in named if not is_position(c.name)), key=lambda c: rows.different([c]), default=None)
    if nearest is None:
        return "no column of text or whole numbers is named like a key"
    shared = rows.filled([nearest]) - rows.different([nearest])
    found = [f"{format_count(shared, 'row')} of {rows.number} share with another"] if shared else []
    missing = rows.missing(nearest)
    found += [f"{format_count(missing, 'row')} of {rows.profile.rows} lack"] if missing else []
    return f"nearest is {nearest.name}, which {' and '.join(found)}"
