"""`lakehouse batch list` shows what became of each stopped batch, and none that passed: no Spark."""

from __future__ import annotations

import pytest

from lakehouse.cli.main import main
from lakehouse.contracts.project import Project
from lakehouse.lake.batches import ValidationStatus
from lakehouse.lake.decisions import ACCEPTED, REJECTED, Signature, decide
from lakehouse.lake.paths import Lake
from tests.helpers.seeded_ledgers import validated


def test_the_last_decision_is_the_state_of_a_batch(
    project: Project, lake: Lake, capsys: pytest.CaptureFixture[str]
) -> None:
    products = project.contracts.dataset("products")
    validated(lake, products, 1)
    for number in (2, 3):
        validated(lake, products, number, ValidationStatus.STOPPED)
    decide(lake, products, 2, REJECTED, Signature("ann", "sent by mistake"))
    decide(lake, products, 2, ACCEPTED, Signature("ben", "few rows are right"))
    assert main(["batch", "list", "--lake", lake.root]) == 0
    lines = [line.split("|") for line in capsys.readouterr().out.splitlines() if "products:" in line]
    shown = [tuple(cell.strip() for cell in line[1:-1]) for line in lines]
    reason = "70 of 300 rows failed validation"
    assert shown == [
        ("products:2", "accepted", "300", reason, "ben", "few rows are right"),
        ("products:3", "stopped", "300", reason, "", ""),
    ]
