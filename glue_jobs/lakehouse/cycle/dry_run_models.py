"""Builds dbt's models and asks every view on a lake without rows: what dbt, Spark or DuckDB would refuse of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import duckdb
import pyarrow as pa
from deltalake import write_deltalake
from pyspark.sql.types import StructType

from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.dbt_files import read_marts, read_models
from lakehouse.contracts.layers import MARTS, SILVER
from lakehouse.contracts.mart_graph import Model, mart_of
from lakehouse.errors import LakehouseError, gathering
from lakehouse.publish.athena_sql import NotAthenaError
from lakehouse.publish.descriptions import ops_schemas
from lakehouse.publish.element_views import project_views
from lakehouse.publish.not_deleted import delete_flags
from lakehouse.publish.query import require_views_run
from lakehouse.publish.view_check import in_file
from lakehouse.publish.views import ViewError, resolve
from lakehouse.runtime.context import Context
from lakehouse.runtime.dbt import ModelError, build_models, manifest_models, register_silver
from lakehouse.transform.mart_keys import planned_keys

_NAMED = re.compile(r"(.+) \((\S+)\)")
"""A model or test as dbt's errors name it, with its file."""


@dataclass(frozen=True)
class Planned:
    """A dataset with the schemas of its tables that readers see."""

    dataset: Dataset
    quarantine: StructType
    silver: StructType


def refused_models(context: Context, planned: Sequence[Planned]) -> Iterator[str]:
    """A line for each model, test and view that an engine refuses. The lake of the context is filled with no rows."""
    _write_nothing(context, planned)
    if (context.project.dbt / "dbt_project.yml").is_file():
        spark = context.spark()
        register_silver(spark, context.lake, context.contracts)
        try:
            refused = _refused_models(context)
            yield from refused
            if refused:
                return  # the views read what could not be built
        finally:
            for layer in (SILVER, MARTS):  # the session must not keep tables of a folder that goes
                spark.sql(f"DROP DATABASE IF EXISTS {layer} CASCADE")
    yield from _refused_views(context)


def _refused_models(context: Context) -> list[str]:
    """A line for each model that cannot be built, and for each of which a test cannot be run."""
    try:
        models = manifest_models(context)
        if unseen := _unseen(context, models):
            return unseen
        errors = build_models(context, models, {}) if models else {}
        errors = errors or _refused_changes(context)
    except LakehouseError as error:
        return [_line_of(context, error)]
    # Of what only waits for a model that failed dbt names no file.
    own = [error for error in errors.values() if _NAMED.fullmatch(error.node)] or errors.values()
    return list(dict.fromkeys(_line_of(context, error) for error in own))


def _unseen(context: Context, models: Mapping[str, Model]) -> list[str]:
    """A line for each mart that reads more by a macro than its files say, which a build refuses."""
    files, errors = read_models(context.project.dbt), []  # type: ignore[var-annotated]
    for mart in read_marts(context.project.dbt):
        with gathering(errors):
            mart_of(replace(models[mart.name], config=files[mart.name].config), models)
    return [str(error) for error in errors]


def _refused_changes(context: Context) -> dict[str, ModelError]:
    """The errors of what a build does when rows have changed: it asks which keys, and merges them."""
    marts = [mart for mart in read_marts(context.project.dbt) if mart.is_in_parts]
    errors: list[LakehouseError] = []
    keys = {}
    for mart in marts:
        with gathering(errors):
            keys[mart.name] = planned_keys(context, mart)
    if errors or not keys:
        return {error.node: error for error in errors if isinstance(error, ModelError)}
    return build_models(context, keys, {"changed": {name: found.variables for name, found in keys.items()}})


def _line_of(context: Context, error: LakehouseError) -> str:
    """The line about a model or a test, with its file where dbt names one."""
    found = _NAMED.fullmatch(error.node) if isinstance(error, ModelError) else None
    if isinstance(error, ModelError) and error.node == "project":
        return f"{context.project.dbt}/dbt_project.yml: {error.reason}."
    if found is None or not isinstance(error, ModelError):
        return str(error)
    return f"{context.project.root}/{found[2]}: {found[1]}: {error.reason}."


def _write_nothing(context: Context, planned: Sequence[Planned]) -> None:
    """Tables without rows for all that models and views read, but for the marts."""
    for item in planned:
        name = item.dataset.name
        write_deltalake(context.lake.quarantine(name), _nothing(item.quarantine))
        partition_by = list(item.dataset.partition_by)
        write_deltalake(context.lake.silver(name), _nothing(item.silver), partition_by=partition_by or None)
    for name, schema in ops_schemas().items():
        write_deltalake(context.lake.ops(name), schema.empty_table())


def _nothing(schema: StructType) -> pa.Table:
    from pyspark.sql.pandas.types import to_arrow_schema

    return to_arrow_schema(schema, timestamp_utc=True).empty_table()


def _refused_views(context: Context) -> Iterator[str]:
    flags: Any = delete_flags(context.contracts)
    for view in resolve(project_views(context.project), flags):
        try:
            require_views_run(context.lake, context.contracts, [view])
        except NotAthenaError as error:
            yield in_file(ViewError(view.view.file, f"cannot be queried: {error.found}; {error.instead}."))
        except LakehouseError as error:
            yield in_file(ViewError(view.view.file, f"cannot be queried: {error}"))
        except duckdb.Error as error:  # its types do not fit, which is found when it is created
            yield in_file(ViewError(view.view.file, f"cannot be queried: {str(error).splitlines()[0]}"))
