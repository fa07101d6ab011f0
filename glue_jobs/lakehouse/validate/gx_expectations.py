"""Expectations that we do not compile, evaluated by Great Expectations itself. It is imported on first use."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pyspark.sql import DataFrame

from lakehouse.contracts.columns import ROW_ID
from lakehouse.contracts.suite import Rule
from lakehouse.errors import LakehouseError
from lakehouse.privacy import known_in, without_values
from lakehouse.validate.gx import import_gx


class RuleNotJudgedError(LakehouseError):
    """Great Expectations cannot evaluate a rule on Spark."""

    def __init__(self, rule: str, type_: str, reason: str) -> None:
        self.rule, self.type, self.reason = rule, type_, reason
        super().__init__(f"Rule '{rule}' ({type_}) cannot be evaluated on Spark: {reason}")


def failing_row_ids(batch: DataFrame, rule: Rule) -> DataFrame:
    """Return the `_row_id` of the rows that break the rule, by Great Expectations' own condition for them.

    Its COMPLETE results bring the same rows to the driver one by one; here they stay a DataFrame.
    """
    import_gx()
    from great_expectations.core.metric_function_types import MetricPartialFunctionTypeSuffixes
    from great_expectations.execution_engine import SparkDFExecutionEngine
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
    from great_expectations.expectations.registry import get_metric_kwargs
    from great_expectations.validator.metric_configuration import MetricConfiguration
    from great_expectations.validator.metrics_calculator import MetricsCalculator

    configuration = ExpectationConfiguration(type=rule.type, kwargs=dict(rule.kwargs))
    engine = SparkDFExecutionEngine(spark=batch.sparkSession, persist=False, batch_data_dict={"batch": batch})
    try:
        suffix = MetricPartialFunctionTypeSuffixes.CONDITION.value
        name = f"{configuration.to_domain_obj().map_metric}.{suffix}"
        kwargs = get_metric_kwargs(name, configuration=configuration)
        metric = MetricConfiguration(name, kwargs["metric_domain_kwargs"], kwargs["metric_value_kwargs"])
        calculator = MetricsCalculator(engine, show_progress_bars=False)
        condition, compute_domain, accessor_domain = calculator.get_metric(metric)
        rows: DataFrame = engine.get_domain_records(domain_kwargs={**compute_domain, **accessor_domain})
    except Exception as error:  # whatever it raises, a person needs to know the rule
        raise RuleNotJudgedError(rule.name, rule.type, without_values(error, rule.columns)) from None
    failing: DataFrame = rows.withColumn("_fails", condition).where("_fails").select(ROW_ID).distinct()
    return failing


def evaluate_dataset_rules(batch: DataFrame, rules: Iterable[Rule]) -> dict[str, tuple[bool, str]]:
    """Return success and observed value of each dataset-level rule; runs a Spark job or more for each."""
    chosen = tuple(rules)
    if not chosen:
        return {}
    gx = import_gx()
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    source = context.data_sources.add_spark("lakehouse", persist=False)
    definition = source.add_dataframe_asset("batch").add_batch_definition_whole_dataframe("whole")
    gx_batch = definition.get_batch({"dataframe": batch})
    return {rule.name: _evaluate_dataset_rule(gx_batch, rule) for rule in chosen}


def _evaluate_dataset_rule(gx_batch: Any, rule: Rule) -> tuple[bool, str]:
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    expectation = ExpectationConfiguration(type=rule.type, kwargs=dict(rule.kwargs)).to_domain_obj()
    result = gx_batch.validate(expectation, result_format="BASIC")
    for info in _exceptions(result.exception_info or {}):
        if info.get("raised_exception"):
            raise RuleNotJudgedError(rule.name, rule.type, known_in(str(info.get("exception_message")), rule.columns))
    return bool(result.success), str(result.result.get("observed_value", ""))


def _exceptions(info: dict[str, Any]) -> list[dict[str, Any]]:
    items = [info] if "raised_exception" in info else info.values()
    return [item for item in items if isinstance(item, dict)]
