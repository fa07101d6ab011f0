"""Which (dt, store_id) of the fact the silver that passed its tests has changed since the fact was last built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lakehouse.contracts.contract import Contract, Contracts, Dataset
from lakehouse.contracts.layers import MARTS
from lakehouse.contracts.marts import FACT, FACT_SOURCES, PRODUCTS
from lakehouse.lake.conflicts import CHANGES_NO_ROW
from lakehouse.lake.delta_log import commits_since, table_version
from lakehouse.lake.milestones import is_built, tested_version
from lakehouse.lake.paths import Lake


@dataclass(frozen=True)
class Changes:
    """What a build of the fact must recompute: everything, or some store days and products' times."""

    everything: bool
    store_days: frozenset[tuple[str, str]]
    product_times: tuple[tuple[str, str, str | None], ...]
    silver_versions: Mapping[str, int]

    @property
    def nothing(self) -> bool:
        """True when the fact shows silver as it is."""
        return not (self.everything or self.store_days or self.product_times)


def passed_versions(lake: Lake, contracts: Contracts, shown: Mapping[str, int]) -> dict[str, int]:
    """The newest version of each silver table that its domain's models and tests passed, -1 where there is none."""
    return {
        dataset.name: min(_passed(lake, contract, dataset, shown), table_version(lake.silver(dataset.name)))
        for contract in contracts
        for dataset in contract.datasets
    }


def _passed(lake: Lake, contract: Contract, dataset: Dataset, shown: Mapping[str, int]) -> int:
    """As recorded; in a lake from before such records, the newest if the domain is done, else what the fact shows."""
    if recorded := tested_version(lake, dataset):
        return recorded - 1
    if is_built(lake, contract):
        return table_version(lake.silver(dataset.name))
    return shown.get(dataset.name, -1)


def built_from(lake: Lake) -> dict[str, int] | None:
    """The silver versions that the fact shows, from its own newest commit that says so; None before the first."""
    for commit in reversed(commits_since(lake.table(MARTS, FACT), -1)):
        metadata = commit["lakehouse"]
        if metadata and "silver_versions" in metadata:
            return dict(metadata["silver_versions"])
    return None


def pending_changes(lake: Lake, contracts: Contracts) -> Changes:
    """Compare the silver versions that passed their tests with those that the fact was built from."""
    before = built_from(lake)
    now = passed_versions(lake, contracts, before or {})
    if before is None:
        has_rows = any(version >= 0 for name, version in now.items() if name in FACT_SOURCES)
        return Changes(has_rows, frozenset(), (), now)
    store_days: set[tuple[str, str]] = set()
    product_times: list[tuple[str, str, str | None]] = []
    for dataset in contracts.datasets:
        if dataset.name not in FACT_SOURCES:
            continue
        touched = _touched(lake, dataset.name, before.get(dataset.name, -1), now[dataset.name])
        if touched is None:
            return Changes(True, frozenset(), (), now)
        for part in touched:
            if dataset.name == PRODUCTS:
                product_times += [(row[dataset.key[0]], row["valid_from"], row["valid_to"]) for row in part]
            else:
                store_days |= {(day, store) for day, stores in part.items() for store in stores}
    return Changes(False, frozenset(store_days), tuple(product_times), now)


def _touched(lake: Lake, dataset: str, before: int, now: int) -> list[Any] | None:
    """What each commit between two versions touched; None when one cannot say, or the log does not reach back."""
    if now < before:
        return None
    commits = [commit for commit in commits_since(lake.silver(dataset), before) if commit["version"] <= now]
    if len(commits) < now - before:
        return None
    touched = []
    for commit in commits:
        if commit["lakehouse"] and "touched" in commit["lakehouse"]:
            touched.append(commit["lakehouse"]["touched"])
        elif commit["operation"] not in CHANGES_NO_ROW:
            return None
    return touched
