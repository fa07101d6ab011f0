"""Reads the `quality` of a contract: entries of the standard's library become rules, the others are named by check."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from lakehouse.contracts.allowed import OPERATORS, Allowed
from lakehouse.contracts.columns import Column
from lakehouse.contracts.rule_words import (
    COMPOUND_UNIQUE,
    IN_SET,
    NOT_NULL,
    ON_FAILURE,
    REGEX,
    ROW_COUNT,
    SEVERITIES,
    UNIQUE,
    in_name,
    literal,
    number_of,
    on_failure_of,
    quoted,
    regex_of,
    rows_where,
    rule,
)
from lakehouse.contracts.suite import RULE_NAME, OnFailure, Rule
from lakehouse.contracts.suite_checks import value_problem
from lakehouse.contracts.yaml_places import Place
from lakehouse.errors import nearest

OF_COLUMNS = {
    "nullValues": "null_values",
    "missingValues": "missing_values",
    "invalidValues": "invalid_values",
    "duplicateValues": "duplicate_values",
}
OF_TABLES = {"rowCount": "row_count", "duplicateValues": "duplicate_values"}
"""The metrics that are evaluated, with what ends the name of their rule."""
_ENDS = 2


def unique(name: str, columns: tuple[str, ...], key: tuple[str, ...], on_failure: OnFailure) -> Rule:
    """A rule that no two rows of a delivery have the same values, unless they are versions of one row."""
    sentence = f"No two rows of a delivery have the same {' and '.join(columns)}."
    if len(columns) == 1:
        return replace(rule(name, sentence, on_failure, UNIQUE, column=columns[0]), key=key)
    return replace(rule(name, sentence, on_failure, COMPOUND_UNIQUE, column_list=list(columns)), key=key)


def why_unused(entry: Place, metrics: dict[str, str]) -> str | None:
    """Why an entry of `quality` has no effect; None for one that becomes a rule."""
    kind = entry.find("type")
    type_ = "library" if kind is None else str(kind.value)
    if type_ != "library":
        return f"quality of type {type_} is not run here; write it as an expectation of the suite"
    metric = str(entry.need("metric").value)
    if metric not in metrics:
        return f"the metric {metric} is not measured here.{nearest(metric, metrics)}"
    unit = entry.find("unit")
    if unit is not None and unit.value not in ("rows", "percent"):
        return f"the unit {unit.value} is not known here; write rows or percent"
    if metric == "rowCount" and unit is not None and unit.value == "percent":
        return "a row count has no percentage; write rows"
    arguments = entry.find("arguments")
    given = {name for name, _ in arguments.entries()} if arguments else set()
    wanted = {"invalidValues": {"validValues", "pattern"}, "missingValues": {"missingValues"}}.get(metric, set())
    if wanted and not wanted & given:
        return f"{metric} needs arguments.{' or arguments.'.join(sorted(wanted))}"
    return None


def column_quality(
    node: Place, column: Column, name: str, key: tuple[str, ...], given: OnFailure | None
) -> Iterator[Rule]:
    """The rules of a column's quality entries; given: what a failure leads to where an entry does not say it."""
    for entry in _entries(node):
        if why_unused(entry, OF_COLUMNS) is None:
            metric = str(entry.need("metric").value)
            for found in _of_metric(metric, entry, column, name, key):
                yield _finished(found, entry, given)


def table_quality(dataset: Place, columns: Sequence[Column], key: tuple[str, ...]) -> Iterator[Rule]:
    """The rules of the quality entries of a whole dataset."""
    known = [column.name for column in columns]
    for entry in _entries(dataset):
        if why_unused(entry, OF_TABLES) is not None:
            continue
        if entry.need("metric").value == "rowCount":
            found = rule("row_count", "", OnFailure.FAIL, ROW_COUNT)
        else:
            names = entry.need("arguments").need("properties").items()
            for item in names:
                if item.value not in known:
                    raise item.error(f"unknown column '{item.value}'.{nearest(str(item.value), known)}")
            found = unique("duplicate_values", tuple(str(item.value) for item in names), key, OnFailure.QUARANTINE)
        yield _finished(found, entry, None)


def _entries(node: Place) -> list[Place]:
    quality = node.find("quality")
    return [item.named(f"{node.field}.quality") for item in quality.items()] if quality else []


