"""What a full run did, as frozen values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

StepState = Literal["done", "nothing new", "failed", "skipped"]


@dataclass(frozen=True)
class StepTime:
    """How long one step took and how it ended."""

    name: str
    seconds: float
    state: StepState


@dataclass(frozen=True)
class DatasetCount:
    """Where the delivered rows of a dataset went: landed = merged + quarantined + ignored + held.

    ignored: passed validation but changed nothing: exact duplicates, and versions older than the one in silver or in
    the same batch. held: of a batch that was stopped. inserted, updated and deleted are the rows that the merges wrote,
    as Delta counts them.
    """

    domain: str
    dataset: str
    landed: int = 0
    quarantined: int = 0
    held: int = 0
    ignored: int = 0
    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    corrected: int = 0

    @property
    def accounted(self) -> int:
        """Rows whose outcome is known."""
        return self.merged + self.quarantined + self.ignored + self.held

    @property
    def balanced(self) -> bool:
        """Whether every landed row is accounted for, exactly once."""
        return self.landed == self.accounted

    @property
    def merged(self) -> int:
        """Rows that the merges wrote to silver."""
        return self.inserted + self.updated + self.deleted + self.corrected


@dataclass(frozen=True)
class RuleCount:
    """How many rows one rule of an expectation suite checked, and how many failed."""

    dataset: str
    rule: str
    sentence: str
    on_failure: str
    seen: int
    failed: int


@dataclass(frozen=True)
class FactDay:
    """The columns of one row of fct_daily_store_metrics that the report shows."""

    dt: date
    store_id: str
    orders: int
    net_revenue: Decimal
    gross_margin: Decimal
    sessions: int
    conversion_rate: Decimal | None


@dataclass(frozen=True)
class Failure:
    """Why a domain stopped; the message names file and column."""

    domain: str
    message: str


@dataclass(frozen=True)
class Link:
    """A page to open next, by its path relative to the report."""

    title: str
    path: str


@dataclass(frozen=True)
class RunSummary:
    """One full run over one delivery."""

    run_id: str
    started_at: datetime
    delivery: str
    lake: str
    seconds: float
    steps: tuple[StepTime, ...] = ()
    datasets: tuple[DatasetCount, ...] = ()
    rules: tuple[RuleCount, ...] = ()
    fact: tuple[FactDay, ...] = ()
    fact_rows: int = 0
    warnings: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()
    links: tuple[Link, ...] = ()

    @property
    def total(self) -> DatasetCount:
        """The counts of all datasets, added up."""
        names = [field.name for field in fields(DatasetCount) if field.name not in ("domain", "dataset")]
        sums = {name: sum(getattr(count, name) for count in self.datasets) for name in names}
        return DatasetCount(domain="", dataset="total", **sums)

    @property
    def problems(self) -> tuple[Failure, ...]:
        """Every reason why this run did not succeed: failed domains, failed steps, rows without an outcome."""
        explained = {failure.domain for failure in self.failures}
        steps = (
            Failure(step.name, "this step failed; its log has the reason")
            for step in self.steps
            if step.state == "failed" and not explained & {step.name, step.name.partition("_")[2]}
        )
        lost = (
            Failure(
                count.domain,
                f"{count.dataset}: {count.landed:,} rows landed, {count.accounted:,} are accounted for",
            )
            for count in self.datasets
            if not count.balanced
        )
        return (*self.failures, *steps, *lost)

    @property
    def ok(self) -> bool:
        """Whether nothing failed and every landed row is accounted for."""
        return not self.problems


def net_revenue(days: Iterable[FactDay]) -> Decimal:
    """The total net revenue of these rows, in euro."""
    return sum((day.net_revenue for day in days), Decimal(0))
