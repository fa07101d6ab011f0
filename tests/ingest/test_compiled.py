"""The JVM compiles no method of more than 8,000 bytes: Spark runs a step of ingest that is larger by parts, slower."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession

from lakehouse.contracts.project import Project
from lakehouse.ingest.casting import with_types
from lakehouse.ingest.header import read_header
from lakehouse.ingest.reading import read_rows
from lakehouse.lake.files import list_files
from lakehouse.runtime.spark_settings import SETTINGS

LARGEST = int(SETTINGS["spark.sql.codegen.hugeMethodLimit"])
CHOSEN = {
    "spark.sql.codegen.wholeStage": "true",
    "spark.sql.codegen.factoryMode": "FALLBACK",
    "spark.sql.adaptive.enabled": "false",
}


@contextmanager
def compiled_by_step(spark: SparkSession) -> Iterator[None]:
    """Steps are compiled together, as on large data; the plan is final before it runs."""
    before = {name: str(spark.conf.get(name)) for name in CHOSEN}
    try:
        for name, value in CHOSEN.items():
            spark.conf.set(name, value)
        yield
    finally:
        for name, value in before.items():
            spark.conf.set(name, value)


def methods(rows: DataFrame) -> list[int]:
    """The bytes of the largest method of each part of a plan that Spark compiles as one."""
    found = rows._jdf.queryExecution().debug().codegenToSeq()  # type: ignore[operator]
    return [found.apply(place)._3().maxMethodCodeSize() for place in range(found.size())]


@pytest.mark.parametrize("line", ["1,2", '"1",2'])
def test_no_step_of_csv_is_too_large_to_be_compiled(
    project: Project, spark: SparkSession, tmp_path: Path, line: str
) -> None:
    dataset = project.contracts.dataset("erp_orders")
    (tmp_path / "erp_orders.csv").write_text(",".join(dataset.column_names) + f"\n{line}\n")
    (file,) = list_files(str(tmp_path))
    with compiled_by_step(spark):
        rows = read_rows(spark, str(tmp_path), [(file, read_header(str(tmp_path), file, dataset))], dataset)
        sizes = methods(with_types(rows, dataset).select("*"))
    assert sizes
    assert max(sizes) <= LARGEST