def _of_metric(metric: str, entry: Place, column: Column, name: str, key: tuple[str, ...]) -> Iterator[Rule]:
    """What rows break a metric of a column, as rules that allow none."""
    own, keep = f"{in_name(name)}_{OF_COLUMNS[metric]}", OnFailure.QUARANTINE
    arguments = entry.find("arguments")
    if metric == "nullValues":
        yield rule(own, f"Every row has a value in {name}.", keep, NOT_NULL, column=name)
    elif metric == "duplicateValues":
        yield unique(own, (name,), key, keep)
    elif arguments is not None and metric == "missingValues":
        words = [str(item.value) for item in arguments.need("missingValues").items() if item.value is not None]
        listed = f" OR CAST({quoted(name)} AS STRING) IN ({', '.join(map(literal, words))})" if words else ""
        yield rows_where(own, f"Every row has a value in {name}.", keep, f"{quoted(name)} IS NULL{listed}")
    elif arguments is not None:
        if valid := arguments.find("validValues"):
            values = [_value_of(item, column) for item in valid.items("value") if item.value is not None]
            if not values:
                raise valid.error("holds no value but null, so that no row could pass; name at least one value.")
            sentence = f"{name} is one of {', '.join(map(str, values))}."
            yield rule(own, sentence, keep, IN_SET, column=name, value_set=values)
        if pattern := arguments.find("pattern"):
            sentence = f"{name} is written as {pattern.value}."
            yield rule(own, sentence, keep, REGEX, column=name, regex=regex_of(pattern))


def _value_of(item: Place, column: Column) -> str | int | float | bool:
    """A value as the column's type has it; raises ContractError for one that it cannot be compared with."""
    found = item.value.isoformat() if isinstance(item.value, date) else item.value
    if column.type == "string" and isinstance(found, int | float) and not isinstance(found, bool):
        found = item.text_as_written
    if wanted := value_problem(found, column.type.split("(")[0]):
        raise item.error(f"{found!r} is no value of a {column.type}; {wanted}.")
    return found if isinstance(found, str | int | float | bool) else str(found)


def _finished(found: Rule, entry: Place, given: OnFailure | None) -> Rule:
    """The rule as its entry wants it: how many rows may break it, its name and sentence, what a failure leads to."""
    allowed = _allowed(entry)
    counted = found.type == ROW_COUNT or not allowed.is_none
    on_failure = _on_failure(entry) or given or (OnFailure.FAIL if counted else found.on_failure)
    if counted and on_failure is OnFailure.QUARANTINE:
        raise entry.error("a number of rows names no row to quarantine; write fail or warn.", ON_FAILURE)
    sentence = f"A delivery has {allowed} rows." if found.type == ROW_COUNT else found.sentence
    if counted and found.type != ROW_COUNT:
        of = "rows" if not allowed.percent else "of the rows"
        sentence = f"{found.sentence.rstrip('.')}; {allowed} {of} may break that."
    name, description = entry.find("name"), entry.find("description")
    return replace(
        found,
        name=name.value if name and RULE_NAME.fullmatch(str(name.value)) else found.name,
        sentence=str(description.value).strip() if description and str(description.value).strip() else sentence,
        on_failure=on_failure,
        severity=on_failure.severity,
        allowed=allowed if counted else None,
    )


def _allowed(entry: Place) -> Allowed:
    for operator in OPERATORS:
        if value := entry.find(operator):
            limits = _range(value) if operator.endswith("Between") else ()
            unit = entry.find("unit")
            percent = unit is not None and unit.value == "percent"
            return Allowed(operator, limits or (number_of(value),), percent)
    raise entry.error(f"needs one of {', '.join(OPERATORS)}.")


def _range(value: Place) -> tuple[float, ...]:
    limits = tuple(number_of(item) for item in value.items())
    if len(limits) != _ENDS or limits[0] > limits[1]:
        raise value.error(f"must be two numbers, the smaller one first, found {value.value!r}.")
    return limits


def _on_failure(entry: Place) -> OnFailure | None:
    if found := on_failure_of(entry):
        return found
    severity = entry.find("severity")
    return SEVERITIES.get(str(severity.value)) if severity else None
