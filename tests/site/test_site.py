"""The site of a lake: its figures, links that lead somewhere, bounds, and no personal data on any page."""

from __future__ import annotations

import re
import shutil
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from lakehouse.cli.main import main
from lakehouse.contracts.dbt_files import mart_names
from lakehouse.contracts.findings import Commands
from lakehouse.contracts.project import Project
from lakehouse.lake.delta_log import existing_table, select
from lakehouse.lake.paths import Lake
from lakehouse.site import build, facts
from tests.dags.browser import browsing
from tests.helpers import seeded_ledgers as seeded
from tests.site.conftest import LATER
from tests.site.pages_read import Parts, complaints, dead_links, width_of
from tests.site.test_report import RUN

PHONE = 390


def text_of(page: Path) -> str:
    return Parts(page).text


def test_there_is_a_page_for_each_run_dataset_mart_and_view(site: Path, project: Project) -> None:
    pages = {folder: len(list((site / folder).glob("*.html"))) for folder in ("runs", "datasets", "marts", "views")}
    views = len(list((project.dbt / "athena_views").glob("*.sql")))
    marts, datasets = len(mart_names(project.dbt)), len(project.contracts.datasets)
    assert pages == {"runs": 5, "datasets": datasets, "marts": marts, "views": views}
    assert {page.name for page in site.glob("*.html")} == {"index.html", "lineage.html", "costs.html", "search.html"}


def test_every_link_leads_somewhere_and_nothing_is_loaded(site: Path) -> None:
    parts = {page.resolve(): Parts(page) for page in site.rglob("*.html")}
    assert dead_links(parts) == []
    assert [load for found in parts.values() for load in found.loads] == []
    assert all("../data_docs/index.html" in link or "://" not in link for p in parts.values() for link in p.links)
    dataset = parts[(site / "datasets/erp_orders.html").resolve()]
    assert "../../data_docs/index.html" in dataset.links


def test_no_value_of_personal_data_is_on_a_page(site: Path, site_lake: Lake, project: Project) -> None:
    values: set[str] = set()
    for dataset in project.contracts.datasets:
        for column in dataset.pii_columns:
            rows = select(existing_table(site_lake.silver(dataset.name)), f'SELECT DISTINCT "{column}" AS v FROM t')
            values |= {str(row["v"]) for row in rows if row["v"] and len(str(row["v"])) > 3}
    assert len(values) > 100
    whole = "\n".join(page.read_text(encoding="utf-8") for page in site.rglob("*.html"))
    assert [value for value in values if value in whole] == []


def test_the_first_page_says_what_needs_somebody(site: Path) -> None:
    text = text_of(site / "index.html")
    assert "Manual action needed" in text
    assert "manual action erp_orders batch 2 is stopped: 70 of 300 rows failed validation" in text
    assert "lakehouse batch list --lake lake" in text
    assert "manual action products refused, nothing delivered since: v3/products_3.csv: required column price" in text


@pytest.mark.parametrize(
    ("state", "words"),
    [("done", "done ingest_erp, 2026-11-20 12:00"), ("failed", "erp: column unit_price missing run r2"),
     ("begun", "No step is recorded; the run has not ended.")],
)  # fmt: skip
def test_each_run_says_how_it_ended(site: Path, state: str, words: str) -> None:
    number = ("done", "nothing new", "failed", "interrupted", "begun").index(state)
    assert words in text_of(site / f"runs/ingest_erp2012{number:02d}.html")


def test_a_dataset_shows_its_deliveries_rules_ties_and_layout(site: Path) -> None:
    text = text_of(site / "datasets/erp_orders.html")
    assert "2 2026-11-20 12:00 stopped 70 of 300 rows failed validation 1 300 0 0 300 0" in text
    assert "1 2026-11-20 12:00 passed 1 595 0 13 582 1, 1 corrected" in text
    assert "store_id_known" in text
    assert "erp is to be published by 06:00 UTC" in text
    assert "key order_id, line_number sequence updated_at" in text
    assert re.search(r"2026-10-10 1 79 \d\.\d+ KB 1\.00", text)


def test_a_stopped_batch_is_drawn_as_such(site: Path) -> None:
    titles = re.findall(r"<title>(batch \d: [^<]+)</title>", (site / "datasets/erp_orders.html").read_text("utf-8"))
    assert {"batch 1: 582 passed", "batch 1: 13 quarantined", "batch 2: 300 stopped", "batch 2: 0 passed"} <= set(
        titles
    )


def test_a_mart_shows_grain_reach_and_lineage(site: Path) -> None:
    text = text_of(site / "marts/fct_daily_store_metrics.html")
    assert "silver.crm_leads the rows of its dt, store_id" in text
    assert "Made from silver.crm_leads silver.erp_orders silver.products silver.web_events" in text
    assert "Read by analytics.conversion_funnel analytics.daily_store_metrics" in text


