"""Brings bronze and silver after a column that has left the contract or has another name there, a commit a table.

Each table is looked at by itself: one that is right already stays, so that a command whose process was killed between
two tables is completed by the same command. Quarantine holds text and keeps every column that a contract ever had.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse import log
from lakehouse.contracts.columns import BATCH_ID, Column, with_fields
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.layers import BRONZE, SILVER
from lakehouse.contracts.layout import bounds_of
from lakehouse.cycle.rebuild import bring_after
from lakehouse.errors import LakehouseError, nearest
from lakehouse.lake import tables
from lakehouse.lake.built_with import BuiltWithError, built_with, changed_facts
from lakehouse.lake.dataset_changes import ChangeState, record_change, unfinished_change
from lakehouse.lake.decisions import Signature
from lakehouse.lake.delta_log import existing_table, open_table
from lakehouse.lake.evolution import OtherLayoutError
from lakehouse.lake.rewrite import Arrangement, NewTable, rewrite_table
from lakehouse.layout.declared import of_dataset
from lakehouse.layout.first_write import whole_table
from lakehouse.runtime.context import Context

DROP_COLUMN, RENAME_COLUMN = "drop-column", "rename-column"


class ColumnInContractError(LakehouseError):
    """The contract still has the column, so that the next run would make it again."""

    def __init__(self, dataset: Dataset, column: str) -> None:
        self.dataset, self.column = dataset.name, column
        super().__init__(
            f"{dataset.name}: contracts/{dataset.domain}.yaml still describes {column}; take it out of the contract "
            "and the suite first. Nothing was written."
        )


class ColumnNotInTableError(LakehouseError):
    """No table of the dataset has the column."""

    def __init__(self, dataset: str, column: str, known: tuple[str, ...]) -> None:
        self.dataset, self.column, self.known = dataset, column, known
        super().__init__(f"{dataset}: neither bronze nor silver has a column {column}.{nearest(column, known)}")


class NotARenameError(LakehouseError):
    """The new name is not in the contract, is in a table already, or is of another type."""

    def __init__(self, dataset: Dataset, column: str, to: str, why: str) -> None:
        self.dataset, self.column, self.to, self.why = dataset.name, column, to, why
        super().__init__(
            f"{dataset.name}: {column} cannot become {to}: {why}; correct contracts/{dataset.domain}.yaml. "
            "Nothing was written."
        )


@dataclass(frozen=True)
class ColumnPlan:
    """What a command does. to: the new name, None where the column goes. versions: of the tables to rewrite."""

    dataset: Dataset
    column: str
    to: str | None
    versions: Mapping[str, int]
    is_unfinished: bool = False

    @property
    def change(self) -> str:
        """The command's name."""
        return RENAME_COLUMN if self.to else DROP_COLUMN

    @property
    def what(self) -> str:
        """The change in words."""
        return f"column {self.column} → {self.to}" if self.to else f"column {self.column} is gone"


def plan_column(context: Context, dataset: Dataset, column: str, to: str | None = None) -> ColumnPlan:
    """What is to be done, by the Delta logs; nothing is written.

    Raises ColumnInContractError, ColumnNotInTableError, NotARenameError, BuiltWithError, OtherLayoutError.
    """
    if column in dataset.known_columns:
        raise ColumnInContractError(dataset, column)
    versions, known = {}, dict[str, str]()
    for layer in (BRONZE, SILVER):
        table = open_table(context.lake.table(layer, dataset.name))
        if table is None:
            continue
        types = _types(_columns(json.loads(table.schema().to_json())["fields"]))
        known |= types
        if column in types:
            _refuse(dataset, column, to, types)
            versions[layer] = table.version()
            _properties(dataset, column, to, table.metadata().configuration)
            if layer == SILVER:
                _require_partitions(dataset, column, to, tuple(table.metadata().partition_columns))
    left = unfinished_change(context.lake, dataset.name)
    plan = ColumnPlan(dataset, column, to, versions)
    is_unfinished = left is not None and (left.change, left.what) == (plan.change, plan.what)
    if not versions and not is_unfinished:
        raise ColumnNotInTableError(dataset.name, column, tuple(name for name in known if not name.startswith("_")))
    return replace(plan, is_unfinished=is_unfinished)


def change_column(context: Context, plan: ColumnPlan, by: Signature) -> None:
    """Rewrite the tables that have the column, then build and publish what reads them."""
    dataset, lake = plan.dataset, context.lake
    with log.about(domain=dataset.domain, dataset=dataset.name):
        if not plan.is_unfinished:
            record_change(lake, dataset.domain, dataset.name, plan.change, ChangeState.STARTED, plan.what, by)
        for layer in plan.versions:
            _rewrite(context, plan, layer)
        record_change(lake, dataset.domain, dataset.name, plan.change, ChangeState.DONE, plan.what, by)
        bring_after(context, dataset)
        log.info("column changed", change=plan.change, column=plan.column)


