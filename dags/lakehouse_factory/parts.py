"""Reports the parts of a job that failed, after the job's task has passed on the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from lakehouse_factory.glue_run import FAILED_PARTS, GlueRunFailedForGood

if TYPE_CHECKING:
    from airflow.sdk import Context


class AllPartsDone(BaseOperator):
    """Fails with the job's own words where a file or dataset of the domain failed and the others are done.

    The task of the job succeeds then, for only a success updates its assets, which start the next step. The run of the
    DAG fails by this task.

    Args:
        run_task_id: the task of the job.
    """

    def __init__(self, *, run_task_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.run_task_id = run_task_id

    def execute(self, context: Context) -> None:
        """Raise what the job says of the parts that failed, if any did."""
        reason = context["ti"].xcom_pull(task_ids=self.run_task_id, key=FAILED_PARTS)
        if reason:
            raise GlueRunFailedForGood(reason)
