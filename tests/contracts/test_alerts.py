"""When people are notified is read from the contract; what is no time is refused with file, line and field."""

from __future__ import annotations

from datetime import time, timedelta
from pathlib import Path

import pytest

from lakehouse.contracts.alerts import Alerts
from lakehouse.contracts.project import Project
from lakehouse.contracts.reader import read_contract
from lakehouse.contracts.yaml_places import ContractError
from tests.contracts.test_budget import written


def test_quiet_hours_and_repeats(project: Project, tmp_path: Path) -> None:
    entries = ('property: quietHours, value: "22:00-06:30"', "property: repeatAfter, value: 4h")
    found = read_contract(written(project, tmp_path, *entries))
    assert found.alerts == Alerts((time(22), time(6, 30)), timedelta(hours=4))
    assert read_contract(written(project, tmp_path)).alerts == Alerts(None, timedelta(days=1))
    half = read_contract(written(project, tmp_path, 'property: quietHours, value: "22:00-22:30"'))
    assert half.alerts.quiet == (time(22), time(22, 30)), "they may begin and end in one hour"


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ('property: quietHours, value: "22-06"', "must be two times of day in UTC"),
        ('property: quietHours, value: "22:00-24:00"', "must be two times of day in UTC"),
        ('property: quietHours, value: "06:00-06:00"', "must be two times of day in UTC"),
        ("property: quietHours, value: 22", "must be two times of day in UTC"),
        ("property: repeatAfter, value: 0h", "must be a duration such as 30m, 4h or 1d"),
        ("property: repeatAfter, value: soon", "must be a duration such as 30m, 4h or 1d"),
    ],
)
def test_what_is_no_time(project: Project, tmp_path: Path, entry: str, problem: str) -> None:
    with pytest.raises(ContractError) as refused:
        read_contract(written(project, tmp_path, entry))
    assert problem in str(refused.value)
    assert "crm.yaml:" in str(refused.value)
