"""The pages of the site, each as the name of its file, its template and what that shows."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from importlib import resources

from markupsafe import Markup

from lakehouse.contracts.contract import Contract
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.layers import ANALYTICS, BRONZE, MARTS, SILVER
from lakehouse.contracts.mart_graph import Mart, direct_query
from lakehouse.contracts.marts import NOT_DESCRIBED
from lakehouse.lake.runs import RunRecord
from lakehouse.publish.views import View
from lakehouse.site.dataset_page import dataset_page
from lakehouse.site.facts import SiteFacts
from lakehouse.site.figures import cost_chart, domain_marks, rows_chart, versions_chart
from lakehouse.site.lineage import LANDING, draw
from lakehouse.site.page import Page, Project

MARKS = {"done": "ok", "nothing new": "quiet", "running": "quiet", "failed": "bad", "died": "bad", "interrupted": "bad"}
"""The colour of each state of a run."""


def pages_of(facts: SiteFacts, project: Project, reports: frozenset[str], docs: Mapping[str, str]) -> list[Page]:
    """All pages; reports: the runs that have a report. docs: Data Docs and dbt docs, where there are any."""
    links = page_links(project)
    pages = [
        _overview(facts, project, reports),
        *(_run(run, facts, reports) for run in facts.runs),
        *(dataset_page(facts, project, contract, dataset, links, docs) for contract, dataset in _datasets(project)),
        *(_mart(mart, facts, project, links, docs) for mart in project.marts),
        *(_view(view, project, links) for view in project.views),
        _lineage(project, links),
        _costs(facts, project),
    ]
    return [*pages, _search(pages, facts, project)]


def page_links(project: Project) -> dict[str, str]:
    """The page of each table and view, by layer.name."""
    found = {f"{layer}.{dataset.name}": f"datasets/{dataset.name}.html"
             for dataset in project.contracts.datasets for layer in (LANDING, BRONZE, SILVER)}  # fmt: skip
    found |= {mart.full_name: f"marts/{mart.name}.html" for mart in project.marts}
    return found | {f"{ANALYTICS}.{view.name}": f"views/{view.name}.html" for view in project.views}


def run_page(run: RunRecord) -> str:
    """The page of a run: each attempt has its own."""
    return f"runs/{run.attempt_id}.html"


def _datasets(project: Project) -> Iterator[tuple[Contract, Dataset]]:
    for contract in project.contracts:
        for dataset in contract.datasets:
            yield contract, dataset


def _overview(facts: SiteFacts, project: Project, reports: frozenset[str]) -> Page:
    shows = {
        "facts": facts, "project": project, "reports": reports, "run_page": run_page, "marks": MARKS,
        "runs": facts.runs[:20], "costs": cost_chart(facts), "rows": rows_chart(facts),
    }  # fmt: skip
    return Page("index.html", "overview.html", "Overview", shows)


def _run(run: RunRecord, facts: SiteFacts, reports: frozenset[str]) -> Page:
    steps = facts.steps.get(run.attempt_id, [])
    batches = [row for rows in facts.batches.values() for row in rows if row["run_id"] == run.run_id]
    results = [row for rows in facts.results.values() for row in rows.values() if row["run_id"] == run.run_id]
    rules = [row for rows in facts.quality.values() for row in rows if row["run_id"] == run.run_id]
    shows = {
        "run": run, "steps": steps, "batches": batches, "results": results, "marks": MARKS,
        "broken": sorted((row for row in rules if row["rows_failed"]), key=lambda row: -row["rows_failed"]),
        "rules": len(rules), "report": run.run_id if run.run_id in reports else None,
    }  # fmt: skip
    return Page(run_page(run), "run.html", f"Run {run.run_id}", shows)


def _mart(mart: Mart, facts: SiteFacts, project: Project, links: Mapping[str, str], docs: Mapping[str, str]) -> Page:
    versions = facts.published.get(mart.full_name, [])
    dbt = docs.get("dbt docs")
    shows = {
        "mart": mart, "described": project.described.get(mart.name, NOT_DESCRIBED), "versions": versions,
        "chart": versions_chart(versions), "lineage": project.lineage, "links": links,
        "dbt": f"{dbt}#!/model/model.{project.dbt_name}.{mart.name}" if dbt else None,
        "own": direct_query(mart.keys),
    }  # fmt: skip
    return Page(f"marts/{mart.name}.html", "mart.html", f"{MARTS}.{mart.name}", shows)


def _view(view: View, project: Project, links: Mapping[str, str]) -> Page:
    shows = {"view": view, "lineage": project.lineage, "links": links}
    return Page(f"views/{view.name}.html", "view.html", f"{ANALYTICS}.{view.name}", shows)


def _lineage(project: Project, links: Mapping[str, str]) -> Page:
    drawing = draw(project.lineage, links, {ANALYTICS: "views", SILVER: "silver, and records"})
    shows = {"drawing": drawing, "lineage": project.lineage, "links": links}
    return Page("lineage.html", "lineage.html", "Lineage", shows)


def _costs(facts: SiteFacts, project: Project) -> Page:
    dearest = sorted((run for run in facts.runs if run.cost_usd), key=lambda run: -(run.cost_usd or 0))
    shows = {"facts": facts, "chart": cost_chart(facts), "run_page": run_page,
             "marks": [(mark, domain) for domain, mark in domain_marks(facts).items()],
             "dearest": dearest[:10]}  # fmt: skip
    return Page("costs.html", "costs.html", "Costs", shows)


def _search(pages: list[Page], facts: SiteFacts, project: Project) -> Page:
    """The words of each page; of a dataset its columns and rules, of a mart and a view their columns."""
    words = {f"datasets/{dataset.name}.html": " ".join((dataset.domain, dataset.description, *dataset.column_names,
                                                        *_rules(facts, dataset.name)))
             for dataset in project.contracts.datasets}  # fmt: skip
    for mart in project.marts:
        described = project.described.get(mart.name, NOT_DESCRIBED)
        words[f"marts/{mart.name}.html"] = " ".join((described.description, *described.comments))
    for view in project.views:
        words[f"views/{view.name}.html"] = " ".join((view.description, *(column.name for column in view.columns)))
    for run in facts.runs:
        words[run_page(run)] = f"{run.job} {run.state} {run.engine} {run.started_at:%Y-%m-%d %H:%M}"
    index = [{"title": page.title, "path": page.path, "words": words.get(page.path, "")} for page in pages]
    script = resources.files("lakehouse.site").joinpath("templates/search.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    shows = {"index": index, "code": Markup(script), "digest": digest}
    return Page("search.html", "search.html", "Search", shows)


def _rules(facts: SiteFacts, dataset: str) -> list[str]:
    return list(dict.fromkeys(str(row["rule"]) for row in facts.quality.get(dataset, [])))
