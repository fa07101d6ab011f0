"""What planning found: how many rows had which outcome, what to write, and which files and partitions that replaces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame

from lakehouse.contracts.choices import MergeMode
from lakehouse.contracts.dataset import Dataset
from lakehouse.lake.table_files import Partition
from lakehouse.lake.ties import Tie
from lakehouse.transform.candidate_files import LIST_LIMIT, CandidateFiles

DROPPED = "_dropped"
"""Of changes: a row of silver that goes without another in its place; only plans of snapshots have the column."""
LISTED_PARTITIONS = 50_000
"""A commit lists at most so many partitions; with more it lists none, and maintenance looks at all of them."""


@dataclass(frozen=True)
class Outcomes:
    """How many rows of a batch had which outcome. tied: keys with several contents at one time, corrected or not.

    missing: rows of silver that change though the batch has none of theirs, such as the keys that a snapshot lacks.
    """

    rows: int = 0
    keys: int = 0
    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    moved: int = 0
    unchanged: int = 0
    stale: int = 0
    corrected: int = 0
    tied: int = 0
    missing: int = 0

    @property
    def news(self) -> int:
        """Rows of silver that are new or changed."""
        return self.written + self.missing

    @property
    def written(self) -> int:
        """Rows of the batch that are in silver now."""
        return self.inserted + self.updated + self.deleted + self.corrected


@dataclass(frozen=True)
class MergePlan:
    """The rows to write, and the version of silver that they were compared with.

    changes: silver's columns and `_old`, the row that each replaces (null for a new one).
    read: the files that were read for the comparison. located: first only their keys were read.
    replaced: the files that contain the replaced rows.
    partitions: every partition that gains or loses a row.
    """

    dataset: Dataset
    batch_id: int
    version: int
    outcomes: Outcomes
    changes: DataFrame
    read: CandidateFiles
    located: bool
    replaced: CandidateFiles
    partitions: tuple[Partition, ...]
    ties: tuple[Tie, ...] = ()

    @property
    def replaces(self) -> bool:
        """True when rows of silver are replaced; otherwise rows are only added, if any."""
        return bool(self.replaced.files)

    @property
    def replaces_whole_partitions(self) -> bool:
        """True where each partition that loses a row is one file, which a MERGE would rewrite as well."""
        if self.dataset.merge_mode is MergeMode.DELETION_VECTORS or len(self.dataset.partition_by) != 1:
            return False
        losing = self.replaced.partitions
        files = sum(file.partition in losing for file in self.replaced.known)
        return self.replaces and files == len(losing) <= LIST_LIMIT

    @property
    def metadata(self) -> dict[str, Any]:
        """The metadata of the commit, for maintenance and for the row counts."""
        metadata = {"dataset": self.dataset.name, "batch_id": self.batch_id, "counts": vars(self.outcomes)}
        if len(self.partitions) <= LISTED_PARTITIONS:
            metadata["partitions"] = [[str(value) for value in partition] for partition in self.partitions]
        return metadata
