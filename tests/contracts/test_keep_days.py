"""`keepDays`: how long each layer keeps a row; what would lose rows that another layer or a mart needs is refused."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest
import yaml

from lakehouse.cli.check import problems
from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.dataset_changes import dataset_changes
from lakehouse.contracts.json_schema import contract_schema
from lakehouse.contracts.keep_days import FOR_EVER, KeepDays
from lakehouse.contracts.project import Project
from lakehouse.contracts.reader import read_contract
from lakehouse.contracts.yaml_places import ContractError
from tests.contracts.test_roles import write

LIMIT = "      - {property: quarantineLimitPercent, value: 20}\n"
SNAPSHOT = "      - {property: snapshotShrinkLimitPercent, value: 20}\n"


def written(folder: Path, days: str, more: str = "", **changes: str) -> Path:
    path = write(folder, **changes)
    line = f"{LIMIT}      - {{property: keepDays, value: {days}}}\n{more}"
    path.write_text(path.read_text(encoding="utf-8").replace(LIMIT, line), encoding="utf-8")
    return path


def dataset(folder: Path, days: str, **changes: str) -> Dataset:
    return Contracts((read_contract(written(folder, days, **changes)),)).dataset("orders")


def test_a_layer_without_days_keeps_its_rows_for_ever(tmp_path: Path) -> None:
    found = dataset(tmp_path, "{raw: 30, bronze: 400, silver: 365}")
    assert found.keep_days == KeepDays(raw=30, bronze=400, quarantine=None, silver=365)
    assert str(found.keep_days) == "raw 30, bronze 400, silver 365"
    assert read_contract(write(tmp_path)).datasets[0].keep_days == FOR_EVER


@pytest.mark.parametrize(
    ("days", "changes", "wanted"),
    [
        ("{}", {}, "orders.keepDays: names no layer; give days for some of raw, bronze, quarantine, silver, or"),
        ("30", {}, "orders.keepDays: must be a mapping."),
        ("{sliver: 30}", {}, "orders.keepDays.sliver: unknown layer 'sliver'. Did you mean 'silver'?"),
        ("{silver: 0}", {}, "orders.keepDays.silver: must be a number of days from 1 to 36500, found 0."),
        ("{silver: true}", {}, "must be a number of days from 1 to 36500, found True."),
        ("{silver: 1 year}", {}, "must be a number of days from 1 to 36500, found '1 year'."),
        ("{bronze: 30}", {}, "orders.keepDays.bronze: 30 days are less than silver's (for ever), and `lakehouse"),
        ("{bronze: 30, silver: 31}", {}, "30 days are less than silver's (31 days)"),
        (
            "{silver: 30}",
            {"strategy": "scd2", "sequence": "at", "partitions": "[]"},
            "scd2 keeps what was true",
        ),
        ("{silver: 30}", {"more": SNAPSHOT, "sequence": "arrival"}, "each file is all there is"),
    ],
    ids=str,
)
def test_what_is_wrong(tmp_path: Path, days: str, changes: dict[str, str], wanted: str) -> None:
    path = written(tmp_path, days, **changes)
    if "more" in changes:
        text = path.read_text(encoding="utf-8").replace("      - {property: deleteFlag, value: gone}\n", "")
        path.write_text(text, encoding="utf-8")
    with pytest.raises(ContractError) as caught:
        read_contract(path)
    assert wanted in str(caught.value)


@pytest.mark.parametrize(("days", "is_right"), [("{raw: 30}", True), ("{raw: 0}", False), ("{gold: 30}", False)])
def test_editors_know_it(tmp_path: Path, days: str, is_right: bool) -> None:
    text = yaml.safe_load(written(tmp_path, days).read_text(encoding="utf-8"))
    found = jsonschema.Draft201909Validator(contract_schema()).iter_errors(text)
    errors = [error for error in found if "customProperties" in error.absolute_path]
    assert (not errors) is is_right


def test_a_change_of_days_reaches_silver_alone(tmp_path: Path) -> None:
    (change,) = dataset_changes([dataset(tmp_path, "{silver: 30}")], [dataset(tmp_path, "{silver: 60}")])
    assert (change.field, change.what) == ("keepDays", "silver 30 → silver 60")


def test_a_mart_keeps_the_rows_that_it_is_made_from(project: Project, tmp_path: Path) -> None:
    for name in ("dbt", "great_expectations"):
        (tmp_path / name).symlink_to(project.root / name)
    (tmp_path / "contracts").mkdir()
    for file in (project.root / "contracts").glob("*.yaml"):
        text = file.read_text(encoding="utf-8")
        line = "      - {property: keepDays, value: {silver: 400}}\n"
        first = "      - {property: filePattern"
        text = text.replace(first, line + first, 1) if file.stem in ("crm", "erp") else text
        (tmp_path / "contracts" / file.name).write_text(text, encoding="utf-8")
    leads, orders = problems(Project(tmp_path))
    assert leads.startswith(
        "contracts/crm.yaml: crm_leads.keepDays.silver: 400 days, and earlier days of fct_daily_store_metrics would go"
    )
    assert "erp_orders.keepDays.silver" in orders
    assert "fct_customer_value" in orders
