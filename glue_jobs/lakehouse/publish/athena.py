"""Runs statements through Athena's API: waits, reports the state, the bytes scanned and their cost."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lakehouse.contracts.layers import MARTS
from lakehouse.errors import LakehouseError, TransientError
from lakehouse.lake.paths import Lake
from lakehouse.privacy import MASK
from lakehouse.publish.athena_account import refusals, region

POLL_SECONDS = 1.0
WAIT_SECONDS = 1800.0
_TERABYTE = 10**12
_LEAST_BYTES = 10 * 10**6  # the minimum that Athena charges for, unless nothing was read

_LONGEST_REASON = 600
# A statement is refused at a place of its own text before a row of any table is read.
_PLACE = re.compile(r"([A-Z_]+: )?line \d+:\d+: ")
# Trino's codes of what can go wrong later, and Athena's own.
_CODES = frozenset({
    "ABANDONED_QUERY", "ACCESS_DENIED", "ALREADY_EXISTS", "CLUSTER_OUT_OF_MEMORY", "COLUMN_NOT_FOUND",
    "DIVISION_BY_ZERO", "EXCEEDED_CPU_LIMIT", "EXCEEDED_LOCAL_MEMORY_LIMIT", "EXCEEDED_TIME_LIMIT", "EXTERNAL",
    "GENERIC_INTERNAL_ERROR", "GENERIC_USER_ERROR", "HIVE_BAD_DATA", "HIVE_CANNOT_OPEN_SPLIT", "HIVE_CURSOR_ERROR",
    "HIVE_FILESYSTEM_ERROR", "HIVE_METASTORE_ERROR", "HIVE_UNKNOWN_ERROR", "INVALID_ARGUMENTS", "INVALID_CAST_ARGUMENT",
    "INVALID_FUNCTION_ARGUMENT", "INVALID_VIEW", "NOT_FOUND", "NOT_SUPPORTED", "NUMERIC_VALUE_OUT_OF_RANGE",
    "PERMISSION_DENIED", "REMOTE_TASK_ERROR", "SCHEMA_NOT_FOUND", "SUBQUERY_MULTIPLE_ROWS", "SYNTAX_ERROR",
    "TABLE_NOT_FOUND", "TOO_MANY_REQUESTS_FAILED", "TYPE_MISMATCH", "VIEW_IS_STALE",
})  # fmt: skip


class AthenaError(LakehouseError):
    """A statement failed in Athena; the message has Athena's reason."""

    def __init__(self, what: str, state: str, reason: str) -> None:
        self.what, self.state, self.reason = what, state, reason
        super().__init__(f"Athena did not {what}: {state} {reason}".rstrip() + ".")


class AthenaBusyError(TransientError):
    """Athena did not answer in time, cancelled the statement, or says that it may succeed when it is run again."""

    def __init__(self, what: str, state: str, reason: str) -> None:
        self.what, self.state, self.reason = what, state, reason
        super().__init__(f"Athena did not {what}: {state} {reason}".rstrip() + ". Try it again.")


@dataclass(frozen=True)
class QueryState:
    """A running query: its state, seconds since its start, bytes scanned so far."""

    state: str
    seconds: float
    bytes_scanned: int


@dataclass(frozen=True)
class Cost:
    """The bytes that a query scanned, and Athena's price for them."""

    bytes_scanned: int
    seconds: float

    @property
    def dollars(self) -> float:
        """Price in US dollars: LAKEHOUSE_ATHENA_PRICE per terabyte (default 5), at least for 10 MB."""
        if self.bytes_scanned == 0:
            return 0.0
        price = float(os.environ.get("LAKEHOUSE_ATHENA_PRICE", "5"))
        return max(self.bytes_scanned, _LEAST_BYTES) * price / _TERABYTE


