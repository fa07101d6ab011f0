"""Which rows are too old for silver: a key counts as a whole, and the table's own day decides, not the clock."""

from __future__ import annotations

import dataclasses
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from pyspark.sql import SparkSession

from lakehouse.contracts.choices import MergeStrategy
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.keep_days import FOR_EVER, KeepDays
from lakehouse.transform.kept import KEPT_SINCE, kept_since, leave_out_aged, without_aged
from tests.helpers.small_project import write_project

SINCE = date(2026, 4, 1)
LANDED = [
    (1, "2026-03-01", "too old"),
    (2, "2026-05-10", "its first version is of a day that is kept"),
    (2, "2026-01-10", "and with it the second"),
    (3, "2026-04-01", "the first day that is kept"),
    (4, None, "has no day"),
]


@pytest.fixture(scope="module")
def visits(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    project = write_project(tmp_path_factory.mktemp("project"))
    return dataclasses.replace(project.contracts.dataset("visits"), keep_days=KeepDays(silver=90))


def landed(spark: SparkSession) -> Any:
    rows = spark.createDataFrame(LANDED, "id int, at string, note string")
    return rows.withColumn("at", rows.at.cast("timestamp"))


def notes(rows: Any) -> list[str]:
    return sorted(row.note for row in rows.collect())


def test_a_key_goes_with_its_newest_row(spark: SparkSession, visits: Dataset) -> None:
    assert notes(without_aged(landed(spark), visits, SINCE)) == sorted(note for _, _, note in LANDED[1:])
    assert notes(without_aged(landed(spark), visits, None)) == sorted(note for _, _, note in LANDED)


def test_a_row_without_a_key_goes_alone(spark: SparkSession, visits: Dataset) -> None:
    rows = dataclasses.replace(visits, merge_strategy=MergeStrategy.APPEND, key=())
    kept = [LANDED[1], *LANDED[3:]]
    assert notes(without_aged(landed(spark), rows, SINCE)) == sorted(note for _, _, note in kept)


def test_what_is_new_and_too_old_is_left_out_and_what_silver_has_is_changed(
    spark: SparkSession, visits: Dataset
) -> None:
    old = "named_struct('id', id)"
    compared = spark.sql(
        f"SELECT id, DATE(day) AS dt, IF(known, {old}, NULL) AS _old, outcome AS _outcome FROM VALUES "
        "(1, '2026-03-01', false, 'inserted'), (2, '2026-01-10', false, 'inserted'), (3, '2026-04-01', false, "
        "'inserted'), (4, NULL, false, 'deleted'), (5, '2025-01-01', true, 'updated'), (6, '2025-01-01', false, "
        "'deleted') AS t(id, day, known, outcome)"
    )
    found = leave_out_aged(compared, landed(spark), visits, SINCE)
    assert found.columns == compared.columns
    assert {row.id: row._outcome for row in found.collect()} == {
        1: "stale",
        2: "inserted",  # the batch has a row of May for its key
        3: "inserted",
        4: "deleted",
        5: "updated",  # a date that was corrected to last year
        6: "stale",
    }


def test_silver_says_since_when_and_only_while_the_contract_has_days(visits: Dataset, tmp_path: Path) -> None:
    write_deltalake(tmp_path / "silver", pa.table({"id": [1]}))
    table = DeltaTable(tmp_path / "silver")
    assert kept_since(table, visits) is None
    table.alter.set_table_properties({KEPT_SINCE: "2026-04-01"}, raise_if_not_exists=False)
    assert kept_since(DeltaTable(tmp_path / "silver"), visits) == SINCE
    assert kept_since(DeltaTable(tmp_path / "silver"), dataclasses.replace(visits, keep_days=FOR_EVER)) is None
    assert kept_since(None, visits) is None
