"""The Airflow plug-in of the lakehouse: its deadlines, and the pool that its DAGs need."""

from __future__ import annotations

import contextlib
import sys
from typing import Any, ClassVar

from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin

from lakehouse.airflow.deadline import NextTimeOfDay
from lakehouse.contracts.plan import MARTS_POOL


@hookimpl  # type: ignore[untyped-decorator]
def on_starting(component: Any) -> None:
    """Create the pool when Airflow starts: tasks of a pool that does not exist would wait for ever.

    The component does not tell yet whether it is a scheduler. Every Airflow job can use the database; the process of a
    task, whose component has another type, cannot.
    """
    if type(component).__name__ != "Job":
        return
    from airflow.models.pool import Pool
    from sqlalchemy.exc import IntegrityError

    if Pool.get_pool(MARTS_POOL) is None:
        # Scheduler, triggerer and DAG processor start at once, and one of them is first.
        with contextlib.suppress(IntegrityError):
            Pool.create_or_update_pool(
                MARTS_POOL, 1, "Jobs that write the marts, one at a time.", include_deferred=True
            )


class LakehousePlugin(AirflowPlugin):  # type: ignore[misc]
    """Found by Airflow through the entry point of the installed package."""

    name = "lakehouse"
    deadline_references: ClassVar[list[Any]] = [NextTimeOfDay]
    listeners: ClassVar[list[Any]] = [sys.modules[__name__]]
