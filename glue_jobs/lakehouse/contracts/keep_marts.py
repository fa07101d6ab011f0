"""Refuses days of silver for what a mart is made from: a mart is what its tables hold, on every day that it shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.layers import SILVER
from lakehouse.contracts.mart_graph import Mart
from lakehouse.errors import LakehouseError


class KeptForMartError(LakehouseError):
    """A mart is made from all rows of silver, and the contract keeps them for some days alone."""

    def __init__(self, dataset: Dataset, marts: Sequence[str]) -> None:
        self.dataset, self.marts = dataset.name, tuple(marts)
        super().__init__(
            f"contracts/{dataset.domain}.yaml: {dataset.name}.keepDays.silver: {dataset.keep_days.silver} days, and "
            f"earlier days of {', '.join(marts)} would go with these rows; leave silver and bronze out of keepDays, or "
            f"let no mart read it. Nothing was removed."
        )


def refused_for_marts(datasets: Sequence[Dataset], marts: Sequence[Mart]) -> Iterator[KeptForMartError]:
    """An error for each dataset whose rows would leave a mart that is made from them."""
    for dataset in datasets:
        readers = sorted(mart.name for mart in marts if f"{SILVER}.{dataset.name}" in mart.reads)
        if dataset.keep_days.silver is not None and readers:
            yield KeptForMartError(dataset, readers)
