"""A row's number says its file and its line there, whatever tasks read it; and a large file is read by many of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lakehouse.contracts.choices import FileFormat, MergeStrategy
from lakehouse.contracts.columns import Column
from lakehouse.contracts.dataset import Dataset
from lakehouse.ingest.header import read_header
from lakehouse.ingest.lines import FILE_STEP, PlacedFile, read_lines, same_splits
from lakehouse.ingest.reading import read_rows
from lakehouse.lake.files import list_files

SPLITS = "spark.sql.files.minPartitionNum"


def dataset(file_format: FileFormat) -> Dataset:
    columns = (Column("id", "string", True, "Key."), Column("note", "string", False, "Words."))
    upsert = MergeStrategy.UPSERT
    return Dataset("d", "erp", "", upsert, "*", file_format, columns, ("id",), ("id",), None, None, (), (), 20)


@contextmanager
def cut_into(spark: SparkSession, split_bytes: int | None, tasks: int | None) -> Iterator[None]:
    """Files cut into pieces of so many bytes and packed into so many tasks, as other machines would."""
    settings = {
        "spark.sql.files.maxPartitionBytes": split_bytes,
        "spark.sql.files.openCostInBytes": split_bytes,
        SPLITS: tasks,
    }
    chosen = {name: str(value) for name, value in settings.items() if value is not None}
    try:
        for name, value in chosen.items():
            spark.conf.set(name, value)
        yield
    finally:
        for name in chosen:
            spark.conf.unset(name)


PARTITIONING = [(None, None), (None, 2), (None, 50), (16, 1), (64, 2), (300, 7)]


@pytest.mark.parametrize("partitioning", PARTITIONING, ids=str)
def test_csv_rows_are_numbered_by_their_lines(
    spark: SparkSession, tmp_path: Path, partitioning: tuple[int | None, int | None]
) -> None:
    (tmp_path / "a.csv").write_text('id,note\n2,x\n3,"y\ny"\n\n6,z\n')
    (tmp_path / "b.csv").write_text('\n"id\n",note,id\nx,,4\n' + "".join(f"x,,{n}\n" for n in range(5, 60)))
    (tmp_path / "c.csv").write_text("")
    (tmp_path / "d.csv").write_text('note,id\r\nx,2\r\n"never,3\r\nx,4\r\n')
    of = dataset(FileFormat.CSV)
    headers = [(file, read_header(str(tmp_path), file, of)) for file in list_files(str(tmp_path))]
    with cut_into(spark, *partitioning):
        rows = read_rows(spark, str(tmp_path), headers, of).select("_source_file", "id", "_row_id").collect()
    found = {
        name: sorted(((row.id, row._row_id) for row in rows if row._source_file == f"{name}.csv"), key=lambda r: r[1])
        for name in "abcd"
    }
    assert found["a"] == [("2", 2), ("3", 3), ("6", 6)]
    assert found["b"] == [(str(n), FILE_STEP + n) for n in range(4, 60)]
    assert found["c"] == []
    assert found["d"] == [("2", 3 * FILE_STEP + 2), (None, 3 * FILE_STEP + 3), ("4", 3 * FILE_STEP + 4)]


@pytest.mark.parametrize("partitioning", PARTITIONING, ids=str)
def test_json_rows_are_numbered_by_their_lines(
    spark: SparkSession, tmp_path: Path, partitioning: tuple[int | None, int | None]
) -> None:
    (tmp_path / "a.json").write_text('{"id":"1"}\n\n{"id":"3"}\r\nbroken\n')
    (tmp_path / "b.json").write_text("".join(f'{{"id":"{n}"}}\n' for n in range(1, 50)))
    of = dataset(FileFormat.JSON_LINES)
    headers = [(file, read_header(str(tmp_path), file, of)) for file in list_files(str(tmp_path))]
    with cut_into(spark, *partitioning):
        rows = read_rows(spark, str(tmp_path), headers, of).orderBy("_row_id").collect()
    wanted = [("1", 1), ("3", 3), (None, 4), *[(str(n), FILE_STEP + n) for n in range(1, 50)]]
    assert [(row.id, row._row_id) for row in rows] == wanted


@pytest.mark.parametrize("note", ["x", '"x ""x"", x"'])
def test_a_large_file_is_read_by_many_tasks(spark: SparkSession, tmp_path: Path, note: str) -> None:
    """Also one with quotes, as long as no line break is within them."""
    (tmp_path / "a.csv").write_text("id,note\n" + "".join(f"{n},{note}\n" for n in range(2, 4002)))
    of = dataset(FileFormat.CSV)
    headers = [(file, read_header(str(tmp_path), file, of)) for file in list_files(str(tmp_path))]
    with cut_into(spark, 4096, None):
        rows = read_rows(spark, str(tmp_path), headers, of)
        tasks = rows.select(F.spark_partition_id()).distinct().count()
        assert rows.where("_row_id = id and note like 'x%'").count() == 4000
    assert tasks == -(-(tmp_path / "a.csv").stat().st_size // 4096)


def test_files_cut_otherwise_between_the_two_looks_end_in_an_error(spark: SparkSession, tmp_path: Path) -> None:
    """Better than rows with the numbers of others."""
    (tmp_path / "a.csv").write_text("id,note\n" + "".join(f"{n},x\n" for n in range(2, 200)))
    with cut_into(spark, 100, None):
        lines = read_lines(spark, str(tmp_path), [PlacedFile("a.csv", 0, 1, False)], "\n", F.lit(False))
    with cut_into(spark, 90, None), pytest.raises(PySparkException, match="a file was cut otherwise"):
        lines.rows.collect()


def test_executors_that_come_in_between_change_nothing(spark: SparkSession) -> None:
    """Spark packs files into tasks by the cores that it sees at that moment, unless it is told a number."""
    with same_splits(spark):
        assert spark.conf.get(SPLITS) == str(spark.sparkContext.defaultParallelism)
        with same_splits(spark):
            pass
        assert spark.conf.get(SPLITS) is not None
    assert spark.conf.get(SPLITS, None) is None
    with cut_into(spark, None, 3):
        with same_splits(spark):
            assert spark.conf.get(SPLITS) == "3"
        assert spark.conf.get(SPLITS) == "3"
