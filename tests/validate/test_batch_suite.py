"""Which rules a batch is judged by, and which decisions are still to be carried out: from ledgers alone, no Spark."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from lakehouse.contracts.allowed import Allowed
from lakehouse.contracts.project import Project
from lakehouse.contracts.suite import OnFailure, Rule, Suite
from lakehouse.lake.batches import Batch, BatchState, ValidationResult, record_result, record_validation
from lakehouse.lake.decisions import ACCEPTED, REJECTED, Signature, decide
from lakehouse.lake.files import StoredFile
from lakehouse.lake.paths import REPAIRS, Lake
from lakehouse.validate.batch_suite import batch_suite
from lakehouse.validate.decided import ACCEPT, to_carry_out

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ROW = "expect_column_values_to_not_be_null"
FIVE = Allowed("mustBeLessOrEqualTo", (5,))
RULES = (
    Rule("each", "Each has a name.", OnFailure.QUARANTINE, ROW, {"column": "name"}, "error"),
    Rule("few", "At most 5 lack a name.", OnFailure.FAIL, ROW, {"column": "name"}, "error", allowed=FIVE),
    Rule("rows", "There are rows.", OnFailure.FAIL, "expect_table_row_count_to_be_between", {"min_value": 9}, "error"),
)


@pytest.mark.parametrize(
    ("path", "rules"), [("a/products.csv", {"each", "few", "rows"}), (f"{REPAIRS}/0a-1/products.csv", {"each"})]
)
def test_corrected_rows_are_judged_one_by_one(project: Project, path: str, rules: set[str]) -> None:
    products = project.contracts.dataset("products")
    batch = Batch("products", 1, BatchState.PLANNED, (StoredFile(path, 1, "v"),), None, 0, "r", NOON)
    names = {rule.name for rule in batch_suite(Suite("products", RULES), products, batch).expectations}
    assert names & {rule.name for rule in RULES} == rules


def test_a_decision_is_carried_out_once(project: Project, lake: Lake) -> None:
    products, ann = project.contracts.dataset("products"), Signature("ann", "few rows are right")
    stopped = ValidationResult("products", 1, "stopped", 4, 0, 4, 0, "too many", None)  # type: ignore[arg-type]
    assert to_carry_out(lake, products) == []
    record_validation(lake, products, stopped)
    rejected = decide(lake, products, 1, REJECTED, ann)
    assert to_carry_out(lake, products) == [rejected]
    record_result(lake, products, stopped, f"{ACCEPT}:products", rejected.number)
    assert to_carry_out(lake, products) == []
    accepted = decide(lake, products, 1, ACCEPTED, ann)
    assert to_carry_out(lake, products) == [accepted]
