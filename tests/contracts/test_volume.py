"""What a contract says of the size of a delivery; Terraform reads it without the library, so it must be whole."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from lakehouse.contracts.project import Project
from lakehouse.contracts.reader import read_contract
from lakehouse.contracts.warnings import contract_warnings
from lakehouse.contracts.yaml_places import ContractError

PROMISED = "  - property: timeOfAvailability\n"


@pytest.fixture
def contract(project: Project, tmp_path: Path) -> Path:
    """The products' contract, which says no volume."""
    return Path(shutil.copy(project.root / "contracts" / "products.yaml", tmp_path))


def say(contract: Path, entry: str) -> None:
    text = contract.read_text(encoding="utf-8")
    assert "volume" not in text
    contract.write_text(text.replace(PROMISED, f"  - {{property: volume, {entry}}}\n{PROMISED}"), encoding="utf-8")


@pytest.mark.parametrize(
    ("entry", "gigabytes"),
    [("value: 5, unit: GB", 5.0), ("value: 0.5, unit: TB", 512.0), ("value: 256, unit: MB", 0.25)],
)
def test_a_volume_is_read_and_has_an_effect(contract: Path, entry: str, gigabytes: float) -> None:
    say(contract, entry)
    assert read_contract(contract).delivery_gb == gigabytes
    assert [line for line in contract_warnings(contract.parent) if "volume" in line] == []


@pytest.mark.parametrize(
    ("entry", "field", "reason"),
    [
        ("value: 0, unit: GB", "value", "must be a number above 0, the size of a delivery in `unit`, found 0"),
        ("value: -1, unit: GB", "value", "found -1"),
        ("value: true, unit: GB", "value", "found True"),
        ("value: five, unit: GB", "value", "found 'five'"),
        ("unit: GB", "value", "is missing"),
        ("value: 5", "unit", "is missing"),
        ("value: 5, unit: GiB", "unit", "must be MB, GB or TB, found 'GiB'"),
    ],
)
def test_a_volume_that_terraform_could_not_read_is_refused(contract: Path, entry: str, field: str, reason: str) -> None:
    say(contract, entry)
    with pytest.raises(ContractError) as refused:
        read_contract(contract)
    assert field in str(refused.value)
    assert reason in str(refused.value)
