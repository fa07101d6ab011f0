"""The time of day by which a contract promises its data, as a reference of Airflow's deadlines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from airflow.sdk.definitions.deadline import BaseDeadlineReference


@dataclass(frozen=True)
class NextTimeOfDay(BaseDeadlineReference):  # type: ignore[misc]
    """The first HH:MM in UTC after a run was due; a backfill has none, because its dates are past.

    Airflow's own references know a span since the run's date, which runs started by an asset lack, or since it was
    queued; a contract names a time of day.
    """

    required_kwargs: ClassVar[set[str]] = {"dag_id", "run_id"}
    time: str = "00:00"

    def serialize_reference(self) -> dict[str, Any]:
        """What Airflow stores of it with the DAG."""
        return {"reference_type": self.reference_name, "time": self.time}

    @classmethod
    def deserialize_reference(cls, reference_data: dict[str, Any]) -> NextTimeOfDay:
        """Return it as it was before it was stored."""
        return cls(reference_data["time"])

    def _evaluate_with(self, *, session: Any, dag_id: str, run_id: str) -> datetime | None:
        from airflow.models import DagRun
        from sqlalchemy import select

        wanted = select(DagRun.run_after, DagRun.run_type).where(DagRun.dag_id == dag_id, DagRun.run_id == run_id)
        run_after, run_type = session.execute(wanted).one()
        return None if run_type == "backfill" else next_time(run_after, self.time)


def next_time(after: datetime, time: str) -> datetime:
    """The first moment later than `after` at which it is HH:MM in UTC."""
    hour, minute = (int(part) for part in time.split(":"))
    moment = after.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return moment if moment > after else moment + timedelta(days=1)
