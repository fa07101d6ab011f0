"""What can keep a batch from being merged. Only a conflict with a rival is transient."""

from __future__ import annotations

from lakehouse.errors import LakehouseError, TransientError


class NullKeyError(LakehouseError):
    """A row without key, sequence or date reached the merge; validate should have quarantined it."""

    def __init__(self, dataset: str, batch_id: int, rows: int) -> None:
        self.dataset, self.batch_id, self.rows = dataset, batch_id, rows
        super().__init__(
            f"{dataset}: batch {batch_id} has {rows} rows whose key, sequence or date is null, "
            f"which no merge can place; add a not-null expectation to great_expectations/expectations/{dataset}.json."
        )


class DoubledKeyError(LakehouseError):
    """Silver holds a key more than once, which no merge of ours leaves behind."""

    def __init__(self, dataset: str, version: int, keys: int) -> None:
        self.dataset, self.version, self.keys = dataset, version, keys
        super().__init__(
            f"{dataset}: version {version} of its silver table holds {keys} keys of this batch more than once, so a "
            f"writer other than the merge added rows; remove the copies (DESCRIBE HISTORY names the writer), then "
            f"run again. Nothing was written."
        )


class BatchOrderError(LakehouseError):
    """A later batch of the dataset was merged, and this one never."""

    def __init__(self, dataset: str, batch_id: int, merged: int) -> None:
        self.dataset, self.batch_id, self.merged = dataset, batch_id, merged
        super().__init__(
            f"{dataset}: batch {batch_id} was skipped, because silver already has batch {merged}; "
            f"merge it with --replay {dataset}:{batch_id}."
        )


class MergeConflictError(TransientError):
    """Concurrent writers committed to the table at each attempt."""

    def __init__(self, dataset: str, table: str, version: int, rival: str, tries: int) -> None:
        self.dataset, self.table, self.version, self.rival, self.tries = dataset, table, version, rival, tries
        super().__init__(
            f"{dataset}: {table}: at each of {tries} tries another writer committed first, at last {rival} at version "
            f"{version}. Nothing was written; run again when that writer is done."
        )


class UnseenRivalError(LakehouseError):
    """An external writer committed in the instant between the last look at the table and the start of the merge."""

    def __init__(self, dataset: str, version: int, rival: str, own: int) -> None:
        self.dataset, self.version, self.rival, self.own = dataset, version, rival, own
        super().__init__(
            f"{dataset}: {rival} committed version {version} just before this merge committed version {own} "
            f"without having seen it; look at both (DESCRIBE HISTORY), restore version {version} and replay the batch."
        )


class PassedRowsError(LakehouseError):
    """Another number of rows reached the merge than passed validation, so that rows were lost or added on the way."""

    def __init__(self, dataset: str, batch_id: int, rows: int, expected: int | None) -> None:
        self.dataset, self.batch_id, self.rows, self.expected = dataset, batch_id, rows, expected
        super().__init__(
            f"{dataset}: batch {batch_id}: {expected} rows passed validation and {rows} reached the merge. Nothing was "
            f"merged; compare bronze and quarantine of this batch, then reject it and deliver its files again."
        )
