"""A quarantined row is corrected and ingested again, exactly once; one that fails again stays open."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from lakehouse.quarantine import repair_outcomes, repairs
from lakehouse.quarantine.changes import ChangeKind
from lakehouse.runtime.context import Context
from tests.helpers.lakes import versions
from tests.helpers.quality_deliveries import LEADS, ORDERS, command, deliver, event, found, good, lead, order, run_jobs

STATES = "select order_id, _state, _batch_id from quarantine.erp_orders order by _batch_id, order_id"
SILVER = "select order_id, quantity, _batch_id from silver.erp_orders where order_id not like 'G%' order by all"
LEDGER = "select change, columns, repair_batch_id, who, why from ops.quarantine_changes order by recorded_at, change"
WHY = ("--why", "asked the store", "--by", "Ada")


def ref(context: Context, dataset: str, condition: str = "true") -> str:
    """The one open row that a condition names, as batch:number."""
    sql = f"select _batch_id, _row_id from quarantine.{dataset} where _state = 'open' and {condition}"
    ((batch, row),) = found(context, sql)
    return f"{batch}:{row}"


def repair(context: Context, row: str, *values: str, dataset: str = "erp_orders") -> int:
    words = [word for value in values for word in ("--set", value)]
    return command(context, "quarantine", "repair", dataset, row, *words, *WHY)


def test_records_of_an_earlier_release_are_read() -> None:
    assert ChangeKind("replay") is ChangeKind.RETRY
    with pytest.raises(ValueError, match="mended"):
        ChangeKind("mended")


def test_a_repaired_row_lands_once(context: Context, capsys: pytest.CaptureFixture[str]) -> None:
    deliver(context, "erp", "erp_orders.csv", ORDERS, *good(), order("A", 0), order("B", "two"), order("C", ""))
    run_jobs(context, "erp")
    assert found(context, STATES) == [("A", "open", 1), ("B", "open", 1), ("C", "open", 1)]
    a, b = ref(context, "erp_orders", "order_id = 'A'"), ref(context, "erp_orders", "order_id = 'B'")
    for _ in range(2):  # the same request again adds nothing
        assert repair(context, a, "quantity=3") == 0
    assert repair(context, b, "quantity=2") == 0
    assert found(context, STATES)[0] == ("A", "open", 1)  # until it is validated
    capsys.readouterr()
    assert repair(context, a, "quantity=4") == 3
    assert "already has a repair that is not validated yet" in capsys.readouterr().err

    run_jobs(context, "erp")
    assert found(context, STATES) == [("A", "repaired", 1), ("B", "repaired", 1), ("C", "open", 1)]
    assert {row[:2] for row in found(context, SILVER)} == {("A", 3), ("B", 2)}
    repairs_of = "select order_id, _repair_of from bronze.erp_orders where _repair_of is not null order by 1"
    assert found(context, repairs_of) == [("A", a), ("B", b)]
    before = versions(context.lake)
    run_jobs(context, "erp")
    assert versions(context.lake) == before
    requests = [("repair", ["quantity"], None, "Ada", "asked the store")] * 2
    outcomes = [("repaired", [], n, "validate", "passed validation") for n in (2, 3)]
    assert found(context, LEDGER) == [*requests, *outcomes]
    assert repair(context, a, "quantity=4") == 3
    assert "is already repaired" in capsys.readouterr().err


@pytest.mark.quality
def test_a_row_that_fails_again_stays_open(context: Context, capsys: pytest.CaptureFixture[str]) -> None:
    deliver(context, "erp", "erp_orders.csv", ORDERS, *good(), order("A", 0))
    run_jobs(context, "erp")
    a = ref(context, "erp_orders")
    for quantity in ("-1", "many", "-1"):  # the third is the first again, and is validated again
        assert repair(context, a, f"quantity={quantity}") == 0
        run_jobs(context, "erp")
        assert ref(context, "erp_orders") == a
    assert found(context, SILVER) == []
    states = [("A", "open", 1), ("A", "discarded", 2), ("A", "discarded", 3), ("A", "discarded", 4)]
    assert found(context, STATES) == states
    command(context, "quarantine", "show", "erp_orders", a)
    shown = capsys.readouterr().out
    assert "quantity_at_least_1: At least one unit is sold on an order line." in shown
    assert shown.count("failed again") == 3
    assert "quantity_is_int" in shown
    repair(context, a, "quantity=1")
    run_jobs(context, "erp")
    assert [row[:2] for row in found(context, SILVER)] == [("A", 1)]
    assert found(context, STATES)[0] == ("A", "repaired", 1)


@pytest.mark.quality
def test_a_repaired_row_keeps_its_sequence(context: Context, capsys: pytest.CaptureFixture[str]) -> None:
    deliver(context, "erp", "erp_orders.csv", ORDERS, *good(), order("A", 0, "2026-10-12T10:00:00Z"))
    deliver(context, "erp", "erp_orders_2.csv", ORDERS, order("A", 7, "2026-10-12T11:00:00Z"))
    run_jobs(context, "erp")
    a = ref(context, "erp_orders")
    assert repair(context, a, "quantity=3", "updated_at=2026-10-13T10:00:00Z") == 3
    assert "cannot change updated_at" in capsys.readouterr().err
    assert repair(context, a, "quantity=3") == 0
    run_jobs(context, "erp")
    assert [row[:2] for row in found(context, SILVER)] == [("A", 7)]
    assert found(context, STATES) == [("A", "repaired", 1)]


@pytest.mark.quality
def test_a_sequence_that_is_itself_wrong_can_be_corrected(context: Context) -> None:
    deliver(context, "erp", "erp_orders.csv", ORDERS, *good(), order("A", 1, "2026-10-12"), order("B", 2, ""))
    run_jobs(context, "erp")
    for name in "AB":
        row = ref(context, "erp_orders", f"order_id = '{name}'")
        assert repair(context, row, "updated_at=2026-10-13T10:00:00+02:00") == 0
    run_jobs(context, "erp")
    assert [row[:2] for row in found(context, SILVER)] == [("A", 1), ("B", 2)]


@pytest.mark.quality
def test_a_discarded_row_stays_out(context: Context, capsys: pytest.CaptureFixture[str]) -> None:
    deliver(context, "erp", "erp_orders.csv", ORDERS, *good(), order("A", 0), order("B", 0), order("C", 1, status="x"))
    run_jobs(context, "erp")
    rule = ("--rule", "quantity_at_least_1")
    for exit_code in (0, 3):
        assert command(context, "quarantine", "discard", "erp_orders", *rule, *WHY) == exit_code
    assert "no open quarantined row matches the selection" in capsys.readouterr().err
    assert found(context, STATES) == [("A", "discarded", 1), ("B", "discarded", 1), ("C", "open", 1)]
    assert found(context, LEDGER) == [("discard", [], None, "Ada", "asked the store")] * 2
    before = versions(context.lake)
    run_jobs(context, "erp")
    assert versions(context.lake) == before


@pytest.mark.quality
def test_rows_are_sent_back_unchanged(context: Context, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [event(f"G{i}") for i in range(20)]
    deliver(context, "web", "web_events.json", *lines, event("A", event_type="zoom"), event("B", customer_id=5), "{no")
    run_jobs(context, "web")
    assert command(context, "quarantine", "retry", "web_events", "--all", *WHY) == 3
    assert "could not be split into columns" in capsys.readouterr().err
    rows = [ref(context, "web_events", f"event_id = '{name}'") for name in "AB"]
    assert command(context, "quarantine", "retry", "web_events", *rows, *WHY) == 0
    run_jobs(context, "web")
    broken = "select event_id, _broken_rules, _state from quarantine.web_events where _batch_id = 2 order by all"
    assert found(context, broken) == [
        ("A", ["event_type_known"], "discarded"), ("B", ["customer_id_is_string"], "discarded"),
    ]  # fmt: skip
    assert [ref(context, "web_events", f"event_id = '{name}'") for name in "AB"] == rows


@pytest.mark.quality
def test_a_truncated_line_is_repaired_by_setting_its_columns(context: Context) -> None:
    deliver(context, "web", "web_events.json", *[event(f"G{i}") for i in range(20)], event("A")[:40])
    run_jobs(context, "web")
    values = [
        "event_id=A", "session_id=s9", "store_id=S002", "event_type=purchase", "url=https://shop.example/",
        "occurred_at=2026-10-12T09:00:00Z", "received_at=2026-10-12T09:00:05Z", 'device={"type":"tv","os":"x"}',
    ]  # fmt: skip
    assert repair(context, ref(context, "web_events"), *values, dataset="web_events") == 0
    run_jobs(context, "web")
    landed = "select session_id, customer_id, device.os from silver.web_events where event_id = 'A'"
    assert found(context, landed) == [("s9", None, "x")]


@pytest.mark.quality
def test_rows_are_exported_edited_and_imported(
    context: Context, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    leads = [lead(f"G{i:02}") for i in range(20)]
    bad = [lead("A", "nobody", '"Doe, ""Jane"""'), lead("B", status="old"), lead("C", phone="+49 1", source="tv")]
    deliver(context, "crm", "crm_leads.csv", LEADS, *leads, *bad, "D,S001")
    file = tmp_path / "rows.csv"
    run_jobs(context, "crm")
    assert command(context, "quarantine", "export", "crm_leads", str(file)) == 0
    assert file.stat().st_mode & 0o777 == 0o600
    assert not [word for word in ("nobody", "Jane", "+49") if word in file.read_text()]
    with file.open(newline="") as opened:
        header, *lines = csv.reader(opened)
    cells = {line[2]: dict(zip(header, line, strict=True)) for line in lines}
    assert (cells["A"]["email"], cells["A"]["full_name"], cells["A"]["phone"]) == ("***", "***", "")
    cells["A"]["email"], cells["C"]["source"] = "jane@example.com", "web"
    del cells["***"]  # the row that could not be split, of which every column is hidden
    with file.open("w", newline="") as opened:
        writer = csv.DictWriter(opened, header)
        writer.writeheader()
        writer.writerows(cells.values())
    assert command(context, "quarantine", "import", "crm_leads", str(file), *WHY) == 0
    assert "1 row is unchanged and stays open" in capsys.readouterr().out
    run_jobs(context, "crm")
    landed = "select lead_id, full_name, email, phone, source from silver.crm_leads where lead_id < 'G' order by 1"
    assert found(context, landed) == [
        ("A", 'Doe, "Jane"', "jane@example.com", None, "web"), ("C", "A", "a@example.com", "+49 1", "web"),
    ]  # fmt: skip
    states = "select lead_id, _state from quarantine.crm_leads order by 1"
    assert found(context, states) == [("A", "repaired"), ("B", "open"), ("C", "repaired"), ("D", "open")]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("order_id,quantity\nA,1\n", "column _row is missing"),
        ("_row,quantty\n1:1,1\n", "unknown column 'quantty'. Did you mean 'quantity'?"),
        ("_row,quantity\n1:1\n", ":2: 1 fields; expected 2"),
        ("_row,quantity\nfirst,1\n", "invalid row 'first'"),
        ("_row,quantity\n1:1,1\n1:1,2\n", ":3: row 1:1 is in the file twice"),
        ("_row,quantity\n9:9,1\n", "there is no row 9:9 in quarantine"),
    ],
)
def test_an_import_that_is_wrong_says_where(
    context: Context, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, problem: str
) -> None:
    (tmp_path / "rows.csv").write_text(content)
    assert command(context, "quarantine", "import", "erp_orders", str(tmp_path / "rows.csv"), *WHY) in (2, 3)
    assert problem in capsys.readouterr().err
    assert not (Path(context.lake.landing("erp")) / "repairs").exists()


@pytest.mark.quality
@pytest.mark.parametrize(
    ("place", "dies"),
    [
        (repairs, "write_whole"),  # requested, and not delivered
        (repair_outcomes, "set_state"),  # passed, and still open
        (repair_outcomes, "record_changes"),  # repaired, and not recorded
    ],
)
def test_whatever_dies_a_repair_lands_once(
    context: Context, monkeypatch: pytest.MonkeyPatch, place: object, dies: str
) -> None:
    deliver(context, "erp", "erp_orders.csv", ORDERS, *good(), order("A", 0))
    run_jobs(context, "erp")
    a = ref(context, "erp_orders")

    def repair_and_run() -> None:
        repair(context, a, "quantity=3")
        run_jobs(context, "erp")

    with monkeypatch.context() as patch:
        patch.setattr(place, dies, lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            repair_and_run()
    repair_and_run()
    assert [row[:2] for row in found(context, SILVER)] == [("A", 3)]
    assert found(context, "select count(*) from bronze.erp_orders where order_id = 'A'") == [(2,)]
    assert found(context, STATES) == [("A", "repaired", 1)]
    assert [row[0] for row in found(context, LEDGER)] == ["repair", "repaired"]
