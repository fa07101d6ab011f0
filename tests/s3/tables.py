"""What a table on S3 holds and what its log says, read by delta-rs and boto3 over the good road."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import boto3

from lakehouse.lake.delta_log import commits_since, existing_table, select
from lakehouse.lake.files import split_s3
from tests.rivals.deliveries import ORDERS, model

APPENDED = "X"
"""How the keys of rows begin that are appended by writers who know nothing of batches."""


def versions(path: str) -> list[int]:
    """The versions whose commits lie in the log."""
    bucket, prefix = split_s3(path)
    pages = boto3.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/_delta_log/")
    names = [item["Key"].rsplit("/", 1)[-1] for page in pages for item in page.get("Contents", ())]
    return sorted(int(name[:20]) for name in names if re.fullmatch(r"\d{20}\.json", name))


def rows(path: str) -> list[tuple[Any, ...]]:
    """All rows, sorted by key."""
    found = select(existing_table(path), "SELECT * FROM t ORDER BY id")
    return [tuple(row[c] for c in ORDERS.silver_column_names) for row in found]


def wrong(path: str, answers: Iterable[Mapping[str, Any]], batches: Iterable[int]) -> list[str]:
    """What is not as the answers of the writers promise; empty when nothing is lost, doubled or left out."""
    found, said = rows(path), list(answers)
    numbers = versions(path)
    problems = [] if numbers == list(range(len(numbers))) else [f"versions {numbers}"]
    keys = Counter(row[0] for row in found)
    problems += [f"{key} is there {number} times" for key, number in keys.items() if number > 1]
    for answer in said:
        words = answer["command"].split()
        if words[0] == "append" and "error" not in answer and not keys[words[1]]:
            problems.append(f"{words[1]} was acknowledged and is lost")
    commits = {commit["version"]: commit["lakehouse"] or {} for commit in commits_since(path, -1)}
    for answer in (a for a in said if "version" in a and not a["skipped"]):
        number = int(answer["command"].split()[1])
        if commits.get(answer["version"], {}).get("batch_id") != number:
            problems.append(f"batch {number} was acknowledged as version {answer['version']} and is not there")
    merged = [row for row in found if not row[0].startswith(APPENDED)]
    if merged != model(batches):
        problems.append(f"silver holds {len(merged)} rows that are not those of the batches")
    return problems
