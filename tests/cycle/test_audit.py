"""A mart is built, tested and only then shown: rows that fail a test stay out of sight, in each run until corrected."""

from __future__ import annotations

import json
import re
import shutil
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse.contracts.project import Project
from lakehouse.cycle.cycle import CycleResult
from lakehouse.lake.delta_log import existing_table
from lakehouse.lake.paths import Lake
from lakehouse.runtime.context import Context
from lakehouse.site.report import render
from tests.helpers.lakes import FACT, rows, run
from tests.helpers.quality_deliveries import LEADS, ORDERS, event, good, lead, order

pytestmark = pytest.mark.deliveries

KINDS = {
    "orders": ("erp_orders_{}.csv", [ORDERS]),
    "events": ("web_events_{}.json", []),
    "leads": ("crm_leads_{}.csv", [LEADS]),
}
BIG = order(
    "SO-99961", 2_000_000_000, "2026-10-13T10:00:00Z", unit_price="9999999.99", ordered_at="2026-10-13T09:00:00Z"
)
SEARCH = event("ev-99401", session_id="s-99401", event_type="search", occurred_at="2026-10-11T09:00:00Z")
REFUND = order(
    "SO-99851", 1, "2026-10-14T10:00:00Z", unit_price="20.00", status="refunded", ordered_at="2026-10-14T09:00:00Z"
)


def allow(root: Path, suite: str, rule: str, word: str) -> None:
    """Add a word to the values that a rule of a suite accepts."""
    file = root / "great_expectations" / "expectations" / f"{suite}.json"
    found = json.loads(file.read_text())
    (one,) = [part for part in found["expectations"] if part["meta"]["rule"] == rule]
    one["kwargs"]["value_set"].append(word)
    file.write_text(json.dumps(found))


