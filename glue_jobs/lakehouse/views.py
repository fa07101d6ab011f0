"""The Athena views of `dbt/athena_views`: read, checked against the lake, and made through Athena's API."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlglot
from sqlglot import exp

from lakehouse.errors import LakehouseError, TransientError, nearest

DATABASE = "analytics"
_POLL_SECONDS = 1.0
_WAIT_SECONDS = 120.0


class ViewError(LakehouseError):
    """A view that cannot stand; names its file, what it asks for and the nearest known name."""

    def __init__(self, file: Path, problem: str) -> None:
        self.file, self.problem = file, problem
        super().__init__(f"{file.name}: {problem}")


class AthenaError(TransientError):
    """Athena did not make a view; carries its reason."""

    def __init__(self, view: str, state: str, reason: str) -> None:
        self.view, self.state, self.reason = view, state, reason
        super().__init__(f"Athena did not make the view {view}: {state} {reason}. The earlier view still stands.")


@dataclass(frozen=True)
class View:
    """One Athena view."""

    name: str
    file: Path
    description: str
    sql: str

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that the view reads, as layer.table."""
        parsed = sqlglot.parse_one(self.sql, dialect="athena")
        ctes = {cte.alias for cte in parsed.find_all(exp.CTE)}
        return tuple(sorted({t.sql().replace('"', "") for t in parsed.find_all(exp.Table) if t.name not in ctes}))

    @property
    def for_duckdb(self) -> str:
        """The query as the embedded engine wants it."""
        return sqlglot.transpile(self.sql, read="athena", write="duckdb")[0]


def read_views(folder: Path) -> list[View]:
    """All views of the folder; raises ViewError for one without a description or with SQL that does not parse."""
    return [_read(file) for file in sorted(folder.glob("*.sql"))]


def _read(file: Path) -> View:
    lines = file.read_text(encoding="utf-8").splitlines()
    described = [line.removeprefix("-- description:").strip() for line in lines if line.startswith("-- description:")]
    if not described:
        raise ViewError(file, "has no header line `-- description: …`; say there what the view shows.")
    sql = "\n".join(line for line in lines if not line.startswith("--"))
    try:
        sqlglot.parse_one(sql, dialect="athena")
    except sqlglot.ParseError as error:
        raise ViewError(file, " ".join(str(error).split())[:200]) from None
    return View(file.stem, file, described[0], sql)


def check_tables(view: View, known: set[str]) -> None:
    """Raise ViewError when a view reads a table that is not there."""
    for table in view.tables:
        if table not in known:
            raise ViewError(view.file, f"reads {table}, which is not published.{nearest(table, known)}")


def create_view(athena: Any, view: View, output: str, workgroup: str) -> None:
    """Make or replace one view through Athena and wait for it; raises AthenaError when Athena refuses."""
    statement = f'CREATE OR REPLACE VIEW "{DATABASE}"."{view.name}" AS\n{view.sql}'
    query = athena.start_query_execution(
        QueryString=statement,
        QueryExecutionContext={"Database": DATABASE},
        ResultConfiguration={"OutputLocation": output},
        WorkGroup=workgroup,
    )["QueryExecutionId"]
    until = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < until:
        status = athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"]
        if status["State"] == "SUCCEEDED":
            return
        if status["State"] in ("FAILED", "CANCELLED"):
            raise AthenaError(view.name, status["State"], status.get("StateChangeReason", ""))
        time.sleep(_POLL_SECONDS)
    raise AthenaError(view.name, "TIMEOUT", f"no answer in {_WAIT_SECONDS:.0f} s")
