"""Where the raw layer lies: in an account in a bucket of its own, which a command has to be told."""

from __future__ import annotations

from collections.abc import Sequence

from lakehouse.contracts.dataset import Dataset
from lakehouse.errors import UsageError
from lakehouse.lake.batches import known_files
from lakehouse.lake.files import list_files
from lakehouse.lake.paths import Lake


class RawNotThereError(UsageError):
    """The raw layer that was named has none of the files that ingest took."""

    def __init__(self, raw: str) -> None:
        self.raw = raw
        super().__init__(
            f"{raw} has none of the files that were ingested, so nothing was changed; where the raw layer lies in "
            f"another bucket, name it: --raw-root s3://BUCKET/raw."
        )


def require_ingested(lake: Lake, datasets: Sequence[Dataset]) -> None:
    """Raise RawNotThereError where the raw layer has no file, though ingest took some that no contract lets go."""
    if not any(list_files(lake.landing(domain)) for domain in {dataset.domain for dataset in datasets}):
        _refuse_lost(lake, datasets)


def require_raw_of(lake: Lake, dataset: Dataset) -> None:
    """The same for what is to be delivered to a lake on S3, which nobody would find in another bucket.

    Where all files were let go, the bucket has to be named.
    """
    if lake.is_local or list_files(lake.landing(dataset.domain)):
        return
    _refuse_lost(lake, [dataset])
    if lake.raw == f"{lake.root}/raw":
        raise RawNotThereError(lake.raw)


def _refuse_lost(lake: Lake, datasets: Sequence[Dataset]) -> None:
    if any(known_files(lake, dataset) for dataset in datasets if dataset.keep_days.raw is None):
        raise RawNotThereError(lake.raw)
