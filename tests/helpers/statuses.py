"""What a status finds in a lake, as the tests compare it."""

from __future__ import annotations

from datetime import datetime, timedelta

from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.findings import Commands
from lakehouse.cycle.status import LakeStatus, status_of
from lakehouse.lake.paths import Lake
from tests.helpers.seeded_ledgers import NOON

LATER = NOON + timedelta(hours=1)


def seen(lake: Lake, contracts: Contracts, now: datetime = LATER) -> LakeStatus:
    """The status of the lake named `lake`."""
    return status_of(lake, contracts, Commands("lake"), now)


def lines(found: LakeStatus) -> list[tuple[str, str, str]]:
    """Level, finding and command of each finding."""
    return [(one.level.label, one.found, one.command) for one in found.findings]


def job(step: str) -> str:
    """The command of a job of the products in that lake."""
    return f"./spark_local.sh {step} --domain products --lake_root lake"
