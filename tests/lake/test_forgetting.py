"""A ledger forgets a dataset with all progress that its log records, so that a later one of the name begins anew."""

from __future__ import annotations

import pyarrow as pa
import pytest
from deltalake import CommitProperties, Transaction, write_deltalake

from lakehouse.lake.delta_log import recorded
from lakehouse.lake.forgetting import forget, ledger_rows
from lakehouse.lake.paths import Lake


@pytest.mark.parametrize(
    ("ledger", "application"),
    [
        ("batches", "batches:counts"),
        ("decisions", "decide:counts"),
        ("validation_results", "validate:counts"),
        ("validation_results", "accept:counts"),
        ("ties", "ties:counts"),
        ("ties", "validate-ties:counts"),
        ("ties", "accept-ties:counts"),
    ],
)
def test_no_progress_of_a_dataset_is_remembered(lake: Lake, ledger: str, application: str) -> None:
    others = application.replace("counts", "orders")
    for dataset, name in (("counts", application), ("orders", others)):
        row = pa.table({"dataset": [dataset]})
        commit = CommitProperties(None, app_transactions=[Transaction(name, 7)])
        write_deltalake(lake.ops(ledger), row, mode="append", commit_properties=commit)
    assert ledger_rows(lake, "stock", "counts") == {ledger: 1}
    forget(lake, "stock", "counts")
    assert ledger_rows(lake, "stock", "counts") == {}
    assert (recorded(lake.ops(ledger), application), recorded(lake.ops(ledger), others)) == (0, 7)
