"""JSON Lines: one object a line, whose values stay text until they are typed."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from functools import partial

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.contracts.columns import RAW_TEXT, REPAIR_OF, RESCUED, ROW_ID, SOURCE_FILE, UNREADABLE, Column
from lakehouse.contracts.contract import Dataset, Drift
from lakehouse.ingest.header import Header
from lakehouse.ingest.lines import LINE, Lines

WRONG_KIND = "\u0000not of its JSON type: "

_FAULTY = "_faulty"
DEEPEST = 100
"""So many levels a line may have, itself one of them; Spark's functions on a Variant overflow near 1,000."""
# What Spark's parser takes beside RFC 8259 unless it is told not to. Two levels stand around a line.
_STRICT = {
    "allowSingleQuotes": "false",
    "allowNonNumericNumbers": "false",
    "columnNameOfCorruptRecord": _FAULTY,
    "maxNestingDepth": str(DEEPEST + 2),
}
_MEMBERS = "_members"
_SURROGATE_PAIR = r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_SURROGATE = r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}"


def json_rows(found: Lines, header: Header, dataset: Dataset) -> DataFrame:
    """The rows of files with JSON Lines; blank lines are no rows."""
    marked = F.col(LINE).startswith("\ufeff")  # a byte-order mark
    value = F.when(marked, F.substring(LINE, 2, 2**31 - 1)).otherwise(F.col(LINE))
    lines = found.rows.select(value.alias("value"), ROW_ID, SOURCE_FILE).where(F.trim("value") != "")
    is_unicode = ~_has_lone_surrogate(F.col("value"))
    not_utf8 = ~F.is_valid_utf8("value") | F.col("value").contains("\ufffd")
    # In steps, for the optimizer does not merge a step whose columns are used twice: each line is parsed once.
    lines = _with_members(lines.withColumn("_is_unicode", is_unicode))
    unreadable = F.when(not_utf8, "row_is_utf8").when(~F.col("_is_unicode"), "row_is_valid_unicode")
    unreadable = unreadable.when(F.col(_MEMBERS).isNull(), "row_is_a_json_object")
    rescued, repair_of = _members_beside(dataset), F.lit(None).cast("string")
    if header.is_repair:
        rescued, repair_of = (F.try_variant_get(F.col(_MEMBERS)[name], "$", "string") for name in (RESCUED, REPAIR_OF))
    elif dataset.drift is Drift.STRICT:  # a line has no header: each must have the contract's members by itself
        unreadable = unreadable.when(rescued.isNotNull(), "row_has_only_known_members")
    lines = lines.withColumns({_value(column): _member(column) for column in dataset.columns})
    lines = lines.withColumns({_kind(column): F.schema_of_variant(_value(column)) for column in dataset.columns})
    return lines.select(
        *[_json_text(column).alias(column.name) for column in dataset.columns],
        F.make_valid_utf8("value").alias(RAW_TEXT),
        unreadable.alias(UNREADABLE),
        rescued.alias(RESCUED),
        repair_of.alias(REPAIR_OF),
        ROW_ID,
        SOURCE_FILE,
    )


def _with_members(lines: DataFrame) -> DataFrame:
    """The lines with `_members`, the object that a line is, by names; null for any other line.

    Spark's parser passes over what follows a value that is complete, so the line stands in an array, which is a member
    of an object, before an end that no line can know: whatever follows the line's object hides that end or moves it.
    """
    end = uuid.uuid4().hex
    wrapped = F.concat(F.lit(f'{{"{end}":['), "value", F.lit(f',{{"{end}":0}}]}}'))
    # After a fault the parser goes on and keeps what it can, so the fault itself is asked for.
    found = F.from_json(wrapped, f"`{end}` array<map<string,variant>>, `{_FAULTY}` string", _STRICT)
    lines = lines.withColumn("_found", F.when(F.col("_is_unicode"), found))
    listed = F.col("_found")[end]
    line, behind = F.get(listed, F.lit(0)), F.get(listed, F.lit(1))
    is_alone = F.col("_found")[_FAULTY].isNull() & (F.size(listed) == 2) & F.map_contains_key(behind, end)
    is_once = F.size(F.array_distinct(F.map_keys(line))) == F.size(line)
    return lines.withColumn(_MEMBERS, F.when(is_alone & is_once, line))


def _has_lone_surrogate(text: SparkColumn) -> SparkColumn:
    """Whether an escape stands for half a character, in a name or a value; the parser would make it a question mark."""
    plain = F.replace(text, F.lit("\\\\"), F.lit("_"))  # an escaped backslash begins no escape
    return text.contains("\\u") & F.regexp_replace(plain, _SURROGATE_PAIR, "_").rlike(_SURROGATE)


def _members_beside(dataset: Dataset) -> SparkColumn:
    """The members of an object that the contract does not know, as JSON; those of a struct under `device.os`."""
    delivered = [column.delivered_name for column in dataset.columns]
    beside = _unknown(F.col(_MEMBERS), [*dataset.column_names, *delivered])
    found = [beside]
    for column in (column for column in dataset.columns if column.fields):
        fields = F.try_variant_get(_member(column), "$", "map<string,variant>")
        unknown = _unknown(fields, [field.name for field in column.fields])
        prefix = F.lit(f"{column.name}.")
        named = F.transform_keys(unknown, partial(_after, prefix))
        # A map takes no name twice: where a line has `device.os` beside `device`, what is in device stays together.
        together = F.create_map(F.lit(column.name), F.to_variant_object(unknown))
        found.append(F.when(F.arrays_overlap(F.map_keys(named), F.map_keys(beside)), together).otherwise(named))
    return F.nullif(F.to_json(F.map_concat(*found)), F.lit("{}"))


def _after(prefix: SparkColumn, name: SparkColumn, _: SparkColumn) -> SparkColumn:
    return F.concat(prefix, name)


def _member(column: Column) -> SparkColumn:
    """The value of a column, under its name or its physical one."""
    value = F.col(_MEMBERS)[column.name]
    return value if column.physical_name is None else F.coalesce(F.col(_MEMBERS)[column.physical_name], value)


def _unknown(members: SparkColumn, known: Sequence[str]) -> SparkColumn:
    """The members of other names, in the order of those; an empty map for nothing."""
    unknown = F.map_filter(members, lambda name, _: ~name.isin(*known))
    names = F.array_sort(F.map_keys(unknown))
    ordered = F.map_from_arrays(names, F.transform(names, lambda name: unknown[name]))
    return F.when(F.size(unknown) > 0, ordered).otherwise(F.create_map().cast("map<string,variant>"))


def _value(column: Column) -> str:
    """The name of a column's Variant."""
    return f"_value_{column.name}"


def _kind(column: Column) -> str:
    """The name of its JSON type."""
    return f"_kind_{column.name}"


def _json_text(column: Column) -> SparkColumn:
    """The text of a value, null when absent or empty; a value of the wrong JSON type keeps a mark before it."""
    value, kind = F.col(_value(column)), F.col(_kind(column))
    if column.fields:
        fine = kind.startswith("OBJECT")
    elif column.is_json_string:
        fine = kind == "STRING"
    else:
        fine = ~kind.startswith("OBJECT") & ~kind.startswith("ARRAY")
    text = F.try_variant_get(value, "$", "string") if not column.fields else F.to_json(value)
    absent = value.isNull() | (kind == "VOID")
    return (
        F.when(absent, None)
        .when(fine, F.nullif(text, F.lit("")))
        .otherwise(F.concat(F.lit(WRONG_KIND), F.to_json(value)))
    )
