"""Maintenance beside other writers, and one that would lose rows: nobody loses one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame

from lakehouse.lake import rewrite
from lakehouse.lake.rewrite import RowsLostError
from lakehouse.layout import maintain
from lakehouse.runtime.context import Context
from tests.layout.order_lines import APPEND, LAYOUTS, Table, make


def rival(table: Table, monkeypatch: pytest.MonkeyPatch, words: str, times: int = 1) -> None:
    """Let another writer commit between our reading and our commit."""
    real, left = rewrite._refuse_loss, [times]

    def after_it(*given: Any) -> None:
        real(*given)
        if left[0]:
            left[0] -= 1
            table.sql(words)

    monkeypatch.setattr(rewrite, "_refuse_loss", after_it)


UPDATE = "UPDATE {table} SET amount = amount + 1 WHERE id % 10 = 4"


@pytest.mark.parametrize("vectors", [pytest.param(False, marks=pytest.mark.layout), True])
def test_a_writer_in_between_loses_nothing(
    context: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, vectors: bool
) -> None:
    table = make(context, tmp_path / "lines", LAYOUTS["month"], vectors)
    before = table.rows()
    with monkeypatch.context() as patched:
        rival(table, patched, APPEND)
        appended = table.maintain()
    more = [(key + 1_000_000, *rest) for key, *rest in before if key % 10 == 3]
    assert table.rows() == [*before, *more]
    assert (appended.partitions, appended.gave_way) == (2, False)
    with monkeypatch.context() as patched:  # it takes files of ours away: planned anew, once
        rival(table, patched, UPDATE)
        table.sql("INSERT INTO {table} SELECT id + 2000000, store_id, dt, amount, month FROM {table}")
        updated = table.maintain()
    assert (updated.gave_way, updated.partitions) == (False, 2)
    changed = [(key, store, day, amount + (key % 10 == 4)) for key, store, day, amount in [*before, *more]]
    assert table.rows() == sorted([*changed, *((key + 2_000_000, *rest) for key, *rest in changed)])


@pytest.mark.layout
def test_it_gives_way_after_one_retry(context: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = make(context, tmp_path / "lines", LAYOUTS["none"])
    with monkeypatch.context() as patched:
        rival(table, patched, UPDATE, times=9)
        result = table.maintain()
    assert (result.gave_way, result.left, result.files_removed) == (True, 1, 0)
    assert [commit["operation"] for commit in table.delta.history(2)] == ["UPDATE", "UPDATE"]
    assert table.maintain().partitions == 1


@pytest.mark.layout
def test_rows_that_would_be_lost_stop_the_commit(
    context: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = make(context, tmp_path / "lines", LAYOUTS["none"])
    table.maintain()
    table.sql("INSERT INTO {table} SELECT id + 1000000, store_id, dt, amount, month FROM {table}")
    before, version = table.rows(), table.delta.version()
    real: Callable[..., DataFrame] = maintain.arranged
    monkeypatch.setattr(maintain, "arranged", lambda *given: real(*given).where("id <> 5"))
    with pytest.raises(RowsLostError, match=r"\(read 24000, written 23999\), so nothing was committed"):
        table.maintain()
    assert (table.rows(), table.delta.version()) == (before, version)
