"""Runs statements through Athena's API: waits, says how far it is, what was read and what that costs."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lakehouse.errors import LakehouseError, TransientError
from lakehouse.lake.paths import Lake

POLL_SECONDS = 1.0
WAIT_SECONDS = 1800.0
_TERABYTE = 10**12
_LEAST_BYTES = 10 * 10**6  # what Athena charges for at least, unless nothing was read


class AthenaError(LakehouseError):
    """Athena refused a statement; carries its reason."""

    def __init__(self, what: str, state: str, reason: str) -> None:
        self.what, self.state, self.reason = what, state, reason
        super().__init__(f"Athena did not {what}: {state} {reason}".rstrip() + ".")


class AthenaBusyError(TransientError):
    """Athena gave no answer in time, or cancelled; it may when asked again."""

    def __init__(self, what: str, state: str, reason: str) -> None:
        self.what, self.state, self.reason = what, state, reason
        super().__init__(f"Athena did not {what}: {state} {reason}".rstrip() + ". Try it again.")


@dataclass(frozen=True)
class Progress:
    """How far a query is: its state, seconds since its start, bytes read so far."""

    state: str
    seconds: float
    bytes_scanned: int


@dataclass(frozen=True)
class Cost:
    """What a query read, and what Athena charges for it (dollars, by LAKEHOUSE_ATHENA_PRICE per terabyte)."""

    bytes_scanned: int
    seconds: float

    @property
    def dollars(self) -> float:
        """Price of the bytes; 5 dollars a terabyte unless told otherwise, from 10 MB on."""
        if self.bytes_scanned == 0:
            return 0.0
        price = float(os.environ.get("LAKEHOUSE_ATHENA_PRICE", "5"))
        return max(self.bytes_scanned, _LEAST_BYTES) * price / _TERABYTE


@dataclass(frozen=True)
class Athena:
    """A way to Athena: client, where results go, and in whose workgroup."""

    client: Any
    output: str
    workgroup: str

    @classmethod
    def of(cls, lake: Lake) -> Athena:
        """Athena as the environment names it: endpoint, LAKEHOUSE_ATHENA_WORKGROUP, LAKEHOUSE_ATHENA_OUTPUT."""
        import boto3

        output = os.environ.get("LAKEHOUSE_ATHENA_OUTPUT") or f"{lake.curated}/athena_results/"
        return cls(boto3.client("athena"), output, os.environ.get("LAKEHOUSE_ATHENA_WORKGROUP", "primary"))

    def run(
        self, sql: str, what: str, database: str = "marts", tell: Callable[[Progress], None] | None = None
    ) -> tuple[str, Cost]:
        """Run one statement to its end; returns its id and cost, raises AthenaError or AthenaBusyError."""
        query = self.client.start_query_execution(
            QueryString=sql,
            QueryExecutionContext={"Database": database},
            ResultConfiguration={"OutputLocation": self.output},
            WorkGroup=self.workgroup,
        )["QueryExecutionId"]
        try:
            return query, self._wait(query, what, tell)
        except KeyboardInterrupt:
            self.client.stop_query_execution(QueryExecutionId=query)  # nobody waits for it, so nobody pays for it
            raise

    def _wait(self, query: str, what: str, tell: Callable[[Progress], None] | None) -> Cost:
        start = time.monotonic()
        while (seconds := time.monotonic() - start) < WAIT_SECONDS:
            execution = self.client.get_query_execution(QueryExecutionId=query)["QueryExecution"]
            status, scanned = execution["Status"], _scanned(execution)
            if tell:
                tell(Progress(status["State"], seconds, scanned))
            if status["State"] == "SUCCEEDED":
                return Cost(scanned, time.monotonic() - start)
            if status["State"] == "FAILED":
                raise AthenaError(what, "FAILED", status.get("StateChangeReason", ""))
            if status["State"] == "CANCELLED":
                raise AthenaBusyError(what, "CANCELLED", status.get("StateChangeReason", ""))
            time.sleep(POLL_SECONDS)
        raise AthenaBusyError(what, "TIMEOUT", f"no answer in {WAIT_SECONDS:.0f} s")

    def rows(self, query: str) -> tuple[list[tuple[str, str]], Iterator[list[str | None]]]:
        """Name and type of each column, and the rows as text, of a query that has ended."""
        pages = iter(self.client.get_paginator("get_query_results").paginate(QueryExecutionId=query))
        first = next(pages)["ResultSet"]
        columns = [(c["Name"], c["Type"]) for c in first.get("ResultSetMetadata", {}).get("ColumnInfo", ())]
        # The first row of the first page repeats the names.
        return columns, _values([first["Rows"][1:], *(page["ResultSet"]["Rows"] for page in pages)])


def _scanned(execution: Mapping[str, Any]) -> int:
    return int(execution.get("Statistics", {}).get("DataScannedInBytes", 0))


def _values(pages: list[list[Mapping[str, Any]]]) -> Iterator[list[str | None]]:
    for rows in pages:
        for row in rows:
            yield [cell.get("VarCharValue") for cell in row["Data"]]
