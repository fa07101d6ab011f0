"""What the tests of a domain's models look at: where silver changed since they passed last, and all of it at times.

A test that says `where: __changed__` of a view with `meta.reach: {<dataset>: direct}` looks at the ranges of the key in
which files came. A row that breaks it now did not before, so it came in one of them; all rows of its key lie there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from lakehouse.contracts.contract import Contract
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.dataset_views import is_view_of
from lakehouse.contracts.mart_graph import Model
from lakehouse.lake.changed_ranges import Ranges, months_of, ranges_of
from lakehouse.lake.changed_rows import Span, file_changes
from lakehouse.lake.milestones import reached, record_milestone, tested_version
from lakehouse.lake.paths import Lake

WHOLE_EVERY_DAYS = 7
"""After so many days the tests look at all rows again, also at those that changed where no commit says so."""


def today() -> date:
    """The UTC date."""
    return datetime.now(UTC).date()


def is_whole_due(lake: Lake, contract: Contract, tests: str) -> bool:
    """Whether the tests of a domain look at everything. tests: a digest, for a new test has passed on nothing yet."""
    return today().toordinal() - reached(lake, _step(contract, tests)) >= WHOLE_EVERY_DAYS


def record_whole(lake: Lake, contract: Contract, tests: str) -> None:
    """Record that they passed on all rows today."""
    record_milestone(lake, _step(contract, tests), today().toordinal())


def _step(contract: Contract, tests: str) -> str:
    return f"tested_whole_{contract.domain}_{tests}"


def changed_since_tested(
    lake: Lake,
    contract: Contract,
    versions: Mapping[str, int],
    models: Iterable[Model],
    columns: Mapping[str, Collection[str]],
) -> dict[str, dict[str, Any]]:
    """The variable `changed` of dbt for the views on one table of the domain; without an entry all is tested.

    columns: those that each model declares.
    """
    found = {}
    for model in models:
        dataset = _dataset_of(model, contract)
        if dataset is not None:
            bounds = bounds_since_tested(lake, dataset, versions[dataset.name])
            known = {name: ranges for name, ranges in (bounds or {}).items() if name in columns[model.name]}
            if bounds is not None and (known or not bounds):
                found[model.name] = {"number": 1 if known else 0, "bounds": known}
    return found


def _dataset_of(model: Model, contract: Contract) -> Dataset | None:
    """The dataset of a view that says it has its key and date as they are."""
    return next((dataset for dataset in contract.datasets if is_view_of(model, dataset)), None)


def bounds_since_tested(lake: Lake, dataset: Dataset, version: int) -> dict[str, Ranges] | None:
    """Ranges by column that hold what changed since the tests passed; empty where no row came, None for all rows."""
    before = tested_version(lake, dataset) - 1
    files = None if before < 0 else file_changes(Span(lake.silver(dataset.name), before, version))
    if files is None or files.schema_changed:
        return None
    if not files.come:
        return {}
    types = {column.name: column.type for column in dataset.silver_columns}
    bounds = {name: ranges_of(files, name, types[name]) for name in dataset.bounded_key}
    if dataset.partition_is_stable and dataset.partition_by and "dt" in types:
        bounds["dt"] = months_of(files, "dt")  # all rows of a key are in one partition, a month at most
    return {name: ranges for name, ranges in bounds.items() if ranges} or None
