"""What a delivery would have cost in an account: job runs by the DPU second, crawls, and what queries read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lakehouse.contracts.prices import LEAST_BILLED_SECONDS, PriceList

LEAST_SCANNED = 10 * 10**6
"""Athena bills a query for 10 MB at least, where it reads anything."""
TERABYTE = 10**12


@dataclass(frozen=True)
class Costs:
    """US dollars by kind, with what they are for."""

    runs: int
    dpu_seconds: float
    jobs: float
    crawls: int
    crawled: float
    queries: int
    scanned: int
    queried: float

    @property
    def total(self) -> float:
        """All of it."""
        return self.jobs + self.crawled + self.queried


def costs_of(
    runs: Sequence[Mapping[str, Any]], crawls: int, queries: Sequence[Mapping[str, Any]], prices: PriceList
) -> Costs:
    """The costs of runs and queries as Glue and Athena show them, and of so many crawls."""
    seconds = sum(billed(run) for run in runs)
    read = [int(query["Statistics"]["DataScannedInBytes"]) for query in queries]
    billed_bytes = sum(max(size, LEAST_SCANNED) for size in read if size)
    assumed = prices.assumed
    crawl = assumed["crawler_dpus"] * assumed["crawler_minutes"] / 60 * prices.prices["crawler_dpu_hour"]
    return Costs(
        len(runs), seconds, prices.cost_of(seconds), crawls, crawls * crawl, len(read), sum(read),
        billed_bytes * prices.prices["athena_tb"] / TERABYTE,
    )  # fmt: skip


def billed(run: Mapping[str, Any]) -> float:
    """The DPU seconds that Glue bills for a run: by the second, a minute at least; none for one that never ran."""
    if not run["ExecutionTime"] and "LAUNCH ERROR" in run.get("ErrorMessage", ""):
        return 0.0
    return float(max(run["ExecutionTime"], LEAST_BILLED_SECONDS) * run["MaxCapacity"])
