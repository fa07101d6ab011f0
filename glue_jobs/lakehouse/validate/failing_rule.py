"""Finds the rule that an engine cannot evaluate: in one aggregation over all rules, Spark does not say which."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from pyspark.sql import DataFrame

from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.project import Project
from lakehouse.contracts.suite import Rule, Suite
from lakehouse.errors import LakehouseError
from lakehouse.privacy import without_values
from lakehouse.runtime.machine import foreseen
from lakehouse.validate.conditions import RuleTypeError
from lakehouse.validate.evaluate import evaluate_batch
from lakehouse.validate.gx_expectations import RuleNotJudgedError


class RuleFailsError(LakehouseError):
    """A rule cannot be evaluated on a batch; names dataset, rule, its columns and the file that holds it."""

    def __init__(self, dataset: str, rule: Rule, file: Path, reason: str) -> None:
        self.dataset, self.rule, self.file, self.reason = dataset, rule.name, file, reason
        on = f" on {', '.join(rule.columns)}" if rule.columns else ""
        super().__init__(
            f"{dataset}: rule '{rule.name}' ({rule.type}{on}) of {file} cannot be evaluated: {reason}; correct the "
            "rule, or let it pass over such values (try_divide, try_cast). The batch waits for it."
        )


@contextlib.contextmanager
def naming_the_rule(project: Project, dataset: Dataset, batch: DataFrame, suite: Suite, own: Suite) -> Iterator[None]:
    """Raise RuleFailsError where a rule is why the work inside failed.

    suite: the rules of the batch; those that own, the suite as it stands in its file, lacks are the contract's.
    """
    try:
        yield
    except Exception as error:
        found = None if foreseen(error) else next(failing_rules(batch, suite), None)
        if found is None:
            raise
        rule, reason = found
        raise RuleFailsError(dataset.name, rule, _file_of(project, dataset, rule, own), reason) from None


def _file_of(project: Project, dataset: Dataset, rule: Rule, own: Suite) -> Path:
    if rule in own.expectations:
        return project.suites / "expectations" / f"{dataset.name}.json"
    return project.root / "contracts" / f"{dataset.domain}.yaml"


def failing_rules(batch: DataFrame, suite: Suite) -> Iterator[tuple[Rule, str]]:
    """The rules that cannot be evaluated by themselves, and why."""
    for rule in suite.expectations:
        try:
            evaluate_batch(batch, Suite(suite.dataset, (rule,)), 100, examples=False)
        except (RuleTypeError, RuleNotJudgedError) as error:
            yield rule, error.reason
        except Exception as error:  # whatever an engine raises, a person needs to know the rule
            yield rule, without_values(error, (*rule.columns, *batch.columns))
