"""The rules that one batch is validated by: its dataset's suite and contract, as of the batch's own time."""

from __future__ import annotations

from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.rules import with_contract_rules
from lakehouse.contracts.suite import Suite
from lakehouse.lake.batches import Batch


def batch_suite(suite: Suite, dataset: Dataset, batch: Batch) -> Suite:
    """The suite and what the contract promises beside it.

    Corrected rows are no delivery: each stands for itself, so a repair has no rules on the batch or on numbers of rows.
    """
    whole = with_contract_rules(suite, dataset, batch.recorded_at)
    if not batch.is_repair:
        return whole
    return Suite(whole.dataset, tuple(rule for rule in whole.row_rules if rule.allowed is None))
