"""Writes the cost tables of `docs/cloud.md`: `python -m tools.pictures.cloud_costs`.

What Terraform makes and what is delivered stand in `resources.yaml` beside, the prices among the library's contracts.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from lakehouse.contracts.cost_plan import all_runs, crawl, crawls, small_run, small_runs, storage, work
from lakehouse.contracts.prices import price_list
from lakehouse.contracts.project import find_project

HERE = Path(__file__).parent
BEGIN, END = "<!-- costs -->\n", "<!-- end of costs -->"
ENVIRONMENTS = ("dev", "prod")

Facts = dict[str, Any]


def priced(facts: Facts) -> dict[str, float]:
    """All prices, those included that follow from others: of a small run of a job, and of a crawl."""
    listed = price_list()
    return {**facts["prices"], "small_run": small_run(listed), "crawl": crawl(listed)}


def monthly(facts: Facts, resource: Facts, environment: str) -> float:
    """What the resources of a kind cost in an environment though nothing runs, in dollars a month."""
    price, hours = facts["prices"], facts["assumed"]["hours_a_month"]
    units = resource.get("billed", resource)[environment]
    hourly, each_month = resource.get("hourly"), resource.get("monthly")
    return units * ((price[hourly] * hours if hourly else 0) + (price[each_month] if each_month else 0))


def at_rest(facts: Facts) -> list[str]:
    """Every kind of resource, how many each environment has, what they cost at rest, and what using one costs."""
    head = "| Terraform's resource | dev | prod | at rest, dev, $ | at rest, prod, $ | by use, $ |"
    lines = [head, "|---|---:|---:|---:|---:|---|"]
    price, free = priced(facts), []
    for kind, resource in facts["resources"].items():
        if not resource.keys() - set(ENVIRONMENTS):
            free.append(f"`{kind}` ({' and '.join(str(n) for n in sorted({resource[e] for e in ENVIRONMENTS}))})")
            continue
        counts = " | ".join(str(resource[environment]) for environment in ENVIRONMENTS)
        costs = " | ".join(f"{monthly(facts, resource, environment):,.2f}" for environment in ENVIRONMENTS)
        use = "; ".join(f"{price[name]:.3g} a {unit}" for name, unit in resource.get("by_use", {}).items())
        lines.append(f"| {resource.get('name', f'`{kind}`')} | {counts} | {costs} | {use or '–'} |")
    sums = " | ".join(
        f"**{sum(monthly(facts, resource, environment) for resource in facts['resources'].values()):,.2f}**"
        for environment in ENVIRONMENTS
    )
    before = " | ".join(f"{facts['before'][environment]:,.2f}" for environment in ENVIRONMENTS)
    last = f"| before {facts['before']['entered']} | | | {before} | |"
    return [*lines, f"| **together** | | | {sums} | |", last, "", f"Free, with their numbers: {', '.join(free)}.", ""]


def by_use(facts: Facts, size: str) -> list[tuple[str, float]]:
    """What running costs, in dollars a month."""
    listed, daily = price_list(), facts["sizes"][size]["gb_a_day"]
    runs, crawled = all_runs(find_project().contracts), listed.assumed["crawls_a_day"]
    scanned = listed.assumed["athena_tb_a_month_large" if daily >= 1 else "athena_tb_a_month_small"]
    return [
        (f"Glue jobs, {runs:g} runs a day", small_runs(listed, runs) + work(listed, daily)),
        (f"Glue crawlers, {crawled} crawls a day", crawls(listed, crawled)),
        ("S3, the first month's data", storage(listed, daily)),
        (f"Athena, {scanned} TB read", scanned * listed.prices["athena_tb"]),
    ]


def tables(facts: Facts) -> str:
    """The tables as Markdown."""
    lines = [f"List prices of {facts['region']}, entered {facts['entered']}, US dollars a month.", "", *at_rest(facts)]
    for size, words in (("samples", "The samples every day"), ("large", "100 GB a day")):
        rows = by_use(facts, size)
        lines += [f"| By use: {words} | $ |", "|---|---:|", *(f"| {name} | {cost:,.2f} |" for name, cost in rows)]
        lines += [f"| **together** | **{sum(cost for _, cost in rows):,.2f}** |"]
        lines += [f"| before {facts['before']['entered']} | {facts['before'][size]:,.2f} |", ""]
    return "\n".join(lines)


def page(text: str) -> str:
    """The page with the tables of today's prices."""
    listed = price_list()
    facts = {**yaml.safe_load((HERE / "resources.yaml").read_text(encoding="utf-8")), **vars(listed)}
    before, rest = text.split(BEGIN)
    return before + BEGIN + "\n" + tables(facts) + END + rest.split(END)[1]


if __name__ == "__main__":
    file = HERE.parents[1] / "docs" / "cloud.md"
    file.write_text(page(file.read_text(encoding="utf-8")), encoding="utf-8")
