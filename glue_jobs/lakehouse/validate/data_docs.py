"""Evaluations as Great Expectations' own validation results, and Data Docs built from them."""

from __future__ import annotations

import html
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lakehouse.contracts.columns import ROW_ID
from lakehouse.contracts.suite import Rule
from lakehouse.contracts.suite_types import UNEXPECTED_ROWS
from lakehouse.errors import LakehouseError
from lakehouse.validate.gx import import_gx
from lakehouse.validate.result import Evaluation, RuleResult

SITE = "lakehouse"
INDEX_LIMIT = 100
"""So many of the newest results are on the index, which reads each: a build stays short for years."""
_VIEWS = "lakehouse.validate.data_docs_view"
_PAGE = {"module_name": _VIEWS, "class_name": "OfflinePageView"}
_INDEX = {"module_name": _VIEWS, "class_name": "OfflineIndexView"}


class PageNotRenderedError(LakehouseError):
    """Great Expectations could not render the page of a batch."""

    def __init__(self, dataset: str, batch_id: int, page: Path) -> None:
        self.dataset, self.batch_id, self.page = dataset, batch_id, page
        super().__init__(f"Data Docs have no page for batch {batch_id} of {dataset}: {page} was not written.")


class DataDocs:
    """The Data Docs of a lake: `add` stores an evaluation, renders its page and the index."""

    def __init__(self, project: Path, folder: Path) -> None:
        """Open Great Expectations' project folder; results and pages go to `folder`, which is made."""
        environment = {"LAKEHOUSE_DATA_DOCS_DIR": str(folder.resolve())}
        gx = import_gx()
        self._context = gx.get_context(context_root_dir=project, runtime_environment=environment)
        self._folder = folder.resolve()
        self._site = self._site_builder()
        self._suites_rendered: set[str] = set()

    def add(self, evaluation: Evaluation, batch_id: int, validated_at: datetime) -> Path:
        """Store the evaluation on a batch as a validation result and return the path of its page."""
        from great_expectations.data_context.types.resource_identifiers import (
            ExpectationSuiteIdentifier,
            ValidationResultIdentifier,
        )

        result = validation_result(evaluation, batch_id, validated_at)
        suite_key = ExpectationSuiteIdentifier(evaluation.dataset)
        key = ValidationResultIdentifier(suite_key, result.meta["run_id"], result.batch_id)
        self._context.validation_results_store.set(key, result)
        sections = self._site.site_section_builders
        if evaluation.dataset not in self._suites_rendered:
            self._render_suite(suite_key, evaluation)
            self._suites_rendered.add(evaluation.dataset)
        sections["validations"].build([key])
        self._site.site_index_builder.build()
        page = self._folder.joinpath("validations", *key.to_tuple()).with_suffix(".html")
        # Great Expectations logs what goes wrong in a page and carries on without it.
        if not page.is_file():
            raise PageNotRenderedError(evaluation.dataset, batch_id, page)
        return page

    def refresh(self) -> None:
        """Build the index of the results that are there."""
        self._site.site_index_builder.build()

    def _render_suite(self, key: Any, evaluation: Evaluation) -> None:
        """Render the page of a suite, the contract's rules with it, with our sentences in place of its own words."""
        from great_expectations.data_context.store.html_site_store import SiteSectionIdentifier

        section = self._site.site_section_builders["expectations"]
        suite = self._context.suites.get(key.name)
        own = {expectation.meta["rule"] for expectation in suite.expectations}
        promised = [_configuration(result.rule) for result in evaluation.results if result.rule.name not in own]
        # Not by the suite's own method, which would write its file.
        suite.expectations += [configuration.to_domain_obj() for configuration in promised]
        for expectation in suite.expectations:
            words = expectation.meta
            expectation.description = _description(words["sentence"], words["rule"], words["on_failure"])
        page = section.view_class.render(section.renderer_class.render(suite))
        section.target_store.set(SiteSectionIdentifier("expectations", key), page)

    def _site_builder(self) -> Any:
        from great_expectations.render.renderer.site_builder import SiteBuilder

        config = self._context.project_config_with_variables_substituted.data_docs_sites[SITE]
        index = {**config["site_index_builder"], "validation_results_limit": INDEX_LIMIT, "view": _INDEX}
        sections = {**config["site_section_builders"], "expectations": {"view": _PAGE}, "validations": {"view": _PAGE}}
        return SiteBuilder(
            data_context=self._context,
            store_backend=config["store_backend"],
            site_name=SITE,
            site_index_builder=index,
            site_section_builders=sections,
            show_how_to_buttons=False,
            runtime_environment={"data_context": self._context, "root_directory": self._context.root_directory},
        )


