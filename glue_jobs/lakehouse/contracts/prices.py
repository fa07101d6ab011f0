"""AWS's list prices and what estimates assume, entered by hand on a date: `prices.yaml` beside is their one place."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

import yaml

SECONDS_AN_HOUR = 3600
LEAST_BILLED_SECONDS = 60.0
"""Glue bills a job by the second, and for a minute at least."""


@dataclass(frozen=True)
class PriceList:
    """Prices in US dollars by name, and what nobody has measured, by name; entered: the date, as in the file."""

    entered: str
    region: str
    prices: Mapping[str, float]
    assumed: Mapping[str, float]

    @property
    def dpu_second(self) -> float:
        """What a second of one DPU of a Glue job costs."""
        return self.prices["glue_dpu_hour"] / SECONDS_AN_HOUR

    def cost_of(self, dpu_seconds: float) -> float:
        """What so many DPU seconds of Glue jobs cost, in US dollars."""
        return dpu_seconds * self.dpu_second


@functools.cache
def price_list() -> PriceList:
    """The price list of this release."""
    read = yaml.safe_load(resources.files("lakehouse.contracts").joinpath("prices.yaml").read_text("utf-8"))
    return PriceList(str(read["entered"]), read["region"], read["prices"], read["assumed"])
