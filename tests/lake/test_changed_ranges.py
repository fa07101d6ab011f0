"""The ranges in which files came, read from the log alone; what lies in them does not grow with the table."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from lakehouse.lake.changed_ranges import MOST_RANGES, months_of, ranges_of
from lakehouse.lake.changed_rows import FileChanges, Span, file_changes

FIRST = date(2026, 1, 30)


def day_of_orders(path: str, day: int, names: tuple[str, ...] = ()) -> None:
    """A commit of a day: ten orders, numbered on from those of the day before."""
    numbers = [day * 10 + at for at in range(10)]
    rows = {
        "order_id": list(names) or [f"SO-{number:06}" for number in numbers],
        "line_number": pa.array([1] * (len(names) or 10), pa.int32()),
        "dt": [FIRST + timedelta(days=day)] * (len(names) or 10),
    }
    write_deltalake(path, pa.table(rows), mode="append")


def between(path: str, before: int, after: int) -> FileChanges:
    files = file_changes(Span(path, before, after))
    assert files is not None
    return files


def test_the_ranges_of_a_commit_are_those_of_its_files(tmp_path: Path) -> None:
    path = str(tmp_path)
    for day in range(4):
        day_of_orders(path, day)
    last = between(path, 2, 3)
    assert ranges_of(last, "order_id", "string") == [["'SO-000030'", "'SO-000039'"]]
    assert ranges_of(last, "line_number", "int") == [["1", "1"]]
    assert ranges_of(last, "dt", "date") == [["DATE'2026-02-02'", "DATE'2026-02-02'"]]
    assert months_of(last, "dt") == [["DATE'2026-02-01'", "DATE'2026-02-28'"]]
    assert months_of(between(path, 0, 3), "dt") == [
        ["DATE'2026-01-01'", "DATE'2026-01-31'"],
        ["DATE'2026-02-01'", "DATE'2026-02-28'"],
    ]


def test_ranges_that_overlap_are_one_and_many_become_one(tmp_path: Path) -> None:
    path = str(tmp_path)
    day_of_orders(path, 0)
    for names in (("A", "C"), ("B", "D"), ("it's", "it's")):
        day_of_orders(path, 1, names)
    assert ranges_of(between(path, 0, 3), "order_id", "string") == [["'A'", "'D'"], [r"'it\'s'", r"'it\'s'"]]
    for number in range(MOST_RANGES + 1):
        day_of_orders(path, 2, (f"z{number:02}",))
    assert ranges_of(between(path, 0, 3 + MOST_RANGES + 1), "order_id", "string") == [["'A'", f"'z{MOST_RANGES}'"]]


@pytest.mark.parametrize(
    ("stats", "type_"),
    [
        (None, "string"),
        ('{"numRecords": 1}', "string"),
        ('{"minValues": {"id": "a"}, "maxValues": {"id": "b"}, "nullCount": {"id": 1}}', "string"),
        ('{"minValues": {"id": "a"}, "maxValues": {"id": "b"}}', "string"),
        ('{"minValues": {"id": 1.5}, "maxValues": {"id": 2.5}, "nullCount": {"id": 0}}', "decimal(3,1)"),
    ],
    ids=["none", "without the column", "with a null", "nulls unknown", "of a type without a range"],
)
def test_without_whole_statistics_there_is_no_range(stats: str | None, type_: str) -> None:
    known = '{"minValues": {"id": "x"}, "maxValues": {"id": "y"}, "nullCount": {"id": 0}}'
    assert ranges_of(FileChanges(come=("{}", "{}"), stats=(known, stats)), "id", type_) is None


def test_where_no_file_came_there_is_nothing_to_look_at() -> None:
    assert (ranges_of(FileChanges(), "id", "string"), months_of(FileChanges(), "dt")) == ([], [])


def rows_within(path: str, low: str, high: str) -> int:
    """The rows of the files that a reader opens for a range."""
    files = pa.table(DeltaTable(path).get_add_actions(flatten=True)).to_pylist()
    return sum(f["num_records"] for f in files if f["min.order_id"] <= high and f["max.order_id"] >= low)


def test_as_many_rows_lie_in_the_ranges_after_200_commits_as_after_10(tmp_path: Path) -> None:
    path, looked_at = str(tmp_path), []
    for day in range(200):
        day_of_orders(path, day)
        if day in (9, 199):
            ((low, high),) = ranges_of(between(path, day - 1, day), "order_id", "string") or []
            looked_at.append(rows_within(path, low.strip("'"), high.strip("'")))
    assert looked_at == [10, 10]