def validation_result(evaluation: Evaluation, batch_id: int, validated_at: datetime) -> Any:
    """Return the evaluation as Great Expectations' ExpectationSuiteValidationResult.

    It succeeds when the batch may go on: quarantined rows are the results of their rules, not of the batch.
    """
    version = import_gx().__version__
    from great_expectations.core.expectation_validation_result import ExpectationSuiteValidationResult
    from great_expectations.core.run_identifier import RunIdentifier

    passed = sum(result.success for result in evaluation.results)
    asset = f"bronze.{evaluation.dataset}"
    meta = {
        "run_id": RunIdentifier(run_name=f"batch-{batch_id}", run_time=validated_at.astimezone(UTC)),
        "batch_spec": {"data_asset_name": asset, "batch_id": batch_id},
        "batch_parameters": _summary(evaluation),
        "great_expectations_version": version,
        "validation_time": validated_at.astimezone(UTC).isoformat(),
    }
    return ExpectationSuiteValidationResult(
        success=not evaluation.is_stopped,
        results=[_expectation_result(result) for result in evaluation.results],
        suite_name=evaluation.dataset,
        statistics={
            "evaluated_expectations": len(evaluation.results),
            "successful_expectations": passed,
            "unsuccessful_expectations": len(evaluation.results) - passed,
            "success_percent": 100 * passed / len(evaluation.results),
        },
        meta=meta,
        batch_id=f"{evaluation.dataset}-{batch_id}",
    )


def _summary(evaluation: Evaluation) -> Mapping[str, Any]:
    return {
        "status": str(evaluation.status),
        "reason": evaluation.reason or "none",
        "rows": evaluation.rows,
        "quarantined": evaluation.quarantined,
        "limit_percent": evaluation.limit_percent,
    }


def _expectation_result(result: RuleResult) -> Any:
    from great_expectations.core.expectation_validation_result import ExpectationValidationResult

    counted = result.rule.is_row_level and result.evaluated
    return ExpectationValidationResult(
        success=result.success,
        expectation_config=_configuration(result.rule),
        result=_counts(result) if counted else {"observed_value": _shown(result.observed)},
        exception_info={"raised_exception": False, "exception_message": None, "exception_traceback": None},
    )


def _configuration(rule: Rule) -> Any:
    """A rule in Great Expectations' own form."""
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    return ExpectationConfiguration(
        type=rule.type,
        kwargs=dict(rule.kwargs),
        meta={"rule": rule.name, "sentence": rule.sentence, "on_failure": str(rule.on_failure)},
        description=_description(rule.sentence, rule.name, rule.on_failure),
        severity=rule.severity,
    )


def _description(sentence: str, rule: str, on_failure: str) -> str:
    """What pages show in place of Great Expectations' own words for an expectation."""
    return html.escape(f"{sentence} [{rule}: {on_failure}]", quote=False)


def _shown(value: str) -> str:
    """A delivered value as text of a page: Great Expectations would write it there as markup."""
    return html.escape(value) or "(empty)"


def _counts(result: RuleResult) -> dict[str, Any]:
    """The fields of Great Expectations' SUMMARY results that a evaluation knows."""
    share = result.failed_percent if result.seen > result.missing else None
    counts: dict[str, Any] = {
        "element_count": result.seen,
        "unexpected_count": result.failed,
        "unexpected_percent": share,
        "unexpected_percent_nonmissing": share,
        "unexpected_percent_total": 100 * result.failed / result.seen if result.seen else None,
        "missing_count": result.missing,
        "missing_percent": 100 * result.missing / result.seen if result.seen else None,
        "partial_unexpected_list": [_shown(example.value) for example in result.examples],
        "partial_unexpected_index_list": [{ROW_ID: example.row_id} for example in result.examples],
    }
    return {**counts, "observed_value": result.failed} if result.rule.type == UNEXPECTED_ROWS else counts
