"""Runs DAGs with `dag.test()` as it is asked, and answers how each run and its tasks ended."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from airflow.dag_processing.dagbag import DagBag
from airflow.models.variable import Variable
from airflow.utils.db import upgradedb
from airflow.utils.session import create_session
from read_once import share_dags, share_services
from sqlalchemy import delete

from lakehouse.airflow.messages import log_once
from lakehouse.airflow.names import SENT


def main(folder: str) -> None:
    """Make Airflow's database and load the DAGs; then, for each line, run the DAGs that it names, or all of them."""
    share_services()
    share_dags()
    upgradedb()
    surroundings = dict(os.environ)
    bag = DagBag(dag_folder=folder)
    hurry(bag)
    for line in sys.stdin:
        asked = json.loads(line)
        surround(surroundings | asked["variables"])
        answer = [ended(bag.dags[dag_id].test()) for dag_id in asked["dags"] or sorted(bag.dags)]
        print(f"answer: {json.dumps(answer)}", flush=True)


def surround(variables: Mapping[str, str]) -> None:
    """Give this process the Variables and connections of a test, and let it forget what it has told."""
    os.environ.clear()
    os.environ.update(variables)
    log_once.cache_clear()
    with create_session() as session:
        session.execute(delete(Variable).where(Variable.key.startswith(SENT)))


def ended(run: Any) -> dict[str, Any]:
    """How a run and each of its tasks ended."""
    tasks = {task.task_id: task.state for task in run.get_task_instances()}
    return {"dag": run.dag_id, "run_id": run.run_id, "run": run.state, "tasks": tasks}


def hurry(bag: DagBag) -> None:
    """Let retries follow at once; how often and when they are made stays."""
    for dag in bag.dags.values():
        for task in dag.tasks:
            task.retry_delay, task.retry_exponential_backoff = timedelta(0), 0


if __name__ == "__main__":
    main(sys.argv[1])
