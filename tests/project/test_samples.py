"""The samples are as their generator writes them, and show what their page in docs/ promises."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.oracle import expected
from tests.oracle.cases import FIRST, LATER, Samples

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "samples"
FILES = ("erp_orders.csv", "crm_leads.csv", "web_events.json", "products.csv")
# A good value for each field that a quarantined sample row has wrong.
GOOD: dict[str, Any] = {
    "order_id": "SO-1", "quantity": "2", "unit_price": "9.99", "discount_amount": "0.00", "store_id": "S001",
    "product_id": "P0001", "is_deleted": "false", "email": "a@example.com", "source": "web", "full_name": "A",
    "ordered_at": "2026-10-13T09:00:00Z", "created_at": "2026-10-13T07:00:00Z", "event_id": "ev-1",
    "occurred_at": "2026-10-13T09:00:00Z", "updated_at": "2026-10-14T10:00:00Z", "event_type": "page_view",
    "received_at": "2026-10-14T10:00:00Z", "url": "https://shop.example.com/", "session_id": "s-1",
    "name": "A", "device": {"type": "phone", "os": "iOS"}, "list_price": "1.00", "unit_cost": "1.00",
}  # fmt: skip


def readme_rows(heading: str) -> list[list[str]]:
    """Return the cells of the table under the heading, without code marks."""
    text = (
        (ROOT / "docs" / "samples.md")
        .read_text(encoding="utf-8")
        .partition(f"\n## {heading}\n")[2]
        .partition("\n## ")[0]
    )
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines]


def generate(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the generator as a command."""
    command = [sys.executable, "-m", "tools.samples.generate", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)


@pytest.fixture(scope="module")
def samples() -> Samples:
    """Return the samples with the oracle's answer after one delivery and after two."""
    return Samples(SAMPLES, expected([SAMPLES]), expected([SAMPLES, SAMPLES / "day2"]))


def test_the_files_are_as_generated() -> None:
    done = generate("--check")
    assert (done.returncode, done.stderr) == (0, "")


def test_the_generator_writes_the_same_bytes_elsewhere_and_notices_a_difference(tmp_path: Path) -> None:
    assert generate("--root", str(tmp_path)).returncode == 0
    written = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    assert len(written) == 16
    assert all((ROOT / path).read_bytes() == (tmp_path / path).read_bytes() for path in written)

    (tmp_path / "samples/products.csv").write_text("other\n")
    done = generate("--root", str(tmp_path), "--check")
    assert done.returncode == 1
    assert done.stderr.splitlines() == ["samples/products.csv: not as generated; run python -m tools.samples.generate"]


@pytest.mark.parametrize("file", FILES)
def test_the_seeds_are_copies_of_the_first_delivery(file: str) -> None:
    assert (ROOT / "dbt/seeds" / file).read_bytes() == (SAMPLES / file).read_bytes()


@pytest.mark.parametrize("heading", ["Cases in the first delivery", "Cases in the later delivery"])
def test_every_case_of_the_readme_has_a_condition_and_every_condition_a_case(heading: str) -> None:
    told = Counter((file, row) for file, row, _ in readme_rows(heading))
    assert told == Counter(FIRST.keys() if "first" in heading else LATER.keys())


@pytest.mark.parametrize("case", [*FIRST, *LATER], ids=" ".join)
def test_the_case_is_there(samples: Samples, case: tuple[str, str]) -> None:
    assert samples.rows(*case)
    assert {**FIRST, **LATER}[case](samples)


