"""The report and the summary it is drawn from: numbers, balance, escaping, and that it opens offline."""

import importlib.util
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import pytest

from lakehouse.cycle.summary import DatasetCount, FactDay, Failure, Link, RuleCount, RunSummary, StepTime
from lakehouse.say import format_bytes, format_count, format_money, format_seconds
from lakehouse.site import charts, report

DOCS = Path(__file__).parents[2] / "docs"
VOID = {"meta", "link", "br", "hr", "img", "input"}
HOSTILE = "<script>alert('x')</script>\"onload=\"y&$title"

ORDERS = DatasetCount("erp", "erp_orders", landed=1234, quarantined=20, ignored=14, inserted=1150, updated=50)
LEADS = DatasetCount("crm", "crm_leads", landed=66, quarantined=6, inserted=57, deleted=3)
RULES = (
    RuleCount("erp_orders", "quantity_at_least_1", "The quantity is at least one.", "quarantine", 1234, 20),
    RuleCount("erp_orders", "unit_price_not_negative", "The price is not negative.", "quarantine", 1234, 0),
    RuleCount("crm_leads", "email_is_an_address", "The e-mail looks like an address.", "quarantine", 66, 6),
)
FACT = (
    FactDay(date(2026, 11, 2), "S001", 3, Decimal("1000.50"), Decimal("400.25"), 10, Decimal("0.200000")),
    FactDay(date(2026, 11, 2), "S002", 1, Decimal("-250.00"), Decimal("-250.00"), 0, None),
    FactDay(date(2026, 11, 4), "S001", 2, Decimal("500.00"), Decimal("100.00"), 30, Decimal("0.100000")),
)
RUN = RunSummary(
    run_id="20261123T040012Z-7f3a",
    started_at=datetime(2026, 11, 23, 4, 0, 12, tzinfo=UTC),
    delivery="samples",
    lake="local_output",
    seconds=62.4,
    steps=(StepTime("ingest_erp", 1.25, "done"), StepTime("transform_marts", 9.5, "done")),
    datasets=(LEADS, ORDERS),
    rules=RULES,
    fact=FACT,
    fact_rows=3,
    warnings=("samples/notes.txt matches no contract",),
    links=(Link("Data Docs", "curated/docs/data_docs/index.html"), Link("dbt docs", "curated/docs/dbt/index.html")),
)
EMPTY = replace(RUN, steps=(), datasets=(DatasetCount("erp", "erp_orders"),), rules=(), fact=(), fact_rows=0, links=())


