"""Data Docs: a evaluation becomes Great Expectations' own result and pages that a person reads without a network."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from lakehouse.contracts.project import Project
from lakehouse.contracts.suite import Suite, load_suite
from lakehouse.validate.data_docs import DataDocs, PageNotRenderedError, validation_result
from lakehouse.validate.data_docs_s3 import DataDocsOnS3
from lakehouse.validate.result import Evaluation, Example, RuleResult, evaluation_of

VALIDATED_AT = dt.datetime(2024, 2, 29, 12, 30, tzinfo=dt.UTC)
BROKEN = {"quantity_at_least_1": Example(5, "0"), "discount_at_most_line_amount": Example(5, "<b>quantity=1</b>")}


@pytest.fixture(scope="module")
def suite(project: Project) -> Suite:
    return load_suite(project.suites, "erp_orders", project.contracts.dataset("erp_orders").known_columns)


def evaluation_of_suite(suite: Suite, rows: int = 100, limit_percent: float = 20) -> Evaluation:
    """Return a evaluation in which two rules are broken by the same three rows."""
    results = []
    for rule in suite.expectations:
        failed = 3 if rule.name in BROKEN else 0
        observed = "" if rule.is_row_level else f"{rows} rows"
        examples = (BROKEN[rule.name],) if failed else ()
        results.append(RuleResult(rule, rows, 0, failed, failed == 0, observed, examples))
    return evaluation_of("erp_orders", rows, 3, limit_percent, 0, tuple(results))


@pytest.fixture(scope="module")
def folder(project: Project, suite: Suite, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data Docs of two batches, the second stopped."""
    folder = tmp_path_factory.mktemp("data_docs")
    docs = DataDocs(project.suites, folder)
    docs.add(evaluation_of_suite(suite), 1, VALIDATED_AT)
    docs.add(evaluation_of_suite(suite, limit_percent=2), 2, VALIDATED_AT + dt.timedelta(hours=1))
    return folder


def text_of(page: Path) -> str:
    """Return what a person reads on a page, with single blanks."""
    body = page.read_text(encoding="utf-8").partition("<body>")[2]
    return " ".join(re.sub(r"<[^>]*>", " ", body).split())


def page_of(folder: Path, batch: int) -> Path:
    (page,) = folder.glob(f"validations/erp_orders/batch-{batch}/*/erp_orders-{batch}.html")
    return page


def test_the_page_of_a_batch_shows_sentences_and_counts(folder: Path) -> None:
    text = text_of(page_of(folder, 1))
    assert "Status: Succeeded" in text
    assert "At least one unit is sold on an order line. [quantity_at_least_1: quarantine]" in text
    assert "3 unexpected values found. 3% of 100 total rows. Sampled Unexpected Values 0" in text
    assert "A delivery holds at least one order line. [batch_not_empty: fail]" in text
    assert "quarantined 3 reason none rows 100 status passed" in text


def test_the_page_of_a_stopped_batch_says_why(folder: Path) -> None:
    text = text_of(page_of(folder, 2))
    assert "Status: Failed" in text
    assert "reason 3 of 100 rows failed validation (3 %), above the limit of 2 %" in text
    assert "status stopped" in text


def test_delivered_values_are_text_and_not_markup(folder: Path) -> None:
    page = page_of(folder, 1).read_text(encoding="utf-8")
    assert "&lt;b&gt;quantity=1&lt;/b&gt;" in page
    assert "<b>" not in page


def test_the_index_links_to_every_page_newest_first(folder: Path) -> None:
    index = (folder / "index.html").read_text(encoding="utf-8")
    links = re.findall(r'href="(validations/[^"?]*|expectations/[^"?]*)', index)
    pages = [str(page_of(folder, batch).relative_to(folder)) for batch in (2, 1)]
    assert [link for link in links if link.startswith("validations")] == pages
    assert "expectations/erp_orders.html" in links
    assert "At least one unit is sold" in text_of(folder / "expectations" / "erp_orders.html")


def test_links_inside_pages_lead_to_files(folder: Path) -> None:
    for page in folder.rglob("*.html"):
        for link in re.findall(r'href="([^"#?]+)', page.read_text(encoding="utf-8")):
            assert (page.parent / link).is_file(), f"{page} links to {link}"


