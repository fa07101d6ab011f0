"""The context of a run: project, lake, and a Spark session that starts at its first use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.project import Project
from lakehouse.lake.paths import Lake

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@dataclass(frozen=True)
class Context:
    """Where a run reads and writes; `spark` starts the session, so a run with nothing to do needs no JVM.

    athena_workgroup: the workgroup of publish's statements; None for LAKEHOUSE_ATHENA_WORKGROUP.
    has_rows: False for a lake without any, of which everything that an engine says may be shown.
    """

    project: Project
    lake: Lake
    spark: Callable[[], SparkSession]
    athena_workgroup: str | None = None
    has_rows: bool = True

    @property
    def contracts(self) -> Contracts:
        """All contracts of the project."""
        return self.project.contracts
