"""A job is priced as the release of Glue that it runs on; the price has the day on which it was entered."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

from lakehouse.contracts.prices import price_list

ROOT = Path(__file__).parents[2]
A_DPU_HOUR = {"5.1": 0.44, "6.0": 0.308}
"""US dollars of Glue's releases; from 6.0 on a DPU hour costs 30 % less."""


def test_a_dpu_hour_is_that_of_the_jobs_release() -> None:
    jobs = (ROOT / "terraform/modules/job/main.tf").read_text(encoding="utf-8")
    (release,) = re.findall(r'glue_version\s*=\s*"([\d.]+)"', jobs)
    prices = price_list().prices
    assert prices["glue_dpu_hour"] == A_DPU_HOUR[release]
    assert prices["crawler_dpu_hour"] == A_DPU_HOUR["5.1"], "a crawler runs on no release of the jobs"
    assert date.fromisoformat(price_list().entered) <= date.today()


def test_an_hour_of_two_dpus_costs_twice_the_price() -> None:
    assert round(price_list().cost_of(2 * 3600), 6) == 0.616