def test_pages_need_no_network(folder: Path) -> None:
    pages = list(folder.rglob("*.html"))
    assert len(pages) == 4
    for page in pages:
        content = page.read_text(encoding="utf-8")
        assert "<script" not in content
        assert not re.search(r"(src|href)=\"(https?:)?//|url\(", content)


def test_the_result_is_one_that_great_expectations_reads_again(project: Project, suite: Suite, folder: Path) -> None:
    docs = DataDocs(project.suites, folder)
    store = docs._context.validation_results_store
    first, second = (store.get(key) for key in sorted(store.list_keys(), key=lambda key: key.run_id.run_time))
    assert (first.success, second.success) == (True, False)
    assert first.statistics["evaluated_expectations"] == len(suite.expectations)
    (quantity,) = (item for item in first.results if item.expectation_config.meta["rule"] == "quantity_at_least_1")
    assert (quantity.success, quantity.result["unexpected_count"], quantity.result["element_count"]) == (False, 3, 100)
    assert quantity.expectation_config.severity == "warning"


def test_judging_a_batch_again_replaces_its_page(project: Project, suite: Suite, tmp_path: Path) -> None:
    docs = DataDocs(project.suites, tmp_path)
    pages = {docs.add(evaluation_of_suite(suite), 7, VALIDATED_AT) for _ in range(2)}
    assert list(tmp_path.rglob("erp_orders-7.html")) == list(pages)


@mock_aws
def test_on_s3_the_index_shows_what_every_job_judged(
    project: Project, suite: Suite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="lake")
    root, later = "s3://lake/curated/docs/data_docs", VALIDATED_AT + dt.timedelta(hours=1)

    def objects() -> dict[str, str]:
        found = s3.list_objects_v2(Bucket="lake", Prefix="curated/docs/data_docs/").get("Contents", [])
        return {item["Key"].removeprefix("curated/docs/data_docs/"): item["ETag"] for item in found}

    erp, again = DataDocsOnS3(project.suites, root), DataDocsOnS3(project.suites, root)
    first = erp.add(evaluation_of_suite(suite), 1, VALIDATED_AT)
    before = objects()
    second = again.add(evaluation_of_suite(suite), 2, later)  # another process: it has only what lies on S3
    third = erp.add(evaluation_of_suite(suite), 3, later + dt.timedelta(hours=1))  # the first one sees its page
    after = objects()
    pages = [page.removeprefix(f"{root}/") for page in (third, second, first)]
    assert re.fullmatch(r"validations/erp_orders/batch-1/[^/]+/erp_orders-1\.html", pages[-1])
    assert set(after) == {"index.html", "expectations/erp_orders.html", *pages, *map(result_of, pages)}
    unchanged = [name for name, tag in before.items() if after[name] == tag]
    assert sorted(unchanged) == sorted({*before} - {"index.html"})

    index = s3.get_object(Bucket="lake", Key="curated/docs/data_docs/index.html")
    links = re.findall(r'href="(validations/[^"?]*)', index["Body"].read().decode())
    assert (links, index["ContentType"]) == (pages, "text/html")


def result_of(page: str) -> str:
    """The result that a page shows."""
    return page.replace("validations/", "results/").replace(".html", ".json")


def test_a_page_that_is_not_written_is_an_error(project: Project, suite: Suite, tmp_path: Path) -> None:
    docs = DataDocs(project.suites, tmp_path)
    results = evaluation_of_suite(suite).results
    odd = dataclasses.replace(results[2].rule, kwargs={"column": "order_id", "no_such_argument": 1})
    evaluation = dataclasses.replace(evaluation_of_suite(suite), results=(dataclasses.replace(results[2], rule=odd),))
    with pytest.raises(PageNotRenderedError, match="Data Docs have no page for batch 7 of erp_orders"):
        docs.add(evaluation, 7, VALIDATED_AT)


def test_an_empty_batch_has_a_result(suite: Suite) -> None:
    empty = tuple(RuleResult(rule, 0, 0, 0, rule.name != "batch_not_empty") for rule in suite.expectations)
    result = validation_result(evaluation_of("erp_orders", 0, 0, 20, 0, empty), 1, VALIDATED_AT)
    assert not result.success
    assert result.results[2].result["unexpected_percent"] is None