def test_what_is_not_shown_any_more_is_removed(project: Project, tmp_path: Path) -> None:
    lake = Lake.at(str(tmp_path / "lake"))
    for number in range(facts.RUNS + 5):
        at = seeded.NOON + timedelta(seconds=number)
        seeded.ran(lake, "ingest_erp", at, attempt_id=f"a{number:03d}", run_id=f"r{number:03d}")
    root = Path(build.site_root(lake))
    for name in ("r003", "r053"):
        (root / "reports").mkdir(parents=True, exist_ok=True)
        (root / "reports" / f"{name}.html").write_text("<p>", encoding="utf-8")
    build.build_site(lake, project, Commands("lake"), LATER)
    assert {page.stem for page in (root / "runs").iterdir()} == {f"a{n:03d}" for n in range(5, facts.RUNS + 5)}
    assert [page.stem for page in (root / "reports").iterdir()] == ["r053"]
    assert "reports/r053.html" in Parts(root / "index.html").links
    build.build_site(lake, project, Commands("lake"), LATER + timedelta(days=365))
    assert list((root / "runs").iterdir()) == []


def test_ties_are_read_of_the_last_batches_alone(project: Project, tmp_path: Path) -> None:
    lake, orders = Lake.at(str(tmp_path)), project.contracts.dataset("erp_orders")
    ties = [{"dataset": orders.name, "batch_id": n, "corrected": n % 2 == 0} for n in range(1, facts.BATCHES + 6)]
    write_deltalake(lake.ops("ties"), pa.Table.from_pylist(ties))
    found = facts.facts_of_lake(lake, project.contracts, Commands("lake"), LATER).ties[orders.name]
    assert list(found) == list(range(6, facts.BATCHES + 6))
    assert [(row["keys"], row["corrected"]) for row in found.values()][:2] == [(1, 1), (1, 0)]


def test_a_dropped_dataset_has_no_page_any_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = Lake.at(str(tmp_path / "lake"))
    seeded.ran(lake, "ingest_stock")
    root = Path(build.site_root(lake))
    (root / "datasets").mkdir(parents=True)
    for page in ("index.html", "datasets/stock_counts.html"):
        (root / page).write_text("stock_counts", encoding="utf-8")
    left = SimpleNamespace(is_unfinished=True, lines=(), raw=())
    monkeypatch.setattr("lakehouse.cycle.drop.leftovers", lambda *_: left)
    monkeypatch.setattr("lakehouse.cycle.drop.drop", lambda *_: None)
    assert main(["dataset", "drop", "stock.stock_counts", "--why", "gone", "--yes", "--lake", lake.root]) == 0
    assert "stock_counts" not in (root / "index.html").read_text(encoding="utf-8")
    assert not (root / "datasets/stock_counts.html").exists()


def test_a_report_is_kept_beside_the_one_at_the_top(project: Project, site_lake: Lake, tmp_path: Path) -> None:
    lake = Lake.at(str(shutil.copytree(site_lake.root, tmp_path / "lake")))
    seeded.ran(lake, "run", seeded.NOON, run_id=RUN.run_id)
    build.write_pages(lake, project, Commands("lake"), RUN)
    report = Path(build.site_root(lake)) / f"reports/{RUN.run_id}.html"
    for page in (report, tmp_path / "lake/report.html"):
        assert dead_links({page.resolve(): Parts(page)}) == []
    assert "1,300 rows landed" in text_of(report)


def test_what_a_run_says_stays_text(project: Project, tmp_path: Path) -> None:
    lake = Lake.at(str(tmp_path / "lake"))
    seeded.ran(lake, "ingest_erp", state="failed", exit_code=3, reason="</script><script>alert(1)</script>\x1b[31m")
    root = Path(build.build_site(lake, project, Commands("lake"), LATER)).parent
    for page in (root / "index.html", root / "search.html", *(root / "runs").iterdir()):
        assert "<script>alert" not in page.read_text(encoding="utf-8")
        assert "\x1b" not in page.read_text(encoding="utf-8")


def test_an_empty_lake_has_a_site(project: Project, tmp_path: Path) -> None:
    page = Path(build.build_site(Lake.at(str(tmp_path / "lake")), project, Commands("lake"), LATER))
    assert "Nothing is pending, late, stopped or open" in text_of(page)


@pytest.mark.docs
def test_the_pages_are_quiet_fit_a_phone_and_are_found(site: Path, tmp_path: Path) -> None:
    with browsing(tmp_path / "profile") as browser:
        browser.watch()
        browser.as_wide_as(PHONE)
        pages = sorted(site.rglob("*.html"))
        assert [page.name for page in pages if width_of(browser, page) > PHONE] == []
        browser.open((site / "search.html").as_uri() + "?q=unit_price", "pages with unit_price", "erp_orders")
        assert complaints(browser) == []
