"""Plain mistakes in views: each is one line with its place, before DuckDB or Athena sees the view."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.publish.view_check import check_views, in_file
from lakehouse.publish.views import ViewError, read_views

HEADER = "-- description: Visits per day.\n-- column day date: Day.\n-- column visits bigint: Visits.\n"
RIGHT = HEADER + "select dt as day, visits\nfrom marts.fct_days\n"
TABLES = {"marts.fct_days": ("dt", "category", "visits"), "silver.visits": ("id", "note")}


def said(folder: Path, text: str | bytes, name: str = "days") -> list[str]:
    """What check says of a folder with one view, without the folder."""
    (folder / f"{name}.sql").write_bytes(text if isinstance(text, bytes) else text.encode())
    try:
        return [in_file(fault).replace(f"{folder}/", "") for fault in check_views(read_views(folder), TABLES)]
    except ViewError as error:
        return [in_file(error).replace(f"{folder}/", "")]


@pytest.mark.parametrize(
    "text",
    [
        RIGHT,
        RIGHT.replace("\n", "\r\n"),
        HEADER + "SELECT DT AS Day, f.VISITS FROM Marts.FCT_DAYS AS F WHERE F.Dt > DATE '2026-01-01'\n",
        HEADER + "with t as (select * from marts.fct_days) select T.dt as day, visits from t\n",
        HEADER + "with t as (select f.*, 1 as n from marts.fct_days f) select dt as day, n as visits from t\n",
        RIGHT.replace("bigint", "int"),
        RIGHT + "-- the rest; not yet\n",
    ],
)
def test_what_athena_takes_passes(tmp_path: Path, text: str) -> None:
    assert said(tmp_path, text) == []


@pytest.mark.parametrize(
    ("before", "after", "line", "says"),
    [
        ("visits\nfrom", "coalesc(visits, 0) as visits\nfrom", 4, "no function coalesc(); did you mean coalesce()."),
        ("dt as day", "to_date(category) as day", 4, "Athena has no function to_date(); write date(x)."),
        ("dt as day", "dt::date as day", 4, "it has ::, which is another engine's; write CAST(… AS …)."),
        ("fct_days\n", "fct_days\nwhere category ilike 'a%'\n", 6, "it has ILIKE, which Athena lacks"),
        ("fct_days\n", "fct_days group by all\n", 5, "it has GROUP BY ALL, which is DuckDB's"),
        ("dt as day", "dt + interval '1 day' as day", 4, "write INTERVAL '1' day."),
        ("fct_days\n", "fct_days;\n", 5, "has a semicolon, and is one query without; remove it."),
        ("bigint", "bigit", 3, "`-- column visits`: Athena has no type bigit; write bigint."),
        ("bigint", "string", 3, "`-- column visits`: Athena has no type string; write varchar."),
        ("bigint", "decimal(40,2)", 3, "decimal(40,2) does not exist; a decimal has 1 to 38 digits"),
        ("column visits", "column Visits", 3, "`-- column Visits`: names of columns are written in small letters."),
        ("column visits bigint: V", "column day date: V", 3, "`-- column day` is there twice; remove one."),
        ("visits\nfrom", "visits, visits\nfrom", 1, "selects visits twice; give each column a name of its own."),
        ("dt as day", "f.dt as day", 4, "unknown column f.dt. Known: fct_days."),
        ("from marts.fct_days", "from (select *, 1 as n from marts.fct_days) where m = 1", 5, "unknown column m."),
        ("from marts.fct_days", "from {{ ref('fct_days') }}", 5, "Expected table name but got '{'."),
        ("select dt as day, visits\nfrom marts.fct_days\n", "", 1, "holds no query below its header; write its"),
        ("-- desc", "\ufeff-- desc", 1, "begins with a byte-order mark"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_with_its_place(tmp_path: Path, before: str, after: str, line: int, says: str) -> None:
    assert RIGHT.count(before) >= 1
    (found,) = said(tmp_path, RIGHT.replace(before, after, 1))
    assert found.startswith(f"days.sql:{line}: "), found
    assert says in found


def test_a_file_that_is_not_utf_8_names_its_line(tmp_path: Path) -> None:
    (found,) = said(tmp_path, (RIGHT + "-- café\n").encode("latin-1"))
    assert found == "days.sql:6: invalid continuation byte of UTF-8; save the file as UTF-8."


@pytest.mark.parametrize("name", ["Days", "by-day", "by day", "2026_days", "größe", "d" * 201])
def test_a_name_that_an_engine_refuses_is_named(tmp_path: Path, name: str) -> None:
    (found,) = said(tmp_path, RIGHT, name)
    assert "cannot name a table: wanted are small letters" in found or "a name has at most 200." in found
