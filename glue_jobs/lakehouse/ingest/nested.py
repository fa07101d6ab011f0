"""Objects and lists of JSON as structs, arrays and maps of the contract: exactly, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from operator import or_

from pyspark.sql import Column as SparkColumn
from pyspark.sql import functions as F

from lakehouse.contracts.columns import ARRAY, MAP_KEY, Column
from lakehouse.ingest.exact_numbers import is_marked, without_mark
from lakehouse.ingest.json_rows import WRONG_KIND
from lakehouse.ingest.values import plain_text

Typed = Callable[[Column, SparkColumn], SparkColumn]
"""How the text of a single value becomes one of its column; null where it does not fit."""


def nested_value(column: Column, value: SparkColumn, typed: Typed) -> SparkColumn:
    """A parsed value as the struct, array or map that a column is; null for one of another kind."""
    if column.items is None:
        fields = [_inside(field, _field(value, field), typed).alias(field.name) for field in column.fields]
        return F.when(_kind(value).startswith("OBJECT"), F.struct(*fields))
    items = column.items
    if column.type == ARRAY:
        found = F.transform(_elements(value), lambda one: _inside(items, one, typed))
        return F.when(_kind(value).startswith("ARRAY"), found)
    members = _members(value)

    def entry(name: SparkColumn) -> SparkColumn:
        return F.struct(name.alias(MAP_KEY.name), _inside(items, members[name], typed).alias(items.name))

    names = F.array_sort(F.map_keys(members))  # a map has no order, so that equal ones are equal
    return F.when(_kind(value).startswith("OBJECT"), F.transform(names, entry))


def has_misfits(column: Column, value: SparkColumn, found: SparkColumn) -> SparkColumn:
    """Whether anything in a parsed value was lost in what it became; never null."""
    if not column.is_nested:
        # In this order, for the text is made again only where nothing was found.
        return found.isNull() & plain_text(column, _text(column, value)).isNotNull()
    is_there = value.isNotNull() & (_kind(value) != "VOID")
    return F.coalesce(is_there & (found.isNull() | _has_misfits_inside(column, value, found)), F.lit(False))


def _has_misfits_inside(column: Column, value: SparkColumn, found: SparkColumn) -> SparkColumn:
    def of(inner: Column, one: SparkColumn, became: SparkColumn) -> SparkColumn:
        misfits = has_misfits(inner, one, became)
        return misfits | became.isNull() if inner.required else misfits

    if column.items is None:
        return reduce(or_, [of(field, _field(value, field), found[field.name]) for field in column.fields])
    items = column.items
    if column.type == ARRAY:
        return F.exists(
            F.zip_with(_elements(value), found, lambda one, became: of(items, one, became)), lambda bad: bad
        )
    members = _members(value)
    return F.exists(found, lambda entry: of(items, members[entry[MAP_KEY.name]], entry[items.name]))


def has_unknown_names(column: Column, value: SparkColumn) -> SparkColumn:
    """Whether an object in a parsed value has a member that the contract does not name; null where there is none."""
    if column.items is not None:
        items = column.items
        inside = _elements(value) if column.type == ARRAY else F.map_values(_members(value))
        return F.exists(inside, lambda one: F.coalesce(has_unknown_names(items, one), F.lit(False)))
    if not column.fields:
        return F.lit(False)
    known = F.array(*[F.lit(field.name) for field in column.fields])
    own = F.size(F.array_except(F.map_keys(_members(value)), known)) > 0
    below = [has_unknown_names(field, _field(value, field)) for field in column.fields if field.is_nested]
    return reduce(or_, [F.coalesce(one, F.lit(False)) for one in (own, *below)])


def _inside(column: Column, value: SparkColumn, typed: Typed) -> SparkColumn:
    return nested_value(column, value, typed) if column.is_nested else typed(column, _text(column, value))


def _text(column: Column, value: SparkColumn) -> SparkColumn:
    """The text of a single value, null when absent or empty; one of the wrong JSON type keeps a mark before it."""
    kind, text = _kind(value), F.try_variant_get(value, "$", "string")
    if column.is_json_string:
        fits = (kind == "STRING") & ~is_marked(text)
    else:
        fits, text = ~kind.startswith("OBJECT") & ~kind.startswith("ARRAY"), without_mark(text)
    return (
        F.when(value.isNull() | (kind == "VOID"), None)
        .when(fits, F.nullif(text, F.lit("")))
        .otherwise(F.concat(F.lit(WRONG_KIND), F.to_json(value)))
    )


def _kind(value: SparkColumn) -> SparkColumn:
    return F.schema_of_variant(value)


def _field(value: SparkColumn, field: Column) -> SparkColumn:
    return F.try_variant_get(value, f"$.{field.name}", "variant")


def _elements(value: SparkColumn) -> SparkColumn:
    return F.try_variant_get(value, "$", "array<variant>")


def _members(value: SparkColumn) -> SparkColumn:
    return F.try_variant_get(value, "$", "map<string,variant>")