@dataclass(frozen=True)
class Athena:
    """Access to Athena: the client, the folder of the results, the workgroup."""

    client: Any
    output: str
    workgroup: str

    @classmethod
    def of(cls, lake: Lake, workgroup: str | None = None) -> Athena:
        """Athena in a workgroup (None: LAKEHOUSE_ATHENA_WORKGROUP); results go to LAKEHOUSE_ATHENA_OUTPUT."""
        import boto3

        output = os.environ.get("LAKEHOUSE_ATHENA_OUTPUT") or f"{lake.curated}/athena_results/"
        named = workgroup or os.environ.get("LAKEHOUSE_ATHENA_WORKGROUP", "primary")
        where = region()
        with refusals("answer"):
            return cls(boto3.client("athena", region_name=where), output, named)

    def run(
        self, sql: str, what: str, database: str = MARTS, on_state: Callable[[QueryState], None] | None = None
    ) -> tuple[str, Cost]:
        """Run one statement and wait for it; returns its ID and cost, raises AthenaError or AthenaBusyError.

        what: the action for the error message, such as `create the view daily`. on_state: called after each poll.
        """
        with refusals(what, self.workgroup):
            query = self.client.start_query_execution(
                QueryString=sql,
                QueryExecutionContext={"Database": database},
                ResultConfiguration={"OutputLocation": self.output},
                WorkGroup=self.workgroup,
            )["QueryExecutionId"]
        try:
            with refusals(what, self.workgroup):
                return query, self._wait(query, what, on_state)
        except KeyboardInterrupt:
            self.client.stop_query_execution(QueryExecutionId=query)  # nobody waits for the result any more
            raise

    def _wait(self, query: str, what: str, on_state: Callable[[QueryState], None] | None) -> Cost:
        start = time.monotonic()
        while (seconds := time.monotonic() - start) < WAIT_SECONDS:
            execution = self.client.get_query_execution(QueryExecutionId=query)["QueryExecution"]
            status, scanned = execution["Status"], _scanned(execution)
            if on_state:
                on_state(QueryState(status["State"], seconds, scanned))
            if status["State"] == "SUCCEEDED":
                return Cost(scanned, time.monotonic() - start)
            if status["State"] in ("FAILED", "CANCELLED"):
                may_succeed = status["State"] == "CANCELLED" or status.get("AthenaError", {}).get("Retryable", False)
                kind = AthenaBusyError if may_succeed else AthenaError
                raise kind(what, status["State"], _shown(status.get("StateChangeReason", "")))
            time.sleep(POLL_SECONDS)
        raise AthenaBusyError(what, "TIMEOUT", f"no answer in {WAIT_SECONDS:.0f} s")

    def rows(self, query: str) -> tuple[list[tuple[str, str]], Iterator[list[str | None]]]:
        """The result of a finished query: name and type of each column, and the rows as text."""
        pages = iter(self.client.get_paginator("get_query_results").paginate(QueryExecutionId=query))
        with refusals("give the rows", self.workgroup):
            first = next(pages)["ResultSet"]
        columns = [(c["Name"], c["Type"]) for c in first.get("ResultSetMetadata", {}).get("ColumnInfo", ())]
        # The first row of the first page repeats the names.
        return columns, _values([first["Rows"][1:], *(page["ResultSet"]["Rows"] for page in pages)])


def _shown(reason: str) -> str:
    """What may be shown of a reason: all where a place in the statement was refused, else the code, for rows follow."""
    code = reason.partition(":")[0].strip()
    if _PLACE.match(reason):
        return " ".join(reason.split())[:_LONGEST_REASON]
    return code if code in _CODES or not reason else MASK


def _scanned(execution: Mapping[str, Any]) -> int:
    return int(execution.get("Statistics", {}).get("DataScannedInBytes", 0))


def _values(pages: list[list[Mapping[str, Any]]]) -> Iterator[list[str | None]]:
    for rows in pages:
        for row in rows:
            yield [cell.get("VarCharValue") for cell in row["Data"]]
