"""`lakehouse status`: each state of a lake is one line with the command that goes on, the worst first."""

from __future__ import annotations

import json
import os
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from lakehouse.cli.main import main
from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.project import Project
from lakehouse.cycle.deadlines import deadline_of
from lakehouse.lake import delta_log
from lakehouse.lake.files import list_files
from lakehouse.lake.landed import record_landed
from lakehouse.lake.paths import Lake
from lakehouse.lake.runs import BEGUN, FAILED, NOTHING_NEW
from lakehouse.lake.ties import Tie, record_ties
from tests.helpers.seeded_ledgers import (
    NOON,
    complete,
    merged,
    planned,
    published,
    ran,
    refused,
    stepped,
)
from tests.helpers.statuses import LATER, job, lines, seen


def test_a_file_that_ingest_has_not_seen(lake: Lake, of_products: Contracts) -> None:
    folder = Path(lake.landing("products"))
    folder.mkdir(parents=True)
    for name in ("products_1.csv", "products_2.csv", "notes.txt"):
        (folder / name).write_text("x")
    os.utime(folder / "products_2.csv", (NOON.timestamp(), NOON.timestamp()))
    (one,) = seen(lake, of_products).findings
    assert (one.found, one.since) == ("2 new files pending at ingest", NOON)
    record_landed(lake, "products", list_files(lake.landing("products")), {})
    assert seen(lake, of_products).findings == ()
    os.utime(folder / "products_1.csv", (LATER.timestamp(), LATER.timestamp()))
    (one,) = seen(lake, of_products).findings
    assert (one.found, one.since) == ("1 new file pending at ingest", LATER), "the same name in another version"


def test_open_rows_ties_and_layout_are_shown_and_fail_nothing(
    lake: Lake, products: Dataset, of_products: Contracts
) -> None:
    complete(lake, products)
    merged(lake, products, 2)  # a second file with the same keys: √2 times the least is read
    published(lake, products)
    write_deltalake(lake.quarantine("products"), pa.table({"_state": ["open", "open", "repaired"]}))
    record_ties(lake, products, 1, 1, [Tie("k", "s", corrected=True), Tie("l", "s", corrected=False)])
    found = seen(lake, of_products)
    assert lines(found) == [
        ("look", "2 open rows in quarantine", "lakehouse quarantine list products --lake lake"),
        ("look", "queries read 1.41 times the least possible, limit 1.1", "lakehouse maintain --lake lake"),
    ]
    assert (found.exit_code, found.datasets[0].open_rows, found.datasets[0].ties_corrected) == (0, 2, 1)


@pytest.mark.parametrize(
    ("how", "level", "text"),
    [
        ({"state": FAILED, "exit_code": 3, "reason": "no column"}, "manual action", "run failed: no column"),
        ({"state": FAILED, "exit_code": 1, "reason": "ValueError"}, "manual action", "run failed: ValueError"),
        ({"state": FAILED, "exit_code": 75, "reason": "S3"}, "run again", "run failed: S3"),
        ({"state": BEGUN, "at": LATER - timedelta(hours=3)}, "run again", "run died"),
        ({"state": BEGUN}, None, None),
        ({"state": NOTHING_NEW}, None, None),
    ],
)
def test_the_last_run_of_a_job(
    lake: Lake, of_products: Contracts, how: dict[str, Any], level: str | None, text: str | None
) -> None:
    ran(lake, "ingest_products", **how)
    ran(lake, "ingest_erp", state=FAILED, exit_code=3)  # of another domain
    found = lines(seen(lake, of_products))
    assert found == ([(level, text, job("ingest"))] if level else [])
    ran(lake, "run", at=NOON + timedelta(minutes=10), state=FAILED, exit_code=75, reason="S3")
    again = ("run again", "run failed: S3", "lakehouse run --landing DIR --lake lake")
    assert again in lines(seen(lake, of_products))
    ran(lake, "run", at=NOON + timedelta(minutes=30))
    assert lines(seen(lake, of_products)) == [], "a full run that ended well did what the job had not"


def test_the_worst_comes_first_and_fixes_the_exit_code(lake: Lake, project: Project) -> None:
    for name, seed in (("products", planned), ("erp_orders", refused), ("crm_leads", complete)):
        seed(lake, project.contracts.dataset(name))
    write_deltalake(lake.quarantine("crm_leads"), pa.table({"_state": ["open"]}))
    found = seen(lake, project.contracts)
    assert [(one.level.label, one.subject) for one in found.findings] == [
        ("manual action", "erp_orders"), ("run again", "products"), ("look", "crm_leads"),
    ]  # fmt: skip
    assert found.exit_code == 3


