"""JSON Lines: one object a line, whose values stay text until they are typed."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from functools import reduce
from operator import or_

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.contracts.choices import Drift
from lakehouse.contracts.columns import ARRAY, RAW_TEXT, REPAIR_OF, RESCUED, ROW_ID, SOURCE_FILE, UNREADABLE, Column
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.file_options import Encoding
from lakehouse.ingest.exact_numbers import is_marked, may_lose_text, with_marked_numbers, without_mark, without_marks
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
_MEMBERS, _IS_MARKED, _BESIDE = "_members", "_is_marked", "_beside"
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
    unreadable = F.when(not_utf8, Encoding.UTF_8.rule).when(~F.col("_is_unicode"), "row_is_valid_unicode")
    unreadable = unreadable.when(F.col(_MEMBERS).isNull(), "row_is_a_json_object")
    lines = lines.withColumn(_BESIDE, _names_beside(F.col(_MEMBERS), *_known(dataset)))
    lines = lines.withColumns({_value(column): _member(column, _MEMBERS) for column in dataset.columns})
    lines = lines.withColumns({_kind(column): F.schema_of_variant(_value(column)) for column in dataset.columns})
    lines = lines.withColumns({_text(column): _plain_text(column) for column in dataset.columns})
    lines = _with_names_beside(lines, dataset)
    rescued, repair_of = _members_beside(dataset), F.lit(None).cast("string")
    if header.is_repair:
        rescued, repair_of = (F.try_variant_get(F.col(_MEMBERS)[name], "$", "string") for name in (RESCUED, REPAIR_OF))
    elif dataset.drift is Drift.STRICT:  # a line has no header: each must have the contract's members by itself
        unreadable = unreadable.when(rescued.isNotNull(), "row_has_only_known_members")
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

    Its numbers are marked where `_is_marked`; few lines are, so that most are parsed once.

    Spark's parser passes over what follows a value that is complete, so the line stands in an array, which is a member
    of an object, before an end that no line can know: whatever follows the line's object hides that end or moves it.
    """
    end = uuid.uuid4().hex
    wrapped = F.concat(F.lit(f'{{"{end}":['), "value", F.lit(f',{{"{end}":0}}]}}'))
    # After a fault the parser goes on and keeps what it can, so the fault itself is asked for.
    found = F.from_json(wrapped, f"`{end}` array<map<string,variant>>, `{_FAULTY}` string", _STRICT)
    lines = lines.withColumns(
        {"_found": F.when(F.col("_is_unicode"), found), _IS_MARKED: may_lose_text(F.col("value"))}
    )
    listed = F.col("_found")[end]
    line, behind = F.get(listed, F.lit(0)), F.get(listed, F.lit(1))
    is_alone = F.col("_found")[_FAULTY].isNull() & (F.size(listed) == 2) & F.map_contains_key(behind, end)
    is_once = F.size(F.array_distinct(F.map_keys(line))) == F.size(line)
    # Marked numbers stand in quotes, so it is the line as it came that says whether it is valid.
    again = F.from_json(with_marked_numbers(F.col("value")), "map<string,variant>", {"maxNestingDepth": str(DEEPEST)})
    exact = F.when(F.col(_IS_MARKED), again).otherwise(line)
    return lines.withColumn(_MEMBERS, F.when(is_alone & is_once, exact))


def _has_lone_surrogate(text: SparkColumn) -> SparkColumn:
    """Whether an escape stands for half a character, in a name or a value; the parser would make it a question mark."""
    plain = F.replace(text, F.lit("\\\\"), F.lit("_"))  # an escaped backslash begins no escape
    return text.contains("\\u") & F.regexp_replace(plain, _SURROGATE_PAIR, "_").rlike(_SURROGATE)


def _with_names_beside(lines: DataFrame, dataset: Dataset) -> DataFrame:
    """The lines with the names that the contract does not know of the fields of structs, sorted."""
    structs = [column for column in dataset.columns if column.fields]
    lines = lines.withColumns(
        {_fields(column): F.try_variant_get(_value(column), "$", "map<string,variant>") for column in structs}
    )
    names = {column: [F.lit(field.name) for field in column.fields] for column in structs}
    return lines.withColumns(
        {_beside(column): _names_beside(F.col(_fields(column)), *names[column]) for column in structs}
    )


