"""What `lakehouse new` writes takes the file that it looked at to silver: every row, every value exactly."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse.contracts.project import Project
from lakehouse.ingest.ingest import ingest_domain
from lakehouse.ingest.landing import deliver
from lakehouse.lake.delta_log import existing_table
from lakehouse.lake.paths import Lake
from lakehouse.runtime.context import Context
from lakehouse.transform.transform import merge_domain
from lakehouse.validate.validate import validate_domain
from tests.helpers.new_datasets import new_dataset
from tests.helpers.small_project import with_docs, write_project

pytestmark = pytest.mark.contracts


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


RETURNS = """\
Return ID,store_id,qty,refund,big,note,returned_at,day,is_open,empty,discount
R1,007,1,10.50,12345678901234567890.123456,"a ""q"", b",2026-10-17T10:00:00+02:00,2026-10-17,true,,NULL
R2,012,-2,3,0.1,,2026-10-17 11:00Z,2026-10-17,False,,1.00
R3,007,30000000000,.125,-0,é ,"2026-10-18T01:00:00,123456+0530",2026-10-18,TRUE,,2.00
"""
EVENTS = """\
{"id": 7, "amount": 1.50, "device": {"os": "iOS", "v": 3, "at": {"x": "2026-10-17"}}, "tags": ["a"], "at": "2026-10-17T10:00:00Z"}
{"id": 8, "amount": -0.1, "device": {"os": null, "v": 4}, "at": "2026-10-17T10:00:00+02:00", "Is New": true, "n": 1e3}
"""  # noqa: E501
SHAPES: dict[str, tuple[str, str, list[dict[str, Any]]]] = {
    "csv": (
        "returns_2026-10-18.csv", RETURNS,
        [
            {
                "return_id": "R1", "store_id": "007", "qty": 1, "refund": Decimal("10.5"),
                "big": Decimal("12345678901234567890.123456"), "note": 'a "q", b', "returned_at": at(2026, 10, 17, 8),
                "day": date(2026, 10, 17), "is_open": True, "empty": None, "discount": None,
            },
            {
                "return_id": "R2", "store_id": "012", "qty": -2, "refund": Decimal(3), "big": Decimal("0.1"),
                "note": None, "returned_at": at(2026, 10, 17, 11), "day": date(2026, 10, 17), "is_open": False,
                "empty": None, "discount": Decimal(1),
            },
            {
                "return_id": "R3", "store_id": "007", "qty": 30000000000, "refund": Decimal("0.125"),
                "big": Decimal(0), "note": "é ", "returned_at": at(2026, 10, 17, 19, 30, 0, 123456),
                "day": date(2026, 10, 18), "is_open": True, "empty": None, "discount": Decimal(2),
            },
        ],
    ),
    "json_lines": (
        "events.json", EVENTS,
        [
            {
                "id": 7, "amount": Decimal("1.5"), "device": {"os": "iOS", "v": 3, "at": {"x": date(2026, 10, 17)}},
                "tags": ["a"], "at": at(2026, 10, 17, 10), "is_new": None, "n": None,
            },
            {
                "id": 8, "amount": Decimal("-0.1"), "device": {"os": None, "v": 4, "at": None},
                "tags": None, "at": at(2026, 10, 17, 8), "is_new": True, "n": 1000.0,
            },
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_the_file_is_in_silver_row_by_row(shape: str, spark: SparkSession, tmp_path: Path) -> None:
    name, content, wanted = SHAPES[shape]
    landing = tmp_path / "landing"
    landing.mkdir()
    (landing / name).write_text(content, encoding="utf-8")
    project = with_docs(write_project(tmp_path / "project"))
    dataset = new_dataset(project, landing / name, "--domain", "stores", "--yes")
    project = Project(project.root)
    context = Context(project, Lake.at(f"{tmp_path}/lake"), lambda: spark)
    deliver(landing, context.lake, project.contracts)
    contract = project.contracts.of("stores")
    (ingested,) = ingest_domain(context, contract)
    assert (ingested.rows_readable, ingested.rows_unreadable) == (len(wanted), 0)
    (result,) = validate_domain(context, contract)
    assert (result.status, result.rows_passed) == ("passed", len(wanted)), result.reason
    merge_domain(context, contract)
    table = existing_table(context.lake.silver(dataset.name)).to_pyarrow_table()
    found = sorted(table.select(list(dataset.column_names)).to_pylist(), key=lambda row: str(row[dataset.key[0]]))
    assert found == wanted
