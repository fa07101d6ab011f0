"""Every broken delivery ends as it should: rows good or quarantined, or the file refused; nothing else stops."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.contracts.project import Project
from lakehouse.cycle.cycle import CycleResult
from lakehouse.ingest.ingest import FileRefusedError, ingest_domain
from lakehouse.lake.paths import Lake
from lakehouse.runtime.context import Context
from lakehouse.transform.transform import merge_domain
from lakehouse.validate.validate import BatchStoppedError, validate_domain
from tests.corpus import cases
from tests.corpus.cases import MANY_GOOD, Case
from tests.corpus.faults import FAULTS
from tests.helpers.lakes import data_files, run
from tests.helpers.quality_deliveries import found

LIMIT_PERCENT = 20
CASES = (*cases.CASES, *FAULTS)


@pytest.fixture(scope="module")
def delivered(
    project: Project, spark: SparkSession, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Context, CycleResult]:
    """A run on all files at once: a domain with a refused file goes on with its others."""
    folder = tmp_path_factory.mktemp("corpus")
    context = Context(project, Lake.at(str(folder / "lake")), lambda: spark)
    (folder / "delivery").mkdir()
    for case in (*CASES, *MANY_GOOD):
        (folder / "delivery" / case.file).write_bytes(case.content)
    return context, run(context, folder / "delivery")


def landed(context: Context, dataset: str) -> dict[str, tuple[int, Counter[tuple[str, ...]]]]:
    """Good rows and the rules of the quarantined ones, by file."""
    files: dict[str, tuple[int, Counter[tuple[str, ...]]]] = {}
    rows = found(context, f"select _source_file, count(*) from bronze.{dataset} group by 1")
    bad = found(context, f"select _source_file, _step, _broken_rules from quarantine.{dataset}")
    good = {file.rsplit("/", 1)[-1]: number for file, number in rows}
    for file in {*good, *(row[0].rsplit("/", 1)[-1] for row in bad)}:
        own = [(step, tuple(rules)) for name, step, rules in bad if name.rsplit("/", 1)[-1] == file]
        judged_bad = sum(step == "validate" for step, _ in own)
        files[file] = good.get(file, 0) - judged_bad, Counter(rules for _, rules in own)
    return files


def test_there_are_enough_of_them() -> None:
    assert len(cases.CASES) >= 40
    assert len(FAULTS) >= 70
    assert len({case.file for case in (*CASES, *MANY_GOOD)}) == len(CASES) + len(MANY_GOOD)


@pytest.mark.parametrize("dataset", ["erp_orders", "crm_leads", "web_events", "products"])
def test_landed_is_good_plus_quarantined(delivered: tuple[Context, CycleResult], dataset: str) -> None:
    context, _ = delivered
    outcome = landed(context, dataset)
    ledger = "select files[1].path, reason, rows_in_file from ops.batches where state = 'refused'"
    held = found(context, f"{ledger} and dataset = '{dataset}'")
    refused = {file.rsplit("/", 1)[-1]: (reason, rows) for file, reason, rows in held}
    cases = [case for case in (*CASES, *MANY_GOOD) if case.dataset == dataset]
    assert {case.file for case in cases if case.refused} == refused.keys()
    for case in cases:
        if case.refused:
            assert case.refused in refused[case.file][0], case.file
            assert refused[case.file][1] == case.rows, case.file
            assert case.file not in outcome
        else:
            assert outcome.get(case.file, (0, Counter())) == (case.good, Counter(case.bad)), case.file
    silver = found(context, f"select count(*) from delta_scan('{context.lake.silver(dataset)}')")
    assert silver == [(sum(case.good for case in cases),)]


def test_the_other_domains_go_on_and_the_accounts_balance(delivered: tuple[Context, CycleResult]) -> None:
    _, first = delivered
    steps = {step.name: step.state for step in first.summary.steps}
    assert first.exit_code == 3
    assert {failure.domain for failure in first.summary.failures} == {"erp", "crm", "web"}
    assert (steps["publish_products"], steps["validate_erp"], steps["transform_marts"]) == ("done", "done", "done")
    assert "unexpected error" not in str(first.summary.failures)
    assert all(count.balanced for count in first.summary.datasets)
    told = " ".join(first.summary.warnings)
    assert "what the contract does not know (colour) in 2 rows, kept in _rescued" in told
    assert "erp_orders_no_optional_column.csv: no column customer_id" in told


@pytest.mark.quality
def test_the_same_files_again_add_nothing(delivered: tuple[Context, CycleResult]) -> None:
    context, _ = delivered
    before = data_files(context.lake)
    second = run(context, Path(context.lake.root).parent / "delivery")
    assert second.exit_code == 3
    assert {failure.domain for failure in second.summary.failures} == {"erp", "crm", "web"}
    assert "unexpected error" not in str(second.summary.failures)
    assert data_files(context.lake) == before
    assert all(count.balanced for count in second.summary.datasets)


@pytest.mark.quality
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.file)
def test_each_file_alone(context: Context, case: Case) -> None:
    """By itself a file is refused, stopped with its batch, or taken; whatever it is, there is no crash."""
    dataset = context.contracts.dataset(case.dataset)
    contract = context.contracts.of(dataset.domain)
    folder = Path(context.lake.landing(dataset.domain))
    folder.mkdir(parents=True)
    (folder / case.file).write_bytes(case.content)
    if case.refused:
        with pytest.raises(FileRefusedError):
            ingest_domain(context, contract)
        return
    ingest_domain(context, contract)
    rows = case.good + len(case.bad)
    if rows == 0 or len(case.bad) * 100 > rows * LIMIT_PERCENT:
        with pytest.raises(BatchStoppedError):
            validate_domain(context, contract)
    else:
        (result,) = validate_domain(context, contract)
        assert (result.rows_passed, result.rows_landed) == (case.good, rows)
    merged = merge_domain(context, contract)
    assert sum(result.rows for result in merged) in (0, case.good)
