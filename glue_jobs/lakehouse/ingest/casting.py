"""Text to the contract's types without loss: what does not fit is named, never rounded, cut or guessed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import reduce

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.contracts.columns import BROKEN_RULES, RAW_TEXT, TEXT, UNREADABLE, UTC_OFFSET, Column
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.values import BLANKS
from lakehouse.ingest.exact_numbers import without_marks
from lakehouse.ingest.instants import offset_of, read_instant
from lakehouse.ingest.json_rows import WRONG_KIND
from lakehouse.ingest.nested import has_misfits, nested_value
from lakehouse.ingest.partitions import partition_misfits
from lakehouse.ingest.values import (
    clock_rule,
    date_of,
    instant_of,
    number_text,
    plain_name,
    plain_text,
    possible,
    since_epoch,
    wall_clock,
)

# Patterns end in \z, for $ also matches before a line break at the end.
_INTEGER = r"^[+-]?\d{1,19}\z"
_FLOAT = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\z"
_DATE = r"^\d{4}-\d{2}-\d{2}\z"


def with_types(rows: DataFrame, dataset: Dataset) -> DataFrame:
    """Text columns → the contract's typed columns and `_broken_rules` (array).

    A row that broke one keeps its text as the struct `_text`; for the others that is null.
    """
    # In steps, for the optimizer does not merge a step whose columns are used twice: each text is typed once.
    parsed = {_parsed(column.name): _parse(column) for column in dataset.columns if _is_parsed_first(column)}
    typed = [_typed_once(column).alias(_typed(column.name)) for column in dataset.columns]
    changed = [column for column in dataset.columns if column.values.changes_text]
    plain = {plain_name(column): plain_text(column, F.col(column.name)) for column in changed}
    misfits = [F.when(_misfit(column), _rule(column)) for column in dataset.columns]
    misfits += [*_blank_keys(dataset), *partition_misfits(dataset)]
    kept = [_kept(name) for name in rows.columns if name not in dataset.column_names]
    unreadable = F.col(UNREADABLE).isNotNull()
    # The list is made of rows that break a rule: one for every row takes longer than some columns' types.
    is_misfit = reduce(lambda a, b: a | b, [misfit.isNotNull() for misfit in misfits])
    broken = F.when(unreadable, F.array(F.col(UNREADABLE))).when(is_misfit, F.array_compact(F.array(*misfits)))
    broken = F.coalesce(broken, F.array().cast("array<string>"))
    text = F.struct(*[_plain(column).alias(column.name) for column in dataset.columns])
    return (
        rows.withColumns(plain)
        .withColumns(parsed)
        .select("*", *typed)
        .withColumn(BROKEN_RULES, broken)
        .select(
            *[F.col(_typed(name)).alias(name) for name in dataset.column_names],
            *kept,
            *([_offset_of(dataset)] if dataset.keeps_offset else []),
            _of_misfits(text).alias(TEXT),
            BROKEN_RULES,
        )
    )


def _kept(name: str) -> SparkColumn:
    """A column beside the contract's; the text of a good row would double what is held until it is written."""
    return _of_misfits(F.col(name)).alias(name) if name == RAW_TEXT else F.col(name)


def _of_misfits(value: SparkColumn) -> SparkColumn:
    return F.when(F.size(BROKEN_RULES) > 0, value)


def _typed(name: str) -> str:
    """The name of a column's value beside its text."""
    return f"_typed_{name}"


def _parsed(name: str) -> str:
    """The name of what was parsed of a column's text beside it."""
    return f"_parsed_{name}"


def _is_parsed_first(column: Column) -> bool:
    """Whether what is parsed of a text is read more than once: by what is in it, or by both bounds of an instant."""
    return column.is_nested or (column.type == "timestamp" and not column.values.format)


def _parse(column: Column) -> SparkColumn:
    return F.try_parse_json(column.name) if column.is_nested else read_instant(F.col(plain_name(column)))


def _typed_once(column: Column) -> SparkColumn:
    """The value of a column, from what the step before parsed where there was one."""
    if column.is_nested:
        return nested_value(column, F.col(_parsed(column.name)), typed_column)
    if _is_parsed_first(column):
        return _instant_or_clock(column, possible(F.col(_parsed(column.name))), F.col(plain_name(column)))
    return _typed_plain(column, F.col(plain_name(column)))


