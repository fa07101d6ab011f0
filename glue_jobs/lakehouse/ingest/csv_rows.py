"""CSV by RFC 4180, to the letter: records from lines, fields from records. The law is in `rfc4180.py`."""

from __future__ import annotations

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.contracts.columns import RAW_TEXT, REPAIR_OF, RESCUED, ROW_ID, SOURCE_FILE, UNREADABLE
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.file_options import Encoding
from lakehouse.ingest.drift import rescued_names
from lakehouse.ingest.header import Header
from lakehouse.ingest.lines import IS_CUT, LINE, OPENS, Lines
from lakehouse.ingest.rfc4180 import MISPLACED_QUOTE, QUOTED_PIECE

LONGEST_RECORD = 64 << 20
"""Lines that are one record only together are unreadable when they have more bytes than this."""

_RECORD, _FAULTY, _PARSED, _FIELDS = "_record", "_faulty", "_parsed", "_fields"
_NUMBER = "_number"
_MOST_FIELDS = 20_000  # the parser's arrays end there; such a row is unreadable anyway


def csv_rows(lines: Lines, header: Header, dataset: Dataset) -> DataFrame:
    """The rows of files with one header; an empty field is null, a blank line is no row."""
    if not lines.opening:
        records = _single(lines.rows)
    elif lines.opening == lines.files:
        records = _joined(lines.rows, header.separator)
    else:
        joined = _joined(lines.rows.where(OPENS), header.separator)
        records = _single(lines.rows.where(~F.col(OPENS))).unionByName(joined)
    return _split(records.where(F.col(_RECORD) != ""), header, dataset)


def opens_record() -> SparkColumn:
    """Whether a line, read as the begin of a record, leaves a quoted field open."""
    return _has_quote(F.col(LINE)) & _is_odd(F.col(LINE)) & ~_is_faulty(_bare(F.col(LINE)))


def _has_quote(text: SparkColumn) -> SparkColumn:
    return text.contains('"')


def _bare(line: SparkColumn) -> SparkColumn:
    """The line without the first half of CRLF."""
    return F.when(line.endswith("\r"), F.substring(line, F.lit(1), F.length(line) - 1)).otherwise(line)


def _count(text: SparkColumn, sign: str) -> SparkColumn:
    # In bytes, because Spark's length of text that is not UTF-8 depends on what follows a broken character.
    return F.octet_length(text) - F.octet_length(F.replace(text, F.lit(sign), F.lit("")))


def _is_odd(text: SparkColumn) -> SparkColumn:
    return _count(text, '"') % 2 == 1


def _outline(text: SparkColumn) -> SparkColumn:
    """The text with each quoted piece cut down to one quote."""
    return F.regexp_replace(text, QUOTED_PIECE, '"')


def _is_faulty(line: SparkColumn) -> SparkColumn:
    """Whether a line without its end breaks the quoting, as the begin of a record; a field may stay open."""
    closed = F.when(_is_odd(line), F.concat(line, F.lit('"'))).otherwise(line)
    return F.when(_has_quote(line), _outline(closed).rlike(MISPLACED_QUOTE)).otherwise(False)


def _single(lines: DataFrame) -> DataFrame:
    """Each line a record: for files of which no line opens one."""
    bare = lines.select(_bare(F.col(LINE)).alias(_RECORD), ROW_ID, SOURCE_FILE)
    return bare.withColumn(_FAULTY, _is_faulty(F.col(_RECORD)))


def _joined(lines: DataFrame, separator: str) -> DataFrame:
    """Records of one or several lines; every line of an unreadable one is a record by itself."""
    bare = _bare(F.col(LINE))
    read = lines.select(
        LINE, ROW_ID, SOURCE_FILE, IS_CUT,
        _is_odd(F.col(LINE)).alias("_odd"),
        _is_faulty(bare).alias("_faulty_outside"),
        _is_faulty(F.concat(F.lit('"'), bare)).alias("_faulty_inside"),
    )  # fmt: skip
    placed = _with_state(read)
    record = Window.partitionBy(SOURCE_FILE, "_first")
    # The last line of a record closes it, unless the file ends before.
    never_closed = F.bool_and("_open_after").over(record)
    too_long = F.sum(F.octet_length(LINE) + 1).over(record) > LONGEST_RECORD
    broken = F.bool_or("_faulty_here").over(record) | (too_long & (F.col("_first") != F.col("_last")))
    # What follows a quote that is never closed are rows of their own, except that a file that was cut within a field
    # ends in what may be that field's text.
    alone = F.col(IS_CUT) | (F.col(ROW_ID) == F.col("_first")) | F.col("_faulty_outside")
    last = placed.withColumn("_last", F.max(ROW_ID).over(record))
    marked = last.select(
        LINE, SOURCE_FILE, ROW_ID,
        F.when(never_closed | broken, F.col(ROW_ID)).otherwise(F.col("_first")).alias("_begin"),
        F.when(never_closed, alone).otherwise(broken).alias(_FAULTY),
    )  # fmt: skip
    parts = F.array_sort(F.collect_list(F.struct(ROW_ID, LINE)))
    text = F.array_join(F.transform(parts, lambda part: part[LINE]), separator)
    records = marked.groupBy(SOURCE_FILE, "_begin").agg(text.alias(LINE), F.bool_or(_FAULTY).alias(_FAULTY))
    return records.select(_bare(F.col(LINE)).alias(_RECORD), F.col("_begin").alias(ROW_ID), SOURCE_FILE, _FAULTY)


