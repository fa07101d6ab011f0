"""Each rule of the samples' suites, seeded with 0, 1, 20 and 100 % faults: rows and evaluations are exact."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.project import Project
from lakehouse.contracts.suite import Suite, load_suite
from lakehouse.validate.evaluate import evaluate_batch, with_broken_rules

ROWS = 100
SHARES = (0, 1, 20, 100)

GOOD = {
    "erp_orders": {
        "order_id": "'O1'", "line_number": "1", "store_id": "'S001'", "product_id": "'P1'", "quantity": "2",
        "unit_price": "1.50", "discount_amount": "3.00", "status": "'paid'",
        "ordered_at": "timestamp'2026-10-12 09:00:00Z'", "updated_at": "timestamp'2026-10-12 09:00:00Z'",
        "is_deleted": "false",
    },
    "crm_leads": {
        "lead_id": "'L1'", "store_id": "'S001'", "full_name": "'A'", "email": "'a@b.co'", "source": "'web'",
        "status": "'new'", "created_at": "timestamp'2026-10-12 09:00:00Z'",
        "updated_at": "timestamp'2026-10-12 09:00:00Z'", "is_deleted": "false",
    },
    "web_events": {
        "event_id": "'e1'", "session_id": "'s1'", "store_id": "'S001'", "event_type": "'checkout'",
        "url": "'https://a'", "occurred_at": "timestamp'2026-10-12 09:00:00Z'",
        "received_at": "timestamp'2026-10-12 09:00:00Z'", "device": "named_struct('type', 'tv', 'os', 'x')",
    },
    "products": {
        "product_id": "'P1'", "name": "'Tea'", "category": "'food'", "list_price": "0", "unit_cost": "0",
        "is_active": "true", "updated_at": "timestamp'2026-10-12 09:00:00Z'",
    },
}  # fmt: skip
"""A row of each dataset that every rule lets pass, on its bounds where a rule has some; the others are null."""

EARLIER = "timestamp'2026-10-12 08:59:59.999999Z'"
BROKEN = {
    "store_id_well_formed": ("store_id", "'S01'"),
    "quantity_at_least_1": ("quantity", "0"),
    "unit_price_not_negative": ("unit_price", "-0.01"),
    "discount_not_negative": ("discount_amount", "-0.01"),
    "discount_at_most_line_amount": ("discount_amount", "3.01"),
    "status_known": ("status", "'lost?'"),
    "updated_at_not_before_ordered_at": ("updated_at", EARLIER),
    "email_well_formed": ("email", "'nobody'"),
    "source_known": ("source", "'tv'"),
    "updated_at_not_before_created_at": ("updated_at", EARLIER),
    "event_type_known": ("event_type", "'zoom'"),
    "url_secure": ("url", "'http://a'"),
    "received_at_not_before_occurred_at": ("received_at", EARLIER),
    "device_type_present": ("device", "named_struct('type', null, 'os', 'x')"),
    "device_os_present": ("device", "named_struct('type', 'tv', 'os', null)"),
    "name_not_empty": ("name", "''"),
    "list_price_not_negative": ("list_price", "-0.01"),
    "unit_cost_not_negative": ("unit_cost", "-0.01"),
}
"""The column that breaks a rule, and the value that does; `…_present` is broken by a null."""

ALSO = {
    "unit_price_not_negative": {"discount_at_most_line_amount"},
    "quantity_at_least_1": {"discount_at_most_line_amount"},
    "device_present": {"device_type_present", "device_os_present"},
}
"""What a fault breaks besides."""


def fault(rule: str) -> tuple[str, str]:
    return BROKEN.get(rule) or (rule.removesuffix("_present"), "null")


def seeded(spark: SparkSession, dataset: Dataset, rules: Sequence[str]) -> DataFrame:
    """For each rule and share 100 rows, of which the first ones have the fault."""
    shares = ", ".join(f"({share})" for share in SHARES)
    cases = ", ".join(f"('{rule}')" for rule in rules)
    numbers = spark.sql(
        f"SELECT rule, share, id AS n FROM VALUES {cases} AS a(rule) CROSS JOIN VALUES {shares} AS b(share) "
        f"CROSS JOIN range({ROWS})"
    )
    columns = []
    for column in dataset.columns:
        value = GOOD[dataset.name].get(column.name, "null")
        for rule in rules:
            name, bad = fault(rule)
            if name == column.name:
                value = f"if(rule = '{rule}' AND n < share, {bad}, {value})"
        columns.append(f"CAST({value} AS {column.spark_type}) AS `{column.name}`")
    return numbers.selectExpr("rule", "share", "n", "monotonically_increasing_id() AS _row_id", *columns)


@pytest.fixture(scope="module", params=sorted(GOOD))
def case(request: pytest.FixtureRequest, project: Project, spark: SparkSession) -> tuple[Dataset, Suite, DataFrame]:
    dataset = project.contracts.dataset(request.param)
    suite = load_suite(project.suites, dataset.name, dataset.known_columns)
    batch = seeded(spark, dataset, [rule.name for rule in suite.quarantine_rules]).coalesce(1).cache()
    return dataset, suite, batch


def test_every_rule_flags_exactly_the_seeded_rows(case: tuple[Dataset, Suite, DataFrame]) -> None:
    _, suite, batch = case
    flagged = with_broken_rules(batch, suite.row_rules)
    rows = flagged.groupBy("rule", "share", "_broken_rules").agg(F.sort_array(F.collect_list("n")).alias("n")).collect()
    for rule in suite.quarantine_rules:
        for share in SHARES:
            own = {
                frozenset(row["_broken_rules"]): row["n"]
                for row in rows
                if (row["rule"], row["share"]) == (rule.name, share)
            }
            bad = {rule.name, *ALSO.get(rule.name, ())}
            wanted = {frozenset(bad): list(range(share)), frozenset(): list(range(share, ROWS))}
            assert own == {names: numbers for names, numbers in wanted.items() if numbers}, (rule.name, share)


@pytest.mark.quality
def test_every_verdict_is_exact(case: tuple[Dataset, Suite, DataFrame]) -> None:
    dataset, suite, batch = case
    for rule in suite.quarantine_rules:
        for share in SHARES:
            own = batch.where((F.col("rule") == rule.name) & (F.col("share") == share))
            evaluation = evaluate_batch(
                own, suite, dataset.quarantine_limit_percent, pii=dataset.pii_columns, examples=False
            )
            failed = {result.rule.name: result.failed for result in evaluation.results if result.failed}
            bad = dict.fromkeys({rule.name, *ALSO.get(rule.name, ())}, share) if share else {}
            assert (evaluation.quarantined, failed) == (share, bad), (rule.name, share)
            assert evaluation.is_stopped == (share > 20), (rule.name, share)
