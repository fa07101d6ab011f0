"""A question put to Athena: progress while it runs, rows with their types, and what it read and cost."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from lakehouse.publish.athena import Athena, Cost, Progress
from lakehouse.publish.query import Answer

_READ: dict[str, Callable[[str], Any]] = {
    "boolean": lambda text: text == "true",
    "date": date.fromisoformat,
    "timestamp": datetime.fromisoformat,
    "decimal": Decimal,
    **dict.fromkeys(("tinyint", "smallint", "integer", "int", "bigint"), int),
    **dict.fromkeys(("float", "real", "double"), float),
}
_ARROW = {
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    **dict.fromkeys(("tinyint", "smallint", "integer", "int"), pa.int32()),
    "bigint": pa.int64(),
    **dict.fromkeys(("float", "real", "double"), pa.float64()),
}


@dataclass(frozen=True)
class AthenaAnswer:
    """Rows with Athena's types, and what the query cost."""

    types: tuple[str, ...]
    answer: Answer
    cost: Cost


def ask_athena(athena: Athena, sql: str) -> AthenaAnswer:
    """Run one SELECT through Athena; progress goes to standard error; raises AthenaError or AthenaBusyError."""
    query, cost = athena.run(sql, "answer", tell=_tell if sys.stderr.isatty() else None)
    columns, rows = athena.rows(query)
    types = tuple(kind for _, kind in columns)
    read = [_READ.get(kind, str) for kind in types]
    values = [tuple(None if v is None else to(v) for to, v in zip(read, row, strict=True)) for row in rows]
    print(_spent(cost), file=sys.stderr)
    return AthenaAnswer(types, Answer(tuple(name for name, _ in columns), values), cost)


def _tell(progress: Progress) -> None:
    ended = progress.state not in ("QUEUED", "RUNNING")
    line = f"\r{progress.state.lower():<9} {progress.seconds:6.1f} s  {_amount(progress.bytes_scanned)} read"
    print(line, end="\n" if ended else "", file=sys.stderr, flush=True)


def _spent(cost: Cost) -> str:
    return f"{_amount(cost.bytes_scanned)} read in {cost.seconds:.1f} s, about ${cost.dollars:.6f}"


def _amount(size: int) -> str:
    for unit, length in (("GB", 10**9), ("MB", 10**6), ("KB", 10**3)):
        if size >= length:
            return f"{size / length:.2f} {unit}"
    return f"{size} bytes"


def save_parquet(found: AthenaAnswer, file: Path) -> int:
    """Write an answer as a Parquet file with the types that Athena named; returns the number of rows."""
    import pyarrow.parquet as pq

    columns = {}
    for number, (name, kind) in enumerate(zip(found.answer.columns, found.types, strict=True)):
        values = [row[number] for row in found.answer.rows]
        columns[name] = pa.array(values, type=_ARROW.get(kind, None if kind == "decimal" else pa.string()))
    pq.write_table(pa.table(columns), file)
    return len(found.answer.rows)