def _with_state(lines: DataFrame) -> DataFrame:
    """The lines with `_first`, the line that began their record, `_faulty_here` and `_open_after`.

    A line with an odd number of quotes opens or closes a field, unless it is faulty; a faulty one ends its record.
    """
    so_far = Window.partitionBy(SOURCE_FILE).orderBy(ROW_ID)
    turns = F.col("_odd") & ~F.col("_faulty_outside")
    ends = F.when(F.col("_odd"), F.col("_faulty_outside")).otherwise(F.col("_faulty_inside"))
    counted = lines.withColumn("_turns", F.count_if(turns).over(so_far))
    at_end = F.last(F.when(ends, F.col("_turns")), ignorenulls=True).over(so_far)
    is_open = (F.col("_turns") - F.coalesce(at_end, F.lit(0))) % 2 == 1
    opened = counted.withColumn("_open_after", is_open)
    before = F.coalesce(F.lag("_open_after").over(so_far), F.lit(False))
    first = F.last(F.when(~F.col("_open_before"), F.col(ROW_ID)), ignorenulls=True).over(so_far)
    here = F.when(F.col("_open_before"), F.col("_faulty_inside")).otherwise(F.col("_faulty_outside"))
    return opened.withColumn("_open_before", before).withColumns({"_first": first, "_faulty_here": here})


def _split(records: DataFrame, header: Header, dataset: Dataset) -> DataFrame:
    """Records → the contract's columns as text, and what keeps a record from being read."""
    # A column that the contract does not know is read by its place alone: its name may be one that Spark refuses.
    known = (*dataset.column_names, *((RESCUED, REPAIR_OF) if header.is_repair else ()))
    names = [name if name in known else f"_unknown_{i}" for i, name in enumerate(header.columns)]
    record = F.col(_RECORD)
    rows = _with_fields(records, names, header)
    text = {name: F.get(_FIELDS, F.lit(i)) for i, name in enumerate(names)}
    misfits = F.col(_FAULTY) | (F.col(_NUMBER) != len(names))
    not_utf8 = ~F.is_valid_utf8(record) | record.contains("\ufffd")
    has_header = header.is_repair or dataset.file_options.header
    unsplit = "row_has_the_columns_of_the_header" if has_header else "row_has_the_columns_of_the_contract"
    unreadable = F.when(misfits, unsplit).when(not_utf8, Encoding.UTF_8.rule)
    wanted = [text.get(name, F.lit(None).cast("string")).alias(name) for name in dataset.column_names]
    raw_text = F.when(misfits, F.make_valid_utf8(record)).alias(RAW_TEXT)
    return rows.select(
        *wanted, raw_text, unreadable.alias(UNREADABLE), *_beside(header, names, text), ROW_ID, SOURCE_FILE
    )


def _with_fields(records: DataFrame, names: list[str], header: Header) -> DataFrame:
    """The records with the text of their fields, and how many they have; null where nobody can say.

    A record without a quote is cut at its commas, which takes half of the parser's time.
    """
    record = F.col(_RECORD)
    is_plain = ~F.col(_FAULTY) & ~_has_quote(record) & (F.octet_length(record) < _MOST_FIELDS)
    number = F.when(_has_quote(record), _count(_outline(record), ",")).otherwise(_count(record, ",")) + 1
    counted = records.withColumn(_NUMBER, F.when(~is_plain & ~F.col(_FAULTY), number))
    options = {
        "quote": '"', "escape": '"', "multiLine": "true", "lineSep": header.separator, "mode": "PERMISSIVE",
        "emptyValue": "", "nullValue": "", "maxCharsPerColumn": "-1",
    }  # fmt: skip
    readable = F.when(F.col(_NUMBER) <= _MOST_FIELDS, record)
    parsed = F.from_csv(readable, ", ".join(f"`{name}` STRING" for name in names), options)
    of_parser = F.array(*[F.col(_PARSED)[name] for name in names])
    fields = F.when(is_plain, F.split(record, ",", -1)).otherwise(of_parser)
    rows = counted.withColumn(_PARSED, parsed).withColumn(_FIELDS, fields)
    # Spark compiles no step with a lambda together with others. Without this one, splitting and typing would be one
    # method, which for a dozen columns has more bytes than the JVM compiles.
    rows = rows.withColumn(_FIELDS, F.transform(_FIELDS, lambda text: F.nullif(text, F.lit(""))))
    return rows.withColumn(_NUMBER, F.when(is_plain, F.size(_FIELDS)).otherwise(F.col(_NUMBER)))


def _beside(header: Header, names: list[str], text: dict[str, SparkColumn]) -> tuple[SparkColumn, SparkColumn]:
    """`_rescued` and `_repair_of` of a CSV file."""
    nothing = F.lit(None).cast("string")
    if header.is_repair:
        return text.get(RESCUED, nothing).alias(RESCUED), text.get(REPAIR_OF, nothing).alias(REPAIR_OF)
    unknown = [(i, name) for i, name in enumerate(names) if name.startswith("_unknown_")]
    keys = rescued_names([header.columns[i] for i, _ in unknown])
    values = [text[name].alias(key) for (_, name), key in zip(unknown, keys, strict=True)]
    kept = F.nullif(F.to_json(F.struct(*values)), F.lit("{}")) if values else nothing
    return kept.alias(RESCUED), nothing.alias(REPAIR_OF)
