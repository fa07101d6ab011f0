"""Prints every DAG of the bag as JSON, in a process of its own: Airflow changes logging and settings."""

from __future__ import annotations

import json
import sys
from typing import Any

from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import DAG, AssetAll, AssetAny


def schedule(dag: DAG) -> dict[str, Any]:
    """The cron line, or the assets and how they combine."""
    asked: Any = dag.schedule
    if not isinstance(asked, AssetAll | AssetAny):
        return {"cron": asked}
    word = "any" if isinstance(asked, AssetAny) else "all"
    return {word: sorted(asset.name for asset in asked.objects)}


def task_facts(task: Any) -> dict[str, Any]:
    """What the tests ask of a task."""
    return {
        "operators": [kind.__name__ for kind in type(task).__mro__],
        "upstream": sorted(task.upstream_task_ids),
        "outlets": sorted(asset.name for asset in task.outlets),
        "outlet_uris": sorted(asset.uri for asset in task.outlets),
        "retries": task.retries,
        "backoff": task.retry_exponential_backoff,
        "retry_delays": [task.retry_delay.total_seconds(), task.max_retry_delay.total_seconds()],
        "execution_timeout": task.execution_timeout.total_seconds(),
        "deferrable": getattr(task, "deferrable", None),
        "pool": task.pool,
        "on_failure": [callback.__name__ for callback in task.on_failure_callback],
        "facts": {name: getattr(task, name, None) for name in FIELDS},
    }


FIELDS = (
    *("job_name", "script_args", "resume_glue_job_on_retry", "waiter_delay", "waiter_max_attempts"),
    *("soft_fail", "timeout", "poke_interval", "bucket_key", "landed_key", "crawler_name", "fail_on_already_running"),
    *("query", "workgroup", "reads", "also_views", "source_bucket_prefix", "dest_bucket_prefix", "output_location"),
)


def dag_facts(dag: DAG) -> dict[str, Any]:
    """What the tests ask of a DAG."""
    return {
        "schedule": schedule(dag),
        "catchup": dag.catchup,
        "max_active_runs": dag.max_active_runs,
        "owner": dag.owner,
        "tags": sorted(dag.tags),
        "doc_md": dag.doc_md,
        "deadline": [
            (alert.reference.time, alert.callback.path, alert.callback.kwargs) for alert in dag.deadline or ()
        ],
        "tasks": {task.task_id: task_facts(task) for task in dag.tasks},
    }


def main(folder: str) -> None:
    """Load the folder as Airflow's processor does and print what came of it."""
    bag = DagBag(dag_folder=folder)
    dags = {dag_id: dag_facts(dag) for dag_id, dag in bag.dags.items()}
    print(json.dumps({"dags": dags, "errors": bag.import_errors}))


if __name__ == "__main__":
    main(sys.argv[1])
