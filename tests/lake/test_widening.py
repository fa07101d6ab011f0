"""A type becomes wider: the table is written anew, and keeps all else that it has."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from lakehouse.contracts.dataset import Dataset
from lakehouse.lake.delta_log import read_rows
from lakehouse.lake.evolution import WantedTable, evolve, schema_change
from lakehouse.lake.rewrite import Arrangement, RowsLostError
from lakehouse.layout.first_write import whole_table
from lakehouse.transform.merge import merge_batch
from tests.lake.orders import AMOUNT, COLUMNS, ORDERS, PIECES, schema_of, with_columns


def test_decimals_may_grow() -> None:
    for wider in ("decimal(13,2)", "decimal(14,4)"):
        wanted = with_columns(replace(AMOUNT, type=wider), widens_types=True)
        assert [c.type for c in schema_change(schema_of(ORDERS), wanted.columns, wanted).widened] == [wider]


def orders_of_two_days(spark: SparkSession, path: Path, dataset: Dataset) -> None:
    """A table with a table property of its own, whose rows are spread over the files of each day in no order."""
    schema = ", ".join(f"{column.name} {column.spark_type}" for column in dataset.columns)
    for batch_id in (1, 2, 3):
        keys = range(batch_id, 60, 3)
        rows = [(f"K{n:02}", None, n * 7 % 60, datetime(2026, 10, 1 + n % 2, tzinfo=UTC), None) for n in keys]
        merge_batch(spark, dataset, spark.createDataFrame(rows, schema), batch_id, str(path))
    spark.sql(f"ALTER TABLE delta.`{path}` SET TBLPROPERTIES ('team' = 'sales')")


CLUSTERED = replace(ORDERS, cluster_by=("pieces",))
WIDE = replace(CLUSTERED, widens_types=True, columns=tuple(
    replace(column, type="bigint") if column is PIECES else column for column in COLUMNS
))  # fmt: skip


def test_a_widened_table_keeps_its_rows_properties_comments_and_layout(spark: SparkSession, tmp_path: Path) -> None:
    path = tmp_path / "silver" / "orders"
    orders_of_two_days(spark, path, CLUSTERED)
    before, rows = DeltaTable(str(path)), read_rows(str(path))
    wanted = WantedTable(
        WIDE, WIDE.silver_columns, WIDE.partition_by, WIDE.table_properties, whole_table(str(path), WIDE.layout)
    )
    evolve(spark, str(path), wanted)
    table = DeltaTable(str(path))
    assert table.version() == before.version() + 1
    assert (len(before.file_uris()), len(table.file_uris())) == (6, 2)  # a file per day
    assert sorted(read_rows(str(path)), key=itemgetter("id")) == sorted(rows, key=itemgetter("id"))
    assert table.metadata().partition_columns == ["dt"]
    assert table.metadata().configuration == before.metadata().configuration
    assert table.metadata().configuration["team"] == "sales"
    fields = {field.name: field for field in table.schema().fields}
    assert (fields["pieces"].type.type, fields["pieces"].metadata) == ("long", {"comment": "Pieces."})
    assert {name: field.metadata for name, field in fields.items()} == {
        field.name: field.metadata for field in before.schema().fields
    }
    for file in table.file_uris():
        pieces = pq.read_table(file, partitioning=None).column("pieces").to_pylist()
        assert pieces == sorted(pieces)
    evolve(spark, str(path), wanted)
    assert DeltaTable(str(path)).version() == table.version()


def test_a_widening_that_would_lose_a_row_is_refused(spark: SparkSession, tmp_path: Path) -> None:
    path = tmp_path / "silver" / "orders"
    orders_of_two_days(spark, path, CLUSTERED)
    version = DeltaTable(str(path)).version()
    loses_one = Arrangement(lambda rows: rows.where("id <> 'K07'"))
    wanted = WantedTable(WIDE, WIDE.silver_columns, WIDE.partition_by, arrangement=loses_one)
    with pytest.raises(RowsLostError, match=r"\(read 59, written 58\), so nothing was committed"):
        evolve(spark, str(path), wanted)
    table = DeltaTable(str(path))
    assert (table.version(), len(read_rows(str(path)))) == (version, 59)
    assert {field.name: field.type for field in table.schema().fields}["pieces"].type == "integer"
