"""Loads a DAG folder as Airflow does and prints Airflow's own report of it, with all that parsing must not touch.

`python -m tools.airflow.dag_report dags` prints a line, and ends with 3 where something is wrong; `--json` prints all.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable
from typing import Any

# Parsed every half a minute by a machine that has no Spark: none of these may be imported, be it installed or not.
ENGINES = (
    "pyspark",
    "py4j",
    "delta",
    "great_expectations",
    "dbt",
    "deltalake",
    "duckdb",
    "sqlglot",
    "pandas",
    "pyarrow",
)
# What Python itself tells of the outside world: connections, the database, other programs.
WATCHED = ("socket.connect", "socket.getaddrinfo", "sqlite3.connect", "subprocess.Popen")


def report_of(folder: str) -> dict[str, Any]:
    """Import errors, DAGs, tasks and seconds by Airflow's own count; touched: what a DAG file asked the world for."""
    from airflow.dag_processing.dagbag import DagBag

    touched: list[str] = []
    watch(touched)
    before = set(sys.modules)
    bag = DagBag(dag_folder=folder)
    loaded = set(sys.modules) - before
    return {
        "dags": len(bag.dags),
        "tasks": sum(stat.task_num for stat in bag.dagbag_stats),
        "seconds": round(sum(stat.duration.total_seconds() for stat in bag.dagbag_stats), 2),
        "errors": bag.import_errors,
        "touched": touched,
        "engines": sorted(loaded & set(ENGINES)),
        "modules": len(loaded),
    }


def watch(touched: list[str]) -> None:
    """Note from now on what goes out of this process, and every Variable and connection that is asked for."""
    from airflow.models import Variable as OldVariable
    from airflow.sdk import BaseHook, Variable

    def heard(event: str, args: tuple[Any, ...]) -> None:
        if event in WATCHED:
            touched.append(f"{event} {args[-1]}")

    sys.addaudithook(heard)
    for owner, name in ((Variable, "get"), (OldVariable, "get"), (BaseHook, "get_connection")):
        setattr(owner, name, _noting(touched, f"{owner.__name__}.{name}", getattr(owner, name)))


def _noting(touched: list[str], what: str, asked: Callable[..., Any]) -> Callable[..., Any]:
    def note(*args: Any, **words: Any) -> Any:
        touched.append(f"{what}{args}")
        return asked(*args, **words)

    return note


def faults(report: dict[str, Any]) -> list[str]:
    """What is wrong with a report, a line each."""
    found = [f"{file}: {' '.join(str(error).split())[-300:]}" for file, error in report["errors"].items()]
    found += [f"parsing asks the world outside: {what}" for what in report["touched"]]
    found += [f"parsing imports {name}, which belongs to the jobs" for name in report["engines"]]
    return found if report["dags"] else [*found, "there is no DAG in the folder"]


def main(folder: str, *words: str) -> int:
    """Print the report; a home of its own, and no database, so that nothing of the machine's Airflow takes part."""
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {
            "AIRFLOW_HOME": home,
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "sqlite:////nowhere/airflow.db",
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        }
        report = report_of(folder)
    if "--json" in words:
        print(json.dumps(report))
        return 0
    wrong = faults(report)
    for line in wrong:
        print(f"error: {folder}: {line}", file=sys.stderr)
    if not wrong:
        print(
            f"{report['dags']} DAGs with {report['tasks']} tasks: Airflow parses them in {report['seconds']} s, "
            "without network, database, Variable or Spark"
        )
    return 3 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
