"""What a contract promises, from a delivered file to silver: times, nulls, patterns, physical names, masked columns."""

from __future__ import annotations

import dataclasses
import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.contracts.project import Project
from lakehouse.contracts.suite import load_suite
from lakehouse.lake import batches
from lakehouse.lake.batches import batches_of
from lakehouse.lake.paths import Lake
from lakehouse.runtime.context import Context
from lakehouse.validate import validate
from lakehouse.validate.batch_suite import batch_suite
from lakehouse.validate.validate import BatchStoppedError
from tests.helpers.quality_deliveries import LEADS, ORDERS, command, deliver, found, lead, order, run_jobs

pytestmark = pytest.mark.quality

FILLERS = [lead(f"L-990{number}", created_at="2026-11-02T09:00:00Z", updated_at="2026-11-02T09:01:00Z")
           for number in range(10, 30)]  # fmt: skip
BROKEN = "select {key}, array_to_string(_broken_rules, ',') from quarantine.{table} order by 1"
STOCK = """apiVersion: v3.1.0
kind: DataContract
id: retail-stock
name: Stock counts
version: 1.0.0
status: active
domain: stock
description:
  purpose: What each store counted of each product.
team:
  name: store-operations
  members:
    - username: stock-oncall@retail.example
      role: owner
slaProperties:
  - {property: frequency, value: 1, unit: d, schedule: "45 3 * * *"}
  - {property: timeOfAvailability, value: "06:00"}
schema:
  - name: stock_counts
    description: One row per store and product, the newest count of each.
    customProperties:
      - {property: filePattern, value: "stock_counts*.csv"}
      - {property: fileFormat, value: csv}
      - {property: mergeStrategy, value: upsert}
      - {property: sequenceBy, value: counted_at}
      - {property: dateColumn, value: counted_at}
      - {property: partitionBy, value: [month]}
      - {property: clusterBy, value: [dt, store_id]}
      - {property: quarantineLimitPercent, value: 50}
    properties:
      - {name: store_id, physicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1,
         description: S.}
      - {name: product_id, physicalType: string, required: true, primaryKey: true, primaryKeyPosition: 2,
         description: P.}
      - {name: quantity, physicalType: int, required: true, description: Units.}
      - {name: counted_at, physicalType: timestamp, required: true, description: When.}
"""
STOCK_SUITE = {
    "name": "stock_counts",
    "expectations": [
        {
            "type": "expect_column_values_to_be_between",
            "kwargs": {"column": "quantity", "min_value": 0},
            "meta": {"rule": "quantity_not_negative", "sentence": "No count is negative.", "on_failure": "quarantine"},
            "severity": "warning",
        }
    ],
}