def _rewrite(context: Context, plan: ColumnPlan, layer: str) -> None:
    """One table in one commit; any other writer meanwhile is a conflict, and nothing is written."""
    dataset, path = plan.dataset, context.lake.table(layer, plan.dataset.name)
    properties = _properties(dataset, plan.column, plan.to, existing_table(path).metadata().configuration)
    if layer == SILVER:
        arrangement, partition_by = whole_table(path, dataset.layout), dataset.partition_by
        properties |= of_dataset(context, dataset).properties
    else:
        arrangement, partition_by = Arrangement(), ()
        properties |= bounds_of(*dataset.bounded_key, BATCH_ID)
    becomes = NewTable(partition_by, properties, {"dataset": dataset.name})

    def arrange(rows: DataFrame) -> DataFrame:
        changed = renamed(rows, plan.column, plan.to, dataset) if plan.to else without(rows, plan.column)
        return arrangement.arrange(changed)

    rewrite_table(context.spark(), path, replace(arrangement, arrange=arrange), becomes)


def without(rows: DataFrame, path: str) -> DataFrame:
    """The rows without a column, or without a field of a struct such as `device.os`."""
    name, _, field = path.partition(".")
    return rows.withColumn(name, F.col(name).dropFields(field)) if field else rows.drop(name)


def renamed(rows: DataFrame, path: str, to: str, dataset: Dataset) -> DataFrame:
    """The rows with a column, or a field of a struct, under the name that the contract has for it now."""
    name = path.partition(".")[0]
    column = dataset.column(to.partition(".")[0])
    value = F.col(name).cast(column.spark_type) if "." in path else F.col(name)
    return rows.select(*[tables.described(column, value) if known == name else F.col(known) for known in rows.columns])


def _columns(fields: Any) -> tuple[Column, ...]:
    """The columns of Delta's JSON schema with their types in the words of contracts."""
    names = {"integer": "int", "long": "bigint"}
    found = []
    for each in fields:
        kind = each["type"]
        nested = kind if isinstance(kind, dict) else {}
        inner = _columns(nested["fields"]) if nested.get("type") == "struct" else ()
        items = _columns([{"name": "element", "type": nested["elementType"]}])[0] if "elementType" in nested else None
        type_ = nested.get("type") or names.get(str(kind), str(kind))
        found.append(Column(each["name"], type_, False, "", fields=inner, items=items))
    return tuple(found)


def _types(columns: Sequence[Column]) -> dict[str, str]:
    """The types of columns and of fields of structs by path; of a list with all that is in it."""
    lists = {column.name: column.spark_type for column in columns if column.element is not None}
    return {path: lists.get(path, type_) for path, type_ in with_fields(columns)}


def _refuse(dataset: Dataset, column: str, to: str | None, types: Mapping[str, str]) -> None:
    """Raise NotARenameError where the new name does not stand for the same column."""
    if to is None:
        return
    wanted = _types(dataset.columns).get(to)
    if wanted is None:
        raise NotARenameError(dataset, column, to, f"the contract has no {to}")
    if to in types:
        raise NotARenameError(dataset, column, to, f"the table has both, so {to} is a column of its own")
    if column.rpartition(".")[0] != to.rpartition(".")[0]:
        raise NotARenameError(dataset, column, to, "a field stays in its struct")
    if types[column] != wanted:
        raise NotARenameError(dataset, column, to, f"it is a {types[column]}, and {to} is a {wanted}")


def _properties(dataset: Dataset, column: str, to: str | None, found: Mapping[str, str]) -> dict[str, str]:
    """The facts that the table remembers under the new name; raises BuiltWithError where the contract has others."""
    remembered = {name: found[name] for name in built_with(dataset) if name in found}
    if to is not None:
        remembered = {name: _with_name(value, column, to) for name, value in remembered.items()}
    if changed := changed_facts(remembered, dataset):
        raise BuiltWithError(dataset, changed)
    return remembered


def _with_name(names: str, column: str, to: str) -> str:
    return ", ".join(to if name == column else name for name in names.split(", "))


def _require_partitions(dataset: Dataset, column: str, to: str | None, found: tuple[str, ...]) -> None:
    becomes = tuple(to if to and name == column else name for name in found)
    if becomes != dataset.partition_by:
        raise OtherLayoutError(dataset.name, becomes, dataset.partition_by)
