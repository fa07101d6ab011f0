"""The lakes that are measured: silver with products, projects of one mart, and models by dbt's own strategies."""

from __future__ import annotations

import itertools
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import SparkSession

from benchmarks.merge.histories import FIRST_MICROSECOND, PRODUCTS, Stock
from lakehouse.contracts.dbt_files import mart_names
from lakehouse.contracts.project import Project
from lakehouse.lake.delta_log import table_version
from lakehouse.lake.milestones import record_tested
from lakehouse.lake.paths import Lake
from lakehouse.runtime.context import Context
from lakehouse.transform.merge import merge_batch
from lakehouse.transform.ties import Bronze

CONTESTED = "fct_daily_product_metrics"
MERGE, OVERWRITE, MICROBATCH = "merge_window", "overwrite_months", "microbatch_days"
PEERS = (MERGE, OVERWRITE, MICROBATCH)
WINDOW_DAYS = 7
_NUMBERS = itertools.count(2)

_CONFIGS = {
    MERGE: "incremental_strategy='merge', unique_key=['dt', 'product_id'], partition_by=['month']",
    OVERWRITE: "incremental_strategy='insert_overwrite', partition_by=['month']",
    MICROBATCH: (
        "incremental_strategy='microbatch', partition_by=['dt'], event_time='dt', batch_size='day', "
        "begin='2021-01-01', concurrent_batches=false"
    ),
}
_LAST = "(select max(dt) from silver.erp_orders)"
_WINDOWS = {
    MERGE: f"dt > date_sub({_LAST}, {WINDOW_DAYS})",
    OVERWRITE: f"dt >= trunc(date_sub({_LAST}, {WINDOW_DAYS - 1}), 'MM')",
    MICROBATCH: "true",  # dbt limits the refs that have an event_time
}


@dataclass(frozen=True)
class Silver:
    """A lake with silver alone."""

    spark: SparkSession
    project: Project
    lake: Lake

    @classmethod
    def of(cls, stock: Stock, project: Project, history: int, folder: Path) -> Silver:
        """A lake with the order lines of a history, by hard links, and two versions of each of its products."""
        shutil.rmtree(folder, ignore_errors=True)
        lake = Lake.at(str(folder))
        shutil.copytree(stock.history(history), lake.silver("erp_orders"), copy_function=_link)
        silver = cls(stock.spark, project, lake)
        silver.deliver("products", _products(stock.spark))
        return silver

    def deliver(self, dataset: str, rows: object) -> None:
        """Merge a batch."""
        number, path = next(_NUMBERS), self.lake.silver(dataset)
        bronze = Bronze(lambda keys: keys, None)
        merge_batch(self.spark, self.project.contracts.dataset(dataset), rows, number, path, number, bronze)  # type: ignore[arg-type]

    def beside(self, project: Project, folder: Path) -> Context:
        """What a build is given: a lake with the same silver, and marts and progress of its own."""
        (folder / "curated").mkdir(parents=True)
        (folder / "curated/silver").symlink_to(Path(self.lake.silver("erp_orders")).parent)
        return Context(project, Lake.at(str(folder)), lambda: self.spark)


def pass_tests(context: Context) -> None:
    """Record that every version of now passed the tests of its domain."""
    for contract in context.contracts:
        paths = {dataset.name: context.lake.silver(dataset.name) for dataset in contract.datasets}
        record_tested(context.lake, contract, {name: table_version(path) for name, path in paths.items()})


def _link(source: str, target: str) -> None:
    Path(target).hardlink_to(source)


def _products(spark: SparkSession) -> object:
    """Each product at one cost from the first day, at another from the sixth."""
    since = f"timestamp_micros({FIRST_MICROSECOND} + version * 5 * 86400000000)"
    return spark.range(PRODUCTS * 2).selectExpr("id % 5000 AS n", "floor(id / 5000) AS version").selectExpr(
        "concat('P', cast(n AS string)) AS product_id", "concat('Product ', n) AS name",
        "concat('C', cast(n % 20 AS string)) AS category", "cast(10 + n % 50 AS decimal(12, 2)) AS list_price",
        "cast(5 + n % 30 + version AS decimal(12, 2)) AS unit_cost", "true AS is_active", f"{since} AS updated_at",
    )  # fmt: skip


def with_one_mart(project: Project, name: str, folder: Path) -> Project:
    """The project with one of its marts, so that what a build costs is that mart's."""
    others = [f"{other}*" for other in mart_names(project.dbt) if other != name]
    return _copied(project, folder, *others)


def with_peers(project: Project, folder: Path) -> Project:
    """The project with the contested mart as dbt's own strategies build it: the same SELECT, another config."""
    ours = (project.dbt / f"models/marts/{CONTESTED}.sql").read_text(encoding="utf-8")
    found = _copied(project, folder, "fct_*")
    for peer in PEERS:
        config = f"config(materialized='incremental', file_format='delta', {_CONFIGS[peer]})"
        text = re.sub(r"config\(.*?\n    \)", config, ours, count=1, flags=re.DOTALL)
        text = text.replace("{{ in_changed() }}", _WINDOWS[peer]).replace("{{ clustered() }}", "")
        (found.dbt / f"models/marts/{peer}.sql").write_text(text, encoding="utf-8")
    about = found.dbt / "models/staging/erp/stg_erp_orders.yml"
    text = about.read_text(encoding="utf-8").replace("    config:\n", "    config:\n      event_time: dt\n", 1)
    about.write_text(text, encoding="utf-8")
    return found


def _copied(project: Project, folder: Path, *without: str) -> Project:
    shutil.rmtree(folder, ignore_errors=True)
    left_out = shutil.ignore_patterns("target", "logs", "assert_*", "athena_views*", *without)
    shutil.copytree(project.dbt, folder / "dbt", ignore=left_out)
    for name in ("contracts", "great_expectations"):
        shutil.copytree(project.root / name, folder / name)
    return Project(folder)
