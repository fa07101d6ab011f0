"""What every step of a run is given: project, lake, and a Spark session that starts when first needed."""

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

    athena_workgroup: in which publish sends its statements to Athena; None for what the environment names.
    """

    project: Project
    lake: Lake
    spark: Callable[[], SparkSession]
    athena_workgroup: str | None = None

    @property
    def contracts(self) -> Contracts:
        """All contracts of the project."""
        return self.project.contracts
