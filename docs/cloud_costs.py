"""Writes the cost table of `docs/cloud.md` from `docs/prices.yaml`: `python docs/cloud_costs.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
BEGIN, END = "<!-- costs -->\n", "<!-- end of costs -->"
# Counted in the applied state of dev and prod; a test compares.
COUNTS = {
    "dev": {"endpoint_zones": 13, "alarms": 9, "metrics": 4},
    "prod": {"endpoint_zones": 26, "alarms": 9, "metrics": 4},
}


def at_rest(facts: dict[str, Any], environment: str) -> list[tuple[str, float]]:
    """What costs money though nothing runs, in dollars a month."""
    price, assumed, count = facts["prices"], facts["assumed"], COUNTS[environment]
    hours = assumed["hours_a_month"]
    return [
        ("MWAA environment mw1.small, one worker", price["mwaa_small_hour"] * hours),
        (f"interface endpoints × zones: {count['endpoint_zones']}",
         price["endpoint_zone_hour"] * hours * count["endpoint_zones"]),
        ("NAT gateway (`nat_gateway = false` saves it)", price["nat_hour"] * hours),
        (f"{count['alarms']} alarms, {count['metrics']} metrics of our own",
         price["alarm_month"] * count["alarms"] + price["metric_month"] * count["metrics"]),
        ("KMS key", price["kms_key_month"]),
        ("VPC, S3 endpoint, roles, jobs, crawlers, databases, workgroups, topic, parameters, events, one budget", 0.0),
    ]  # fmt: skip


def by_use(facts: dict[str, Any], size: str) -> list[tuple[str, float]]:
    """What running costs, in dollars a month."""
    price, assumed, daily = facts["prices"], facts["assumed"], facts["sizes"][size]["gb_a_day"]
    days, runs = assumed["days_a_month"], facts["runs_a_day"]
    small = runs * days * assumed["dpus_of_a_small_run"] * assumed["minutes_of_a_small_run"] / 60
    work = daily * days / assumed["gb_a_dpu_hour"]
    crawl = assumed["crawls_a_day"] * days * assumed["crawler_dpus"] * assumed["crawler_minutes"] / 60
    stored = daily * days * assumed["copies_of_the_data"]
    scanned = assumed["athena_tb_a_month_large" if daily >= 1 else "athena_tb_a_month_small"]
    return [
        (f"Glue jobs, {runs} runs a day", (small + work) * price["glue_dpu_hour"]),
        (f"Glue crawlers, {assumed['crawls_a_day']} crawls a day", crawl * price["crawler_dpu_hour"]),
        ("S3, the first month's data", stored * price["s3_standard_gb_month"]),
        (f"Athena, {scanned} TB read", scanned * price["athena_tb"]),
    ]


def table(facts: dict[str, Any]) -> str:
    """The table as Markdown."""
    lines = [f"List prices of {facts['region']}, entered {facts['entered']}, US dollars a month.", ""]
    for environment in COUNTS:
        lines += _rows(f"At rest, {environment}", at_rest(facts, environment))
    run = facts["assumed"]["dpus_of_a_small_run"] * facts["assumed"]["minutes_of_a_small_run"] / 60
    for size, words in (("samples", "The samples every day"), ("large", "100 GB a day")):
        lines += _rows(f"By use: {words}", by_use(facts, size))
    lines += [f"One run of one job on little data: ${run * facts['prices']['glue_dpu_hour']:.3f}.", ""]
    return "\n".join(lines)


def _rows(title: str, rows: list[tuple[str, float]]) -> list[str]:
    body = [f"| {name} | {cost:,.2f} |" for name, cost in rows]
    return [f"| {title} | $ |", "|---|---:|", *body, f"| **together** | **{sum(c for _, c in rows):,.2f}** |", ""]


def page(text: str) -> str:
    """The page with the table of today's prices."""
    facts = yaml.safe_load((HERE / "prices.yaml").read_text(encoding="utf-8"))
    before, rest = text.split(BEGIN)
    return before + BEGIN + "\n" + table(facts) + END + rest.split(END)[1]


if __name__ == "__main__":
    file = HERE / "cloud.md"
    file.write_text(page(file.read_text(encoding="utf-8")), encoding="utf-8")
