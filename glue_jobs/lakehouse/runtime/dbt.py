"""Runs dbt in this process, on the lake's tables registered in the session's catalog."""

from __future__ import annotations

import contextlib
import fcntl
import functools
import json
import re
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.dbt_lists import unknown_lists
from lakehouse.contracts.element_rows import queries_of_spark
from lakehouse.contracts.layers import MARTS, SILVER
from lakehouse.contracts.mart_graph import Model
from lakehouse.errors import LakehouseError
from lakehouse.lake import tables
from lakehouse.lake.conflicts import TRIES, TableBusyError, conflict_in, wait_after
from lakehouse.lake.delta_log import table_version
from lakehouse.lake.paths import Lake, delta_name, for_spark, sql_text
from lakehouse.privacy import known_in
from lakehouse.runtime.context import Context
from lakehouse.runtime.machine import foreseen
from lakehouse.say import format_count, visible

_HEADING = re.compile(r"(?:Runtime|Database|Compilation|Parsing) Error\b.*")
_PLACE = re.compile(r"\s*(?:SQLSTATE: \w+|\(line \d+, pos \d+\)|; line \d+ pos \d+)")
_manifests: dict[Path, Any] = {}  # parsing takes seconds, and one process runs dbt several times


class ModelError(LakehouseError):
    """A dbt model or test failed; the message names it, its model and its file, and no text of the engine."""

    def __init__(self, node: str, reason: str, more: int) -> None:
        self.node, self.reason, self.more = node, reason, more
        others = f" (and {more} more)" if more else ""
        super().__init__(f"dbt: {node}: {reason}{others}. Readers keep the last published version.")


def register_silver(
    spark: SparkSession, lake: Lake, contracts: Contracts, versions: Mapping[str, int] | None = None
) -> None:
    """Register every silver table in the session's catalog; a table that does not exist yet becomes an empty view.

    versions: register these versions (-1: no row yet), so that all that is built and tested reads one state of silver.
    """
    for dataset in contracts.datasets:
        name, path = f"{SILVER}.`{dataset.name}`", lake.silver(dataset.name)
        if versions is None and register_table(spark, SILVER, dataset.name, path):
            continue
        if versions is not None and versions[dataset.name] >= 0:
            register_version(spark, SILVER, dataset.name, path, versions[dataset.name])
            continue
        _free_name(spark, SILVER, dataset.name)
        spark.sql(f"CREATE VIEW {name} AS {tables.nothing(dataset.silver_columns)}")


def register_version(spark: SparkSession, layer: str, name: str, path: str, version: int) -> None:
    """Register a version of a table in the session's catalog, as a view."""
    _free_name(spark, layer, name)
    spark.sql(f"CREATE VIEW {layer}.`{name}` AS SELECT * FROM {delta_name(path)} VERSION AS OF {version}")


def register_table(spark: SparkSession, layer: str, name: str, path: str) -> bool:
    """Register a Delta table in the session's catalog, which ends with the session; False if there is no table."""
    _free_name(spark, layer, name)
    if table_version(path) < 0:
        return False
    spark.sql(f"CREATE TABLE {layer}.`{name}` USING delta LOCATION {sql_text(for_spark(path))}")
    return True


def _free_name(spark: SparkSession, layer: str, name: str) -> None:
    spark.sql(f"CREATE DATABASE IF NOT EXISTS {layer}")
    if kind := _kind(spark, layer, name):
        spark.sql(f"DROP {kind} {layer}.`{name}`")


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
    return _result_of(context, _invoked(context, arguments, variables))


def build_models(context: Context, names: Collection[str], variables: dict[str, Any]) -> dict[str, ModelError]:
    """Build and test some models in one run of dbt; returns the error of each that failed, or whose test failed."""
    result = _invoked(context, ["build", "--select", *sorted(names)], variables)
    failed = _failed_nodes(result)
    if not result.success and not failed:
        raise _model_error(context, result, [])
    if failed:
        _forget_results(context)
    built = {r.node.name for r in result.result.results if str(r.status) == "success"}
    errors = {name: _model_error(context, result, own) for name in names if (own := _concerning(name, failed))}
    return {name: ModelError(name, "it was not built", 0) for name in names if name not in built} | errors


def _concerning(name: str, failed: Sequence[Any]) -> list[Any]:
    """The results of a model and of its tests among those that failed."""
    return [r for r in failed if r.node.name == name or name in _models_of(r.node)]


def _invoked(context: Context, arguments: Sequence[str], variables: dict[str, Any] | None) -> Any:
    """dbt's own result of a command, which is run again where it met another writer's commit."""
    from dbt.cli.main import dbtRunner

    options = _common_options(context)
    lists = {"elements": queries_of_spark(context.contracts.datasets)}
    dbt_vars = marts_root(f"{context.lake.curated}/{MARTS}") | lists | (variables or {})
    if arguments[0] == "build":
        options += ["--exclude-resource-type", "unit_test"]
    command = [*arguments, *options, "--vars", json.dumps(dbt_vars)]
    with _ansi_setting_restored(context.spark()):
        for attempt in range(TRIES):
            with _alone_in_target(context):
                result = dbtRunner(manifest=manifest_of(context)).invoke(command)
            failed = _failed_text(result)
            if conflict_in(failed) is None:
                if refused := foreseen(RuntimeError(failed)):
                    raise refused
                return result
            wait_after(attempt)
    raise TableBusyError(f"dbt {arguments[0]}")


