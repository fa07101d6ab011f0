"""Lets a process of the tests read once what Airflow and AWS's clients would read anew at each run."""

from __future__ import annotations

from functools import cache
from typing import Any

import botocore.session


def _once(place: Any, name: str) -> None:
    setattr(place, name, cache(getattr(place, name)))


def share_services() -> None:
    """Each client reads megabytes of JSON that describe its service, in a session of its own."""
    _once(botocore.session, "create_loader")


def share_dags() -> None:
    """`dag.test()` parses all DAG files and writes them to the database before each run of one; they do not change."""
    from airflow.dag_processing import dagbag

    for name in ("BundleDagBag", "sync_bag_to_db"):
        _once(dagbag, name)
