"""Decimal commas in a table of text: told where they are certain, and written as points, as programs have them."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from lakehouse.ingest.looked import Commas

_WHOLE = "-?[0-9]+"
_GROUPED = "-?[0-9]{1,3}([.][0-9]{3})+"
_COUNTS = {
    "filled": "count(c)",
    "whole": f"count_if(regexp_full_match(c, '{_WHOLE}'))",
    "grouped": f"count_if(regexp_full_match(c, '{_GROUPED}'))",
    "commas": f"count_if(regexp_full_match(c, '{_WHOLE},[0-9]+'))",
    "both": f"count_if(regexp_full_match(c, '{_GROUPED},[0-9]+'))",
    "unclear": "count_if(regexp_full_match(c, '-?[0-9]{1,3},[0-9]{3}'))",
}
"""How many values of a column have which form; a comma before three digits may stand between groups as well."""


def with_points(connection: duckdb.DuckDBPyConnection, names: Sequence[str]) -> Commas:
    """The columns whose decimals stand behind a comma, exchanged in the table `delivered`."""
    counts = {f"c{number}": _counted(connection, f"c{number}") for number in range(len(names))}
    certain = {column for column, found in counts.items() if _has_commas(found)}
    for column in certain:
        points = f"replace(replace({column}, '.', ''), ',', '.')"
        connection.execute(f"UPDATE delivered SET {column} = {points}")
    path_of = {f"c{number}": (name,) for number, name in enumerate(names)}
    grouped = {column for column in certain if counts[column]["both"] + counts[column]["grouped"]}
    unclear = {column for column, found in counts.items() if column not in certain and _may_be_groups(found)}
    return Commas(
        frozenset(path_of[column] for column in certain),
        frozenset(path_of[column] for column in grouped),
        frozenset(path_of[column] for column in unclear if certain),
    )


def _counted(connection: duckdb.DuckDBPyConnection, column: str) -> dict[str, int]:
    values = ", ".join(_COUNTS.values())
    found = connection.execute(f"SELECT {values} FROM (SELECT {column} AS c FROM delivered)").fetchone() or ()
    return dict(zip(_COUNTS, map(int, found), strict=True))


def _has_commas(found: dict[str, int]) -> bool:
    """Whether every value is a number, and some of them show that a comma stands before the decimals."""
    grouped = found["grouped"] if found["both"] else 0
    numbers = found["whole"] + found["commas"] + found["both"] + grouped
    return numbers == found["filled"] and found["commas"] + found["both"] > found["unclear"]


def _may_be_groups(found: dict[str, int]) -> bool:
    """Whether 1.234 in it is 1234, as the decimals of other columns suggest, or not."""
    return found["grouped"] > 0 and found["whole"] + found["grouped"] == found["filled"]
