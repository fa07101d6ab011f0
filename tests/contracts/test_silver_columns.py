"""What a contract adds to a silver table: the columns of its date and validity, and row groups that can be skipped."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lakehouse.contracts.choices import MergeStrategy
from lakehouse.contracts.columns import Column
from lakehouse.contracts.layout import Layout
from lakehouse.contracts.project import find_project
from lakehouse.contracts.values import AS_WRITTEN


@pytest.mark.parametrize(
    ("partition_by", "strategy", "derived"),
    [
        ((), MergeStrategy.UPSERT, ("dt",)),
        (("dt",), MergeStrategy.UPSERT, ("dt",)),
        (("month",), MergeStrategy.UPSERT, ("dt", "month")),
        ((), MergeStrategy.SCD2, ("valid_from", "valid_to", "is_current")),
    ],
)
def test_a_partition_by_month_has_its_column(
    partition_by: tuple[str, ...], strategy: MergeStrategy, derived: tuple[str, ...]
) -> None:
    orders = find_project().contracts.dataset("erp_orders")
    silver = replace(orders, partition_by=partition_by, merge_strategy=strategy)
    assert silver.silver_column_names == (*orders.column_names, *derived, "_batch_id")


@pytest.mark.parametrize(("file", "group"), [(128 << 20, 4 << 20), (16 << 20, 512 << 10), (1 << 20, 256 << 10)])
def test_a_file_has_about_32_row_groups_none_of_them_tiny(file: int, group: int) -> None:
    assert Layout((), (), (), target_bytes=file).write_settings == {"parquet.block.size": str(group)}


def test_a_time_of_a_clock_can_be_unreadable_in_three_ways_and_other_values_in_one() -> None:
    at = Column("at", "timestamp", True, "")
    assert at.reading_rules == ("at_is_timestamp",)
    counted = replace(at, values=replace(AS_WRITTEN, format="epoch_seconds"))
    assert counted.reading_rules == ("at_is_timestamp", "at_is_epoch_seconds")
    local = replace(at, values=replace(AS_WRITTEN, time_zone="Europe/Berlin"))
    assert local.reading_rules == ("at_is_timestamp", "at_exists_in_its_time_zone", "at_is_one_instant")
    assert Column("price", "decimal(12,2)", True, "").reading_rules == ("price_is_decimal_12_2",)


def test_a_boolean_key_has_no_bounds_for_delta_keeps_none() -> None:
    orders = find_project().contracts.dataset("erp_orders")
    marked = replace(orders, key=("order_id", "is_deleted"), cluster_by=())
    assert marked.bounded_columns == ("order_id", "_batch_id")
