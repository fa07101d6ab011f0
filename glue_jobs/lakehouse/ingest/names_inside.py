"""Members of objects inside of columns that the contract does not name, and that no header shows."""

from __future__ import annotations

from functools import reduce
from operator import or_

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.contracts.choices import Drift
from lakehouse.contracts.columns import REPAIR_OF, RESCUED, UNREADABLE, Column
from lakehouse.contracts.dataset import Dataset
from lakehouse.ingest.exact_numbers import without_marks
from lakehouse.ingest.nested import has_unknown_names

KNOWN_MEMBERS = "row_has_only_known_members"


def with_names_inside(rows: DataFrame, dataset: Dataset) -> DataFrame:
    """Rows of text whose objects have more than the contract: the column is rescued whole, as `lines.*`, or refused."""
    columns = [column for column in dataset.columns if _may_have_more(column, dataset)]
    if not columns:
        return rows
    found = {_name(column): _has_more(column, dataset) for column in columns}
    rows = rows.withColumns(found)
    is_more = reduce(or_, [F.col(name) for name in found])
    more = {UNREADABLE: F.coalesce(UNREADABLE, F.when(is_more, F.lit(KNOWN_MEMBERS)))} if _is_strict(dataset) else {}
    return rows.withColumns({RESCUED: _rescued(columns, is_more), **more}).drop(*found)


def _is_strict(dataset: Dataset) -> bool:
    return dataset.drift is Drift.STRICT


def _may_have_more(column: Column, dataset: Dataset) -> bool:
    """JSON's reader knows the members of a struct itself, not those below them."""
    if column.items is None:
        return bool(column.fields) and (not dataset.file_format.is_json or any(f.is_nested for f in column.fields))
    return _has_struct(column)


def _has_struct(column: Column) -> bool:
    return bool(column.fields) or (column.items is not None and _has_struct(column.items))


def _name(column: Column) -> str:
    return f"_more_{column.name}"


def _has_more(column: Column, dataset: Dataset) -> SparkColumn:
    parsed = F.try_parse_json(column.name)
    if column.items is None and dataset.file_format.is_json:
        below = [field for field in column.fields if field.is_nested]
        found = [has_unknown_names(field, F.try_variant_get(parsed, f"$.{field.name}", "variant")) for field in below]
    else:
        found = [has_unknown_names(column, parsed)]
    is_more = reduce(or_, [F.coalesce(one, F.lit(False)) for one in found])
    return is_more & F.col(REPAIR_OF).isNull()


def _rescued(columns: list[Column], is_more: SparkColumn) -> SparkColumn:
    """What was rescued already, and the columns that have more, as one JSON object."""
    values = [F.when(F.col(_name(column)), F.try_parse_json(column.name)) for column in columns]
    pairs = [part for column, value in zip(columns, values, strict=True) for part in (F.lit(f"{column.name}.*"), value)]
    more = without_marks(F.to_json(F.map_filter(F.create_map(*pairs), lambda _, value: value.isNotNull())))
    before = F.col(RESCUED)
    both = F.concat(F.substring(before, F.lit(1), F.length(before) - 1), F.lit(","), F.substring(more, 2, 2**31 - 1))
    return F.when(~is_more, before).when(before.isNull(), more).otherwise(both)
