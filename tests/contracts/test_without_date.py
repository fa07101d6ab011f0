"""A dataset without `dateColumn` has no `dt`, and nothing that would need one."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.cli.check import problems
from tests.helpers.small_project import CONTRACT, spoiled, write_project

DATE = "      - {property: dateColumn, value: at}\n"
BY_KEY = spoiled("partitionBy, value: [month]", "partitionBy, value: []", spoiled("[dt]", "[id]"))
WITHOUT = spoiled(DATE, "", BY_KEY)
FLAG = "      - {property: deleteFlag"


def test_silver_has_no_dt(tmp_path: Path) -> None:
    project = write_project(tmp_path, WITHOUT)
    assert problems(project) == []
    (dataset,) = project.contracts.datasets
    assert dataset.silver_column_names == (*dataset.column_names, "_batch_id")
    assert dataset.bounded_columns == ("id", "_batch_id")


@pytest.mark.parametrize(
    ("contract", "line"),
    [
        (spoiled(DATE, ""), "visits.dateColumn: partitionBy names month, which is computed from a date or timestamp;"),
        (spoiled(DATE, "", spoiled("partitionBy, value: [month]", "partitionBy, value: []")),
         "visits.dateColumn: clusterBy names dt, which is computed from a date or timestamp;"),
        (spoiled(FLAG, "      - {property: keepDays, value: {silver: 3}}\n" + FLAG, WITHOUT),
         "visits.keepDays.silver: without dateColumn no row has a day, so none is ever too old;"),
        (spoiled(FLAG, "      - {property: dateZone, value: Europe/Berlin}\n" + FLAG, WITHOUT),
         "visits.dateZone: without dateColumn silver has no dt; remove it."),
    ],
)  # fmt: skip
def test_what_needs_a_day_is_refused(tmp_path: Path, contract: str, line: str) -> None:
    assert contract != CONTRACT
    (found,) = problems(write_project(tmp_path, contract))
    assert line in found
