"""A row that was sent back waits for its repair only while the file is delivered and not validated: no Spark."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.contracts.project import Project
from lakehouse.lake.paths import Lake
from lakehouse.quarantine.changes import Change, ChangeKind
from lakehouse.quarantine.repairs import pending_repairs
from lakehouse.quarantine.rows import RowRef

ROW, OTHER = RowRef(1, 7), RowRef(1, 8)
FIRST, SECOND = "repairs/0a-1/products.csv", "repairs/0a-2/products.csv"


def change(kind: ChangeKind, file: str | None, row: RowRef = ROW) -> Change:
    return Change(file or "discard/0a", row, kind, "ann", "it was wrong", file=file)


@pytest.mark.parametrize(
    ("changes", "delivered", "pending"),
    [
        ([change(ChangeKind.REPAIR, FIRST)], [FIRST], {ROW: FIRST}),
        ([change(ChangeKind.RETRY, FIRST)], [FIRST], {ROW: FIRST}),
        ([change(ChangeKind.REPAIR, FIRST)], [], {}),
        ([change(ChangeKind.REPAIR, FIRST), change(ChangeKind.REPAIRED, FIRST)], [FIRST], {}),
        ([change(ChangeKind.REPAIR, FIRST), change(ChangeKind.FAILED_AGAIN, FIRST)], [FIRST], {}),
        (
            [
                change(ChangeKind.REPAIR, FIRST),
                change(ChangeKind.FAILED_AGAIN, FIRST),
                change(ChangeKind.REPAIR, SECOND),
            ],
            [FIRST, SECOND],
            {ROW: SECOND},
        ),
        ([change(ChangeKind.REPAIR, FIRST), change(ChangeKind.DISCARD, None, OTHER)], [FIRST], {ROW: FIRST}),
    ],
    ids=["repaired", "unchanged", "not delivered", "validated", "failed again", "a second time", "another row"],
)
def test_who_waits_for_a_repair(
    project: Project, lake: Lake, changes: list[Change], delivered: list[str], pending: dict[RowRef, str]
) -> None:
    for file in delivered:
        path = Path(lake.landing("products"), file)
        path.parent.mkdir(parents=True)
        path.write_text("x")
    assert pending_repairs(lake, project.contracts.dataset("products"), changes) == pending
