"""Delivered files as DataFrames: every delivered row once, as text, with what keeps it from being read."""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

from lakehouse.contracts.columns import RAW_TEXT, REPAIR_OF, RESCUED, SOURCE_FILE, UNREADABLE, Column
from lakehouse.contracts.contract import Dataset, Drift, FileFormat
from lakehouse.ingest.drift import encoding_problem, header_problem, rescued_names
from lakehouse.lake.files import StoredFile, read_head
from lakehouse.lake.paths import for_spark, is_repair

WRONG_KIND = "\u0000not of its JSON type: "


@dataclass(frozen=True, order=True)
class Header:
    """The columns of one file as it names them and how its lines end; `problem` says why it cannot be taken.

    is_repair: the file was written by us and holds rows mended in quarantine, with what they repair.
    """

    columns: tuple[str, ...]
    line_end: str = "\n"
    problem: str | None = None
    is_repair: bool = False


def read_header(root: str, file: StoredFile, dataset: Dataset) -> Header:
    """Read the column names of a file; JSON Lines have none, so a column missing there shows row by row."""
    if ":" in file.path:
        return Header((), problem="a colon in the file's name, which Hadoop cannot open; deliver it under another name")
    head, repairs = read_head(root, file), is_repair(file.path)
    if problem := encoding_problem(head):
        return Header((), problem=problem)
    if dataset.file_format is FileFormat.JSON_LINES:
        return Header(dataset.column_names, is_repair=repairs)
    text = head.decode("utf-8-sig", errors="replace")
    try:
        columns = tuple(next(_records(text), ()))
    except csv.Error as error:
        return Header((), problem=f"its header cannot be read ({error})")
    problem = None if repairs else header_problem(columns, dataset)
    return Header(columns, _line_end(text), problem, repairs)


def count_rows(root: str, file: StoredFile, dataset: Dataset) -> int:
    """Rows of a refused file, so that the accounts of a delivery balance."""
    if dataset.file_format is not FileFormat.CSV:
        return 0
    content = read_head(root, file, file.size)
    if encoding_problem(content):
        return 0
    text = content.decode("utf-8-sig", errors="replace")
    try:
        return max(sum(1 for _ in _records(text)) - 1, 0)
    except csv.Error:
        return 0  # not even its rows can be told apart


def _records(text: str) -> Iterator[list[str]]:
    """The records of a CSV text, however long a field is; blank lines are none."""
    csv.field_size_limit(sys.maxsize)
    return (record for record in csv.reader(io.StringIO(text, newline="")) if record)


def _line_end(text: str) -> str:
    """How the header's line ends; told to Spark, for its own guess rewrites line breaks inside quotes."""
    found = re.search(r"\r\n|\n|\r", text.lstrip("\r\n"))
    return found[0] if found else "\n"


def read_rows(
    spark: SparkSession, root: str, files: Sequence[tuple[StoredFile, Header]], dataset: Dataset
) -> DataFrame:
    """Read files as text columns of the contract, with _raw_text, _unreadable, _rescued, _repair_of and _source_file.

    `_unreadable` is null for a row that could be split into its columns. `_rescued` has the values beside the
    contract's columns as JSON.
    """
    read = _read_json if dataset.file_format is FileFormat.JSON_LINES else _read_csv
    parts: list[DataFrame] = []
    for header in sorted({header for _, header in files if header.columns}):
        paths = [_literal(f"{for_spark(root)}/{file.path}") for file, own in files if own == header]
        parts.append(read(spark, paths, header, dataset))
    rows = _no_rows(spark, dataset) if not parts else parts[0]
    for part in parts[1:]:
        rows = rows.unionByName(part)
    return rows.withColumn(SOURCE_FILE, _relative_path(root))


def _literal(path: str) -> str:
    """The path as a name and no pattern, whatever brackets and stars it holds."""
    return re.sub(r"([\[\]{}*?\\])", r"\\\1", path)


def _no_rows(spark: SparkSession, dataset: Dataset) -> DataFrame:
    names = [*dataset.column_names, RAW_TEXT, UNREADABLE, RESCUED, REPAIR_OF, "_path"]
    return spark.createDataFrame([], StructType([StructField(name, StringType()) for name in names]))


def _relative_path(root: str) -> SparkColumn:
    """The file's path below the root; Spark hands it percent-encoded, with + standing for itself."""
    plain = F.url_decode(F.replace(F.col("_path"), F.lit("+"), F.lit("%2B")))
    bare_root = root.split("://", 1)[-1].strip("/")
    return F.substring_index(plain, f"{bare_root}/", -1)