def marts_root(folder: str) -> dict[str, Any]:
    """The variable that says in which folder the marts are built."""
    # The macro puts it between apostrophes (macros/location_clause.sql).
    return {"marts_root": sql_text(for_spark(folder))[1:-1]}


@contextlib.contextmanager
def _alone_in_target(context: Context) -> Iterator[None]:
    """Another run on the same lake waits: dbt reads back the files that it writes into its target folder."""
    with (dbt_target(context) / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _failed_text(result: Any) -> str:
    """What dbt says of a command that failed; empty where it succeeded."""
    messages = (str(part.message) for part in getattr(result.result, "results", ()) or ())
    return "" if result.success else " ".join([str(result.exception or ""), *messages])


def _common_options(context: Context) -> list[str]:
    """The options of every dbt call: its folders, and no output."""
    project, target = str(context.project.dbt), str(dbt_target(context))
    folders = ["--project-dir", project, "--profiles-dir", project, "--target-path", target, "--log-path", target]
    return [*folders, "--log-level", "none", "--log-level-file", "none"]


def manifest_of(context: Context) -> Any:
    """dbt's project, parsed once per process."""
    from dbt.cli.main import dbtRunner

    project = context.project.dbt
    if project not in _manifests:
        parsed = dbtRunner().invoke(["parse", *_common_options(context)])
        if not parsed.success:  # no table is read yet, so the text is that of the project's own files
            reason = " ".join(str(parsed.exception or "it cannot be parsed").split()).rstrip(".")
            raise ModelError("project", visible(reason)[:600], 0)
        if unknown := next(unknown_lists(project, context.contracts), None):
            raise ModelError("project", unknown.rstrip("."), 0)
        _manifests[project] = parsed.result
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


def _result_of(context: Context, result: Any) -> Any:
    if not result.success:
        _forget_results(context)
        raise _model_error(context, result, _failed_nodes(result))
    return result.result


def _forget_results(context: Context) -> None:
    (dbt_target(context) / "run_results.json").unlink(missing_ok=True)  # it has the engine's text, with rows


def _failed_nodes(done: Any) -> list[Any]:
    return [r for r in getattr(done.result, "results", ()) or () if str(r.status) in ("error", "fail")]


def _model_error(context: Context, done: Any, failed: Sequence[Any]) -> ModelError:
    if not failed:
        return ModelError("project", known_text(context, str(done.exception)), 0)
    first = failed[0]
    node = f"{_described(first.node)} ({context.project.dbt.name}/{first.node.original_file_path})"
    if str(first.status) == "fail":
        return ModelError(node, f"it finds {format_count(first.failures or 0, 'row')}", len(failed) - 1)
    return ModelError(node, known_text(context, str(first.message)), len(failed) - 1)


def known_text(context: Context, text: str) -> str:
    """What a text of the engine says in words of the project and conditions of Spark, without a value of any row."""
    if not context.has_rows:
        return _first_sentence(text)
    return known_in(text, context.contracts.names, functools.partial(_is_condition, context.spark()))


def _first_sentence(text: str) -> str:
    """What an engine says first: without dbt's heading, the plan, and places in the SQL that dbt made of a model."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not _HEADING.match(line.strip())]
    return _PLACE.split(visible(lines[0]))[0].strip().rstrip(".")[:400] if lines else "it says nothing"


def _described(node: Any) -> str:
    """A model by its name; a test with the models that it tests."""
    if str(node.resource_type) != "test":
        return str(node.name)
    return f"test {node.name} of {', '.join(_models_of(node))}"


def _models_of(node: Any) -> list[str]:
    """The models that a test reads."""
    if str(node.resource_type) != "test":
        return []
    return [name.rsplit(".", 1)[-1] for name in node.depends_on.nodes if name.startswith("model.")]


def _is_condition(spark: SparkSession, word: str) -> bool:
    """Whether Spark or Delta has an error condition of that name; a row may have any word in brackets."""
    jvm: Any = spark._jvm
    for helper in (jvm.org.apache.spark.SparkThrowableHelper, jvm.org.apache.spark.sql.delta.DeltaThrowableHelper):
        with contextlib.suppress(Exception):  # one that knows no such condition raises
            if helper.getSqlState(word):
                return True
    return False


def manifest_models(context: Context) -> dict[str, Model]:
    """Every model as dbt's own manifest has it, with what its macros read."""
    manifest = manifest_of(context)
    return {
        node.name: Model(
            name=node.name,
            file=f"{context.project.dbt.name}/{node.original_file_path}",
            materialized=str(node.config.materialized),
            schema=str(node.schema),
            refs=tuple(name.rsplit(".", 1)[-1] for name in node.depends_on.nodes if name.startswith("model.")),
            sources=tuple(
                f"{manifest.sources[name].schema}.{manifest.sources[name].name}"
                for name in node.depends_on.nodes
                if name.startswith("source.")
            ),
            config={"unique_key": node.config.unique_key, "meta": node.config.meta, **node.config.extra},
        )
        for node in manifest.nodes.values()
        if node.resource_type == "model"
    }


def ensure_views(context: Context, wanted: Collection[str] | None = None) -> None:
    """Create the views of models that this session does not have; they end with the session that created them.

    wanted: the names of those that are needed; without it every view.
    """
    spark = context.spark()
    views = [node for node in manifest_models(context).values() if node.materialized == "view"]
    views = [view for view in views if wanted is None or view.name in wanted]
    missing = [view.name for view in views if not spark.catalog.tableExists(f"{view.schema}.`{view.name}`")]
    if missing:
        run_dbt(context, ["run", "--select", *missing])
