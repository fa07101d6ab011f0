"""Numbers that count time, and words for yes and no: told by all values of a column, numbers by its name as well.

The table `delivered` gets them as programs have them: ISO 8601, true and false.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import duckdb

from lakehouse.contracts.guess_names import plain
from lakehouse.contracts.profile import Path
from lakehouse.contracts.values import EPOCHS, YEAR_2000, YEAR_2100
from lakehouse.ingest.look_sql import NULLS

_OF_TIME = re.compile(
    r"(^|_)(at|ts|time|timestamp|datetime|date|epoch|created|updated|modified|changed|occurred|received)(_|$)"
)
_OF_A_FLAG = re.compile(r"^(is|has|was|can)_|(^|_)(flag|deleted|removed|active|enabled|visible)(_|$)")
_DIGITS = "[1-9][0-9]{8,15}"
_NAMED = ("1", "0")
_WORDS = (("yes", "no"), ("y", "n"), ("ja", "nein"), ("j", "n"), ("t", "f"), ("oui", "non"), _NAMED)
"""What stands for true and for false; the numbers only in a column that is named so, for they may be counts."""


def with_epochs(connection: duckdb.DuckDBPyConnection, columns: Mapping[Path, str]) -> dict[Path, str]:
    """Exchange numbers since 1970 in columns that are named like times; the format of each column."""
    found: dict[Path, str] = {}
    for path, column in columns.items():
        word = _epoch(connection, column) if _OF_TIME.search(plain(path[-1])) else None
        if word is not None:
            found[path] = word
            instant = f"make_timestamp(CAST({column} AS BIGINT) * {EPOCHS[word]})"
            iso = f"strftime({instant}, '%Y-%m-%dT%H:%M:%S.%fZ')"
            connection.execute(f"UPDATE delivered SET {column} = {iso} WHERE {_is_value(column)}")
    return found


def _is_value(column: str) -> str:
    return f"lower({column}) NOT IN {NULLS}"


def _epoch(connection: duckdb.DuckDBPyConnection, column: str) -> str | None:
    """What all values of a column count."""
    number = f"CASE WHEN regexp_full_match({column}, '{_DIGITS}') THEN CAST({column} AS BIGINT) END"
    bounds = f"SELECT count(*), count(n), min(n), max(n) FROM (SELECT {number} AS n FROM delivered WHERE "
    filled, numbers, least, most = connection.execute(f"{bounds}{_is_value(column)})").fetchone() or (0, 0, 0, 0)
    if not filled or numbers < filled:
        return None
    return next((word for word, unit in EPOCHS.items() if least * unit >= YEAR_2000 and most * unit < YEAR_2100), None)


def epoch_as_written(column: str, word: str) -> str:
    """An instant again as the number that the files have, in SQL."""
    return f"CAST(epoch_us(try_cast(rtrim({column}, 'Z') AS TIMESTAMP)) // {EPOCHS[word]} AS VARCHAR)"


def with_flags(connection: duckdb.DuckDBPyConnection, columns: Mapping[Path, str]) -> dict[Path, tuple[str, str]]:
    """Exchange words for yes and no where a column has both and nothing else; the words of each column."""
    found: dict[Path, tuple[str, str]] = {}
    for path, column in columns.items():
        distinct = f"SELECT lower({column}), min({column}) FROM delivered WHERE {_is_value(column)} GROUP BY 1 LIMIT 3"
        words = dict(connection.execute(distinct).fetchall())
        pair = next((pair for pair in _WORDS if words.keys() == {*pair}), None)
        if pair is None or (pair == _NAMED and not _OF_A_FLAG.search(plain(path[-1]))):
            continue
        found[path] = words[pair[0]], words[pair[1]]
        flag = f"CASE lower({column}) WHEN '{pair[0]}' THEN 'true' WHEN '{pair[1]}' THEN 'false' ELSE {column} END"
        connection.execute(f"UPDATE delivered SET {column} = {flag}")
    return found


def flag_as_written(column: str, words: tuple[str, str]) -> str:
    """True and false again as the words that the files have, in SQL."""
    return f"CASE {column} WHEN 'true' THEN '{words[0]}' WHEN 'false' THEN '{words[1]}' END"
