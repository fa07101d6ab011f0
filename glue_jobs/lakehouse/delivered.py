"""Delivered files as DataFrames: every delivered row once, as text, with what keeps it from being read."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

from lakehouse.contract import Column, Dataset, FileFormat
from lakehouse.lake import for_spark
from lakehouse.storage import StoredFile, read_head

RAW_TEXT = "_raw_text"
UNREADABLE = "_unreadable"
SOURCE_FILE = "_source_file"
WRONG_KIND = "\u0000not of its JSON type: "


@dataclass(frozen=True)
class Header:
    """The columns of one file as it names them; `problem` says why the file cannot be taken."""

    columns: tuple[str, ...]
    problem: str | None = None


def read_header(root: str, file: StoredFile, dataset: Dataset) -> Header:
    """Read the column names of a file; JSON Lines have none, so a column missing there shows row by row."""
    if dataset.file_format is FileFormat.JSON_LINES:
        return Header(dataset.column_names)
    text = read_head(root, file).decode("utf-8-sig", errors="replace")
    columns = tuple(next(csv.reader(io.StringIO(text)), ()))
    return Header(columns, _header_problem(columns, dataset))


def _header_problem(columns: tuple[str, ...], dataset: Dataset) -> str | None:
    missing = [name for name in dataset.required_columns if name not in columns]
    doubled = sorted({name for name in columns if columns.count(name) > 1})
    if not columns:
        return None  # an empty file is a batch without rows, and stops as such
    if missing:
        plural = "columns" if len(missing) > 1 else "column"
        return f"required {plural} {', '.join(missing)} missing; found {', '.join(columns)}"
    return f"column {doubled[0]} twice; found {', '.join(columns)}" if doubled else None


def read_rows(
    spark: SparkSession, root: str, files: Sequence[tuple[StoredFile, Header]], dataset: Dataset
) -> DataFrame:
    """Read files as text columns of the contract, with _raw_text, _unreadable and _source_file.

    `_unreadable` is null for a row that could be split into its columns.
    """
    read = _read_json if dataset.file_format is FileFormat.JSON_LINES else _read_csv
    parts: list[DataFrame] = []
    for columns in sorted({header.columns for _, header in files if header.columns}):
        paths = [f"{for_spark(root)}/{file.path}" for file, header in files if header.columns == columns]
        parts.append(read(spark, paths, columns, dataset))
    rows = _no_rows(spark, dataset) if not parts else parts[0]
    for part in parts[1:]:
        rows = rows.unionByName(part)
    return rows.withColumn(SOURCE_FILE, _relative_path(root))


def _no_rows(spark: SparkSession, dataset: Dataset) -> DataFrame:
    names = [*dataset.column_names, RAW_TEXT, UNREADABLE, "_path"]
    return spark.createDataFrame([], StructType([StructField(name, StringType()) for name in names]))


def _relative_path(root: str) -> SparkColumn:
    """The file's path below the root; Spark hands it percent-encoded, with + standing for itself."""
    plain = F.url_decode(F.replace(F.col("_path"), F.lit("+"), F.lit("%2B")))
    bare_root = root.split("://", 1)[-1].strip("/")
    return F.substring_index(plain, f"{bare_root}/", -1)


def _read_csv(spark: SparkSession, paths: list[str], columns: tuple[str, ...], dataset: Dataset) -> DataFrame:
    """RFC 4180: a header, quoted fields with commas, doubled quotes and line breaks; an empty field is null."""
    schema = StructType([StructField(name, StringType()) for name in (*columns, RAW_TEXT)])
    reader = spark.read.schema(schema).options(
        header=True, multiLine=True, quote='"', escape='"', encoding="UTF-8", mode="PERMISSIVE",
        columnNameOfCorruptRecord=RAW_TEXT, emptyValue="", nullValue="", maxCharsPerColumn=-1,
    )  # fmt: skip
    rows = reader.csv(paths).withColumn("_path", F.col("_metadata.file_path"))
    text = {name: F.nullif(F.col(f"`{name}`"), F.lit("")) for name in columns}
    broken = F.col(RAW_TEXT).isNotNull()
    not_utf8 = F.concat_ws("", F.col(RAW_TEXT), *text.values()).contains("\ufffd")
    wanted = [text.get(name, F.lit(None).cast("string")).alias(name) for name in dataset.column_names]
    return rows.select(
        *wanted,
        F.col(RAW_TEXT),
        F.when(broken, F.lit("row_has_the_columns_of_the_header"))
        .when(not_utf8, F.lit("row_is_utf8"))
        .alias(UNREADABLE),
        "_path",
    )


def _read_json(spark: SparkSession, paths: list[str], columns: tuple[str, ...], dataset: Dataset) -> DataFrame:
    """One JSON object a line; blank lines are no rows. Values stay text until they are typed."""
    lines = spark.read.text(paths).withColumn("_path", F.col("_metadata.file_path"))
    lines = lines.where(F.trim("value") != "").withColumn("_json", F.try_parse_json("value"))
    is_object = F.coalesce(F.schema_of_variant("_json").startswith("OBJECT"), F.lit(False))
    return lines.select(
        *[_json_text(column, "$").alias(column.name) for column in dataset.columns],
        F.col("value").alias(RAW_TEXT),
        F.when(F.col("value").contains("\ufffd"), F.lit("row_is_utf8"))
        .when(~is_object, F.lit("row_is_a_json_object"))
        .alias(UNREADABLE),
        "_path",
    )


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
