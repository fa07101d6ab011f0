"""What one run of the cycle did, as frozen values that go to JSON and come back equal."""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

StepState = Literal["done", "nothing new", "failed", "skipped"]


@dataclass(frozen=True)
class StepTime:
    """How long one step took and how it ended."""

    name: str
    seconds: float
    state: StepState


@dataclass(frozen=True)
class DatasetCount:
    """Where the delivered rows of a dataset went: landed = good + quarantined + ignored + held.

    good: passed every rule and told silver something new. ignored: passed every rule but was a repeat, older
    than what silver has, or superseded within its batch. held: of a batch that was stopped. inserted, updated
    and deleted are the rows the merges wrote, as Delta counts them.
    """

    domain: str
    dataset: str
    landed: int = 0
    good: int = 0
    quarantined: int = 0
    held: int = 0
    ignored: int = 0
    inserted: int = 0
    updated: int = 0
    deleted: int = 0

    @property
    def accounted(self) -> int:
        """Rows whose whereabouts are known."""
        return self.good + self.quarantined + self.ignored + self.held

    @property
    def balanced(self) -> bool:
        """Whether every landed row is accounted for, exactly once."""
        return self.landed == self.accounted

    @property
    def merged(self) -> int:
        """Rows the merges wrote to silver."""
        return self.inserted + self.updated + self.deleted


@dataclass(frozen=True)
class RuleCount:
    """How often one rule of a suite was asked and broken."""

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
    """A page worth opening next, by its path relative to the report."""

    title: str
    path: str


@dataclass(frozen=True)
class RunSummary:
    """One run of the whole cycle over one delivery."""

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
        """The counts of all datasets together."""
        names = [field.name for field in fields(DatasetCount) if field.name not in ("domain", "dataset")]
        sums = {name: sum(getattr(count, name) for count in self.datasets) for name in names}
        return DatasetCount(domain="", dataset="total", **sums)

    @property
    def problems(self) -> tuple[Failure, ...]:
        """Everything that keeps this run from being right, in the order a reader needs it."""
        told = {failure.domain for failure in self.failures}
        steps = (
            Failure(step.name, "this step failed; its log has the reason")
            for step in self.steps
            if step.state == "failed" and not told & {step.name, step.name.partition("_")[2]}
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

    def to_json(self) -> str:
        """This summary as JSON: decimals and times as text, so that nothing is rounded."""
        return json.dumps(asdict(self), default=_plain, indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> RunSummary:
        """The summary that `to_json` wrote."""
        summary: RunSummary = _typed(cls, json.loads(text))
        return summary


def net_revenue(days: Iterable[FactDay]) -> Decimal:
    """The net revenue of these rows together, in euro."""
    return sum((day.net_revenue for day in days), Decimal(0))


def _plain(value: object) -> str:
    if isinstance(value, date):  # a datetime is a date too
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"a run summary cannot hold {type(value).__name__}")


def _typed(kind: Any, value: Any) -> Any:
    """The JSON value as the annotated type says it."""
    if is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        return kind(**{name: _typed(hints[name], item) for name, item in value.items()})  # type: ignore[operator]
    if typing.get_origin(kind) is tuple:
        return tuple(_typed(typing.get_args(kind)[0], item) for item in value)
    if isinstance(kind, types.UnionType):
        return None if value is None else _typed(typing.get_args(kind)[0], value)
    if kind in (date, datetime):
        return kind.fromisoformat(value)
    return Decimal(value) if kind is Decimal else value