@pytest.fixture
def copy(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the project's facts, which commands find."""
    root = tmp_path / "project"
    for folder in ("contracts", "great_expectations"):
        shutil.copytree(project.root / folder, root / folder)
    monkeypatch.setenv("LAKEHOUSE_PROJECT", str(root))
    return root


def opened(copy: Path, lake: Lake, spark: SparkSession) -> Context:
    return Context(Project(copy), lake, lambda: spark)


def spoil(copy: Path, file: str, *changes: tuple[str, str]) -> None:
    path = copy / "contracts" / file
    text = path.read_text(encoding="utf-8")
    for before, after in changes:
        assert before in text, before
        text = text.replace(before, after, 1)
    path.write_text(text, encoding="utf-8")


def test_b07_a_time_decades_ahead_locks_no_key(context: Context) -> None:
    late = lead("L-99701", created_at="2026-11-20T09:00:00Z", updated_at="2062-11-20T09:01:00Z")
    unknown = lead("L-99702", created_at="2026-11-20T09:00:00Z", updated_at="")
    deliver(context, "crm", "crm_leads_1.csv", LEADS, *FILLERS, late, unknown)
    run_jobs(context, "crm")
    quarantined = BROKEN.format(key="lead_id", table="crm_leads")
    wanted = [("L-99701", "updated_at_not_after_delivery"), ("L-99702", "updated_at_present")]
    assert found(context, quarantined) == wanted
    now = lead("L-99701", created_at="2026-11-20T09:00:00Z", updated_at="2026-11-21T08:00:00Z", status="converted")
    deliver(context, "crm", "crm_leads_2.csv", LEADS, now)
    for _ in range(2):
        run_jobs(context, "crm")
        assert found(context, "select status from silver.crm_leads where lead_id = 'L-99701'") == [("converted",)]
        assert found(context, quarantined) == wanted
    results = found(
        context,
        "select rows_failed, on_failure, sentence from ops.quality_results "
        "where rule = 'updated_at_not_after_delivery' order by batch_id",
    )
    sentence = "updated_at is at most 1 day after the delivery."
    assert results == [(1, "quarantine", sentence), (0, "quarantine", sentence)]
    page = next(Path(f"{context.lake.docs}/data_docs/validations").rglob("crm_leads-1.html")).read_text()
    suite_page = Path(f"{context.lake.docs}/data_docs/expectations/crm_leads.html").read_text()
    assert sentence in page
    assert sentence in suite_page


def test_a_batch_validated_later_has_the_result_of_its_own_time(context: Context) -> None:
    deliver(context, "crm", "crm_leads.csv", LEADS, *FILLERS)
    leads = context.contracts.dataset("crm_leads")
    run_jobs(context, "crm")
    (batch,) = batches_of(context.lake, leads)
    early = dataclasses.replace(batch, recorded_at=datetime(2026, 11, 1, 9, 0, 59, tzinfo=UTC))
    suite = load_suite(context.project.suites, leads.name, leads.known_columns)
    for recorded, latest in ((early, early.recorded_at), (batch, batch.recorded_at)):
        (rule,) = (
            r for r in batch_suite(suite, leads, recorded).row_rules if r.name == "updated_at_not_after_delivery"
        )
        assert rule.kwargs["max_value"] == (latest + timedelta(days=1)).isoformat()


def test_a_row_ahead_of_its_delivery_is_repaired_or_sent_back_when_its_time_has_come(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = [lead(f"L-9970{n}", created_at="2026-11-20T09:00:00Z", updated_at="2062-11-20T09:01:00Z") for n in (1, 2)]
    deliver(context, "crm", "crm_leads_1.csv", LEADS, *FILLERS, *late)
    run_jobs(context, "crm")
    ((first, second),) = [found(context, "select _batch_id || ':' || _row_id from quarantine.crm_leads order by 1")]
    by = ("--why", "the clock was wrong", "--by", "Ada")
    set_ = ("--set", "updated_at=2026-11-20T09:01:00Z")
    assert command(context, "quarantine", "repair", "crm_leads", first[0], *set_, *by) == 0
    assert command(context, "quarantine", "retry", "crm_leads", second[0], *by) == 0
    run_jobs(context, "crm")
    assert found(context, "select count(*) from silver.crm_leads where lead_id like 'L-9970%'") == [(1,)]
    assert found(context, "select count(*) from quarantine.crm_leads where _state = 'open'") == [(1,)]


def test_b09_a_required_column_is_never_null(copy: Path, lake: Lake, spark: SparkSession) -> None:
    (copy / "contracts/stock.yaml").write_text(STOCK, encoding="utf-8")
    suite = copy / "great_expectations/expectations/stock_counts.json"
    suite.write_text(json.dumps(STOCK_SUITE), encoding="utf-8")
    context = opened(copy, lake, spark)
    deliver(
        context, "stock", "stock_counts.csv", "store_id,product_id,quantity,counted_at",
        "S001,P0001,12,2026-10-18T20:05:00+02:00", "S001,P0002,7,2026-10-18T20:05:00+02:00",
        "S001,P0002,9,2026-10-18T20:40:00+02:00", "S002,P0001,31,2026-10-18T23:10:00+00:00",
        "S002,P0002,-4,2026-10-18T23:10:00+00:00", "S002,P0003,0,2026-10-18T23:10:00+00:00",
        "S003,P0001,,2026-10-18T20:05:00+02:00", ",P0001,1,2026-10-18T20:05:00+02:00", "S003,P0002,1,",
    )  # fmt: skip
    for _ in range(2):
        run_jobs(context, "stock")
    broken = found(
        context, BROKEN.format(key="coalesce(store_id, '-') || coalesce(product_id, '-')", table="stock_counts")
    )
    assert broken == [
        ("-P0001", "store_id_required"), ("S002P0002", "quantity_not_negative"), ("S003P0001", "quantity_required"),
        ("S003P0002", "counted_at_required"),
    ]  # fmt: skip
    assert found(context, "select count(*), count(quantity) from silver.stock_counts") == [(4, 4)]


def test_a_delete_flag_is_never_null(copy: Path, lake: Lake, spark: SparkSession) -> None:
    flag = "      - name: is_deleted\n        logicalType: boolean\n        physicalType: boolean\n        required: "
    spoil(copy, "crm.yaml", (f"{flag}true", f"{flag}false"))
    path = copy / "great_expectations/expectations/crm_leads.json"
    suite = json.loads(path.read_text(encoding="utf-8"))
    suite["expectations"] = [e for e in suite["expectations"] if e["kwargs"].get("column") != "is_deleted"]
    path.write_text(json.dumps(suite), encoding="utf-8")
    context = opened(copy, lake, spark)
    deliver(context, "crm", "crm_leads.csv", LEADS, *FILLERS, lead("L-1", is_deleted=""))
    run_jobs(context, "crm")
    assert found(context, BROKEN.format(key="lead_id", table="crm_leads")) == [("L-1", "is_deleted_required")]


def test_b13_unique_pattern_quality_and_physical_name(copy: Path, lake: Lake, spark: SparkSession) -> None:
    spoil(
        copy,
        "erp.yaml",
        ("      - name: order_id\n", "      - name: order_id\n        unique: true\n        physicalName: Order No\n"),
        ("      - name: customer_id\n", "      - name: customer_id\n        quality:\n"
         "          - {type: library, metric: nullValues, mustBe: 0}\n"),
        ("      - name: product_id\n", "      - name: product_id\n"
         '        logicalTypeOptions: {pattern: "^P[0-9]{4}$"}\n'),
    )  # fmt: skip
    context = opened(copy, lake, spark)
    good = [order(f"SO-990{number}", product_id="P0040", customer_id="C-1") for number in range(10, 40)]
    bad = [
        order("SO-99970", product_id="P4", customer_id="C-1"),
        order("SO-99971", product_id="P0040"),
        order("SO-99972", product_id="P0040", customer_id="C-1"),
        order("SO-99972", product_id="P0040", customer_id="C-1", line_number=2),
        order("SO-99973", product_id="", customer_id="C-1"),
    ]
    versions = [order("SO-99010", product_id="P0040", customer_id="C-1", at="2026-10-12T11:00:00Z")]
    deliver(context, "erp", "erp_orders_1.csv", ORDERS.replace("order_id", "Order No"), *good, *versions, *bad)
    deliver(context, "erp", "erp_orders_2.csv", ORDERS, order("SO-99980", product_id="P0040", customer_id="C-1"))
    for _ in range(2):
        run_jobs(context, "erp")
    assert found(context, BROKEN.format(key="order_id || '/' || line_number", table="erp_orders")) == [
        ("SO-99970/1", "product_id_pattern"), ("SO-99971/1", "customer_id_null_values"),
        ("SO-99972/1", "order_id_unique"), ("SO-99972/2", "order_id_unique"), ("SO-99973/1", "product_id_present"),
    ]  # fmt: skip
    assert found(context, "select count(*) from silver.erp_orders") == [(31,)]
    page = next(Path(f"{context.lake.docs}/data_docs/validations").rglob("erp_orders-1.html")).read_text()
    assert "product_id is written as ^P[0-9]{4}$. [product_id_pattern: quarantine]" in page
    assert "No two rows of a delivery have the same order_id. [order_id_unique: quarantine]" in page


def test_a_file_without_the_physical_name_is_refused_by_both_names(copy: Path, lake: Lake, spark: SparkSession) -> None:
    spoil(copy, "erp.yaml", ("      - name: order_id\n", '      - name: order_id\n        physicalName: "Order No"\n'))
    context = opened(copy, lake, spark)
    deliver(context, "erp", "erp_orders.csv", ORDERS.replace("order_id", "Order"), order("SO-1"))
    with pytest.raises(Exception, match=r"required column order_id \(Order No in files\) missing"):
        run_jobs(context, "erp")


def test_json_members_are_taken_under_their_physical_names(copy: Path, lake: Lake, spark: SparkSession) -> None:
    spoil(
        copy,
        "web.yaml",
        ("      - name: url\n", '      - name: url\n        physicalName: "page\'s url"\n'),
        ("      - name: device\n", "      - name: device\n        physicalName: dev.ice\n"),
    )
    context = opened(copy, lake, spark)
    device = {"type": "phone", "os": "ios"}
    rows = [
        {"event_id": f"e{n}", "session_id": "s1", "store_id": "S001", "event_type": "page_view",
         "page's url": "https://a/" if n else "http://a/", "occurred_at": "2026-10-12T09:00:00Z",
         "received_at": "2026-10-12T09:00:01Z", "dev.ice": device}
        for n in range(6)
    ]  # fmt: skip
    deliver(context, "web", "web_events.json", *map(json.dumps, rows))
    run_jobs(context, "web")
    silver = "select event_id, url, device.os from silver.web_events order by 1"
    assert found(context, silver) == [(f"e{n}", "https://a/", "ios") for n in range(1, 6)]
    assert found(context, "select count(*) from bronze.web_events where _rescued is not null") == [(0,)]
    ((ref,),) = found(context, "select _batch_id || ':' || _row_id from quarantine.web_events")
    by = ("--set", "url=https://b/", "--why", "a wrong link", "--by", "Ada")
    assert command(context, "quarantine", "repair", "web_events", ref, *by) == 0
    run_jobs(context, "web")
    assert found(context, f"{silver} limit 1") == [("e0", "https://b/", "ios")]


@pytest.mark.parametrize("word", ["PII", "confidential", "geheim"])
def test_b08_a_column_that_is_not_open_is_masked_everywhere(
    copy: Path, lake: Lake, spark: SparkSession, capsys: pytest.CaptureFixture[str], word: str
) -> None:
    for column in ("full_name", "email"):
        old = f"name: {column}\n        logicalType: string\n        physicalType: string\n        required: true\n"
        spoil(copy, "crm.yaml", (f"{old}        classification: pii", f"{old}        classification: {word}"))
    spoil(copy, "crm.yaml", ("      - name: lead_id\n", f"      - name: lead_id\n        classification: {word}\n"))
    context = opened(copy, lake, spark)
    deliver(context, "crm", "crm_leads.csv", LEADS, *FILLERS, lead("L-99801", "cy-at-x.example", "Cy Private"))
    run_jobs(context, "crm")
    ((ref,),) = found(context, "select _batch_id || ':' || _row_id from quarantine.crm_leads")
    assert command(context, "quarantine", "show", "crm_leads", ref) == 0
    printed = capsys.readouterr()
    files = [file for file in Path(context.lake.docs).rglob("*") if file.is_file()]
    logs = list(Path(context.lake.root).rglob("_delta_log/*.json"))
    assert files
    assert logs
    texts = [printed.out, printed.err, *(file.read_text(encoding="utf-8") for file in (*files, *logs))]
    assert not [text for text in texts if "cy-at-x" in text or "Cy Private" in text or "L-99" in text]


def test_a_batch_that_breaks_a_promise_too_often_stops(copy: Path, lake: Lake, spark: SparkSession) -> None:
    phone = "      - name: phone\n"
    quality = "quality: [{metric: nullValues, mustBeLessThan: 50, unit: percent}]"
    spoil(copy, "crm.yaml", (phone, f"{phone}        {quality}\n"))
    context = opened(copy, lake, spark)
    deliver(context, "crm", "crm_leads.csv", LEADS, *FILLERS)
    with pytest.raises(BatchStoppedError, match=r"phone_null_values: Every row has a value in phone; fewer than 50 % "):
        run_jobs(context, "crm")
    assert batches.validation_results_of(context.lake, context.contracts.dataset("crm_leads"))[0].rows_passed == 0
    assert validate.validate_domain(context, context.contracts.of("crm")) == []
