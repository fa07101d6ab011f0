"""JSON Lines: one object a line, whose values stay text until they are typed."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.contracts.columns import RAW_TEXT, REPAIR_OF, RESCUED, ROW_ID, SOURCE_FILE, UNREADABLE, Column
from lakehouse.contracts.contract import Dataset, Drift
from lakehouse.ingest.header import Header
from lakehouse.ingest.lines import LINE, Lines

WRONG_KIND = "\u0000not of its JSON type: "

_SURROGATE_PAIR = r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_SURROGATE = r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}"


def json_rows(found: Lines, header: Header, dataset: Dataset) -> DataFrame:
    """The rows of files with JSON Lines; blank lines are no rows."""
    marked = F.col(LINE).startswith("\ufeff")  # a byte-order mark
    value = F.when(marked, F.substring(LINE, 2, 2**31 - 1)).otherwise(F.col(LINE))
    lines = found.rows.select(value.alias("value"), ROW_ID, SOURCE_FILE)
    # The parser passes over what follows a value that is complete. In an array before the line's own length, whatever
    # follows the object, or closes the array too early, hides the length or moves it.
    listed = F.try_parse_json(F.concat(F.lit("["), "value", F.lit(","), F.length("value"), F.lit("]")))
    is_next = F.coalesce(F.try_variant_get("_list", "$[1]", "int") == F.length("value"), F.lit(False))
    alone = is_next & F.try_variant_get("_list", "$[2]", "variant").isNull()
    lines = lines.where(F.trim("value") != "").withColumn("_list", listed)
    is_unicode = ~_has_lone_surrogate(F.col("value"))
    lines = lines.withColumn("_json", F.when(alone & is_unicode, F.try_variant_get("_list", "$[0]", "variant")))
    is_object = F.coalesce(F.schema_of_variant("_json").startswith("OBJECT"), F.lit(False))
    not_utf8 = ~F.is_valid_utf8("value") | F.col("value").contains("\ufffd")
    unreadable = F.when(not_utf8, "row_is_utf8").when(~is_unicode, "row_is_valid_unicode")
    unreadable = unreadable.when(~is_object, "row_is_a_json_object")
    rescued, repair_of = _members_beside(dataset), F.lit(None).cast("string")
    if header.is_repair:
        rescued, repair_of = (F.try_variant_get("_json", f"$.{name}", "string") for name in (RESCUED, REPAIR_OF))
    elif dataset.drift is Drift.STRICT:  # a line has no header: each must have the contract's members by itself
        unreadable = unreadable.when(rescued.isNotNull(), "row_has_only_known_members")
    # In steps, for the optimizer does not merge a step whose columns are used twice: each member is looked up once.
    lines = lines.withColumns({_value(column): _member(column, f"$.{column.name}") for column in dataset.columns})
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


def _has_lone_surrogate(text: SparkColumn) -> SparkColumn:
    """Whether an escape stands for half a character, in a name or a value; the parser would make it a question mark."""
    plain = F.replace(text, F.lit("\\\\"), F.lit("_"))  # an escaped backslash begins no escape
    return text.contains("\\u") & F.regexp_replace(plain, _SURROGATE_PAIR, "_").rlike(_SURROGATE)


def _members_beside(dataset: Dataset) -> SparkColumn:
    """The members of an object that the contract does not know, as JSON; those of a struct under `device.os`."""
    delivered = [column.delivered_name for column in dataset.columns]
    found = [_unknown_members(F.col("_json"), [*dataset.column_names, *delivered], "")]
    found += [
        _unknown_members(
            _member(column, f"$.{column.name}"), [field.name for field in column.fields], f"{column.name}."
        )
        for column in dataset.columns
        if column.fields
    ]
    return F.nullif(F.to_json(F.map_concat(*found)), F.lit("{}"))


def _member(column: Column, path: str) -> SparkColumn:
    """The value of a column, under its name or its physical one, which may be no word of a path."""
    value = F.try_variant_get("_json", path, "variant")
    if column.physical_name is None:
        return value
    return F.coalesce(F.try_variant_get("_json", "$", "map<string,variant>")[column.physical_name], value)


def _unknown_members(value: SparkColumn, known: Sequence[str], prefix: str) -> SparkColumn:
    members = F.coalesce(
        F.try_variant_get(value, "$", "map<string,variant>"), F.create_map().cast("map<string,variant>")
    )
    unknown = F.map_filter(members, lambda name, _: ~name.isin(*known))
    return F.transform_keys(unknown, lambda name, _: F.concat(F.lit(prefix), name))


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
