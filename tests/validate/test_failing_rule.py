"""A rule that an engine cannot evaluate is named with its dataset, column and file, in one line with exit code 3."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from lakehouse.contracts.project import Project
from lakehouse.contracts.suite import Suite, load_suite
from lakehouse.errors import EXIT_TERMINAL
from lakehouse.ingest.ingest import ingest_domain
from lakehouse.lake.batches import to_validate
from lakehouse.lake.paths import Lake
from lakehouse.privacy import MASK
from lakehouse.runtime.context import Context
from lakehouse.runtime.engine import RefusedByEngineError, about_dataset
from lakehouse.validate.evaluate import evaluate_batch
from lakehouse.validate.failing_rule import RuleFailsError, failing_rules, naming_the_rule
from lakehouse.validate.validate import validate_domain
from tests.helpers.small_project import PRESENT, rule, spoiled, with_docs, write_project

ROWS = "unexpected_rows_expectation"
WHERE = "SELECT * FROM {batch} WHERE "
FIRST = {**PRESENT, "meta": {**PRESENT["meta"], "rule": "id_present"}}
HEADER = "id,note,amount,seq,at,gone"


def failing(condition: str) -> dict[str, Any]:
    return rule(ROWS, "warn", unexpected_rows_query=WHERE + condition)


def suite_of(tmp_path: Path, *expectations: dict[str, Any]) -> Suite:
    project = write_project(tmp_path, expectations=[FIRST, *expectations])
    return load_suite(project.suites, "visits", project.contracts.dataset("visits").known_columns)


@pytest.fixture(scope="module")
def batch(spark: SparkSession) -> DataFrame:
    """Two visits: an ordinary one, and one without money."""
    rows = [(1, 1, "abc", 2.0, 1), (2, 2, "secret", 0.0, 2)]
    return spark.createDataFrame(rows, "_row_id bigint, id int, note string, amount double, seq bigint")


def test_a_pattern_that_exhausts_javas_stack_is_named_and_ends_with_3(
    spark: SparkSession, tmp_path: Path, project: Project
) -> None:
    long = spark.createDataFrame([(1, 1, "ab" * 100_000)], "_row_id bigint, id int, note string")
    deep = rule("expect_column_values_to_match_regex", column="note", regex="^(a|b)*$")
    suite = suite_of(tmp_path, deep)
    visits = write_project(tmp_path, expectations=[FIRST, deep]).contracts.dataset("visits")
    with pytest.raises(RuleFailsError) as raised, naming_the_rule(project, visits, long, suite, suite):
        evaluate_batch(long, suite, 100)
    assert raised.value.exit_code == EXIT_TERMINAL
    assert raised.value.rule == "rule"
    assert "StackOverflowError" in raised.value.reason
    assert "abab" not in str(raised.value)


@pytest.mark.parametrize(
    ("expectation", "reason"),
    [
        (failing("seq / amount > 1"), "ArithmeticException [DIVIDE_BY_ZERO] SQLSTATE 22012"),
        (failing("CAST(note AS INT) > 1"), "NumberFormatException [CAST_INVALID_INPUT] SQLSTATE 22018"),
        (failing("note > nosuch(note)"), "AnalysisException [UNRESOLVED_ROUTINE] SQLSTATE 42883"),
        (rule(PRESENT["type"], column="note", row_condition="CAST(note AS INT) > 1"), "SQLSTATE 22018"),
        (rule("expect_column_values_to_match_like_pattern", column="note", like_pattern="a%"), "***"),
    ],
)
def test_the_rule_is_found_and_its_reason_has_no_value(
    batch: DataFrame, tmp_path: Path, expectation: dict[str, Any], reason: str
) -> None:
    ((found, why),) = failing_rules(batch, suite_of(tmp_path, expectation))
    assert found.name == "rule"
    assert reason in why
    assert "secret" not in why


def test_rules_that_can_be_evaluated_are_not_why(batch: DataFrame, tmp_path: Path, context: Context) -> None:
    suite = suite_of(tmp_path, failing("amount > 1"))
    dataset = write_project(tmp_path).contracts.dataset("visits")
    assert list(failing_rules(batch, suite)) == []
    with pytest.raises(ZeroDivisionError), naming_the_rule(context.project, dataset, batch, suite, suite):
        _ = 1 // 0


def test_a_run_names_rule_dataset_column_and_file(
    spark: SparkSession,
    lake: Lake,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    project = with_docs(write_project(tmp_path, expectations=[FIRST, failing("seq / amount > 1")]))
    context = Context(project, lake, lambda: spark)
    (shop,) = context.contracts
    file = Path(lake.landing("shop"), "visits_1.csv")
    file.parent.mkdir(parents=True)
    file.write_text(f"{HEADER}\n1,a,0.00,1,2026-01-01T10:00:00Z,false\n")
    ingest_domain(context, shop)
    with caplog.at_level(logging.INFO, "lakehouse"), pytest.raises(RuleFailsError) as raised:
        validate_domain(context, shop)
    assert str(raised.value) == (
        f"visits: rule 'rule' ({ROWS} on seq, amount) of {project.suites}/expectations/visits.json cannot be "
        f"evaluated: ArithmeticException [DIVIDE_BY_ZERO] SQLSTATE 22012: {MASK}; correct the rule, or let it pass "
        "over such values (try_divide, try_cast). The batch waits for it."
    )
    assert raised.value.exit_code == EXIT_TERMINAL
    assert "Traceback" not in caplog.text
    assert "ContextLogger" not in capfd.readouterr().err, "PySpark logs a failed query with its values"
    assert [batch.batch_id for batch in to_validate(lake, shop.datasets[0])] == [1], "it waits"
    write_project(tmp_path, expectations=[FIRST, failing("try_divide(seq, amount) > 1")])
    (result,) = validate_domain(context, shop)
    assert (result.status, result.rows_passed) == ("passed", 1)


def test_a_rule_of_the_contract_is_named_with_the_contract(batch: DataFrame, tmp_path: Path) -> None:
    braced = ", logicalTypeOptions: {pattern: '^{x}$'}"  # text in Python, a number of times in Java
    project = write_project(tmp_path, spoiled("description: Note.", f"description: Note.{braced}"))
    dataset = project.contracts.dataset("visits")
    own = load_suite(project.suites, "visits", dataset.known_columns)
    suite = Suite("visits", (*own.expectations, *dataset.rules))
    with (
        pytest.raises(RuleFailsError, match=r"contracts/shop\.yaml cannot be evaluated"),
        naming_the_rule(project, dataset, batch, suite, own),
    ):
        evaluate_batch(batch, suite, 100)


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELECT CAST('secret' AS INT)", r"visits: ingest: Spark refuses a value \(.*SQLSTATE 22018"),
        ("SELECT nosuch", r"visits: ingest: Spark refuses a name, a type or an expression \(.*SQLSTATE 42703"),
    ],
)
def test_what_spark_refuses_elsewhere_names_the_dataset(
    spark: SparkSession, tmp_path: Path, sql: str, words: str
) -> None:
    dataset = write_project(tmp_path).contracts.dataset("visits")
    with pytest.raises(RefusedByEngineError, match=words) as raised, about_dataset(dataset, "ingest"):
        spark.sql(sql).collect()
    assert "secret" not in str(raised.value)
    assert raised.value.exit_code == EXIT_TERMINAL


def test_any_other_error_stays_what_it_is(tmp_path: Path) -> None:
    dataset = write_project(tmp_path).contracts.dataset("visits")
    with pytest.raises(RuntimeError, match="ours"), about_dataset(dataset, "ingest"):
        raise RuntimeError("ours")
