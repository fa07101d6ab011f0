"""`lakehouse try` says what would become of each row of a file; the lake and the folder stay as they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lakehouse.cli.main import main
from lakehouse.contracts.project import Project
from lakehouse.lake.paths import Lake
from lakehouse.runtime.context import Context
from tests.helpers.quality_deliveries import LEADS, ORDERS, lead, order

Try = Callable[..., tuple[int, list[str], list[str]]]


@pytest.fixture
def tried(context: Context, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Try:
    """Try a file of some lines; returns the exit code and what was printed, in lines."""
    monkeypatch.setattr("lakehouse.runtime.glue.command_context", lambda root: context)

    def run(name: str, *lines: str, **options: str) -> tuple[int, list[str], list[str]]:
        file = tmp_path / f"drop of {name}" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        code = main(["try", str(file), *(word for option in options.items() for word in option)])
        assert [found.name for found in file.parent.iterdir()] == [name]
        printed = capsys.readouterr()
        return code, printed.out.splitlines(), printed.err.splitlines()

    return run


def test_rows_that_would_not_pass_are_listed_with_their_lines(tried: Try) -> None:
    lines = [order(f"A{n}") for n in range(8)]
    code, out, _ = tried(
        "erp_orders_1.csv", ORDERS, *lines[:2], order("B", quantity="two"), "x,y", *lines[2:], order("C", store_id="X")
    )
    shown = [[cell.strip() for cell in line.split("|")[1:-1]] for line in out if line.startswith("|")]
    assert code == 3  # 3 of 11 rows are more than the 20 % of the contract
    assert out[0] == "erp_orders_1.csv: erp_orders"
    assert shown == [
        ["line", "quarantined by", "broken rules", "values"],
        ["4", "ingest", "quantity_is_int", "quantity: two"],
        ["5", "ingest", "row_has_the_columns_of_the_header", "x,y"],
        ["12", "validate", "store_id_well_formed", "store_id: X"],
    ]
    assert out[-1].startswith("the batch would be stopped: 3 of 11 rows failed validation (27.27 %)")


def test_a_file_that_passes_and_personal_data(tried: Try) -> None:
    code, out, _ = tried("crm_leads_1.csv", LEADS, *[lead(f"L{n}") for n in range(9)], lead("L9", email="no address"))
    assert code == 0
    assert "no address" not in "".join(out)
    assert out[-1] == "9 rows would pass, 1 would be quarantined"


def test_odd_values_of_a_key_are_said(tried: Try) -> None:
    ids = ["L1 ", "L1", "\u202fL2", "N/A", "-", "NULL"]
    code, out, _ = tried("crm_leads_1.csv", LEADS, *[lead(f"L{n}") for n in range(9)], *[lead(one) for one in ids])
    assert code == 0
    assert [line for line in out if line.startswith("warning: lead_id")] == [
        "warning: lead_id: blanks stand around 2 values, and are part of the key; "
        "customProperties trim: true removes them",
        "warning: lead_id: it has a word for null in 3 rows, which is a key like any other unless the contract has it "
        "in nullWords",
    ]


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("erp_orders_2.csv", 3, "erp: erp_orders_2.csv: its first line names no column of the contract; found id, no;"),
        ("stock.csv", 3, "stock.csv: no contract's filePattern matches its name; expected crm_leads*.csv, "),
        ("none.csv", 2, "none.csv: there is no such file; give the path of one delivered file."),
    ],
)
def test_what_cannot_be_tried_is_one_line_before_spark_is_started(
    project: Project, lake: Lake, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path,
    name: str, code: int, words: str,
) -> None:  # fmt: skip
    without_spark = Context(project, lake, lambda: pytest.fail("a session was asked for"))
    monkeypatch.setattr("lakehouse.runtime.glue.command_context", lambda root: without_spark)
    if name != "none.csv":
        (tmp_path / name).write_text("id,no\n1,2\n")
    assert main(["try", str(tmp_path / name)]) == code
    printed = capsys.readouterr()
    assert printed.out == ""
    assert words in printed.err.splitlines()[-1]
