"""Changed keys or every row: by the sizes in the logs, as arithmetic alone."""

from __future__ import annotations

import json

import pytest

from lakehouse.contracts.mart_graph import Mart
from lakehouse.lake.changed_rows import FileChanges
from lakehouse.lake.paths import Lake
from lakehouse.transform import mart_cost
from lakehouse.transform.mart_cost import (
    OPENING_BYTES,
    Size,
    comparing_costs_more,
    recomputing_costs_more,
    why_not_compare,
)

MIB = 1 << 20
READ = Size(100, 12_800 * MIB, 64_000_000)
MART = Size(4, 400 * MIB, 1_000_000)


def test_of_little_there_is_nothing_to_save() -> None:
    """Less than one file of the usual size: the keys, whatever changed."""
    little, one = Size(50, 127 * MIB), Size(50, 128 * MIB)
    for read, is_dear in ((little, False), (one, True)):
        assert comparing_costs_more(Size(200, 500 * MIB), read, Size(1, MIB, 10)) == is_dear
        assert recomputing_costs_more(10, read, Size(1, MIB, 10)) == is_dear


@pytest.mark.parametrize("mart", [Size(1, 1, 1_000), Size(4, 400 * MIB, 1_000), Size(1_000, 128_000 * MIB, 1_000)])
def test_half_the_keys_never_cost_more(mart: Size) -> None:
    """So a build that recomputes so few reads no log but the mart's."""
    assert not recomputing_costs_more(500, READ, mart)


def test_what_changed_little_reads_no_log_of_a_table(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mart_cost, "open_table", lambda path: pytest.fail(f"{path} was read"))
    action = json.dumps({"add": {"size": 1_000}})
    changes = {"silver.lines": FileChanges((action,) * 10, (action,) * 10)}
    mart = Mart("days", "days.sql", ("dt",), ("silver.lines",), {})
    assert why_not_compare(lake, mart, changes) is None


def test_a_file_costs_its_opening_besides_its_bytes() -> None:
    assert Size(3, 10).cost == 10 + 3 * OPENING_BYTES
    assert (Size(1, 2, 3) + Size(10, 20, 30)) == Size(11, 22, 33)


@pytest.mark.parametrize(
    ("changed", "is_dear"),
    [
        (Size(), False),
        (Size(2, 256 * MIB), False),
        # Each file was written again: its rows of before and of now are what a whole build reads, twice.
        (Size(200, 25_600 * MIB), True),
        # As much as a whole build: its tables once, the mart twice.
        (Size(108, 13_600 * MIB), False),
        (Size(108, 13_600 * MIB + 1), True),
        # Many files of nothing cost their opening.
        (Size(5_000, 0), True),
    ],
)
def test_comparing_costs_more_where_most_files_were_written_again(changed: Size, is_dear: bool) -> None:
    assert comparing_costs_more(changed, READ, MART) == is_dear


@pytest.mark.parametrize(
    ("keys", "mart", "is_dear"),
    [
        (0, MART, False),
        (1_000, MART, False),
        (940_000, MART, False),
        # The tables are read once by either way, the mart is merged twice by keys.
        (950_000, MART, True),
        (2_000_000, MART, True),
        # A mart that is as large as what it reads: more than three in five.
        (590_000, Size(100, 12_800 * MIB, 1_000_000), False),
        (610_000, Size(100, 12_800 * MIB, 1_000_000), True),
        # Nothing is known of a mart whose log counts no rows, or which is empty.
        (1_000, Size(4, 400 * MIB, 0), False),
    ],
)
def test_recomputing_costs_more_where_most_keys_changed(keys: int, mart: Size, is_dear: bool) -> None:
    assert recomputing_costs_more(keys, READ, mart) == is_dear