def _plain(column: Column) -> SparkColumn:
    """The delivered text without the marks of a wrong JSON type, and of numbers in a list or an object."""
    text = F.regexp_replace(column.name, f"^{WRONG_KIND}", "")
    return without_marks(text) if column.is_nested else text


def _misfit(column: Column) -> SparkColumn:
    text, typed = F.col(plain_name(column)), F.col(_typed(column.name))
    is_lost = typed.isNull()
    if column.is_nested:
        is_lost = is_lost | has_misfits(column, F.col(_parsed(column.name)), typed)
    return text.isNotNull() & is_lost


def _rule(column: Column) -> SparkColumn:
    """The rule that a misfit of a column broke: that of its type, of its clock, or of what its numbers count."""
    text = F.col(plain_name(column))
    if column.values.epoch_unit:
        is_number = since_epoch(column.values.epoch_unit, text).isNotNull()
        return F.when(is_number, F.lit(column.epoch_rule)).otherwise(F.lit(column.type_rule))
    if not column.values.time_zone:
        return F.lit(column.type_rule)
    return F.coalesce(clock_rule(column, wall_clock(column, text)), F.lit(column.type_rule))


def _blank_keys(dataset: Dataset) -> list[SparkColumn]:
    """For each text column of the key, the rule that it has a value, where it is blanks alone."""
    texts = [column for column in dataset.columns if column.type == "string" and column.name in dataset.key]
    blanks = [F.btrim(F.col(plain_name(column)), F.lit(BLANKS)) == "" for column in texts]
    return [F.when(blank, F.lit(column.required_rule)) for column, blank in zip(texts, blanks, strict=True)]


def typed_column(column: Column, text: SparkColumn) -> SparkColumn:
    """The text as the column's type; null where it does not fit."""
    if column.is_nested:
        return nested_value(column, F.try_parse_json(text), typed_column)
    return _typed_plain(column, plain_text(column, text))


def _typed_plain(column: Column, text: SparkColumn) -> SparkColumn:
    """A text that is plain already, as the column's type."""
    values = column.values
    if column.type == "string":
        return F.when(~text.startswith(WRONG_KIND), text)
    if column.type == "timestamp":
        if values.format:
            return instant_of(column, text)
        return _instant_or_clock(column, possible(read_instant(text)), text)
    if column.type == "date":
        return date_of(column, text) if values.format else F.when(text.rlike(_DATE), text.try_cast("date"))
    if column.type == "boolean":
        low = F.lower(text)
        return F.when(_is_one(low, values.true_words), F.lit(True)).when(_is_one(low, values.false_words), F.lit(False))
    return _number(column.type, number_text(values, text))


def _instant_or_clock(column: Column, instant: SparkColumn, text: SparkColumn) -> SparkColumn:
    return F.coalesce(instant, instant_of(column, text)) if column.values.time_zone else instant


def _is_one(low: SparkColumn, words: Sequence[str]) -> SparkColumn:
    return reduce(lambda a, b: a | b, [low == word.lower() for word in words])


def _number(kind: str, text: SparkColumn) -> SparkColumn:
    """The number of a text as programs write it."""
    if kind in ("int", "bigint"):
        return F.when(text.rlike(_INTEGER), text.try_cast(kind))
    if kind.startswith("decimal"):
        return _decimal(kind, text)
    number = F.when(text.rlike(_FLOAT), text.try_cast(kind))
    return F.when(F.abs(number) < F.lit(float("inf")), number)


def _decimal(kind: str, text: SparkColumn) -> SparkColumn:
    """A number that the decimal holds exactly: 10.500 is 10.50, while 10.505 does not fit."""
    scale = int(re.findall(r"\d+", kind)[1])
    exact = f"^[+-]?(\\d+(\\.\\d{{0,{scale}}}0*)?|\\.(?=\\d)\\d{{0,{scale}}}0*)\\z"
    return F.when(text.rlike(exact), text.try_cast(kind))


def _offset_of(dataset: Dataset) -> SparkColumn:
    """Minutes by which the clock of the delivered date was ahead of UTC; null where the date cannot be read."""
    column = next(column for column in dataset.columns if column.name == dataset.date_column)
    text = F.col(plain_name(column))
    return F.when(F.col(_typed(column.name)).isNotNull(), offset_of(text)).cast("int").alias(UTC_OFFSET)
