"""What tests ask of a lake, by readers that are not Spark."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lakehouse.contracts.contract import Contracts
from lakehouse.cycle.cycle import CycleResult, run_cycle
from lakehouse.cycle.display import Display, make_console
from lakehouse.lake.delta_log import open_table
from lakehouse.lake.paths import Lake
from lakehouse.publish.engine import connect, tables_of
from lakehouse.runtime.context import Context

FACT = "fct_daily_store_metrics"
RECORDS_OF_RUNS = {("ops", "runs"), ("ops", "steps")}


def run(context: Context, delivery: Path) -> CycleResult:
    """One cycle without a display."""
    import io

    with Display(console=make_console(io.StringIO())) as progress:
        return run_cycle(context, delivery, progress)


def rows(lake: Lake, contracts: Contracts, sql: str) -> list[tuple[Any, ...]]:
    """The rows of a query; times come naive and in UTC."""
    connection = connect(lake, contracts, reveal=True)
    try:
        return [tuple(_plain(value) for value in row) for row in connection.execute(sql).fetchall()]
    finally:
        connection.close()


def _plain(value: Any) -> Any:
    return value.replace(tzinfo=None) if hasattr(value, "tzinfo") else value


def versions(lake: Lake) -> dict[str, int]:
    """The version of every table in the lake but those in which each run enters itself."""
    found = {}
    for layer, name in tables_of(lake):
        if (layer, name) in RECORDS_OF_RUNS:
            continue
        table = open_table(lake.table(layer, name))
        assert table is not None
        found[f"{layer}.{name}"] = table.version()
    return found


def data_files(lake: Lake, layers: tuple[str, ...] = ("silver", "marts", "quarantine")) -> set[str]:
    """Every data file that the tables of some layers have now."""
    found: set[str] = set()
    for layer, name in tables_of(lake):
        if layer in layers:
            table = open_table(lake.table(layer, name))
            assert table is not None
            found |= set(table.file_uris())
    return found