AT = datetime(2026, 11, 20, tzinfo=UTC)


def at(hours: float, day: int = 20) -> datetime:
    return AT.replace(day=day) + timedelta(hours=hours)


@pytest.mark.parametrize(
    ("done", "now", "wanted"),
    [
        ([at(5)], at(12), ("met", at(5))),
        ([at(7)], at(12), ("late", at(7))),
        ([], at(12), ("late", None)),
        ([at(2)], at(12), ("late", None)),  # before the delivery was due
        ([at(5, day=19)], at(4), ("met", at(5, day=19))),  # today's deadline is still to come
    ],
)
def test_a_deadline_is_met_or_late(
    project: Project, done: list[datetime], now: datetime, wanted: tuple[str, datetime | None]
) -> None:
    contract = project.contracts.of("erp")
    assert (contract.schedule, contract.deadline) == ("0 3 * * *", "06:00")
    found = deadline_of(contract, done, now)
    assert (found.state, found.done) == wanted


def test_a_missed_deadline_is_found_in_the_records_of_runs(lake: Lake, of_products: Contracts) -> None:
    ran(lake, at=NOON - timedelta(days=3))
    stepped(lake, recorded_at=NOON - timedelta(days=2))
    late = seen(lake, of_products).findings
    assert [(one.found, one.command) for one in late] == [("not published by 06:00 UTC", job("publish"))]
    stepped(lake, attempt_id="b", recorded_at=NOON.replace(hour=5))
    assert seen(lake, of_products).findings == ()


def test_nothing_was_late_before_the_lake_began(lake: Lake, of_products: Contracts) -> None:
    stepped(lake, recorded_at=NOON.replace(hour=7))
    for began, state in ((6.5, "not due yet"), (2, "late")):
        ran(lake, "ingest_products", at=at(began))
        (domain,) = seen(lake, of_products).domains
        assert domain.deadline.state == state


def test_costs_of_a_day_and_of_the_month(lake: Lake, of_products: Contracts) -> None:
    for number, before in enumerate((1, 30, 24 * 10, 24 * 25)):  # hours; the last one was in October
        stepped(lake, attempt_id=str(number), cost_usd=float(2**number), recorded_at=LATER - timedelta(hours=before))
    (domain,) = seen(lake, of_products).domains
    assert (domain.cost_day, domain.cost_month) == (1.0, 1.0 + 2.0 + 4.0)


def test_a_batch_log_of_an_earlier_release_is_read(lake: Lake, products: Dataset, of_products: Contracts) -> None:
    planned(lake, products)
    path = lake.ops("batches")
    rows = pa.table(
        delta_log.QueryBuilder().register("t", delta_log.existing_table(path)).execute("SELECT * FROM t").read_all()
    )
    write_deltalake(path, rows.drop_columns(["repeats"]), mode="overwrite", schema_mode="overwrite")
    assert [one.found for one in seen(lake, of_products).findings] == ["1 batch pending at ingest"]


def test_each_table_is_opened_once(lake: Lake, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    for dataset in project.contracts.datasets:
        complete(lake, dataset)
    opened: Counter[str] = Counter()

    def counted(path: str, **how: Any) -> Any:
        opened[path] += 1
        return original(path, **how)

    original = delta_log.DeltaTable
    monkeypatch.setattr(delta_log, "DeltaTable", counted)
    seen(lake, project.contracts)
    print(*opened.items(), sep="\n")
    assert set(opened.values()) == {1}
    assert len(opened) == 8 + 3 * len(project.contracts.datasets), "ledgers, and three tables of each dataset"


def test_the_command_prints_plain_text_and_json(
    lake: Lake, products: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    refused(lake, products)
    assert main(["status", "products", "--lake", lake.root]) == 3
    out = capsys.readouterr().out
    assert "refused, nothing delivered since" in out
    assert out.isprintable() or set(out) - {"\n"} <= {c for c in out if c.isprintable()}
    assert main(["status", "--json", "--lake", lake.root]) == 3
    read = json.loads(capsys.readouterr().out)
    assert (read["exit_code"], len(read["datasets"]), len(read["domains"])) == (3, 4, 4)
    assert read["findings"][0]["level"] == "manual action"
    assert main(["status", "producs", "--lake", lake.root]) == 2
