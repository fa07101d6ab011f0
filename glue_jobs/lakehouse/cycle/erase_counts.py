"""The results of validation after rows were erased: how many rows of each batch there are now."""

from __future__ import annotations

import dataclasses

from lakehouse.contracts.columns import BATCH_ID, STEP
from lakehouse.contracts.dataset import Dataset
from lakehouse.lake.batches import INGEST, VALIDATE, ValidationResult, record_results, validation_results_of
from lakehouse.lake.delta_log import open_table, recorded, select
from lakehouse.lake.paths import Lake


def correct_counts(lake: Lake, dataset: Dataset, why: str = "erase") -> None:
    """Record the rows of each batch as they are, where its result has more: a merge that is repeated compares them.

    why: by what rows went.
    """
    bronze = _counts(lake.bronze(dataset.name), f"SELECT {BATCH_ID} AS batch, '' AS step, count(*) AS n FROM t")
    kept_out = _counts(
        lake.quarantine(dataset.name), f"SELECT {BATCH_ID} AS batch, {STEP} AS step, count(*) AS n FROM t"
    )
    changed = []
    for result in validation_results_of(lake, dataset):
        number = result.batch_id
        unreadable = kept_out.get((number, INGEST), 0)
        now = _with(result, bronze.get((number, ""), 0), unreadable, kept_out.get((number, VALIDATE), 0))
        if now.rows_landed < result.rows_landed:
            changed.append(now)
    if changed:
        name = f"{why}:{dataset.name}"
        record_results(lake, dataset, changed, name, recorded(lake.ops("validation_results"), name) + 1)


def _counts(path: str, sql: str) -> dict[tuple[int, str], int]:
    table = open_table(path)
    rows = [] if table is None else select(table, f"{sql} GROUP BY 1, 2")
    return {(row["batch"], row["step"]): row["n"] for row in rows}


def _with(result: ValidationResult, readable: int, unreadable: int, out: int) -> ValidationResult:
    """The result with other counts; of a batch that did not pass no row is passed or quarantined."""
    out = out if result.passed else 0
    passed = readable - out if result.passed else 0
    landed = readable + unreadable
    return dataclasses.replace(
        result, rows_landed=landed, rows_unreadable=unreadable, rows_quarantined=out, rows_passed=passed
    )
