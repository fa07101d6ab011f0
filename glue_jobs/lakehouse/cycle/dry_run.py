"""Plans all that a run does on a lake of its own without rows: what Spark, dbt, DuckDB or Airflow would refuse."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.contracts.choices import MergeStrategy
from lakehouse.contracts.columns import BATCH_ID, BROKEN_RULES, TIED
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.project import Project
from lakehouse.contracts.suite import Suite, load_suite
from lakehouse.contracts.suite_errors import Where
from lakehouse.contracts.yaml_places import Place, read_yaml
from lakehouse.cycle.dry_run_dags import refused_dags
from lakehouse.cycle.dry_run_models import Planned, refused_models
from lakehouse.ingest.casting import with_types
from lakehouse.ingest.ingest import bronze_rows
from lakehouse.ingest.reading import read_rows
from lakehouse.lake import tables
from lakehouse.lake.bronze import with_arrival, with_day
from lakehouse.lake.paths import Lake
from lakehouse.privacy import without_values
from lakehouse.quarantine.table import from_text, from_typed
from lakehouse.runtime.context import Context
from lakehouse.transform.outcomes import newest_per_key, with_dates, with_outcome, with_validity
from lakehouse.transform.snapshots import DELETED, Events, deleting, silver_of_snapshots
from lakehouse.validate.dry_run import refused_rules


def refused_plans(project: Project, spark: SparkSession, suites: Mapping[str, Suite]) -> Iterator[str]:
    """A line for all that an engine refuses of a project; suites: those of its datasets, with the contracts' rules."""
    planned: list[Planned] = []
    for dataset in project.contracts.datasets:
        try:
            bronze, quarantine, silver = planned_tables(spark, dataset)
        except Exception as error:  # whatever it is, a person needs to know the dataset
            reason = without_values(error, dataset.silver_column_names)
            yield str(_place_of(project, dataset).error(f"its tables cannot be made: {reason}."))
            continue
        planned.append(Planned(dataset, quarantine.schema, silver.schema))
        yield from _refused_rules(project, dataset, bronze.withColumn(TIED, F.lit(False)), suites[dataset.name])
    with tempfile.TemporaryDirectory() as folder:
        if len(planned) == len(project.contracts.datasets):
            yield from refused_models(
                Context(project, Lake.at(f"{folder}/lake"), lambda: spark, has_rows=False), planned
            )
        yield from refused_dags(project, folder)


def planned_tables(spark: SparkSession, dataset: Dataset) -> tuple[DataFrame, DataFrame, DataFrame]:
    """Bronze, quarantine and silver of a dataset without rows, by the ways in which a run makes them."""
    read = with_types(read_rows(spark, "", (), dataset), dataset).withColumn(BATCH_ID, F.lit(0).cast("bigint"))
    bronze = bronze_rows(read, dataset)
    failed = bronze.withColumn(BROKEN_RULES, F.array().cast("array<string>"))
    quarantine = from_text(read, dataset).unionByName(from_typed(failed, dataset))
    silver = tables.empty(spark, dataset.silver_columns)
    if dataset.merge_strategy is MergeStrategy.APPEND:
        return bronze, quarantine, silver.unionByName(with_dates(bronze, dataset, 0).select(*silver.columns))
    if dataset.is_snapshot:
        landed = with_arrival(with_day(bronze, dataset), dataset).withColumn(DELETED, F.lit(False))
        events = Events(landed, bronze, deleting(spark, bronze, (), dataset))
        return bronze, quarantine, silver.unionByName(silver_of_snapshots(events, dataset))
    latest = with_dates(newest_per_key(with_arrival(with_day(bronze, dataset), dataset), dataset), dataset, 0)
    assert with_outcome(latest, silver, dataset).schema  # Spark plans when it is asked for the schema
    if dataset.merge_strategy is MergeStrategy.SCD2:
        latest = with_validity(latest, dataset)
    return bronze, quarantine, silver.unionByName(latest.select(*dataset.silver_column_names))


def _refused_rules(project: Project, dataset: Dataset, batch: DataFrame, suite: Suite) -> Iterator[str]:
    own = load_suite(project.suites, dataset.name, dataset.known_columns).expectations
    file = project.suites / "expectations" / f"{dataset.name}.json"
    for rule, reason in refused_rules(batch, dataset.columns, suite):
        if rule in own:
            yield f"{Where(file, own.index(rule) + 1, rule.name)}: {reason}"
        else:
            on = " and ".join(rule.columns)
            yield str(_place_of(project, dataset).error(f"its rule {rule.name} on {on} {reason}"))


def _place_of(project: Project, dataset: Dataset) -> Place:
    """Where the contract names the dataset."""
    for file in sorted((project.root / "contracts").glob("*.y*ml")):
        for item in read_yaml(file).need("schema").items():
            if item.text("name") == dataset.name:
                return item.need("name").named(dataset.name)
    raise AssertionError(f"{dataset.name} was read from a contract")