def _read_csv(spark: SparkSession, paths: list[str], header: Header, dataset: Dataset) -> DataFrame:
    """RFC 4180: a header, quoted fields with commas, doubled quotes and line breaks; an empty field is null."""
    # A column that the contract does not know is read by its place alone: its name may be one that Spark refuses.
    known = (*dataset.column_names, *((RESCUED, REPAIR_OF) if header.is_repair else ()))
    names = [name if name in known else f"_unknown_{i}" for i, name in enumerate(header.columns)]
    schema = StructType([StructField(name, StringType()) for name in (*names, RAW_TEXT)])
    reader = spark.read.schema(schema).options(
        header=True, multiLine=True, quote='"', escape='"', encoding="UTF-8", mode="PERMISSIVE",
        columnNameOfCorruptRecord=RAW_TEXT, emptyValue="", nullValue="", maxCharsPerColumn=-1,
        lineSep=header.line_end,
    )  # fmt: skip
    rows = reader.csv(paths).withColumn("_path", F.col("_metadata.file_path"))
    text = {name: F.nullif(F.col(name), F.lit("")) for name in names}
    if header.line_end == "\n":  # a line that ends in CRLF all the same
        text[names[-1]] = F.nullif(F.regexp_replace(names[-1], r"\r\z", ""), F.lit(""))
    not_utf8 = F.concat_ws("", F.col(RAW_TEXT), *text.values()).contains("\ufffd")
    unreadable = F.when(F.col(RAW_TEXT).isNotNull(), "row_has_the_columns_of_the_header").when(not_utf8, "row_is_utf8")
    wanted = [text.get(name, F.lit(None).cast("string")).alias(name) for name in dataset.column_names]
    rescued, repair_of = _beside(header, names, text)
    return rows.select(*wanted, F.col(RAW_TEXT), unreadable.alias(UNREADABLE), rescued, repair_of, "_path")


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


def _read_json(spark: SparkSession, paths: list[str], header: Header, dataset: Dataset) -> DataFrame:
    """One JSON object a line; blank lines are no rows. Values stay text until they are typed."""
    lines = spark.read.text(paths).withColumn("_path", F.col("_metadata.file_path"))
    marked = F.col("value").startswith("\ufeff")  # a byte-order mark
    lines = lines.withColumn("value", F.when(marked, F.substring("value", 2, 2**31 - 1)).otherwise(F.col("value")))
    # As the one element of an array, for parsing the bare line would pass over what follows the object.
    listed = F.try_parse_json(F.concat(F.lit("["), "value", F.lit("]")))
    alone = F.try_variant_get("_list", "$[1]", "variant").isNull()
    lines = lines.where(F.trim("value") != "").withColumn("_list", listed)
    lines = lines.withColumn("_json", F.when(alone, F.try_variant_get("_list", "$[0]", "variant")))
    is_object = F.coalesce(F.schema_of_variant("_json").startswith("OBJECT"), F.lit(False))
    not_utf8 = ~F.is_valid_utf8("value") | F.col("value").contains("\ufffd")
    unreadable = F.when(not_utf8, "row_is_utf8").when(~is_object, "row_is_a_json_object")
    rescued, repair_of = _members_beside(dataset), F.lit(None).cast("string")
    if header.is_repair:
        rescued, repair_of = (F.try_variant_get("_json", f"$.{name}", "string") for name in (RESCUED, REPAIR_OF))
    elif dataset.drift is Drift.STRICT:  # a line has no header: each must have the contract's members by itself
        unreadable = unreadable.when(rescued.isNotNull(), "row_has_only_known_members")
    return lines.select(
        *[_json_text(column, "$").alias(column.name) for column in dataset.columns],
        F.make_valid_utf8("value").alias(RAW_TEXT),
        unreadable.alias(UNREADABLE),
        rescued.alias(RESCUED),
        repair_of.alias(REPAIR_OF),
        "_path",
    )


def _members_beside(dataset: Dataset) -> SparkColumn:
    """The members of an object that the contract does not know, as JSON; those of a struct under `device.os`."""
    found = [_unknown_members("$", dataset.column_names, "")]
    found += [
        _unknown_members(f"$.{column.name}", [field.name for field in column.fields], f"{column.name}.")
        for column in dataset.columns
        if column.fields
    ]
    return F.nullif(F.to_json(F.map_concat(*found)), F.lit("{}"))


def _unknown_members(path: str, known: Sequence[str], prefix: str) -> SparkColumn:
    members = F.coalesce(
        F.try_variant_get("_json", path, "map<string,variant>"), F.create_map().cast("map<string,variant>")
    )
    unknown = F.map_filter(members, lambda name, _: ~name.isin(*known))
    return F.transform_keys(unknown, lambda name, _: F.concat(F.lit(prefix), name))


def _json_text(column: Column, parent: str) -> SparkColumn:
    """The text of a value, null when absent or empty; a value of the wrong JSON type keeps a mark before it."""
    path = f"{parent}.{column.name}"
    value = F.try_variant_get("_json", path, "variant")
    kind = F.schema_of_variant(value)
    if column.fields:
        fine = kind.startswith("OBJECT")
    elif column.type == "string" or column.type in ("timestamp", "date"):
        fine = kind == "STRING"
    else:
        fine = ~kind.startswith("OBJECT") & ~kind.startswith("ARRAY")
    text = F.try_variant_get("_json", path, "string") if not column.fields else F.to_json(value)
    absent = value.isNull() | (kind == "VOID")
    return (
        F.when(absent, None)
        .when(fine, F.nullif(text, F.lit("")))
        .otherwise(F.concat(F.lit(WRONG_KIND), F.to_json(value)))
    )