def deliver(directory: Path, file: str, rows: list[dict[str, Any]]) -> tuple[int, int]:
    """Write the rows as a delivery of their own; return how many of them land and are quarantined."""
    path = directory / Path(file).name
    with path.open("w", encoding="utf-8", newline="") as target:
        if path.suffix == ".json":
            target.writelines(json.dumps(row) + "\n" for row in rows)
        else:
            writer = csv.DictWriter(target, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    (batch,) = (batch for batches in expected([directory]).batches.values() for batch in batches if batch)
    return batch.landed, batch.quarantined


def test_the_readme_names_every_quarantined_row(samples: Samples) -> None:
    told = Counter(file for file, *_ in readme_rows("Rows to be quarantined"))
    prefixes = ("", "day2/")
    counted = {
        f"{prefixes[delivery]}{file}": batches[delivery].quarantined  # type: ignore[union-attr]
        for file, batches in zip(FILES, (samples.both.batches[Path(f).stem] for f in FILES), strict=True)
        for delivery in (0, 1)
    }
    assert told == counted


@pytest.mark.parametrize(("file", "text", "field", "_why"), readme_rows("Rows to be quarantined"))
def test_the_row_has_exactly_this_field_wrong(
    samples: Samples, tmp_path: Path, file: str, text: str, field: str, _why: str
) -> None:
    (row,) = samples.rows(file, text)
    repaired = {
        **row,
        field: "new" if (field, "lead_id" in row) == ("status", True) else GOOD.get(field, "paid"),
    }
    assert deliver(tmp_path, file, [row]) == (1, 1)
    assert deliver(tmp_path, file, [repaired]) == (1, 0)


def test_the_broken_delivery_stops_two_domains_and_not_the_others() -> None:
    batches = {name: found[0] for name, found in expected([SAMPLES / "broken"]).batches.items()}
    fates = {name: (batch.landed, batch.quarantined, bool(batch.stopped)) for name, batch in batches.items() if batch}
    assert fates == {
        "erp_orders": (0, 0, True),
        "crm_leads": (40, 6, False),
        "web_events": (79, 8, False),
        "products": (0, 0, True),
    }
    whole, lacking = (
        (SAMPLES / place / "erp_orders.csv").read_text(encoding="utf-8").splitlines()[0].split(",")
        for place in ("", "broken")
    )
    assert set(whole) - set(lacking) == {"unit_price"}


BROKEN_LINES = [
    row for row in readme_rows("Cases in the broken delivery") if Path(row[0]).stem in ("crm_leads", "web_events")
]


@pytest.mark.parametrize(("file", "text", "_case"), BROKEN_LINES)
def test_the_line_is_quarantined_and_alone(tmp_path: Path, file: str, text: str, _case: str) -> None:
    named = [row[1] for row in BROKEN_LINES]
    lines = (SAMPLES / file).read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if text in line or not any(other in line for other in named)]
    (tmp_path / Path(file).name).write_text("".join(kept), encoding="utf-8")
    (batch,) = (found[0] for found in expected([tmp_path]).batches.values() if found[0])
    assert batch.quarantined == 1


def test_the_deliveries_have_the_promised_size_and_span(samples: Samples) -> None:
    landed = {name: [batch.landed for batch in batches if batch] for name, batches in samples.both.batches.items()}
    assert {name: counts[0] for name, counts in landed.items()} == {
        "erp_orders": 595, "crm_leads": 297, "web_events": 969, "products": 60,
    }  # fmt: skip
    days = {row["dt"].isoformat() for row in samples.first.fact.as_dicts()}
    assert days == {f"2026-10-{day:02d}" for day in range(5, 19)}
    assert {row["store_id"] for row in samples.first.fact.as_dicts()} == {f"S00{n}" for n in range(1, 8)}
    assert {row["dt"].month for row in samples.both.fact.as_dicts()} == {10, 11}


def test_the_line_ends_are_as_told() -> None:
    crlf = [path for path in SAMPLES.rglob("*.csv") if re.search(rb"\r\n", path.read_bytes())]
    assert crlf == [SAMPLES / "day2/crm_leads.csv"]


def test_the_order_of_deliveries_matters_for_two_events_alone(samples: Samples) -> None:
    reverse = expected([SAMPLES / "day2", SAMPLES])
    tables = [(samples.both.silver[name].rows, reverse.silver[name].rows) for name in reverse.silver]
    differing = {one[0] for forth, back in tables for one, other in zip(forth, back, strict=True) if one != other}
    assert differing == {"ev-20003", "ev-20011"}


def test_a_delivery_that_comes_twice_changes_nothing(samples: Samples) -> None:
    again = expected([SAMPLES, SAMPLES / "day2", SAMPLES / "day2", SAMPLES])
    assert (again.silver, again.fact) == (samples.both.silver, samples.both.fact)
