"""A lake with something to show on each page, and its site."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from lakehouse.contracts.findings import Commands
from lakehouse.contracts.project import Project
from lakehouse.lake.batches import ValidationStatus
from lakehouse.lake.delta_log import existing_table
from lakehouse.lake.paths import Lake
from lakehouse.lake.published import record_published
from lakehouse.lake.ties import Tie, record_ties
from lakehouse.site.build import build_site
from tests.helpers import seeded_ledgers as seeded
from tests.helpers.lakes_without_spark import write_lake

LATER = seeded.NOON + timedelta(hours=3)


@pytest.fixture(scope="package")
def site_lake(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """The samples, a refused file, a stopped batch, ties, runs that ended in each way, and pages beside the site."""
    lake = Lake.at(str(tmp_path_factory.mktemp("site") / "lake"))
    write_lake(project, lake)
    orders, products = map(project.contracts.dataset, ("erp_orders", "products"))
    seeded.planned(lake, orders, 2)
    seeded.validated(lake, orders, 2, ValidationStatus.STOPPED)
    seeded.refused(lake, products, 3)
    record_ties(lake, orders, 1, 1, [Tie("k", "s", corrected=True)])
    for layer, name in (("silver", "erp_orders"), ("marts", "fct_daily_store_metrics")):
        record_published(lake, layer, name, existing_table(lake.table(layer, name)))
    for number, state in enumerate(("done", "nothing new", "failed", "interrupted", "begun")):
        ended = {"seconds": None} if state == "begun" else {"exit_code": 3 if state == "failed" else 0}
        reason = "erp: column unit_price missing" if state == "failed" else None
        at = seeded.NOON + timedelta(minutes=number)
        seeded.ran(lake, "ingest_erp", at, state=state, reason=reason, run_id=f"r{number}", **ended)
    for page in ("data_docs", "dbt"):
        (Path(lake.docs) / page).mkdir(parents=True)
        (Path(lake.docs) / page / "index.html").write_text("<p>", encoding="utf-8")
    return lake


@pytest.fixture(scope="package")
def site(site_lake: Lake, project: Project) -> Path:
    """The folder of its site, as of three hours later."""
    return Path(build_site(site_lake, project, Commands("lake"), LATER)).parent