@pytest.fixture(scope="module")
def edited(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project, whose suites accept a new status and a new kind of event; only the event's model does as well."""
    root = tmp_path_factory.mktemp("project")
    for folder in ("contracts", "great_expectations", "dbt"):
        shutil.copytree(project.root / folder, root / folder, ignore=shutil.ignore_patterns("target", "logs"))
    allow(root, "erp_orders", "status_known", "refunded")
    allow(root, "web_events", "event_type_known", "search")
    model = root / "dbt/models/staging/web/stg_web_events.yml"
    model.write_text(model.read_text().replace("checkout, purchase]", "checkout, purchase, search]"))
    return Project(root)


class Story:
    """One lake, to which good rows are delivered first, some of them with nulls."""

    def __init__(self, project: Project, spark: SparkSession, folder: Path) -> None:
        self.folder, self.number = folder, 0
        self.context = Context(project, Lake.at(str(folder / "lake")), lambda: spark)
        assert self.run(orders=good(), events=[event("E1", customer_id=None)], leads=[lead("L1")]).exit_code == 0

    def run(self, **delivered: list[str]) -> CycleResult:
        """Deliver lines by kind and run; with none, the last delivery again."""
        self.number += bool(delivered)
        landing = self.folder / f"delivery{self.number}"
        landing.mkdir(exist_ok=True)
        for kind, lines in delivered.items():
            name, head = KINDS[kind]
            (landing / name.format(self.number)).write_text("\n".join([*head, *lines]) + "\n")
        return run(self.context, landing)

    def fact(self, columns: str = "*", where: str = "true") -> list[tuple[Any, ...]]:
        """The mart as analysts query it."""
        sql = f"select {columns} from {FACT} where {where} order by dt, store_id"
        return rows(self.context.lake, self.context.contracts, sql)

    def shown(self) -> tuple[int, set[str]]:
        """Version and files of the mart."""
        table = existing_table(self.context.lake.table("marts", FACT))
        return table.version(), set(table.file_uris())

    def candidates(self) -> list[Path]:
        """What is left of builds."""
        return list(Path(self.context.lake.table("marts", ".candidates")).iterdir())


def messages(result: CycleResult) -> list[tuple[str, str]]:
    """Domain and line of each failure; each fits on one line, and the report is written."""
    assert "Net revenue" in render(result.summary)
    found = [(failure.domain, failure.message) for failure in result.summary.failures]
    assert [text for _, text in found if "\n" in text] == []
    return found


def test_a_row_that_fails_a_test_of_the_mart_is_not_shown_in_any_run_until_corrected(
    edited: Project, spark: SparkSession, tmp_path: Path
) -> None:
    story = Story(edited, spark, tmp_path)
    rows_before, shown_before = story.fact(), story.shown()
    line = (
        "dbt: test assert_daily_store_metrics_agree of fct_daily_store_metrics "
        "(dbt/tests/assert_daily_store_metrics_agree.sql): it finds 1 row. Readers keep the last published version."
    )
    more = [order("SO-1", at="2026-10-12T11:00:00Z")]
    for result in (story.run(events=[SEARCH]), story.run(), story.run(orders=more)):
        assert (result.exit_code, messages(result)) == (3, [("marts", line)])
        assert (story.fact(), story.shown()) == (rows_before, shown_before)
        assert story.candidates() == []

    corrected = story.run(events=[event("E2", session_id="s-99401", occurred_at="2026-10-11T09:00:00Z")])
    assert (corrected.exit_code, messages(corrected)) == (0, [])
    assert story.fact("dt, sessions, page_views, orders") == [
        (date(2026, 10, 11), 1, 1, 0),
        (date(2026, 10, 12), 1, 1, 21),
    ]
    assert story.shown()[0] == shown_before[0] + 1, "rows and progress come in one commit"
    history = existing_table(story.context.lake.table("marts", FACT)).history(1)[0]
    assert history["operation"] == "MERGE"
    metrics = {name: int(history["operationMetrics"][f"numTargetRows{name}"]) for name in ("Inserted", "Updated")}
    assert metrics == {"Inserted": 1, "Updated": 1}, "only the changed store days"
    assert {step.state for step in story.run().summary.steps} == {"nothing new"}


def test_an_amount_too_large_for_the_mart_fails_by_dataset_day_and_store(
    edited: Project, spark: SparkSession, tmp_path: Path
) -> None:
    story = Story(edited, spark, tmp_path)
    before = story.fact(), story.shown()
    line = (
        "erp_orders: 2026-10-13, store S001: gross_revenue, net_revenue, gross_margin, average_order_value too large "
        "for decimal(18,2). Deliver the quantities and amounts of that store and day again, corrected. "
        "Readers keep the last published version."
    )
    others = (
        r"erp_orders: .* too large for decimal\(18,2\)\. Deliver .* that (customer|product and day|category and week) "
    )
    for result in (story.run(orders=[*good(5), BIG]), story.run()):
        found = messages(result)
        assert result.exit_code == 3
        assert {domain for domain, _ in found} == {"marts"}
        assert [text for _, text in found if not re.match(others, text)] == [line], (
            "each mart that sums it up fails alone"
        )
        assert (story.fact(), story.shown()) == before

    corrected = story.run(orders=[BIG.replace("2000000000", "2").replace("T10:", "T11:")])
    assert (corrected.exit_code, messages(corrected)) == (0, [])
    assert story.fact("dt, net_revenue", "orders = 1") == [(date(2026, 10, 13), Decimal("19999999.98"))]


def test_a_domain_whose_test_fails_waits_and_the_mart_goes_on_without_its_new_rows(
    edited: Project, spark: SparkSession, tmp_path: Path
) -> None:
    story = Story(edited, spark, tmp_path)
    name = "accepted_values_stg_erp_orders_status__placed__paid__shipped__returned__cancelled"
    line = (
        f"dbt: test {name} of stg_erp_orders (dbt/models/staging/erp/stg_erp_orders.yml): it finds 1 row. "
        "Readers keep the last published version."
    )
    for number, delivered in enumerate(
        ({"orders": [*good(5), REFUND], "events": [event("E3")]}, {}, {"events": [event("E4")]})
    ):
        result = story.run(**delivered)
        assert (result.exit_code, messages(result)) == (3, [("erp", line)])
        states = {step.name: step.state for step in result.summary.steps}
        assert states["publish_erp"] == "skipped"
        assert states["publish_marts"] == ("nothing new" if number == 1 else "done"), "others are shown meanwhile"
        (row,) = story.fact("dt, orders, net_revenue, page_views")
        assert row == (date(2026, 10, 12), 20, Decimal("40.00"), 2 + (number == 2))

    corrected = story.run(orders=[REFUND.replace("refunded", "returned").replace("T10:", "T11:")])
    assert (corrected.exit_code, messages(corrected)) == (0, [])
    assert story.fact("dt, orders, net_revenue, page_views") == [
        (date(2026, 10, 12), 20, Decimal("40.00"), 3),
        (date(2026, 10, 14), 1, Decimal("0.00"), 0),
    ]
