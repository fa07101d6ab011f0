"""Runs dbt in this process, on the lake's tables registered in the session's catalog."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.layers import MARTS, SILVER
from lakehouse.errors import LakehouseError
from lakehouse.lake import tables
from lakehouse.lake.delta_log import table_version
from lakehouse.lake.paths import Lake, for_spark
from lakehouse.privacy import masked
from lakehouse.runtime.context import Context

_manifests: dict[Path, Any] = {}  # parsing takes seconds, and one process runs dbt several times


class ModelError(LakehouseError):
    """A dbt model or test failed; the message has its name and dbt's first line."""

    def __init__(self, node: str, reason: str, more: int) -> None:
        self.node, self.reason, self.more = node, reason, more
        others = f" (and {more} more)" if more else ""
        super().__init__(f"dbt: {node}: {reason}{others}. Readers keep the last published version.")


def register_silver(spark: SparkSession, lake: Lake, contracts: Contracts) -> None:
    """Register every silver table in the session's catalog; a table that does not exist yet becomes an empty view."""
    for dataset in contracts.datasets:
        if register_table(spark, SILVER, dataset.name, lake.silver(dataset.name)):
            continue
        nothing = tables.nothing(dataset.silver_columns)
        spark.sql(f"CREATE OR REPLACE VIEW {SILVER}.`{dataset.name}` AS {nothing}")


def register_table(spark: SparkSession, layer: str, name: str, path: str) -> bool:
    """Register a Delta table in the session's catalog, which ends with the session; False if there is no table."""
    spark.sql(f"CREATE DATABASE IF NOT EXISTS {layer}")
    if kind := _kind(spark, layer, name):
        spark.sql(f"DROP {kind} {layer}.`{name}`")
    if table_version(path) < 0:
        return False
    spark.sql(f"CREATE TABLE {layer}.`{name}` USING delta LOCATION '{for_spark(path)}'")
    return True


def _kind(spark: SparkSession, layer: str, name: str) -> str | None:
    if not spark.catalog.tableExists(f"{layer}.`{name}`"):
        return None
    return "VIEW" if spark.catalog.getTable(f"{layer}.`{name}`").tableType == "VIEW" else "TABLE"


def dbt_target(context: Context) -> Path:
    """dbt's target folder: in the lake's own folder if it is on a disk, so that runs on two lakes never share it."""
    base = Path(context.lake.root) if context.lake.is_local else Path(tempfile.gettempdir())
    target = base / ".dbt"
    target.mkdir(parents=True, exist_ok=True)
    return target


def run_dbt(context: Context, arguments: Sequence[str], variables: dict[str, Any] | None = None) -> Any:
    """Run a dbt command in this process; raises ModelError if a model or test fails."""
    from dbt.cli.main import dbtRunner

    options = _common_options(context)
    dbt_vars = {"marts_root": for_spark(f"{context.lake.curated}/{MARTS}"), **(variables or {})}
    if arguments[0] == "build":
        options += ["--exclude-resource-type", "unit_test"]
    with _ansi_setting_restored(context.spark()):
        return _result_of(
            dbtRunner(manifest=_manifest(context)).invoke([*arguments, *options, "--vars", json.dumps(dbt_vars)])
        )


def _common_options(context: Context) -> list[str]:
    """The options of every dbt call: its folders, and no output."""
    project, target = str(context.project.dbt), str(dbt_target(context))
    folders = ["--project-dir", project, "--profiles-dir", project, "--target-path", target, "--log-path", target]
    return [*folders, "--log-level", "none", "--log-level-file", "none"]


def _manifest(context: Context) -> Any:
    """dbt's project, parsed once per process."""
    from dbt.cli.main import dbtRunner

    project = context.project.dbt
    if project not in _manifests:
        _manifests[project] = _result_of(dbtRunner().invoke(["parse", *_common_options(context)]))
    return _manifests[project]


@contextlib.contextmanager
def _ansi_setting_restored(spark: SparkSession) -> Iterator[None]:
    """Restore ANSI mode afterwards: dbt-spark switches it off for the whole session, which the other steps share."""
    name = "spark.sql.ansi.enabled"
    before = spark.conf.get(name, "true")
    try:
        yield
    finally:
        spark.conf.set(name, before or "true")


def _result_of(result: Any) -> Any:
    if not result.success:
        raise _model_error(result)
    return result.result


def _model_error(done: Any) -> ModelError:
    failed = [r for r in getattr(done.result, "results", ()) or () if str(r.status) in ("error", "fail")]
    if not failed:
        text = masked(" ".join(str(done.exception or "dbt stopped without an error message").split()))
        return ModelError("project", text, 0)
    first = failed[0]
    return ModelError(first.node.name, masked(" ".join(str(first.message).split()))[:300], len(failed) - 1)


def ensure_views(context: Context) -> None:
    """Create the staging views that this session does not have; they end with the session that created them."""
    spark = context.spark()
    nodes = _manifest(context).nodes.values()
    views = [f"{n.schema}.`{n.name}`" for n in nodes if n.resource_type == "model" and n.config.materialized == "view"]
    if not all(spark.catalog.tableExists(view) for view in views):
        run_dbt(context, ["run", "--select", "config.materialized:view"])
