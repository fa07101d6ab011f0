"""The versions that steps without a table of their own have dealt with, such as models built: `ops.milestones`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import pyarrow as pa

from lakehouse import log
from lakehouse.contracts.contract import Contract
from lakehouse.contracts.dataset import Dataset
from lakehouse.lake.delta_log import Commit, append_once, recorded, table_version
from lakehouse.lake.paths import Lake

MILESTONES = pa.schema(
    [
        ("step", pa.string()),
        ("version", pa.int64()),
        ("run_id", pa.string()),
        ("recorded_at", pa.timestamp("us", "UTC")),
    ]
)


def silver_version(lake: Lake, datasets: Iterable[Dataset]) -> int:
    """One number that grows with every commit to the silver tables of these datasets; 0 before the first."""
    return sum(table_version(lake.silver(dataset.name)) + 1 for dataset in datasets)


def reached(lake: Lake, step: str) -> int:
    """The version that a step has dealt with, 0 before the first."""
    return recorded(lake.ops("milestones"), step)


def is_built(lake: Lake, contract: Contract) -> bool:
    """Whether a domain's models were built and tested on its silver as it is now."""
    return reached(lake, f"transform_{contract.domain}") >= silver_version(lake, contract.datasets)


def tested_version(lake: Lake, dataset: Dataset) -> int:
    """The newest version of a silver table that its domain's models and tests passed, plus one; 0 before the first."""
    return reached(lake, f"tested_{dataset.name}")


def record_tested(lake: Lake, contract: Contract, versions: Mapping[str, int]) -> None:
    """Record that a domain's models were built on these versions of its silver tables, and passed their tests."""
    for dataset in contract.datasets:
        record_milestone(lake, f"tested_{dataset.name}", versions[dataset.name] + 1)
    record_milestone(lake, f"transform_{contract.domain}", sum(version + 1 for version in versions.values()))


def record_milestone(lake: Lake, step: str, version: int) -> None:
    """Record that a step has dealt with a version."""
    row = {"step": step, "version": version, "run_id": log.current("run"), "recorded_at": datetime.now(UTC)}
    append_once(lake.ops("milestones"), [row], MILESTONES, Commit(step, version))
