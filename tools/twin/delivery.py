"""The command `run`: a delivery on its way through the twin, and what it took and would have cost."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lakehouse.contracts.prices import price_list
from lakehouse.contracts.reader import load_contracts
from lakehouse.say import format_bytes, format_seconds
from tools.airflow.local import ROOT
from tools.twin import lifecycle
from tools.twin.account import Clients
from tools.twin.airflow import Airflow
from tools.twin.costs import billed, costs_of
from tools.twin.follow import DeliveryFailedError, Follower, deliver


def run(folder: Path) -> int:
    """Deliver a folder and follow it until the views are published; print what each took, and would have cost."""
    words = lifecycle.ready()
    contracts = load_contracts(ROOT / "contracts")
    outputs = json.loads((lifecycle.HOME / "outputs.json").read_text())
    clients, airflow = Clients(words["aws"], words["region"]), Airflow(words["airflow"])
    before = lifecycle.ask(words["aws"], "state")
    domains = deliver(clients.of("s3"), outputs["raw_bucket"]["value"], contracts, folder)
    print(f"delivered {folder} to {', '.join(domains)}", flush=True)
    followed = Follower(airflow, lambda line: print(line, flush=True)).follow(domains)
    after = lifecycle.ask(words["aws"], "state")
    known = {found["Id"] for found in before["runs"]}
    jobs = [found for found in after["runs"] if found["Id"] not in known]
    print()
    for found in sorted(jobs, key=lambda found: found["StartedOn"]):
        print(
            f"{found['JobName']:<22} {found['JobRunState']:<10} {found['ExecutionTime']:>4} s"
            f" {billed(found):>6.0f} DPU s  {found.get('ErrorMessage', '')}".rstrip()
        )
    _print_costs(before, after, jobs)
    if not jobs:
        print("No job was started: nothing new had come.")
    print(f"{len(followed.runs)} runs of DAGs in {format_seconds(followed.seconds)}")
    for text in after["slack"][len(before["slack"]) :]:
        print(f"Slack: {text.splitlines()[0]}")
    lifecycle.print_places(words)
    if followed.failed:
        raise DeliveryFailedError(followed.failed, words["airflow"])
    return 0


def _print_costs(before: Mapping[str, Any], after: Mapping[str, Any], jobs: list[Any]) -> None:
    crawls = sum(after["crawls"].values()) - sum(before["crawls"].values())
    asked = {query["QueryExecutionId"] for query in before["queries"]}
    queries = [query for query in after["queries"] if query["QueryExecutionId"] not in asked]
    cost = costs_of(jobs, crawls, queries, price_list())
    print(
        f"in an account: {cost.runs} job runs, {cost.dpu_seconds:.0f} DPU s billed, ${cost.jobs:.3f}; "
        f"{cost.crawls} crawls, ${cost.crawled:.3f}; {cost.queries} queries, {format_bytes(cost.scanned)} read, "
        f"${cost.queried:.5f}; together ${cost.total:.3f}"
    )
