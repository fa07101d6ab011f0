"""Builds the static site of a lake into `curated/docs/site/`: read the ledgers, render the pages, write them.

Start here: `build_site`; `facts.py` says what is read, `pages.py` which pages there are.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.dbt_files import project_name, read_marts
from lakehouse.contracts.findings import Commands
from lakehouse.contracts.mart_deadlines import mart_promises
from lakehouse.contracts.marts import models
from lakehouse.contracts.project import Project as ProjectFiles
from lakehouse.cycle.summary import RunSummary
from lakehouse.lake.files import exists, list_files, remove, write_text
from lakehouse.lake.paths import DATA_DOCS_PAGE, DBT_DOCS_PAGE, SITE_PAGE, Lake
from lakehouse.publish.element_views import project_views
from lakehouse.site import report
from lakehouse.site.facts import facts_of_lake
from lakehouse.site.lineage import lineage_of
from lakehouse.site.page import Page, Project
from lakehouse.site.pages import pages_of
from lakehouse.site.render import render

REPORT = "report.html"
REPORTS, OWN = "reports", ("runs", "reports", "datasets", "marts", "views")
"""Folders of the site, in which nothing is left that the site does not name."""
_AT_ONCE = 16
_KIND = "text/html; charset=utf-8"


def site_root(lake: Lake) -> str:
    """The folder of the site."""
    return f"{lake.root}/{SITE_PAGE}".rpartition("/")[0]


def write_pages(lake: Lake, files: ProjectFiles, commands: Commands, summary: RunSummary) -> None:
    """After a full run: its report at the top of the lake, the same among those of the site, and the site."""
    report.write(summary, f"{lake.root}/{REPORT}")
    report.write(summary, f"{site_root(lake)}/{REPORTS}/{summary.run_id}.html", "../" * (SITE_PAGE.count("/") + 1))
    build_site(lake, files, commands)


def build_site(
    lake: Lake, files: ProjectFiles, commands: Commands, now: datetime | None = None, has_raw: bool = True
) -> str:
    """Write all pages, and remove those of what is no longer shown; returns the first page."""
    root, contracts = site_root(lake), files.contracts
    project = _project(files, contracts)
    promises = mart_promises(contracts, project.marts)
    facts = facts_of_lake(lake, contracts, commands, now or datetime.now(UTC), promises, has_raw)
    there = [(folder, file.path) for folder in OWN for file in list_files(f"{root}/{folder}")]
    shown = {run.run_id for run in facts.runs}
    reports = frozenset(name.removesuffix(".html") for folder, name in there if folder == REPORTS) & shown
    docs = _docs(lake)
    pages = pages_of(facts, project, reports, docs)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(lambda page: _write(root, page, facts.at, docs), pages))
    kept = {page.path for page in pages} | {f"{REPORTS}/{run_id}.html" for run_id in reports}
    for folder, name in there:
        if f"{folder}/{name}" not in kept:
            remove(f"{root}/{folder}/{name}")
    return f"{root}/index.html"


def _write(root: str, page: Page, at: datetime, docs: dict[str, str]) -> None:
    text = render(page.template, page=page, up=page.up, at=at, docs=docs, **page.shows)
    write_text(f"{root}/{page.path}", text, _KIND)


def _project(files: ProjectFiles, contracts: Contracts) -> Project:
    marts, views = read_marts(files.dbt), tuple(project_views(files))
    return Project(
        contracts, marts, views, models(files.dbt), lineage_of(contracts, marts, views), project_name(files.dbt)
    )


def _docs(lake: Lake) -> dict[str, str]:
    """Data Docs and dbt docs, where there are any, as the top of the site links to them."""
    found = {"Data Docs": DATA_DOCS_PAGE, "dbt docs": DBT_DOCS_PAGE}
    above = SITE_PAGE.rpartition("/")[0].rpartition("/")[0]
    return {
        title: f"../{path.removeprefix(f'{above}/')}" for title, path in found.items() if exists(f"{lake.root}/{path}")
    }
