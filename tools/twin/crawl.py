"""A crawl: lists what has landed, in the crawler's name, and keeps it as a table of the landing database."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

_HEAD = 64 << 10
"""So many bytes of each file are looked at for its columns."""


def crawl(crawler: Mapping[str, Any], s3: Any, glue: Any) -> None:
    """Write the table of each folder that the crawler looks at; raises ClientError for what its role may not do."""
    for target in crawler["s3_target"]:
        bucket, _, prefix = target["path"].removeprefix("s3://").partition("/")
        files = list(_files(s3, bucket, prefix))
        if files:
            columns = sorted({name: None for key in files for name in _columns(s3, bucket, key)})
            _keep(glue, crawler["database_name"], _table(target["path"], columns, files))


def _files(s3: Any, bucket: str, prefix: str) -> Iterator[str]:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        yield from (item["Key"] for item in page.get("Contents", ()) if item["Size"])


def _columns(s3: Any, bucket: str, key: str) -> list[str]:
    """The names in a file's first line: a CSV header, or the keys of a JSON object."""
    body = s3.get_object(Bucket=bucket, Key=key, Range=f"bytes=0-{_HEAD - 1}")["Body"].read()
    first = body.decode("utf-8", "replace").lstrip("\ufeff").partition("\n")[0].strip()
    if not key.endswith(".json"):
        return [name.lower() for name in next(csv.reader([first]), []) if name]
    try:
        found = json.loads(first)
    except ValueError:
        return []
    return [name.lower() for name in found] if isinstance(found, dict) else []


def _table(path: str, columns: list[str], files: list[str]) -> dict[str, Any]:
    kind = "json" if files[0].endswith(".json") else "csv"
    depth = len(files[0].split("/")) - len(path.removeprefix("s3://").rstrip("/").split("/"))
    return {
        "Name": path.rstrip("/").rsplit("/", 1)[-1].lower(),
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"classification": kind, "objectCount": str(len(files))},
        "PartitionKeys": [{"Name": f"partition_{number}", "Type": "string"} for number in range(max(depth, 0))],
        "StorageDescriptor": {"Location": path, "Columns": [{"Name": name, "Type": "string"} for name in columns]},
    }


def _keep(glue: Any, database: str, table: Mapping[str, Any]) -> None:
    try:
        glue.get_table(DatabaseName=database, Name=table["Name"])
    except ClientError as error:
        if error.response["Error"]["Code"] != "EntityNotFoundException":
            raise
        glue.create_table(DatabaseName=database, TableInput=table)
    else:
        glue.update_table(DatabaseName=database, TableInput=table)
