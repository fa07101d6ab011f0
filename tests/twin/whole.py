"""A whole twin for tests: its commands, what an analyst reads in it, and what its Airflow and Slack say."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from tests.oracle.oracle import Table
from tools.twin import cli, lifecycle
from tools.twin.account import Clients
from tools.twin.airflow import Airflow
from tools.twin.calls import OPERATOR, Caller
from tools.twin.job_process import clean_environment, surroundings
from tools.twin.plan import ROOT, Plan

FACT = "marts.fct_daily_store_metrics"


@dataclass
class Twin:
    """A running twin. said: what the last command printed."""

    plan: Plan
    folder: Path
    said: str = ""
    _seen: dict[str, Any] = field(default_factory=dict)

    @property
    def words(self) -> dict[str, Any]:
        """Its addresses."""
        return lifecycle.ready()

    @property
    def state(self) -> dict[str, Any]:
        """What has happened in it."""
        return lifecycle.ask(self.words["aws"], "state")

    @property
    def airflow(self) -> Airflow:
        """Its Airflow."""
        return Airflow(self.words["airflow"])

    def run(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> int:
        """Deliver a folder and wait until all is quiet; the exit code."""
        self._seen = self.state
        code = cli.main(["run", str(folder)])
        taken = capsys.readouterr()
        self.said = taken.out + taken.err
        return code

    def news(self, what: str) -> list[Any]:
        """The runs, queries or messages since the last `run` began."""
        found: list[Any] = self.state[what][len(self._seen[what]) :]
        return found

    def jobs(self) -> list[tuple[str, str]]:
        """The jobs that the last `run` started, with their states."""
        return sorted((run["JobName"], run["JobRunState"]) for run in self.news("runs"))

    def failed(self) -> list[str]:
        """The DAGs that failed, as the last `run` names them."""
        named = re.search(r"^error: (.*) failed; ", self.said, re.MULTILINE)
        return named[1].split(", ") if named else []

    def finish(self, dag: str) -> str:
        """Let a DAG run once and wait for its end; its state."""
        self._seen = self.state
        self.airflow.unpause(dag)
        mine = self.airflow.trigger(dag)
        until = time.monotonic() + 900
        while True:
            (state,) = [run["state"] for run in self.airflow.runs(dag) if run["dag_run_id"] == mine]
            if state in ("success", "failed"):
                return str(state)
            assert time.monotonic() < until, state
            time.sleep(2)

    def fact(self, wanted: Table) -> list[tuple[Any, ...]]:
        """The fact as an analyst gets it from Athena, in the columns of the oracle."""
        file, columns = self.folder / "fact.parquet", ", ".join(wanted.columns)
        sql = f"SELECT {columns} FROM {FACT} ORDER BY dt, store_id"
        lake = f"s3://{self.plan.bucket('curated')}"
        env = {**clean_environment(), **self._words(), "PYTHONPATH": str(ROOT / "glue_jobs")}
        env["LAKEHOUSE_ATHENA_WORKGROUP"] = self.plan.outputs["analysts_workgroup"]
        command = [sys.executable, "-m", "lakehouse", "query", "--athena", "--lake", lake, "--parquet", str(file), sql]
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        return [tuple(row.values()) for row in pq.read_table(file).to_pylist()]

    def silver(self, name: str, wanted: Table) -> list[tuple[Any, ...]]:
        """A silver table in the columns of the oracle, soft-deleted rows too."""
        words = {**self._words(), "AWS_ALLOW_HTTP": "true"}
        place = f"s3://{self.plan.bucket('curated')}/curated/silver/{name}"
        rows = DeltaTable(place, storage_options=words).to_pyarrow_table(columns=list(wanted.columns)).to_pylist()
        return sorted((tuple(_plain(value) for value in row.values()) for row in rows), key=repr)

    def tables(self) -> dict[str, list[str]]:
        """Every table of its lake, as `tables_of` tells them."""
        words = {**self._words(), "AWS_ALLOW_HTTP": "true"}
        bucket = self.plan.bucket("curated")
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="curated/")
        keys = {item["Key"] for page in pages for item in page.get("Contents", ())}
        names = {key.split("/_delta_log/")[0].removeprefix("curated/") for key in keys if "/_delta_log/" in key}
        return tables_of(f"s3://{bucket}/curated", names, words)

    @property
    def s3(self) -> Any:
        """Its S3, for the operator."""
        return Clients(self.words["aws"], self.plan.region).of("s3")

    def _words(self) -> dict[str, str]:
        return surroundings(self.words["aws"], self.plan.region, Caller(OPERATOR))


PASSING = frozenset({
    "run_id", "attempt_id", "recorded_at", "started_at", "seconds", "data_docs", "files", "_ingested_at",
    "_quarantined_at",
})  # fmt: skip
"""Columns that say when and in which run, or how the rows lie in files, and not what the lake holds."""
OF_RUNS = frozenset({"milestones", "published", "runs", "steps"})
"""Tables that say what ran, which is one process here and many jobs there."""


def tables_of(root: str, names: Iterable[str], words: dict[str, str] | None = None) -> dict[str, list[str]]:
    """The rows of the tables of a lake, sorted, by layer and name; of a source file its name alone."""
    return {
        name: sorted(
            _told(row) for row in DeltaTable(f"{root}/{name}", storage_options=words).to_pyarrow_table().to_pylist()
        )
        for name in names
        if name.rpartition("/")[2] not in OF_RUNS
    }


def _told(row: dict[str, Any]) -> str:
    kept = {name: value for name, value in row.items() if name not in PASSING}
    if "_source_file" in kept:
        kept["_source_file"] = str(kept["_source_file"]).rpartition("/")[2]
    return repr(sorted(kept.items()))


def _plain(value: Any) -> Any:
    """A value as the oracle has it: instants in UTC without a zone."""
    return value.replace(tzinfo=None) if getattr(value, "tzinfo", None) else value


def rows_of(table: Table) -> list[tuple[Any, ...]]:
    """The oracle's rows, sorted as `silver` sorts."""
    return sorted((tuple(row) for row in table.rows), key=repr)


def without_account() -> None:
    """Refuse to test in a shell whose account the twin would refuse."""
    lifecycle.refuse_foreign(os.environ)
