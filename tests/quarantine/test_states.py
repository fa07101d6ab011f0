"""The state of quarantined rows changes only while they are open: no Spark."""

from __future__ import annotations

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from lakehouse.contracts.columns import BATCH_ID, ROW_ID, STATE
from lakehouse.contracts.project import Project
from lakehouse.lake.paths import Lake
from lakehouse.quarantine.repairs import set_state
from lakehouse.quarantine.rows import RowRef, RowState

ROWS = {(1, 7): RowState.OPEN, (2, 7): RowState.OPEN, (1, 8): RowState.REPAIRED, (1, 9): RowState.DISCARDED}


@pytest.mark.parametrize("state", list(RowState))
def test_only_open_rows_that_are_named_change(project: Project, lake: Lake, state: RowState) -> None:
    dataset = project.contracts.dataset("products")
    columns = {BATCH_ID: [b for b, _ in ROWS], ROW_ID: [r for _, r in ROWS], STATE: [str(s) for s in ROWS.values()]}
    write_deltalake(lake.quarantine("products"), pa.table(columns))
    set_state(lake, dataset, [RowRef(1, 7), RowRef(1, 8), RowRef(1, 9), RowRef(5, 5)], state)
    found = DeltaTable(lake.quarantine("products")).to_pyarrow_table().to_pylist()
    assert {(row[BATCH_ID], row[ROW_ID]): row[STATE] for row in found} == {**ROWS, (1, 7): state}


def test_where_there_is_no_quarantine_nothing_changes(project: Project, lake: Lake) -> None:
    set_state(lake, project.contracts.dataset("products"), [RowRef(1, 7)], RowState.DISCARDED)
    assert not DeltaTable.is_deltatable(lake.quarantine("products"))
