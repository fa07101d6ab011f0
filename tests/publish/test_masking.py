"""Personal data is masked in what a query shows, wherever it lies, unless somebody asks for it, which is recorded."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from lakehouse.cli.main import main
from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.project import Project
from lakehouse.lake.delta_log import read_rows
from lakehouse.lake.paths import Lake
from lakehouse.lake.reveals import RevealNotRecordedError
from lakehouse.publish.masking import personal_tables
from lakehouse.publish.pins import pin_table
from lakehouse.publish.query import run_query

LEADS = [
    {"lead_id": "L1", "full_name": "Ada Lovelace", "email": "ada@x.example", "phone": None, "is_deleted": False},
    {"lead_id": "L2", "full_name": "Bob Miller", "email": "bob@x.example", "phone": "123", "is_deleted": False},
]
SPLIT, UNSPLIT = "email_is_an_address", "row_has_the_columns_of_the_header"
HELD = [
    {"lead_id": "L3", "full_name": "Cleo", "source": "web", "_raw_text": None, "_rescued": '{"x": "Cleo"}',
     "_broken_rules": [SPLIT]},
    {"lead_id": "Dora", "full_name": None, "source": "Dora", "_raw_text": "Dora;x", "_rescued": None,
     "_broken_rules": [UNSPLIT]},
]  # fmt: skip
EVERYBODY = ("Ada", "Bob", "x.example", "123", "Cleo", "Dora")


@pytest.fixture
def lake(lake: Lake) -> Lake:
    """Leads in silver and bronze, two held rows, orders without personal data."""
    text = pa.string()
    schema = [(name, text) for name in ("lead_id", "full_name", "source", "_raw_text", "_rescued")]
    held = pa.schema([*schema, ("_broken_rules", pa.list_(text))])
    for layer in ("silver", "bronze"):
        write_deltalake(lake.table(layer, "crm_leads"), pa.Table.from_pylist(LEADS))
    write_deltalake(lake.table("quarantine", "crm_leads"), pa.Table.from_pylist(HELD, held))
    write_deltalake(lake.silver("erp_orders"), pa.table({"order_id": ["O1"], "is_deleted": [False]}))
    return lake


@pytest.fixture
def contracts(project: Project) -> Contracts:
    return project.contracts


@pytest.mark.parametrize(
    "sql",
    [
        "select * from crm_leads",
        "select * from bronze.crm_leads",
        "select * from quarantine.crm_leads",
        "with l as (select * from silver.crm_leads) select upper(full_name), l from l",
        "select min(email), max(phone), string_agg(full_name) from crm_leads",
        "select a.email, b.full_name from crm_leads a join bronze.crm_leads b using (email)",
        "select * from (summarize crm_leads)",
    ],
)
def test_no_way_of_asking_shows_a_person(lake: Lake, contracts: Contracts, sql: str) -> None:
    shown = repr(run_query(lake, contracts, sql).rows)
    assert [part for part in EVERYBODY if part in shown] == []


def test_what_is_masked_keeps_its_nulls_and_its_type(lake: Lake, contracts: Contracts) -> None:
    found = run_query(lake, contracts, "select lead_id, full_name, phone from crm_leads order by lead_id")
    assert found.rows == [("L1", "***", None), ("L2", "***", "***")]
    held = run_query(
        lake, contracts, "select lead_id, source, full_name, _rescued from quarantine.crm_leads order by 1"
    )
    assert held.rows == [("***", "***", None, None), ("L3", "web", "***", "***")]


def test_a_condition_on_a_masked_column_finds_nobody(lake: Lake, contracts: Contracts) -> None:
    sql = "select count(*) from crm_leads where email = 'ada@x.example'"
    assert run_query(lake, contracts, sql).rows == [(0,)]
    assert run_query(lake, contracts, sql, reveal_to="eve").rows == [(1,)]


def test_only_a_table_whose_dataset_has_personal_data_is_masked(lake: Lake, contracts: Contracts) -> None:
    tables = [(layer, name) for layer in ("quarantine", "silver", "marts") for name in ("crm_leads", "products")]
    assert sorted(personal_tables(lake, contracts, tables)) == ["quarantine.crm_leads", "silver.crm_leads"]


def test_a_pinned_version_is_masked_as_its_table(lake: Lake, contracts: Contracts) -> None:
    pin_table(lake, "silver", "crm_leads", "0")
    assert run_query(lake, contracts, "select distinct full_name from pinned.crm_leads_v0").rows == [("***",)]


def test_who_sees_personal_data_is_recorded_before(lake: Lake, contracts: Contracts) -> None:
    assert ("Ada Lovelace",) in run_query(lake, contracts, "select full_name from CRM_Leads", reveal_to="eve").rows
    run_query(lake, contracts, "select * from erp_orders", reveal_to="eve")
    (entry,) = read_rows(lake.ops("reveals"))
    assert (entry["table_name"], entry["who"]) == ("silver.crm_leads", "eve")
    assert entry["columns"] == ["email", "full_name", "phone"]


def test_nothing_is_shown_that_cannot_be_recorded(lake: Lake, contracts: Contracts) -> None:
    ops = Path(lake.ops("reveals"))
    ops.parent.mkdir(parents=True, exist_ok=True)
    ops.write_text("a file where the table should be")
    with pytest.raises(RevealNotRecordedError, match="Nothing was shown"):
        run_query(lake, contracts, "select full_name from crm_leads", reveal_to="eve")


def test_the_command_says_that_it_masks(lake: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    sql = "select full_name from crm_leads where lead_id = 'L1'"
    assert main(["query", sql, "--lake", lake.root]) == 0
    shown = capsys.readouterr()
    assert "***" in shown.out
    assert "*** is personal data; --reveal shows it, which is recorded in ops.reveals" in shown.err
    assert main(["query", sql, "--lake", lake.root, "--reveal"]) == 0
    shown = capsys.readouterr()
    assert "Ada Lovelace" in shown.out
    assert shown.err == ""
    assert main(["query", sql, "--athena", "--reveal"]) == 2


@pytest.mark.parametrize(
    ("sql", "computes"),
    [
        ("select email from crm_leads", False),
        ("select email as mail, count(email) from crm_leads where email is not null group by 1", False),
        ("select count(*) from crm_leads where email like '%@%'", True),
        ("select count(distinct email) from crm_leads", True),
        ("select email, count(*) from crm_leads group by email", True),
        ("select upper(full_name) from crm_leads", True),
        ("select a.lead_id from crm_leads a join crm_leads b on a.phone = b.phone", True),
        ("select lead_id from crm_leads order by email", True),
    ],
)
def test_what_was_computed_with_masked_values_says_nothing(
    lake: Lake, capsys: pytest.CaptureFixture[str], sql: str, computes: bool
) -> None:
    assert main(["query", sql, "--lake", lake.root]) == 0
    note = capsys.readouterr().err
    assert (
        "compared, counted or grouped *** in place of personal data, so this answer says nothing" in note
    ) == computes
    assert "--reveal" in note
