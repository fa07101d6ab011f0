"""The page of a dataset: how it stands, deliveries, rules over time, lateness, layout, contract and schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from lakehouse.contracts.contract import Contract
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.layers import SILVER
from lakehouse.cycle.deadlines import Deadline, deadline_of
from lakehouse.lake.table_files import table_files
from lakehouse.layout.files import columns_of, files_by_partition
from lakehouse.layout.measure import read_amplification
from lakehouse.site.facts import SiteFacts
from lakehouse.site.figures import batch_chart, versions_chart
from lakehouse.site.page import Page, Project

DAYS = 14
PARTITIONS = 12


@dataclass(frozen=True)
class RuleHistory:
    """The share of failed rows of one rule, a value for each of the last batches, oldest first."""

    rule: str
    sentence: str
    on_failure: str
    shares: tuple[float, ...]
    titles: tuple[str, ...]

    @property
    def last(self) -> float:
        """The share of the newest batch."""
        return self.shares[-1]

    @property
    def worst(self) -> float:
        """The largest share."""
        return max(self.shares)


@dataclass(frozen=True)
class PartitionState:
    """The files of one partition; amplification: how many times the least possible a query reads of it."""

    name: str
    files: int
    rows: int
    bytes: int
    amplification: float


def dataset_page(
    facts: SiteFacts,
    project: Project,
    contract: Contract,
    dataset: Dataset,
    links: Mapping[str, str],
    docs: Mapping[str, str],
) -> Page:
    """The page of one dataset."""
    name = dataset.name
    results = [row for _, row in sorted(facts.results.get(name, {}).items())]
    versions = facts.published.get(f"{SILVER}.{name}", [])
    shows = {
        "dataset": dataset, "contract": contract, "lineage": project.lineage, "links": links,
        "stands": next(one for one in facts.status.datasets if one.dataset.name == name),
        "findings": [one for one in facts.status.findings if one.subject == name],
        "batches": list(reversed(facts.batches.get(name, []))), "results": facts.results.get(name, {}),
        "ties": facts.ties.get(name, {}), "chart": batch_chart(results), "rules": rule_histories(facts, name),
        "deadlines": deadlines(facts, contract), "partitions": partitions(facts, dataset),
        "versions": versions, "growth": versions_chart(versions), "data_docs": docs.get("Data Docs"),
        "terms": terms_of(contract, dataset),
    }  # fmt: skip
    return Page(f"datasets/{name}.html", "dataset.html", name, shows)


def rule_histories(facts: SiteFacts, name: str) -> list[RuleHistory]:
    """The rules of a dataset, those that failed most rows first."""
    by_rule: dict[str, list[dict[str, Any]]] = {}
    for row in facts.quality.get(name, []):
        by_rule.setdefault(row["rule"], []).append(row)
    found = [_history(rule, rows) for rule, rows in by_rule.items()]
    return sorted(found, key=lambda rule: (-rule.worst, rule.rule))


def _history(rule: str, rows: Sequence[Mapping[str, Any]]) -> RuleHistory:
    newest = {row["batch_id"]: row for row in rows}  # a batch that was validated again counts as it is now
    shares = {
        batch: row["rows_failed"] / row["rows_seen"] if row["rows_seen"] else 0.0 for batch, row in newest.items()
    }
    titles = [f"batch {batch}: {row['rows_failed']:,} of {row['rows_seen']:,}" for batch, row in newest.items()]
    last = rows[-1]
    return RuleHistory(rule, last["sentence"] or "", last["on_failure"], tuple(shares.values()), tuple(titles))


def deadlines(facts: SiteFacts, contract: Contract) -> list[Deadline]:
    """How the last days' deadlines were met, newest first; days before the first run had none."""
    first, done = facts.opened.first_run, facts.done.get(contract.domain, [])
    found = (deadline_of(contract, done, facts.at - timedelta(days=day)) for day in range(DAYS))
    return [one for one in found if one.due and first and one.due >= first]


def partitions(facts: SiteFacts, dataset: Dataset) -> list[PartitionState]:
    """The partitions of silver that queries read most needlessly, the worst first."""
    table = facts.opened.table(facts.opened.lake.silver(dataset.name))
    if table is None:
        return []
    parts = files_by_partition(table_files(table, columns_of(dataset.layout)))
    found = [
        PartitionState(
            ", ".join(map(str, partition)) or "whole table", len(files), sum(file.rows for file in files),
            sum(file.bytes for file in files), read_amplification(files, dataset.layout.cut_by),
        )
        for partition, files in parts.items()
    ]  # fmt: skip
    return sorted(found, key=lambda part: (-part.amplification, -part.bytes))[:PARTITIONS]


def terms_of(contract: Contract, dataset: Dataset) -> dict[str, str]:
    """What the contract says of the dataset, in its words."""
    terms = {
        "owner": contract.owner,
        "contact": contract.contact,
        "schedule": f"{contract.schedule} (UTC)",
        "deadline": f"{contract.deadline} UTC",
        "files": f"{dataset.file_pattern} ({dataset.file_format})",
        "merge strategy": str(dataset.merge_strategy),
        "key": ", ".join(dataset.key) or "none",
        "sequence": dataset.sequence or "none",
        "ties": str(dataset.ties),
        "delete flag": dataset.delete_flag or "none",
        "unknown columns": str(dataset.drift),
        "partitions": ", ".join(dataset.partition_by) or "none",
        "clustered by": ", ".join(dataset.cluster_by) or "none",
        "batch is stopped above": f"{dataset.quarantine_limit_percent:g} % of its rows",
        "old files kept": f"{dataset.retention_days} days",
    }
    budget = contract.budget
    limits = [("month", budget.month), ("run", budget.run)]
    said = ", ".join(f"${amount:,.2f} a {span}" for span, amount in limits if amount is not None)
    return terms | ({"budget": said} if said else {})
