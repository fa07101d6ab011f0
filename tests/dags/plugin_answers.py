"""What the plug-in does when Airflow starts, and when a run is due; part of `operator_answers.py`."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from airflow.models.pool import Pool
from sqlalchemy.exc import IntegrityError

from lakehouse.airflow.deadline import NextTimeOfDay
from lakehouse.airflow.plugin import on_starting


def due(run_type: str) -> str | None:
    """When a run that was due at seven must be done, with a deadline at six that was stored and read again."""
    row = SimpleNamespace(one=lambda: (datetime(2026, 11, 24, 7, tzinfo=UTC), run_type))
    session = SimpleNamespace(execute=lambda _: row)
    stored = NextTimeOfDay.deserialize_reference(NextTimeOfDay("06:00").serialize_reference())
    found = stored._evaluate_with(session=session, dag_id="publish_erp", run_id="run")
    return found.isoformat() if found else None


def started(kind: str, there: bool = False, rival: bool = False) -> list[Any]:
    """The pools that are made when a component of Airflow starts, which may find the pool, or lose it to a rival."""
    made: list[Any] = []

    def create(name: str, slots: int, _: str, include_deferred: bool) -> None:
        made.append([name, slots, include_deferred])
        if rival:
            raise IntegrityError("insert", {}, ValueError("there already"))

    kept = Pool.get_pool, Pool.create_or_update_pool
    Pool.get_pool, Pool.create_or_update_pool = lambda _: SimpleNamespace() if there else None, create
    try:
        on_starting(type(kind, (), {})())
    finally:
        Pool.get_pool, Pool.create_or_update_pool = kept
    return made


def plugin_answers() -> dict[str, Any]:
    """All of it."""
    return {
        "due": {kind: due(kind) for kind in ("scheduled", "asset_triggered", "manual", "backfill")},
        "pools": [started("Job"), started("Job", there=True), started("Job", rival=True), started("TaskRunner")],
    }
