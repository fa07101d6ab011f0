"""The fact's candidate: a copy out of readers' sight that dbt builds and tests; one commit then shows what passed.

The copy is a shallow clone: its log names the files of the fact, and only files that the build changes are written. The
fact itself gets a single commit, which brings the rows and records the silver that they show.
"""

from __future__ import annotations

import contextlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from pyspark.sql import SparkSession

from lakehouse.contracts.layers import MARTS
from lakehouse.contracts.layout import CLUSTER_BY
from lakehouse.contracts.marts import FACT
from lakehouse.lake.conflicts import conflict_of
from lakehouse.lake.delta_log import commits_since, existing_table
from lakehouse.lake.paths import delta_name, for_spark, sql_text
from lakehouse.lake.tables import USER_METADATA, session_settings
from lakehouse.runtime.context import Context
from lakehouse.runtime.dbt import register_table

KEYS = ("dt", "store_id")
CANDIDATES = ".candidates"
"""The folder of the marts that holds candidates; not a table of the lake."""
LEFTOVERS = timedelta(days=1)
"""A candidate of this age is what a killed build left; no build takes so long."""
_STAMP = "%Y%m%dT%H%M%SZ"

Pair = tuple[str, str]
"""A day and a store."""


@dataclass(frozen=True)
class Candidate:
    """A copy of the fact in a folder of its own. base: the version of the fact that it was copied from, -1 for none."""

    spark: SparkSession
    live: str
    base: int
    folder: str

    @property
    def path(self) -> str:
        """Where the copy lies."""
        return f"{self.folder}/{FACT}"

    def show(self, statement: str, silver_versions: Mapping[str, int]) -> bool:
        """Run the statement that brings the fact to the candidate; False when another build committed meanwhile."""
        token = uuid4().hex
        settings = {
            USER_METADATA: json.dumps({"silver_versions": dict(silver_versions), "token": token}),
            # The commit records the progress also when no row differs.
            "spark.databricks.delta.skipRecordingEmptyCommits": "false",
            # Delta skips the statement when a build from the same or a later version has committed.
            "spark.databricks.delta.write.txnAppId": "build_marts",
            "spark.databricks.delta.write.txnVersion": str(self.base + 1),
        }
        try:
            with session_settings(self.spark, settings):
                self.spark.sql(statement).collect()
        except Exception as error:
            if conflict_of(error) is None:
                raise
            return False
        return any((commit["lakehouse"] or {}).get("token") == token for commit in commits_since(self.live, self.base))


@contextlib.contextmanager
def fact_candidate(context: Context, base: int, copied: bool) -> Iterator[Candidate]:
    """The candidate as the session's fact while it is built and tested; nothing stays of it.

    copied: start from the rows of the fact; otherwise dbt builds the table.
    """
    spark, live = context.spark(), context.lake.table(MARTS, FACT)
    candidates = context.lake.table(MARTS, CANDIDATES)
    _remove_leftovers(spark, candidates)
    candidate = Candidate(spark, live, base, f"{candidates}/{datetime.now(UTC):{_STAMP}}-{uuid4().hex[:8]}")
    try:
        if copied:
            source = f"{delta_name(live)} VERSION AS OF {base}"
            spark.sql(f"CREATE TABLE {delta_name(candidate.path)} SHALLOW CLONE {source}").collect()
        register_table(spark, MARTS, FACT, candidate.path)
        yield candidate
    finally:
        # Whatever goes wrong here must not hide what went wrong before; the next build clears what is left.
        with contextlib.suppress(Exception):
            register_table(spark, MARTS, FACT, live)
            _remove(spark, candidate.folder)


def _remove_leftovers(spark: SparkSession, candidates: str) -> None:
    """Remove what killed builds left; a candidate that another build works on is younger."""
    files, folder = _hadoop(spark, candidates)
    if not files.exists(folder):
        return
    for status in files.listStatus(folder):
        name = status.getPath().getName()
        made = datetime.strptime(name.partition("-")[0], _STAMP).replace(tzinfo=UTC)
        if datetime.now(UTC) - made > LEFTOVERS:
            _remove(spark, f"{candidates}/{name}")


