"""The status of a lake on S3 is that of the same lake on a disk; requests are counted, not seconds."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from benchmarks.year.s3 import counting_s3
from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.findings import Commands
from lakehouse.contracts.project import Project
from lakehouse.cycle.status import LakeStatus, status_of
from lakehouse.lake.paths import Lake
from tests.helpers.seeded_ledgers import NOON, complete, planned, ran, refused, stepped

pytestmark = pytest.mark.s3_drivers

LATER = NOON + timedelta(hours=1)


def seen(lake: Lake, contracts: Contracts) -> LakeStatus:
    return status_of(lake, contracts, Commands("lake"), LATER)


def test_the_status_is_the_same_and_costs_few_requests(project: Project, tmp_path: Path) -> None:
    here = Lake.at(str(tmp_path / "lake"))
    for dataset in project.contracts.datasets:
        complete(here, dataset)
    planned(here, project.contracts.dataset("products"), 2)
    refused(here, project.contracts.dataset("erp_orders"), 2)
    ran(here)
    stepped(here)
    with counting_s3() as s3:
        s3.upload(Path(here.root), "prod")
        s3.requests()
        found = seen(Lake.at("s3://lake/prod"), project.contracts)
        asked = s3.kinds()
    print(dict(asked), len(found.findings), "findings")
    assert (found.findings, found.domains) == (
        seen(here, project.contracts).findings,
        seen(here, project.contracts).domains,
    )
    assert found.exit_code == 3
    tables = 7 + 3 * len(project.contracts.datasets)
    assert asked.total() <= 9 * tables, "a few for each table's log, and the files of each ledger"
    assert {kind.split()[0] for kind in asked} <= {"GET", "HEAD", "LIST"}
