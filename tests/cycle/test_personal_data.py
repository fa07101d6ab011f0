"""Personal data is in raw files and in the tables, and in no other file that is written and no line that is printed."""

from __future__ import annotations

import io
import logging
from pathlib import Path

import pytest

from lakehouse import log
from lakehouse.cycle.closing_table import print_summary
from lakehouse.cycle.cycle import run_cycle
from lakehouse.cycle.display import Display, make_console
from lakehouse.runtime.context import Context
from lakehouse.runtime.dbt import dbt_target
from lakehouse.site import report
from tests.helpers.quality_deliveries import LEADS, command, found, lead

pytestmark = pytest.mark.quality

NAME, EMAIL, PHONE, NOT_EMAIL = "Zyxa Quellenreiter", "zyxa@quellenreiter.example", "+49 555 019988", "quellenreiter.at"
SEEDED = ("Zyxa", "zyxa", "uellenreiter", "019988")
WHY = ("--why", "a test", "--by", "Ada")


def seeded(number: str, **changes: object) -> str:
    return lead(number, **{"email": EMAIL, "name": NAME, "phone": PHONE, **changes})  # type: ignore[arg-type]


DELIVERIES = (
    {  # good rows, and one that breaks a rule on each column with personal data, in each way
        "crm_leads.csv": [
            LEADS, *[seeded(f"G{n}") for n in range(40)], seeded("B1", email=NOT_EMAIL), seeded("B2", status="x"),
            seeded("B3", created_at="yesterday"), seeded("B4") + ",too many", seeded("B5", name=""),
            f"B6,{EMAIL}", seeded("B7", name=f'"{NAME}'),
        ],
    },
    {"crm_leads_no_header.csv": [seeded("H1"), seeded("H2")]},
    {"crm_leads_header.csv": [LEADS.replace("email", EMAIL), seeded("H3")]},
    {"crm_leads_unknown.csv": [f"{LEADS},{NAME}", seeded("U1") + f",{PHONE}"]},
    {"crm_leads_stopped.csv": [LEADS, seeded("S1", email=NOT_EMAIL), seeded("S2", email=NOT_EMAIL)]},
)  # fmt: skip


def test_seeded_values_are_in_no_text(context: Context, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said, logged = io.StringIO(), io.StringIO()
    logger, handler = logging.getLogger("lakehouse"), logging.StreamHandler(logged)
    handler.setFormatter(log._Line())
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        for number, files in enumerate(DELIVERIES):
            folder = tmp_path / "delivery" / str(number)
            folder.mkdir(parents=True)
            for name, lines in files.items():
                (folder / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
            with Display(console=make_console(said)) as progress:
                result = run_cycle(context, folder, progress)
            print_summary(result.summary, make_console(said))
            report.write(result.summary, f"{context.lake.root}/report-{number}.html")
        commands(context)
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)
    assert found(context, "select count(*) from silver.crm_leads") == [(41,)]
    assert found(context, "select count(*) from quarantine.crm_leads where email is not null") != [(0,)]

    outputs = {"standard output": said.getvalue(), "log": logged.getvalue(), "commands": "".join(capsys.readouterr())}
    assert "merged" in outputs["log"]
    assert "ingest_crm" in outputs["standard output"]
    assert "email_well_formed" in outputs["commands"]
    texts = {**outputs, **written_texts(Path(context.lake.root)), **written_texts(dbt_target(context))}
    kinds = {Path(name).suffix for name in texts}
    assert {".html", ".json"} <= kinds
    assert any("_delta_log" in name and "crm_leads" in name for name in texts)
    leaks = [(name, word) for name, text in texts.items() for word in SEEDED if word in text]
    assert leaks == []


def commands(context: Context) -> None:
    """What a person asks for that evening."""
    refs = found(context, "select _batch_id, _row_id, lead_id from quarantine.crm_leads order by lead_id")
    row = next(f"{batch}:{number}" for batch, number, lead_id in refs if lead_id == "B1")
    command(context, "quarantine", "list", "crm_leads", "--state", "all")
    command(context, "quarantine", "list")
    for batch, number, _ in refs:
        command(context, "quarantine", "show", "crm_leads", f"{batch}:{number}")
    command(context, "quarantine", "repair", "crm_leads", row, "--set", f"email={EMAIL}", *WHY)
    command(context, "batch", "list")
    command(context, "quarantine", "export", "crm_leads", str(Path(context.lake.root) / "export.csv"))


def written_texts(root: Path) -> dict[str, str]:
    """Every file below a folder, but for the data of tables and the delivered files themselves."""
    files = [
        path for path in root.rglob("*") if path.is_file() and not path.name.endswith((".parquet", ".parquet.crc"))
    ]
    mine = [path for path in files if "raw" not in path.relative_to(root).parts[:1]]
    return {str(path): path.read_bytes().decode("utf-8", errors="replace") for path in mine}
