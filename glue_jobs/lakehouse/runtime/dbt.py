"""Runs dbt inside this process, over the lake's tables as the session's catalogue names them."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from lakehouse.contracts.contract import Contracts
from lakehouse.errors import LakehouseError
from lakehouse.lake import tables
from lakehouse.lake.delta_log import table_version
from lakehouse.lake.paths import Lake, for_spark
from lakehouse.privacy import masked
from lakehouse.runtime.context import Context

_manifests: dict[Path, Any] = {}  # parsing takes seconds, and one process runs dbt several times


class ModelError(LakehouseError):
    """A dbt model or test failed; names it and gives dbt's first line."""

    def __init__(self, node: str, reason: str, more: int) -> None:
        self.node, self.reason, self.more = node, reason, more
        others = f" (and {more} more)" if more else ""
        super().__init__(f"dbt: {node}: {reason}{others}. What was published before stays as it was.")


def register_silver(spark: SparkSession, lake: Lake, contracts: Contracts) -> None:
    """Name every silver table in the session's catalogue; one that has no row yet appears as an empty view."""
    for dataset in contracts.datasets:
        if register_table(spark, "silver", dataset.name, lake.silver(dataset.name)):
            continue
        nothing = tables.nothing(dataset.silver_columns)
        spark.sql(f"CREATE OR REPLACE VIEW silver.`{dataset.name}` AS {nothing}")


def register_table(spark: SparkSession, layer: str, name: str, path: str) -> bool:
    """Name a Delta table in the session's catalogue, which forgets it at the end; False where there is no table."""
    spark.sql(f"CREATE DATABASE IF NOT EXISTS {layer}")
    for kind in ("VIEW", "TABLE"):
        if _kind(spark, layer, name) == kind:
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
    """Where dbt puts what it compiles: beside a lake on a disk, so that runs on two lakes never share it."""
    base = Path(context.lake.root) if context.lake.is_local else Path(tempfile.gettempdir())
    target = base / ".dbt"
    target.mkdir(parents=True, exist_ok=True)
    return target


def run_dbt(context: Context, words: Sequence[str], variables: dict[str, Any] | None = None) -> Any:
    """Run dbt's words in this process; raises ModelError when a model or test fails."""
    from dbt.cli.main import dbtRunner

    where = _everywhere(context)
    known = {"marts_root": for_spark(f"{context.lake.curated}/marts"), **(variables or {})}
    if words[0] == "build":
        where += ["--exclude-resource-type", "unit_test"]
    with _session_settings_kept(context.spark()):
        return _done(dbtRunner(manifest=_manifest(context)).invoke([*words, *where, "--vars", json.dumps(known)]))


def _everywhere(context: Context) -> list[str]:
    """The words of every dbt call: where it reads, where it may write, and that it prints nothing."""
    project, target = str(context.project.dbt), str(dbt_target(context))
    places = ["--project-dir", project, "--profiles-dir", project, "--target-path", target, "--log-path", target]
    return [*places, "--log-level", "none", "--log-level-file", "none"]


def _manifest(context: Context) -> Any:
    """dbt's project, parsed once per process."""
    from dbt.cli.main import dbtRunner

    project = context.project.dbt
    if project not in _manifests:
        _manifests[project] = _done(dbtRunner().invoke(["parse", *_everywhere(context)]))
    return _manifests[project]


@contextlib.contextmanager
def _session_settings_kept(spark: SparkSession) -> Iterator[None]:
    """dbt-spark switches ANSI arithmetic off for the whole session; it is ours, so put it back."""
    name = "spark.sql.ansi.enabled"
    before = spark.conf.get(name, "true")
    try:
        yield
    finally:
        spark.conf.set(name, before or "true")


def _done(result: Any) -> Any:
    if not result.success:
        raise _model_error(result)
    return result.result


def _model_error(done: Any) -> ModelError:
    failed = [r for r in getattr(done.result, "results", ()) or () if str(r.status) in ("error", "fail")]
    if not failed:
        text = masked(" ".join(str(done.exception or "dbt stopped without saying why").split()))
        return ModelError("project", text, 0)
    first = failed[0]
    return ModelError(first.node.name, masked(" ".join(str(first.message).split()))[:300], len(failed) - 1)


def ensure_views(context: Context) -> None:
    """Make the views that models read where this session lacks them, for views end with the session that made them."""
    spark = context.spark()
    nodes = _manifest(context).nodes.values()
    views = [f"{n.schema}.`{n.name}`" for n in nodes if n.resource_type == "model" and n.config.materialized == "view"]
    if not all(spark.catalog.tableExists(view) for view in views):
        run_dbt(context, ["run", "--select", "config.materialized:view"])
