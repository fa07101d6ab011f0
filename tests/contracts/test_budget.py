"""The budget of a domain is read from its contract; what is no amount is refused with file, line and field."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.contracts.budget import Budget
from lakehouse.contracts.changes import changes
from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.project import Project
from lakehouse.contracts.reader import read_contract
from lakehouse.contracts.yaml_places import ContractError


def written(project: Project, folder: Path, *entries: str) -> Path:
    """The contract of crm with further entries among its promises."""
    text = (project.root / "contracts" / "crm.yaml").read_text(encoding="utf-8")
    file = folder / "crm.yaml"
    lines = "".join(f"  - {{{entry}}}\n" for entry in entries)
    file.write_text(text.replace("slaProperties:\n", f"slaProperties:\n{lines}"), encoding="utf-8")
    return file


def test_a_month_and_a_run(project: Project, tmp_path: Path) -> None:
    entries = ("property: budget, value: 40, unit: USD", "property: runBudget, value: 0.5, unit: USD")
    found = read_contract(written(project, tmp_path, *entries))
    assert found.budget == Budget(month=40.0, run=0.5)
    before = read_contract(written(project, tmp_path))
    assert before.budget == Budget()
    one, other = Contracts((before,)), Contracts((found,))
    assert [(c.field, c.what) for c in changes(one, other)] == [("budget", "None → 40.0"), ("runBudget", "None → 0.5")]


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("property: budget, value: -1, unit: USD", "must be a number above 0, an amount of US dollars, found -1"),
        ("property: budget, value: 0, unit: USD", "must be a number above 0, an amount of US dollars, found 0"),
        ("property: budget, value: many, unit: USD", "must be a number above 0, an amount of US dollars, found 'many'"),
        (
            "property: runBudget, value: true, unit: USD",
            "must be a number above 0, an amount of US dollars, found T",
        ),
        ("property: runBudget, value: .inf, unit: USD", "must be a number above 0, an amount of US dollars, found inf"),
        ("property: budget, value: 40, unit: EUR", "must be USD, the currency of the price list, found 'EUR'"),
        ("property: budget, value: 40", "unit"),
    ],
)
def test_what_is_no_amount(project: Project, tmp_path: Path, entry: str, problem: str) -> None:
    with pytest.raises(ContractError) as refused:
        read_contract(written(project, tmp_path, entry))
    assert problem in str(refused.value)
    assert "crm.yaml:" in str(refused.value)
