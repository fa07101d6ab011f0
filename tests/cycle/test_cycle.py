"""The whole cycle over the samples, against the oracle: cell by cell, in every order, however often."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.contracts.choices import MergeStrategy
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.project import Project
from lakehouse.lake.delta_log import existing_table
from lakehouse.lake.paths import Lake
from lakehouse.runtime.context import Context
from tests.helpers.lakes import FACT, data_files, rows, run, versions
from tests.oracle import expected

SAMPLES = Path(__file__).parents[2] / "samples"
DAY2 = SAMPLES / "day2"
BROKEN = SAMPLES / "broken"


def lake_context(project: Project, spark: SparkSession, folder: Path) -> Context:
    return Context(project, Lake.at(str(folder)), lambda: spark)


@pytest.fixture(scope="module")
def stages(project: Project, spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """One lake after the first delivery, after day2, after a file of it under another name, and what each run said."""
    context = lake_context(project, spark, tmp_path_factory.mktemp("forward"))
    again = tmp_path_factory.mktemp("again")
    for file in DAY2.glob("products*"):
        shutil.copy(file, again / f"{file.stem}_again{file.suffix}")
    found: dict[str, object] = {"context": context}
    for name, delivery in (("first", SAMPLES), ("second", DAY2), ("same", DAY2), ("renamed", again)):
        before = (versions(context.lake), data_files(context.lake)) if name != "first" else ({}, set())
        result = run(context, delivery)
        state = {dataset: silver_rows(context, dataset) for dataset in sampled(context)}
        found[name] = {
            "result": result,
            "fact": fact_rows(context),
            "silver": {dataset.name: value for dataset, value in state.items()},
            "before": before,
            "after": (versions(context.lake), data_files(context.lake)),
        }
    return found


def sampled(context: Context) -> list[Dataset]:
    """The datasets that the oracle knows."""
    return [context.contracts.dataset(name) for name in sorted(expected([SAMPLES]).silver)]


def fact_rows(context: Context) -> list[tuple[object, ...]]:
    columns = ", ".join(expected([SAMPLES]).fact.columns)
    return rows(context.lake, context.contracts, f"select {columns} from marts.{FACT} order by dt, store_id")


def silver_rows(context: Context, dataset: Dataset) -> list[tuple[object, ...]]:
    """Silver as the table has it, tombstones included."""
    names = [column.name for column in dataset.silver_columns if column.name not in ("month", "_batch_id")]
    path = context.lake.silver(dataset.name)
    order = (*dataset.key, *dataset.sequence_by) if dataset.merge_strategy is MergeStrategy.SCD2 else dataset.key
    sql = f"select {', '.join(names)} from delta_scan('{path}') order by {', '.join(order)}"
    return rows(context.lake, context.contracts, sql)


@pytest.mark.parametrize(
    ("stage", "deliveries"),
    [
        ("first", [SAMPLES]),
        ("second", [SAMPLES, DAY2]),
        ("same", [SAMPLES, DAY2, DAY2]),
        ("renamed", [SAMPLES, DAY2, DAY2]),
    ],
)
def test_fact_and_silver_equal_the_oracle(stages: dict[str, dict], stage: str, deliveries: list[Path]) -> None:
    wanted = expected(deliveries)
    assert stages[stage]["result"].exit_code == 0
    assert stages[stage]["fact"] == [tuple(row) for row in wanted.fact.rows]
    for name, found in stages[stage]["silver"].items():
        assert found == [tuple(row) for row in wanted.silver[name].rows], name


@pytest.mark.parametrize(("stage", "number", "deliveries"), [("first", 0, [SAMPLES]), ("second", 1, [SAMPLES, DAY2])])
def test_every_delivered_row_is_accounted_for(
    stages: dict[str, dict], stage: str, number: int, deliveries: list[Path]
) -> None:
    wanted = expected(deliveries)
    for count in (c for c in stages[stage]["result"].summary.datasets if c.dataset in wanted.batches):
        batch = wanted.batches[count.dataset][number]
        assert (count.landed, count.quarantined) == (batch.landed, batch.quarantined), count.dataset
        assert count.landed == count.merged + count.quarantined + count.ignored, count.dataset
        assert count.held == 0


def test_every_new_table_tells_its_layout_once(stages: dict[str, dict]) -> None:
    context = stages["context"]
    for dataset in context.contracts.datasets:
        table = existing_table(context.lake.silver(dataset.name))
        assert table.metadata().configuration.items() >= dataset.layout.properties.items()
        told = [commit["operation"] for commit in table.history()].count("SET TBLPROPERTIES")
        assert told == 1, dataset.name


def test_the_same_delivery_again_makes_no_commit(stages: dict[str, dict]) -> None:
    assert stages["same"]["before"] == stages["same"]["after"]
    assert {step.state for step in stages["same"]["result"].summary.steps} == {"nothing new"}


def test_the_same_rows_under_other_names_add_no_data_file_to_silver_and_marts(stages: dict[str, dict]) -> None:
    def layers(stage: str) -> set[str]:
        files = stages["renamed"][stage][1]
        return {file for file in files if "/silver/" in file or "/marts/" in file}

    assert layers("before") == layers("after")
    (first,) = [count for count in stages["second"]["result"].summary.datasets if count.dataset == "products"]
    counts = stages["renamed"]["result"].summary.total
    assert (counts.landed, counts.merged) == (first.landed, 0)
    assert 0 < counts.landed == counts.quarantined + counts.ignored


@pytest.mark.model
def test_the_deliveries_in_reverse_order(project: Project, spark: SparkSession, tmp_path: Path) -> None:
    context = lake_context(project, spark, tmp_path / "reverse")
    for delivery in (DAY2, SAMPLES):
        assert run(context, delivery).exit_code == 0
    wanted = expected([DAY2, SAMPLES])
    assert fact_rows(context) == [tuple(row) for row in wanted.fact.rows]
    for dataset in sampled(context):
        assert silver_rows(context, dataset) == [tuple(row) for row in wanted.silver[dataset.name].rows]


@pytest.mark.deliveries
def test_a_broken_domain_stops_alone(project: Project, spark: SparkSession, tmp_path: Path) -> None:
    context = lake_context(project, spark, tmp_path / "broken")
    result = run(context, BROKEN)
    failures = {failure.domain: failure.message for failure in result.summary.failures}
    assert result.exit_code == 3
    assert set(failures) == {"erp", "products"}
    assert "erp_orders.csv" in failures["erp"]
    assert "unit_price" in failures["erp"]
    assert "products.csv" in failures["products"]
    assert fact_rows(context) == [tuple(row) for row in expected([BROKEN]).fact.rows]
    for count in result.summary.datasets:
        assert count.balanced
    again = run(context, BROKEN)
    assert again.exit_code == 3
    assert {failure.domain for failure in again.summary.failures} == {"erp", "products"}
    mended = run(context, SAMPLES)
    assert mended.exit_code == 0
    assert fact_rows(context) == [tuple(row) for row in expected([BROKEN, SAMPLES]).fact.rows]


def test_one_store_and_day_that_a_person_can_check(stages: dict[str, dict]) -> None:
    """S007, the kiosk, on 12 October: the rows stand in docs/samples.md."""
    (row,) = [row for row in stages["first"]["fact"] if (str(row[0]), row[1]) == ("2026-10-12", "S007")]
    wanted = [row for row in expected([SAMPLES]).fact.rows if (str(row[0]), row[1]) == ("2026-10-12", "S007")]
    assert row == tuple(wanted[0])