def _known(dataset: Dataset) -> Iterator[SparkColumn]:
    """The names that a line may have; the contract's name is none of them where the physical one is there too."""
    for column in dataset.columns:
        if column.physical_name is None:
            yield F.lit(column.name)
            continue
        yield F.lit(column.physical_name)
        is_there = F.coalesce(F.map_contains_key(F.col(_MEMBERS), column.physical_name), F.lit(False))
        yield F.when(~is_there, F.lit(column.name))


def _names_beside(members: SparkColumn, *known: SparkColumn) -> SparkColumn:
    names = F.array_sort(F.array_except(F.map_keys(members), F.array(*known)))
    return F.coalesce(names, F.array().cast("array<string>"))


def _members_beside(dataset: Dataset) -> SparkColumn:
    """The members of an object that the contract does not know, as JSON; those of a struct under `device.os`."""
    structs = [column for column in dataset.columns if column.fields]
    found = [F.map_from_arrays(_BESIDE, _values_of(_BESIDE, _MEMBERS))]
    for column in structs:
        names, values = _after(f"{column.name}.", _beside(column)), _values_of(_beside(column), _fields(column))
        # A map takes no name twice: where a line has `device.os` beside `device`, what is in device stays together.
        fields = F.to_variant_object(F.map_from_arrays(_beside(column), values))
        together = F.create_map(F.lit(column.name), fields)
        found.append(F.when(F.arrays_overlap(names, _BESIDE), together).otherwise(F.map_from_arrays(names, values)))
    is_any = reduce(or_, [F.size(name) > 0 for name in (_BESIDE, *map(_beside, structs))])
    return F.when(is_any, _json(F.map_concat(*found)))


def _json(value: SparkColumn) -> SparkColumn:
    """A value as JSON, its numbers with the text that they have in the line."""
    text = F.to_json(value)
    return F.when(F.col(_IS_MARKED), without_marks(text)).otherwise(text)


def _values_of(names: str, members: str) -> SparkColumn:
    return F.transform(names, lambda name: F.col(members)[name])


def _after(prefix: str, names: str) -> SparkColumn:
    return F.transform(names, lambda name: F.concat(F.lit(prefix), name))


def _member(column: Column, members: str) -> SparkColumn:
    """The value of a column, under its name or its physical one."""
    value = F.col(members)[column.name]
    return value if column.physical_name is None else F.coalesce(F.col(members)[column.physical_name], value)


def _value(column: Column) -> str:
    """The name of a column's Variant."""
    return f"_value_{column.name}"


def _kind(column: Column) -> str:
    """The name of its JSON type."""
    return f"_kind_{column.name}"


def _text(column: Column) -> str:
    """The name of its text."""
    return f"_text_{column.name}"


def _fields(column: Column) -> str:
    """The name of a struct's fields."""
    return f"_fields_{column.name}"


def _beside(column: Column) -> str:
    """The name of those fields' names that the contract does not know."""
    return f"_beside_{column.name}"


def _plain_text(column: Column) -> SparkColumn:
    """The text of a value of the right JSON type; null for any other."""
    value, kind = F.col(_value(column)), F.col(_kind(column))
    if column.is_nested:  # with the marks of its numbers, which its values are read by
        return F.when(kind.startswith("ARRAY" if column.type == ARRAY else "OBJECT"), F.to_json(value))
    text = F.try_variant_get(value, "$", "string")
    if column.is_json_string:
        return F.when((kind == "STRING") & ~is_marked(text), text)
    return F.when(~kind.startswith("OBJECT") & ~kind.startswith("ARRAY"), without_mark(text))


def _json_text(column: Column) -> SparkColumn:
    """The text of a value, null when absent or empty; a value of the wrong JSON type keeps a mark before it."""
    value, kind, text = F.col(_value(column)), F.col(_kind(column)), F.col(_text(column))
    return (
        F.when(value.isNull() | (kind == "VOID"), None)
        .when(text.isNotNull(), F.nullif(text, F.lit("")))
        .otherwise(F.concat(F.lit(WRONG_KIND), _json(value)))
    )
