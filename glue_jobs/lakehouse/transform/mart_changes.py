"""What a mart has not taken yet: the tables that it reads, from the versions that it shows to those that passed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lakehouse.contracts.contract import Contract, Contracts
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.layers import MARTS, SILVER
from lakehouse.contracts.mart_graph import Mart
from lakehouse.lake.changed_rows import FileChanges, Span, file_changes
from lakehouse.lake.delta_log import newest_commits, table_version
from lakehouse.lake.milestones import is_built, tested_version
from lakehouse.lake.paths import Lake
from lakehouse.transform.mart_cost import why_not_compare

Versions = Mapping[str, int]
"""Versions of tables by their full name, such as silver.erp_orders; -1 for a table that is not there."""


@dataclass(frozen=True)
class Change:
    """A table that a mart reads, and the files in which the version that it shows differs from the newest."""

    span: Span
    files: FileChanges


@dataclass(frozen=True)
class Pending:
    """What a build of a mart has to do.

    base: the mart's version now, -1 before the first build. whole: why every row is recomputed; None where keys are
    enough. changes: what changed in which table. versions: of all that it reads, as it shows them after the build.
    """

    mart: Mart
    base: int
    versions: Versions
    before: Versions = field(default_factory=dict)
    whole: str | None = None
    changes: Mapping[str, Change] = field(default_factory=dict)

    @property
    def nothing(self) -> bool:
        """True when the mart shows what it reads as it is."""
        return not (self.whole or self.changes)


def passed_versions(lake: Lake, contracts: Contracts, shown: Versions) -> dict[str, int]:
    """The newest version of each silver table that its domain's models and tests passed, -1 where there is none."""
    return {
        f"{SILVER}.{dataset.name}": min(
            _passed(lake, contract, dataset, shown), table_version(lake.silver(dataset.name))
        )
        for contract in contracts
        for dataset in contract.datasets
    }


def _passed(lake: Lake, contract: Contract, dataset: Dataset, shown: Versions) -> int:
    """As recorded; in a lake from before such records, the newest if the domain is done, else what the marts show."""
    if recorded := tested_version(lake, dataset):
        return recorded - 1
    if is_built(lake, contract):
        return table_version(lake.silver(dataset.name))
    return shown.get(f"{SILVER}.{dataset.name}", -1)


def mart_versions(lake: Lake, marts: Sequence[Mart]) -> dict[str, int]:
    """The newest version of each mart: a mart has only versions that passed their tests."""
    return {mart.full_name: table_version(lake.table(MARTS, mart.name)) for mart in marts}


def built_from(lake: Lake, name: str) -> dict[str, int] | None:
    """The versions that a mart shows, from its own newest commit that says so; None before the first."""
    for commit in newest_commits(lake.table(MARTS, name)):
        said = commit["lakehouse"]
        if said and "silver_versions" in said:
            marts = {f"{MARTS}.{mart}": version for mart, version in said.get("mart_versions", {}).items()}
            return marts | {f"{SILVER}.{dataset}": version for dataset, version in said["silver_versions"].items()}
    return None


def progress(versions: Versions) -> dict[str, dict[str, int]]:
    """What the commit of a build says of the versions that it shows."""
    split = {layer: {} for layer in (SILVER, MARTS)}  # type: dict[str, dict[str, int]]
    for table, version in versions.items():
        layer, _, name = table.partition(".")
        split[layer][name] = version
    return {"silver_versions": split[SILVER], "mart_versions": split[MARTS]}


def pending_of(lake: Lake, mart: Mart, now: Versions, before: Versions | None) -> Pending:
    """Compare what a mart shows (`before`, see `built_from`) with what it could show, by the logs alone."""
    base = table_version(lake.table(MARTS, mart.name))
    versions = {table: now.get(table, -1) for table in mart.reads}
    if before is None or base < 0:
        is_there = any(version >= 0 for version in versions.values())
        waits = any(versions[f"{MARTS}.{name}"] < 0 for name in mart.marts_read)
        return Pending(mart, base, versions, whole="first build" if is_there and not waits else None)
    changes = {}
    for table in mart.reads:
        if table not in before:
            return Pending(mart, base, versions, before, f"it did not read {table} before")
        span = Span(lake.table(*table.split(".")), before[table], versions[table])
        files = file_changes(span)
        if files is None:
            return Pending(mart, base, versions, before, f"{table} no longer has version {before[table]}")
        if files.none:
            continue
        if mart.reach[table].query is None:
            return Pending(mart, base, versions, before, f"{table} changed")
        changes[table] = Change(span, files)
    whole = why_not_compare(lake, mart, {table: change.files for table, change in changes.items()}) if changes else None
    return Pending(mart, base, versions, before, whole, {} if whole else changes)
