"""What ledgers show to whoever reads them as tables: the number that is recorded is the number that is shown."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from lakehouse.lake import published
from lakehouse.lake.delta_log import existing_table, read_rows
from lakehouse.lake.milestones import reached, record_milestone
from lakehouse.lake.paths import Lake
from lakehouse.lake.published import last_recorded, record_published


def test_a_milestone_shows_the_version_that_it_reached(lake: Lake) -> None:
    for version in (3, 7):
        record_milestone(lake, "transform_erp", version)
    shown = sorted((row["version"], row["step"]) for row in read_rows(lake.ops("milestones")))
    assert shown == [(3, "transform_erp"), (7, "transform_erp")]
    assert reached(lake, "transform_erp") == 7


def test_a_published_version_is_shown_once(lake: Lake) -> None:
    for _ in range(3):
        write_deltalake(lake.silver("products"), pa.table({"product_id": ["P1"]}), mode="append")
    table = existing_table(lake.silver("products"))
    for _ in range(2):
        record_published(lake, "silver", "products", table)
    shown = [(row["layer"], row["table_name"], row["version"]) for row in read_rows(lake.ops("published"))]
    assert shown == [("silver", "products", 2)]
    assert last_recorded(lake, "silver", "products") == 2


def test_the_time_of_a_publish_is_the_same_to_who_reads_milliseconds(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = datetime(2026, 11, 28, 22, 27, 19, 999_700, tzinfo=UTC)  # Athena would round it to 22:27:20
    monkeypatch.setattr(
        published, "datetime", SimpleNamespace(now=lambda zone: late, fromtimestamp=datetime.fromtimestamp)
    )
    write_deltalake(lake.silver("products"), pa.table({"product_id": ["P1"]}))
    record_published(lake, "silver", "products", existing_table(lake.silver("products")))
    assert [row["recorded_at"] for row in read_rows(lake.ops("published"))] == [late.replace(microsecond=999_000)]
