"""A batch of which no row can be read says which rules of the types its rows broke, not that it holds no rows."""

from __future__ import annotations

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from lakehouse.contracts.project import Project
from lakehouse.contracts.suite import OnFailure, Rule
from lakehouse.lake.paths import Lake
from lakehouse.validate.result import RuleResult, evaluation_of
from lakehouse.validate.validate import unreadable_by_rule

NOT_EMPTY = Rule(
    "batch_not_empty", "It holds rows.", OnFailure.FAIL, "expect_table_row_count_to_be_between", {}, "critical"
)


@pytest.mark.parametrize(
    ("rows", "unreadable", "by_rule", "wanted"),
    [
        (0, 0, {}, "batch_not_empty: It holds rows (0 rows)"),
        (0, 27, {"coupons_is_string": 27}, "none of 27 rows can be read (coupons_is_string: 27 rows)"),
        (0, 1, {"b_is_int": 1, "a_is_int": 1}, "none of 1 row can be read (a_is_int: 1 row, b_is_int: 1 row)"),
        (0, 9, {"a_is_int": 2, "b_is_int": 8}, "none of 9 rows can be read (b_is_int: 8 rows, a_is_int: 2 rows)"),
        (3, 7, {"a_is_int": 7}, "7 of 10 rows failed validation (70 %), above the limit of 20 %"),
    ],
)
def test_the_reason(rows: int, unreadable: int, by_rule: dict[str, int], wanted: str) -> None:
    result = RuleResult(NOT_EMPTY, rows, 0, 0, rows > 0, f"{rows} rows")
    evaluation = evaluation_of("orders", rows, 0, 20, unreadable, (result,), by_rule)
    assert evaluation.is_stopped
    assert (evaluation.reason or "").split("; ")[0] == wanted


def test_a_repair_of_which_no_row_can_be_read_is_not_stopped() -> None:
    assert evaluation_of("orders", 0, 0, 100, 2, (), {"a_is_int": 2}).reason is None


def test_unreadable_rows_are_counted_by_rule_in_their_batch_alone(project: Project, lake: Lake) -> None:
    dataset = project.contracts.dataset("erp_orders")
    assert unreadable_by_rule(lake, dataset, 1) == {}
    rows = [
        {"_batch_id": 1, "_step": "ingest", "_broken_rules": ["quantity_is_int", "status_is_string"]},
        {"_batch_id": 1, "_step": "ingest", "_broken_rules": ["quantity_is_int"]},
        {"_batch_id": 1, "_step": "validate", "_broken_rules": ["quantity_at_least_1"]},
        {"_batch_id": 2, "_step": "ingest", "_broken_rules": ["status_is_string"]},
    ]
    write_deltalake(lake.quarantine("erp_orders"), pa.Table.from_pylist(rows))
    assert unreadable_by_rule(lake, dataset, 1) == {"quantity_is_int": 2, "status_is_string": 1}
