"""The candidate of a mart: a copy out of readers' sight that dbt builds and tests; one commit then shows what passed.

The copy is a shallow clone: its log names the files of the mart, and only files that the build changes are written. The
mart itself gets a single commit, which brings the rows and records the versions that they show.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from pyspark.sql import SparkSession

from lakehouse.contracts.layers import MARTS
from lakehouse.contracts.layout import CLUSTER_BY
from lakehouse.contracts.mart_graph import Mart
from lakehouse.lake.conflicts import conflict_of
from lakehouse.lake.delta_log import commits_since, existing_table
from lakehouse.lake.paths import delta_name, for_spark, sql_text
from lakehouse.lake.tables import USER_METADATA, session_settings
from lakehouse.runtime.context import Context
from lakehouse.runtime.dbt import register_table
from lakehouse.transform.mart_keys import ChangedKeys

CANDIDATES = ".candidates"
"""The folder of the marts that holds candidates; not a table of the lake."""
LEFTOVERS = timedelta(days=1)
"""A candidate of this age is what a killed build left; no build takes so long."""
_STAMP = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True)
class Candidate:
    """A copy of a mart in a folder of its own. base: the version of the mart it was copied from, -1 for none."""

    spark: SparkSession
    mart: Mart
    live: str
    base: int
    folder: str

    @property
    def path(self) -> str:
        """Where the copy lies."""
        return f"{self.folder}/{self.mart.name}"

    def show(self, statement: str, said: Mapping[str, Any]) -> bool:
        """Run the statement that brings the mart to the candidate; False when another build committed meanwhile.

        said: what the commit says of the build.
        """
        token = uuid4().hex
        settings = {
            USER_METADATA: json.dumps({**said, "token": token}),
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


@dataclass(frozen=True)
class Wanted:
    """A mart that gets a candidate. copied: with the rows of version `base`; otherwise dbt builds the table."""

    mart: Mart
    base: int
    copied: bool


@contextlib.contextmanager
def candidates(context: Context, wanted: Sequence[Wanted]) -> Iterator[list[Candidate]]:
    """Candidates, as the session's marts while they are built and tested; nothing stays of them."""
    spark, root = context.spark(), context.lake.table(MARTS, CANDIDATES)
    _remove_leftovers(spark, root)
    folder = f"{root}/{datetime.now(UTC):{_STAMP}}-{uuid4().hex[:8]}"
    made = [Candidate(spark, w.mart, context.lake.table(MARTS, w.mart.name), w.base, folder) for w in wanted]
    try:
        # A clone is a commit and no rows, so that several at once cost little more than one.
        with ThreadPoolExecutor() as clones:
            list(clones.map(_clone, [one for one, of in zip(made, wanted, strict=True) if of.copied]))
        for candidate in made:
            register_table(spark, MARTS, candidate.mart.name, candidate.path)
        yield made
    finally:
        # Whatever goes wrong here must not hide what went wrong before; the next build clears what is left.
        with contextlib.suppress(Exception):
            for candidate in made:
                register_table(spark, MARTS, candidate.mart.name, candidate.live)
            _remove(spark, folder)


def _clone(candidate: Candidate) -> None:
    source = f"{delta_name(candidate.live)} VERSION AS OF {candidate.base}"
    candidate.spark.sql(f"CREATE TABLE {delta_name(candidate.path)} SHALLOW CLONE {source}").collect()


def _remove_leftovers(spark: SparkSession, root: str) -> None:
    """Remove what killed builds left; a candidate that another build works on is younger."""
    files, folder = _hadoop(spark, root)
    if not files.exists(folder):
        return
    for status in files.listStatus(folder):
        name = status.getPath().getName()
        made = datetime.strptime(name.partition("-")[0], _STAMP).replace(tzinfo=UTC)
        if datetime.now(UTC) - made > LEFTOVERS:
            _remove(spark, f"{root}/{name}")


def _remove(spark: SparkSession, folder: str) -> None:
    files, path = _hadoop(spark, folder)
    files.delete(path, True)


def _hadoop(spark: SparkSession, folder: str) -> tuple[Any, Any]:
    """Hadoop's file system and path of a folder, on a disk and on S3 alike."""
    jvm: Any = spark._jvm
    path = jvm.org.apache.hadoop.fs.Path(for_spark(folder))
    return path.getFileSystem(spark._jsc.hadoopConfiguration()), path


def replacing(candidate: Candidate) -> str:
    """The statement that makes the mart the candidate, whole, with the layout that dbt gave it."""
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


def merging(candidate: Candidate, changed: ChangedKeys) -> str:
    """The statement that brings the changed keys to the mart, only those of their rows that differ.

    A MERGE with an insert clause rewrites the files of every row that its source matches, equal or not.
    """
    columns = candidate.spark.table(candidate.mart.full_name).columns
    keys, values = _named(candidate.mart.keys), [name for name in columns if name not in candidate.mart.keys]
    listed = f"SELECT {changed.hint} {keys} FROM {changed.view} AS changed"
    rows = f"{changed.condition()} AND ({keys}) IN ({listed})"
    differs = [f"NOT built.`{name}` <=> shown.`{name}`" for name in values]
    same = " AND ".join(f"mart.`{name}` = difference.`{name}`" for name in candidate.mart.keys)
    return f"""
        MERGE INTO {delta_name(candidate.live)} AS mart USING (
            SELECT {keys}, {"".join(f"built.`{name}`, " for name in values)}built.is_built IS NULL AS is_gone
            FROM (SELECT *, true AS is_built FROM {delta_name(candidate.path)} WHERE {rows}) AS built
            FULL OUTER JOIN (SELECT *, true AS is_shown FROM {delta_name(candidate.live)} WHERE {rows}) AS shown
                USING ({keys})
            WHERE {" OR ".join(["built.is_built IS NULL", "shown.is_shown IS NULL", *differs])}
        ) AS difference
        ON {changed.condition("mart.")} AND {same}
        WHEN MATCHED AND difference.is_gone THEN DELETE
        WHEN MATCHED THEN UPDATE SET {", ".join(f"mart.`{name}` = difference.`{name}`" for name in columns)}
        WHEN NOT MATCHED AND NOT difference.is_gone THEN
            INSERT ({_named(columns)})
            VALUES ({", ".join(f"difference.`{name}`" for name in columns)})
    """


def _named(columns: Any) -> str:
    return ", ".join(f"`{name}`" for name in columns)