class Page(HTMLParser):
    """A page read back: its words, its tags, and every attribute; fails on tags that do not pair."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.words: list[str] = []
        self.rows: list[list[str]] = []
        self._open: list[str] = []
        self.feed(markup)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self._open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self._open:
            self.words.append(data)
        if {"td", "th"} & set(self._open):
            self.rows[-1][-1] += data

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def row(self, name: str, cells: int) -> list[str]:
        return next(row for row in self.rows if row[0] == name and len(row) == cells)


def stores(count: int, days: int = 1, first: date = date(2026, 1, 1)) -> tuple[FactDay, ...]:
    return tuple(
        FactDay(first + timedelta(day), f"S{store:03d}", 1, Decimal(store), Decimal(1), 4, Decimal("0.25"))
        for store in range(count)
        for day in range(days)
    )


def test_each_dataset_is_balanced_by_itself():
    assert ORDERS.balanced
    assert LEADS.balanced
    assert RUN.ok
    lost = replace(RUN, datasets=(LEADS, replace(ORDERS, inserted=1149)))
    assert not lost.ok
    assert lost.problems == (Failure("erp", "erp_orders: 1,234 rows landed, 1,233 are accounted for"),)
    doubled = replace(RUN, datasets=(LEADS, replace(ORDERS, inserted=1151)))
    assert not doubled.ok
    assert doubled.problems == (Failure("erp", "erp_orders: 1,234 rows landed, 1,235 are accounted for"),)


def test_a_failed_step_is_a_problem_unless_its_domain_has_a_reason():
    steps = (StepTime("ingest_erp", 1.0, "failed"),)
    assert [problem.domain for problem in replace(RUN, steps=steps).problems] == ["ingest_erp"]
    explained = replace(RUN, steps=steps, failures=(Failure("erp", "the column status is missing"),))
    assert explained.problems == explained.failures


@pytest.mark.parametrize(
    ("formatted", "expected"),
    [
        (format_money(Decimal("1234567.5")), "€1,234,567.50"),
        (format_money(Decimal("-0.01")), "−€0.01"),
        (format_seconds(0.04), "0.0 s"),
        (format_seconds(59.96), "60 s"),
        (format_seconds(62.4), "62 s"),
        (format_seconds(119.6), "2 min 0 s"),
        (format_seconds(185), "3 min 5 s"),
        (format_count(1, "row"), "1 row"),
        (format_count(1234, "row"), "1,234 rows"),
        (format_bytes(999), "999 B"),
        (format_bytes(1023), "0.999 KB"),
        (format_bytes(1536), "1.5 KB"),
        (format_bytes(128 << 20), "128 MB"),
    ],
)
def test_numbers_as_people_read_them(formatted: str, expected: str):
    assert formatted == expected


def test_the_numbers_in_the_page_are_those_of_the_summary():
    page = Page(report.render(RUN))
    assert "1,300 rows landed, every one accounted for" in page.text
    assert "1,300 landed = 1,260 merged + 26 quarantined + 14 ignored" in page.text
    counts = ["1,234", "1,200", "20", "14", "0", "1,150", "50", "0", "yes"]
    assert page.row("erp_orders", 10) == ["erp_orders", *counts]
    totals = ["1,300", "1,260", "26", "14", "0", "1,207", "50", "3", "yes"]
    assert page.row("total", 10) == ["total", *totals]
    assert page.row("S001", 7)[2:] == ["€1,500.50", "€500.25", "5", "40", "12.5%"]
    assert page.row("S002", 7)[2:] == ["−€250.00", "−€250.00", "1", "0", "–"]
    assert page.row("all stores", 7)[2:] == ["€1,250.50", "€250.25", "6", "40", "12.5%"]
    assert page.row("2 Nov", 6) == ["2 Nov", "€750.50", "€150.25", "4", "10", "20.0%"]
    assert page.row("transform_marts", 4) == ["transform_marts", "", "9.5 s", "done"]
    assert page.row("The e-mail looks like an address.email_is_an_address", 6)[2:5] == ["66", "6", "9.09%"]
    for words in ("20261123T040012Z-7f3a", "23 Nov 2026, 04:00 UTC", "samples/notes.txt matches no contract"):
        assert words in page.text


def test_every_rule_is_listed():
    page = Page(report.render(RUN))
    assert all(rule.sentence in page.text and rule.rule in page.text for rule in RULES)


def test_failures_come_first_and_name_the_domains_that_continued():
    reason = "samples/erp_orders.csv: the column unit_price is missing"
    page = Page(report.render(replace(RUN, failures=(Failure("erp", reason),))))
    assert "Failed erp failed; crm continued erp " + reason in page.text
    assert page.text.index(reason) < page.text.index("1,300")


def test_held_rows_show_only_when_there_are_any():
    assert "held" not in Page(report.render(RUN)).text.split("Row flow")[0]
    held = replace(ORDERS, quarantined=400, ignored=0, held=834, inserted=0, updated=0)
    text = Page(report.render(replace(RUN, datasets=(held,)))).text
    assert "1,234 landed = 0 merged + 400 quarantined + 0 ignored + 834 held" in text


def test_rows_that_are_lost_show_as_an_unequal_sum():
    text = Page(report.render(replace(RUN, datasets=(replace(ORDERS, inserted=950),)))).text
    assert "1,234 landed ≠ 1,000 merged" in text
    assert "erp_orders: 1,234 rows landed, 1,034 are accounted for" in text


def test_the_page_loads_nothing():
    page = report.render(RUN)
    read = Page(page)
    assert not {"script", "link", "img", "iframe", "image", "use", "object"} & set(read.tags)
    loads = [value for _, name, value in read.attributes if name in ("src", "href", "srcset", "data", "action")]
    assert [value for value in loads if not value.startswith("#")] == [link.path for link in RUN.links]
    assert "http:" not in page
    assert "https:" not in page
    assert not re.search(r"url\(|@import", page)


def test_hostile_names_stay_text():
    run = RunSummary(
        run_id=HOSTILE,
        started_at=RUN.started_at,
        delivery=HOSTILE,
        lake=HOSTILE,
        seconds=1,
        steps=(StepTime(HOSTILE, 1, "done"),),
        datasets=(replace(ORDERS, dataset=HOSTILE, domain=HOSTILE),),
        rules=(RuleCount(HOSTILE, HOSTILE, HOSTILE, HOSTILE, 3, 1),),
        fact=(replace(FACT[0], store_id=HOSTILE),),
        fact_rows=1,
        warnings=(HOSTILE,),
        failures=(Failure(HOSTILE, HOSTILE),),
        links=(Link(HOSTILE, f"javascript:{HOSTILE}"),),
    )
    page = Page(report.render(run))
    assert "script" not in page.tags
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]
    assert page.text.count(HOSTILE) >= 12
    links = [value for tag, name, value in page.attributes if (tag, name) == ("a", "href") and value[0] != "#"]
    assert [link.split("%3A")[0] for link in links] == ["javascript"]


@pytest.mark.parametrize("run", [EMPTY, replace(EMPTY, datasets=())], ids=["nothing new", "no dataset"])
def test_an_empty_run_says_so(run: RunSummary):
    text = Page(report.render(run)).text
    for words in ("No new rows", "No batch was validated", "The fact has no rows yet", "No step ran"):
        assert words in text


def test_nothing_new_still_shows_the_fact():
    text = Page(report.render(replace(EMPTY, fact=FACT, fact_rows=3))).text
    assert "No new rows" in text
    assert "€1,250.50" in text


def test_a_thousand_stores_are_the_top_ones_and_the_rest():
    page = Page(report.render(replace(RUN, fact=stores(1000), fact_rows=1000)))
    shown = [row[0] for row in page.rows if len(row) == 7 and row[0].startswith("S")]
    assert shown == [f"S{store:03d}" for store in range(999, 979, -1)]
    assert page.row("980 other stores", 7)[2] == format_money(Decimal(sum(range(980))))
    assert page.row("all stores", 7)[2] == format_money(Decimal(sum(range(1000))))


@pytest.mark.parametrize(
    ("days", "head"),
    [(1, ["day", "1 Jan"]), (92, ["day", "1 Jan"]), (100, ["month", "Jan 2026"]), (3000, ["year", "2026"])],
)
def test_long_times_are_shown_by_month_or_year(days: int, head: list[str]):
    page = Page(report.render(replace(RUN, fact=stores(1, days), fact_rows=days)))
    place = next(place for place, row in enumerate(page.rows) if row[1:3] == ["net revenue", "gross margin"])
    assert [page.rows[place][0], page.rows[place + 1][0]] == head


@pytest.mark.parametrize("amounts", [[0], [-5, 0, 5], [-1], [3e-9], [1e12], [0.1, 0.3]])
def test_axes_have_round_values_around_all_amounts_and_zero(amounts: list[float]):
    ticks = charts.round_values(amounts)
    assert 0 in ticks
    assert ticks[0] <= min(amounts)
    assert ticks[-1] >= max(amounts)
    assert 2 <= len(ticks) <= 7


def test_write_makes_the_file(tmp_path: Path):
    target = tmp_path / "report.html"
    report.write(RUN, str(target))
    assert target.read_text(encoding="utf-8") == report.render(RUN)


def test_the_drawing_of_the_flow_is_what_its_program_draws():
    spec = importlib.util.spec_from_file_location("draw_flow", DOCS.parent / "tools/pictures/draw_flow.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert (DOCS / "flow.svg").read_text(encoding="utf-8") == module.draw()


def test_the_flow_draws_only_what_feeds_the_fact() -> None:
    lines = report.render(RUN).count('class="way"')
    other = DatasetCount("stock", "stock_levels", landed=10, inserted=10)
    assert report.render(replace(RUN, datasets=(LEADS, ORDERS, other))).count('class="way"') == lines
