"""Which column orders the versions of a key, gives `dt` or marks deletes, in files without a contract."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lakehouse.contracts.dataset import ARRIVAL
from lakehouse.contracts.guesses import Candidate, Guess, NotFoundError
from lakehouse.say import format_count

_CHANGED = (
    re.compile(r"updat|modif|chang|(^|_)edit|geaendert"),
    re.compile(r"(^|_)(version|revision|sequence)(_|$)"),
    re.compile(r"received|loaded|export|synced|publish|ingested|extracted"),
)
_HAPPENED = re.compile(r"order|transact|sold|sale|occur|event|count|visit|plac|return|purchas|invoic|book|date|creat")
_DELETED = re.compile(r"(^|_)(deleted|removed|tombstone|voided)(_|$)")
_TIMES = ("timestamp", "date")
_OR_ARRIVAL = f"take --sequence {ARRIVAL}"
WANTED = "deliver a timestamp with an offset such as 2026-10-18T20:05:00+02:00, or a date, in every row"


def guess_sequence(columns: Sequence[Candidate], rows: int) -> Guess:
    """The column that says when a row was last changed, else arrival; raises NotFoundError for times as text alone."""
    usable = [column for column in columns if _is_usable(column, rows)]
    for pattern in _CHANGED:
        named = [column for column in usable if pattern.search(column.name) and _is_ordered(column, pattern)]
        if named:
            named.sort(key=_coarseness)
            return Guess((named[0].name,), "by its name and type", len(named) == 1, is_of_changes=True)
    times = sorted((column for column in usable if column.type in _TIMES), key=_coarseness)
    if not times:
        _require_no_text("sequence", columns)
        why = f"{_why_none(columns, rows)}; the row that comes last wins, so the order of deliveries matters"
        return Guess((ARRIVAL,), why, False)
    why = "no column says when a row was changed; of rows with the same time the one delivered last wins"
    return Guess((times[0].name,), why, False)


def guess_date(columns: Sequence[Candidate], rows: int, sequence: str) -> Guess | None:
    """The column whose UTC date is dt: when it happened, else the sequence; None where no column has one."""
    times = [column for column in columns if column.type in _TIMES and _is_usable(column, rows)]
    if not times:
        return None
    others = [column for column in times if column.name != sequence and not _CHANGED[0].search(column.name)]
    others.sort(key=lambda column: not _HAPPENED.search(column.name))
    if not others:
        return Guess((times[0].name,), "its UTC date is dt", True)
    return Guess((others[0].name,), "its UTC date is dt", len(others) == 1)


def guess_delete_flag(columns: Sequence[Candidate], rows: int) -> tuple[str | None, str]:
    """The column that marks deleted rows, and what to say of it; None where no column can."""
    for column in columns:
        if not _DELETED.search(column.name):
            continue
        if column.type == "boolean" and column.facts.filled == rows:
            return column.name, "true marks a deleted row, which no query shows"
        if column.type in _TIMES:
            continue
        empty = rows - column.facts.filled
        found = f"is empty in {format_count(empty, 'row')}" if empty else f"is a {column.type}"
        return None, f"none: {column.name} {found}; deliver true or false in every row and name it deleteFlag"
    return None, ""


def why_not_a_time(column: Candidate, rows: int) -> str | None:
    """Why a column that a person named cannot be the sequence or the date; None where it can."""
    if column.facts.filled < rows:
        return f"is empty in {format_count(rows - column.facts.filled, 'row')} of {rows}, which ingest quarantines"
    if column.facts.ahead:
        return f"lies in the future in {format_count(column.facts.ahead, 'row')}, which ingest quarantines"
    return None


def _is_usable(column: Candidate, rows: int) -> bool:
    return not column.is_personal and why_not_a_time(column, rows) is None


def _is_ordered(column: Candidate, pattern: re.Pattern[str]) -> bool:
    return column.type in _TIMES or (pattern is _CHANGED[1] and column.type == "bigint")


def _coarseness(column: Candidate) -> int:
    return (*_TIMES, column.type).index(column.type)


def _require_no_text(role: str, columns: Sequence[Candidate]) -> None:
    """Raise NotFoundError where a column has times that stay text: somebody can say what they mean."""
    for column in columns:
        facts = column.facts
        if facts.local_times * 2 > facts.filled:
            found = f"{column.name} has {format_count(facts.local_times, 'time')} without an offset"
            raise NotFoundError(role, found, f"say whose by --zone, as in --zone Europe/Berlin, or {_OR_ARRIVAL}")
        if facts.other_dates * 2 > facts.filled:
            found = f"{column.name} has {format_count(facts.other_dates, 'date')} in another form than ISO 8601"
            raise NotFoundError(role, found, f"{WANTED}, or {_OR_ARRIVAL}")


def _why_none(columns: Sequence[Candidate], rows: int) -> str:
    """Why no column can be the time."""
    for column in columns:
        if column.type in _TIMES and (why := why_not_a_time(column, rows)):
            return f"{column.name} {why}"
    return "no column holds times"
