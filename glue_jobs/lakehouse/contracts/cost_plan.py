"""What the contracts will cost on AWS in a month, before a delivery comes: schedules and volumes by the price list.

The same code computes the tables "by use" of `docs/cloud.md`; what it assumes stands with the prices.
"""

from __future__ import annotations

from dataclasses import dataclass

from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.cron import runs_a_day
from lakehouse.contracts.plan import STEPS
from lakehouse.contracts.prices import PriceList

JOBS_OF_MARTS = 2
"""transform_marts and publish_marts, which follow each delivery of the domain that delivers most often."""
MAINTENANCE_RUNS = 1


@dataclass(frozen=True)
class Share:
    """What a domain, or what all share, costs in a month, in US dollars.

    runs_a_day: of all its Glue jobs. gb_a_day: delivered; None where the contract does not say how much.
    """

    name: str
    runs_a_day: float
    gb_a_day: float | None
    glue: float
    crawlers: float
    storage: float

    @property
    def total(self) -> float:
        """All of it."""
        return self.glue + self.crawlers + self.storage


def plan_costs(contracts: Contracts, prices: PriceList) -> list[Share]:
    """What each domain costs in a month, then what they share: marts and maintenance."""
    shares = []
    for contract in contracts:
        deliveries = runs_a_day(contract.schedule)
        daily = None if contract.delivery_gb is None else contract.delivery_gb * deliveries
        glue = small_runs(prices, len(STEPS) * deliveries) + work(prices, daily or 0.0)
        # A domain is crawled once a day, while no new columns come.
        share = crawls(prices, 1), storage(prices, daily or 0.0)
        shares.append(Share(contract.domain, len(STEPS) * deliveries, daily, glue, *share))
    shared = shared_runs(contracts)
    return [*shares, Share("marts, maintenance", shared, None, small_runs(prices, shared), 0.0, 0.0)]


def all_runs(contracts: Contracts) -> float:
    """How many Glue jobs run a day."""
    return shared_runs(contracts) + sum(len(STEPS) * runs_a_day(contract.schedule) for contract in contracts)


def shared_runs(contracts: Contracts) -> float:
    """The runs a day of the jobs that all domains share."""
    most = max((runs_a_day(contract.schedule) for contract in contracts), default=0.0)
    return JOBS_OF_MARTS * most + MAINTENANCE_RUNS


def small_run(prices: PriceList) -> float:
    """What a run on little data costs."""
    assumed = prices.assumed
    return assumed["dpus_of_a_small_run"] * assumed["minutes_of_a_small_run"] / 60 * prices.prices["glue_dpu_hour"]


def small_runs(prices: PriceList, a_day: float) -> float:
    """What so many runs a day cost in a month, whatever they find."""
    return a_day * prices.assumed["days_a_month"] * small_run(prices)


def work(prices: PriceList, gb_a_day: float) -> float:
    """What bringing so much a day from landing to silver costs in a month, beyond the small runs."""
    hours = gb_a_day * prices.assumed["days_a_month"] / prices.assumed["gb_a_dpu_hour"]
    return hours * prices.prices["glue_dpu_hour"]


def crawl(prices: PriceList) -> float:
    """What a run of a crawler costs."""
    hours = prices.assumed["crawler_dpus"] * prices.assumed["crawler_minutes"] / 60
    return hours * prices.prices["crawler_dpu_hour"]


def crawls(prices: PriceList, a_day: float) -> float:
    """What so many crawls a day cost in a month."""
    return a_day * prices.assumed["days_a_month"] * crawl(prices)


def storage(prices: PriceList, gb_a_day: float) -> float:
    """What the data of the first month costs in a month."""
    stored = gb_a_day * prices.assumed["days_a_month"] * prices.assumed["copies_of_the_data"]
    return stored * prices.prices["s3_standard_gb_month"]