def _remove(spark: SparkSession, folder: str) -> None:
    files, path = _hadoop(spark, folder)
    files.delete(path, True)


def _hadoop(spark: SparkSession, folder: str) -> tuple[Any, Any]:
    """Hadoop's file system and path of a folder, on a disk and on S3 alike."""
    jvm: Any = spark._jvm
    path = jvm.org.apache.hadoop.fs.Path(for_spark(folder))
    return path.getFileSystem(spark._jsc.hadoopConfiguration()), path


def replacing(candidate: Candidate) -> str:
    """The statement that makes the fact the candidate, whole, with the layout that dbt gave it."""
    about = existing_table(candidate.path).metadata()
    properties = ", ".join(f"{sql_text(name)} = {sql_text(value)}" for name, value in about.configuration.items())
    parts = ", ".join(about.partition_columns)
    sorted_by = ", ".join(filter(None, (parts, about.configuration.get(CLUSTER_BY))))
    clauses = (
        f"CREATE OR REPLACE TABLE {delta_name(candidate.live)} USING delta",
        parts and f"PARTITIONED BY ({parts})",
        properties and f"TBLPROPERTIES ({properties})",
        f"AS SELECT * FROM {delta_name(candidate.path)}",
        parts and f"DISTRIBUTE BY {parts}",
        sorted_by and f"SORT BY {sorted_by}",
    )
    return " ".join(filter(None, clauses))


def merging(candidate: Candidate, pairs: Collection[Pair], changed_view: str) -> str:
    """The statement that brings the changed pairs to the fact, only those of their rows that differ.

    A MERGE with an insert clause rewrites the files of every row that its source matches, equal or not.
    """
    columns = candidate.spark.table(f"{MARTS}.{FACT}").columns
    keys, values = ", ".join(KEYS), [name for name in columns if name not in KEYS]
    listed = f"SELECT /*+ broadcast(changed) */ {keys} FROM {changed_view} AS changed"
    rows = f"{changed_days(pairs)} AND ({keys}) IN ({listed})"
    return f"""
        MERGE INTO {delta_name(candidate.live)} AS fact USING (
            SELECT {keys}, {", ".join(f"built.`{name}`" for name in values)}, built.is_built IS NULL AS is_gone
            FROM (SELECT *, true AS is_built FROM {delta_name(candidate.path)} WHERE {rows}) AS built
            FULL OUTER JOIN (SELECT *, true AS is_shown FROM {delta_name(candidate.live)} WHERE {rows}) AS shown
                USING ({keys})
            WHERE built.is_built IS NULL OR shown.is_shown IS NULL
                OR {" OR ".join(f"NOT built.`{name}` <=> shown.`{name}`" for name in values)}
        ) AS difference
        ON {changed_days(pairs, "fact.")} AND {" AND ".join(f"fact.{name} = difference.{name}" for name in KEYS)}
        WHEN MATCHED AND difference.is_gone THEN DELETE
        WHEN MATCHED THEN UPDATE SET {", ".join(f"fact.`{name}` = difference.`{name}`" for name in values)}
        WHEN NOT MATCHED AND NOT difference.is_gone THEN
            INSERT ({", ".join(f"`{name}`" for name in columns)})
            VALUES ({", ".join(f"difference.`{name}`" for name in columns)})
    """


def changed_days(pairs: Collection[Pair], alias: str = "") -> str:
    """The condition on month and day that holds for every changed pair, in literals, by which Delta skips files."""
    days: dict[str, list[str]] = defaultdict(list)
    for day, _ in pairs:
        days[day[:7]].append(day)
    months = " OR ".join(f"{alias}month = '{month}'" for month in sorted(days))
    spans = " OR ".join(f"{alias}dt BETWEEN DATE'{min(of)}' AND DATE'{max(of)}'" for _, of in sorted(days.items()))
    return f"({months}) AND ({spans})" if days else "1 = 0"
