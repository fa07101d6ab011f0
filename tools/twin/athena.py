"""Athena's queries: each runs its SQL in the engine, in the caller's name, and leaves its result on S3."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from botocore.exceptions import ClientError

from tools.twin.calls import SECRET, Asked, AwsError, Caller
from tools.twin.faults import Faults

ROOT = Path(__file__).resolve().parents[2]
INTERNAL = "GENERIC_INTERNAL_ERROR: the fault query-failed"


class Engine(Protocol):
    """Runs one statement and answers with its result, or with `error`."""

    def __call__(self, sql: str, database: str, access: Mapping[str, str]) -> dict[str, Any]:
        """Run it to its end."""


class EngineProcess:
    """The engine in a process of its own, started at the first statement; one statement at a time."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()

    def __call__(self, sql: str, database: str, access: Mapping[str, str]) -> dict[str, Any]:
        """Run a statement; one that ends the engine has failed, and the next starts another engine."""
        with self._lock:
            process = self._started()
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                process.stdin.write(json.dumps({"sql": sql, "database": database, "access": dict(access)}) + "\n")
                process.stdin.flush()
                line = process.stdout.readline()
            except OSError:
                line = ""
        answer: dict[str, Any] = json.loads(line) if line else {"error": "GENERIC_INTERNAL_ERROR: the engine ended"}
        return answer

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None or self._process.poll() is not None:
            command = [sys.executable, "-m", "tools.twin.athena_engine"]
            self._process = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        return self._process

    def end(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


@dataclass
class Query:
    """One query: its statement and its state. scanned: the bytes of data files that the engine was sent for it."""

    id: str
    sql: str
    database: str
    workgroup: str
    output: str
    caller: Caller
    state: str = "QUEUED"
    reason: str = ""
    kind: str = "DML"
    scanned: int = 0
    begun: float = field(default_factory=time.time)
    ended: float | None = None
    seen: bool = False
    columns: list[list[str]] = field(default_factory=list)
    rows: list[list[str | None]] = field(default_factory=list)

    def looked_at(self) -> dict[str, Any]:
        """The query as Athena shows it; who looks first finds it under way, for in an account none ends at once.

        Airflow 3.3.1 takes a task for lost whose trigger fires before its scheduler has booked the wait.
        """
        first, self.seen = not self.seen, True
        return (
            {**self.shown(), "Status": {"State": "RUNNING", "SubmissionDateTime": self.begun}}
            if first
            else self.shown()
        )

    def shown(self) -> dict[str, Any]:
        """What it is."""
        status: dict[str, Any] = {"State": self.state, "SubmissionDateTime": self.begun}
        if self.reason:
            status["StateChangeReason"] = self.reason
        if self.state == "FAILED":
            status["AthenaError"] = {"ErrorMessage": self.reason, "Retryable": self.reason == INTERNAL}
        if self.ended:
            status["CompletionDateTime"] = self.ended
        milliseconds = int(((self.ended or time.time()) - self.begun) * 1000)
        statistics = {"DataScannedInBytes": self.scanned, "EngineExecutionTimeInMillis": milliseconds,
                      "TotalExecutionTimeInMillis": milliseconds}  # fmt: skip
        return {
            "QueryExecutionId": self.id, "Query": self.sql, "StatementType": self.kind,
            "QueryExecutionContext": {"Database": self.database}, "WorkGroup": self.workgroup, "Status": status,
            "ResultConfiguration": {"OutputLocation": f"{self.output.rstrip('/')}/{self.id}.csv"},
            "Statistics": statistics,
        }  # fmt: skip


@dataclass
class Queries:
    """All queries of all workgroups."""

    workgroups: Mapping[str, Mapping[str, Any]]
    engine: Engine
    address: str
    region: str
    client: Callable[[Caller], Any]
    faults: Faults
    queries: dict[str, Query] = field(default_factory=dict)

    # ---- what Athena is asked

    def start_query_execution(self, asked: Asked) -> dict[str, Any]:
        """Begin a query; the results go where the workgroup says, if it insists."""
        words, query_id = asked.words, str(uuid.uuid4())
        name = words.get("WorkGroup", "primary")
        output = self._output(name, words.get("ResultConfiguration", {}).get("OutputLocation", ""))
        database = words.get("QueryExecutionContext", {}).get("Database", "default")
        assert asked.caller is not None
        query = Query(query_id, words["QueryString"], database, name, output, Caller(asked.caller.role, query_id))
        self.queries[query_id] = query
        threading.Thread(target=self._run, args=(query,), daemon=True).start()
        return {"QueryExecutionId": query_id}

    def get_query_execution(self, asked: Asked) -> dict[str, Any]:
        """One query."""
        return {"QueryExecution": self._query(asked).looked_at()}

    def list_query_executions(self, asked: Asked) -> dict[str, Any]:
        """The queries of a workgroup, the newest first."""
        name = asked.words.get("WorkGroup", "primary")
        found = [query.id for query in self.queries.values() if query.workgroup == name]
        return {"QueryExecutionIds": found[::-1]}

    def stop_query_execution(self, asked: Asked) -> dict[str, Any]:
        """Cancel a query."""
        query = self._query(asked)
        if query.state in ("QUEUED", "RUNNING"):
            query.state, query.ended = "CANCELLED", time.time()
        return {}

    def get_query_results(self, asked: Asked) -> dict[str, Any]:
        """The rows of a finished query in pages; the first row of a SELECT repeats the names."""
        query = self._query(asked)
        if query.state != "SUCCEEDED":
            raise AwsError("InvalidRequestException", f"Query has not yet finished. Current state: {query.state}")
        header = [[name for name, _ in query.columns]] if query.kind == "DML" else []
        begin, size = int(asked.words.get("NextToken") or 0), int(asked.words.get("MaxResults") or 1000)
        rows = [*header, *query.rows]
        info = [{"Name": name, "Label": name, "Type": kind} for name, kind in query.columns]
        shown = [{"Data": [_cell(value) for value in row]} for row in rows[begin : begin + size]]
        more = {"NextToken": str(begin + size)} if len(rows) > begin + size else {}
        return {"ResultSet": {"Rows": shown, "ResultSetMetadata": {"ColumnInfo": info}}, **more}

    # ---- how a query goes

    def workgroup_of(self, query_id: str) -> str:
        """The workgroup of a query; raises AwsError."""
        if query_id not in self.queries:
            raise AwsError("InvalidRequestException", f"QueryExecution {query_id} was not found")
        return self.queries[query_id].workgroup

    def count(self, caller: Caller, size: int) -> None:
        """Count bytes of a data file that were sent for a query."""
        if query := self.queries.get(caller.about):
            query.scanned += size

    def _run(self, query: Query) -> None:
        query.state = "RUNNING" if query.state == "QUEUED" else query.state
        access = {"key": query.caller.key, "secret": SECRET, "region": self.region, "address": self.address}
        if self.faults.strikes("query-failed"):
            answer: dict[str, Any] = {"error": INTERNAL}
        else:
            answer = self.engine(query.sql, query.database, access)
        if query.state != "RUNNING":
            return
        query.kind, query.columns, query.rows = (answer.get(word, rest) for word, rest in _NOTHING)
        error = answer.get("error") or self._above_limit(query) or self._kept(query)
        query.reason, query.ended = error, time.time()
        query.state = "FAILED" if error else "SUCCEEDED"

    def _above_limit(self, query: Query) -> str:
        limit = self.workgroups.get(query.workgroup, {}).get("bytes_scanned_cutoff_per_query")
        return "Query exhausted resources: Bytes scanned limit was exceeded" if limit and query.scanned > limit else ""

    def _kept(self, query: Query) -> str:
        """Write the result where it belongs; returns why that was refused."""
        text = io.StringIO()
        csv.writer(text, quoting=csv.QUOTE_ALL).writerows([[name for name, _ in query.columns], *query.rows])
        bucket, _, key = query.output.removeprefix("s3://").partition("/")
        try:
            self.client(query.caller).put_object(
                Bucket=bucket, Key=f"{key.rstrip('/')}/{query.id}.csv", Body=text.getvalue().encode()
            )
        except ClientError as error:
            return f"PERMISSION_DENIED: cannot write the result to {query.output}: {error}"
        return ""

    def _output(self, workgroup: str, given: str) -> str:
        if workgroup not in self.workgroups and workgroup != "primary":
            raise AwsError("InvalidRequestException", f"WorkGroup {workgroup} is not found.")
        settings = self.workgroups.get(workgroup, {})
        own = [found["output_location"] for found in settings.get("result_configuration") or ()]
        place = own[0] if own and (settings.get("enforce_workgroup_configuration") or not given) else given
        if not place:
            raise AwsError("InvalidRequestException", "No output location provided.")
        return place

    def _query(self, asked: Asked) -> Query:
        query_id = asked.words.get("QueryExecutionId", "")
        self.workgroup_of(query_id)
        return self.queries[query_id]


_NOTHING: tuple[tuple[str, Any], ...] = (("kind", "DML"), ("columns", []), ("rows", []))


def _cell(value: str | None) -> dict[str, str]:
    return {} if value is None else {"VarCharValue": value}
