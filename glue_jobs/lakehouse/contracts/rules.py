"""The suite of a dataset with what its contract promises beside it: expectations of their own, evaluated like all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lakehouse.contracts.choices import Ties
from lakehouse.contracts.columns import TIED
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.rule_words import BETWEEN, IN_SET, named_apart, quoted, rows_where, rule
from lakehouse.contracts.suite import OnFailure, Rule, Suite, load_suite


def with_contract_rules(suite: Suite, dataset: Dataset, delivered_at: datetime) -> Suite:
    """Add the contract's rules to a suite, without those that it has already.

    delivered_at: when the batch was recorded, so that a batch has the same result whenever it is validated.
    """
    promised = (
        *dataset.rules,
        *_not_after_delivery(dataset, delivered_at),
        *_one_content(dataset),
        *_operations(dataset),
    )
    return replace(suite, expectations=(*suite.expectations, *named_apart(promised, suite.expectations)))


def dataset_suite(suites: Path, dataset: Dataset) -> Suite:
    """The suite of a dataset with its contract's rules, as of now: for their names, columns and sentences."""
    return with_contract_rules(load_suite(suites, dataset.name, dataset.known_columns), dataset, datetime.now(UTC))


def _not_after_delivery(dataset: Dataset, delivered_at: datetime) -> Iterator[Rule]:
    """A later time locks its key until then, and moves what shows the newest days."""
    if dataset.not_after_delivery is None:
        return
    types = {column.name: column.type for column in dataset.columns}
    latest = delivered_at + dataset.not_after_delivery
    for name in dict.fromkeys(filter(None, (*dataset.sequence_by, dataset.date_column))):
        if types[name] in ("timestamp", "date"):
            limit = latest.isoformat() if types[name] == "timestamp" else latest.date().isoformat()
            sentence = f"{name} is at most {in_words(dataset.not_after_delivery)} after the delivery."
            kwargs = {"column": name, "max_value": limit}
            yield rule(f"{name}_not_after_delivery", sentence, OnFailure.QUARANTINE, BETWEEN, **kwargs)


def _one_content(dataset: Dataset) -> Iterator[Rule]:
    """With `ties: quarantine` nobody but a person says which of several contents is right.

    The rule names the sequence, so that a repair may change it.
    """
    if dataset.ties is Ties.QUARANTINE:
        names = dataset.sequence_by
        sentence = f"A key has one content per {' and '.join(names)}."
        condition = " AND ".join((quoted(TIED), *(f"{quoted(name)} IS NOT NULL" for name in names)))
        yield rows_where(f"one_content_per_{'_'.join(names)}", sentence, OnFailure.QUARANTINE, condition)


def _operations(dataset: Dataset) -> Iterator[Rule]:
    """A word that the contract does not have could mean anything, a delete too."""
    if dataset.operations is None:
        return
    name, words = dataset.operations.column, dataset.operations.words
    is_text = dataset.known_columns[name] == "string"
    kwargs = {"column": name, "value_set": [word if is_text else int(word) for word in words]}
    sentence = f"{name} is one of {', '.join(words)}."
    yield rule(f"{name}_is_an_operation", sentence, OnFailure.QUARANTINE, IN_SET, **kwargs)


def in_words(duration: timedelta) -> str:
    """A duration as people say it, in the largest unit that it is whole in."""
    minutes = int(duration.total_seconds()) // 60
    size, unit = next((size, unit) for size, unit in ((1440, "day"), (60, "hour"), (1, "minute")) if not minutes % size)
    number = minutes // size
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
