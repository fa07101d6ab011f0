"""Expectation suites as frozen objects, read from Great Expectations' own JSON without importing it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from lakehouse.contracts.allowed import Allowed
from lakehouse.contracts.suite_checks import argument_errors
from lakehouse.contracts.suite_errors import (
    DuplicateRuleError,
    MissingFieldError,
    RowsNotNamedError,
    SeverityMismatchError,
    SuiteNameError,
    SuiteNotFoundError,
    SuiteUnreadableError,
    UnknownColumnError,
    UnknownFieldError,
    UnknownValueError,
    Where,
)
from lakehouse.contracts.suite_types import KNOWN_KWARGS, UNEXPECTED_ROWS, is_row_level, known_types
from lakehouse.errors import LakehouseError, gathering, raise_first

RULE_NAME = re.compile(r"[a-z][a-z0-9_]*")
FIELDS = ("type", "kwargs", "meta", "severity", "id", "description", "notes")
"""What an expectation may hold; Great Expectations passes over any other word."""
_ROWS_WHERE = re.compile(r"\s*SELECT\s+\*\s+FROM\s+\{batch\}\s+WHERE\s+(?P<where>.+?)\s*;?\s*", re.I | re.S)


class OnFailure(StrEnum):
    """What a failure of a rule leads to: the row is quarantined, the batch is stopped, or a warning is given."""

    QUARANTINE = "quarantine"
    FAIL = "fail"
    WARN = "warn"

    @property
    def severity(self) -> str:
        """Great Expectations' name for it."""
        return {"quarantine": "warning", "fail": "critical", "warn": "info"}[self.value]


@dataclass(frozen=True)
class Rule:
    """One expectation of a suite or a contract with its name and the sentence that people read.

    key: of a rule that values are unique, the columns that say which rows are versions of one row.
    allowed: how many rows may break it, where a contract says so.
    """

    name: str
    sentence: str
    on_failure: OnFailure
    type: str
    kwargs: Mapping[str, Any] = field(hash=False)
    severity: str
    key: tuple[str, ...] = ()
    allowed: Allowed | None = None

    @property
    def is_row_level(self) -> bool:
        """True when the rule passes or fails row by row, false when it is about the whole batch."""
        return is_row_level(self.type) and (self.type != UNEXPECTED_ROWS or self.rows_condition is not None)

    @property
    def rows_condition(self) -> str | None:
        """The SQL condition of the failing rows, if the rule is `SELECT * FROM {batch} WHERE condition`."""
        found = _ROWS_WHERE.fullmatch(str(self.kwargs.get("unexpected_rows_query", "")))
        return found["where"].replace("{{", "{").replace("}}", "}") if found else None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the rule reads, struct fields with a dot."""
        named = [self.kwargs.get(key) for key in ("column", "column_A", "column_B")]
        listed = [*self.kwargs.get("column_list", ()), *self.kwargs.get("column_set", ())]
        return tuple(str(c) for c in (*named, *listed) if c) + _columns_of_sql(self.rows_condition)

    @property
    def mostly(self) -> float:
        """The share of rows that must pass for the rule to pass; 1 unless the expectation says otherwise."""
        return float(self.kwargs.get("mostly", 1))


@dataclass(frozen=True)
class Suite:
    """All rules of one dataset, in the order of the file."""

    dataset: str
    expectations: tuple[Rule, ...]

    @property
    def row_rules(self) -> tuple[Rule, ...]:
        """The rules that pass or fail row by row."""
        return tuple(rule for rule in self.expectations if rule.is_row_level)

    @property
    def quarantine_rules(self) -> tuple[Rule, ...]:
        """The rules whose failing rows are quarantined."""
        return tuple(rule for rule in self.expectations if rule.on_failure is OnFailure.QUARANTINE)


def load_suite(project: Path, dataset: str, columns: Mapping[str, str]) -> Suite:
    """Read and check the suite of a dataset.

    project: Great Expectations' project folder. columns: those of the contract with their types, fields as `device.os`.
    Raises a SuiteError that names file, expectation and the nearest known word, with the others that are wrong.
    """
    folder = project / "expectations"
    path = folder / f"{dataset}.json"
    if not path.is_file():
        raise SuiteNotFoundError(path, dataset, (file.stem for file in folder.glob("*.json")))
    content = _read(path)
    if content.get("name") != dataset:
        raise SuiteNameError(path, str(content.get("name")), dataset)
    rules: dict[str, Rule] = {}
    positions: dict[str, int] = {}
    errors: list[LakehouseError] = []
    for position, expectation in enumerate(content["expectations"], start=1):
        with gathering(errors):
            rule = _rule(Where(path, position), expectation)
            where = Where(path, position, rule.name)
            if rule.name in positions:
                raise DuplicateRuleError(where, positions[rule.name])
            rules[rule.name], positions[rule.name] = rule, position
            _check_rule(where, rule, columns)
    raise_first(errors, ())
    return Suite(dataset, tuple(rules.values()))


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_each_once)
    except json.JSONDecodeError as error:
        raise SuiteUnreadableError(path, f"{error.msg}, in column {error.colno}", error.lineno) from None
    except ValueError as error:
        raise SuiteUnreadableError(path, str(error)) from None
    expectations = content.get("expectations") if isinstance(content, dict) else None
    if not isinstance(expectations, list) or not all(isinstance(item, dict) for item in expectations):
        raise SuiteUnreadableError(path, "it holds no list 'expectations' of objects")
    if not expectations:
        raise SuiteUnreadableError(path, "its list 'expectations' is empty, so that every batch would pass")
    return dict(content)


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON, which itself takes the last of two values with one key, in silence."""
    names = [name for name, _ in pairs]
    if doubled := next((name for name in names if names.count(name) > 1), None):
        raise ValueError(f"an object has the key '{doubled}' twice; remove one")
    return dict(pairs)


def _rule(where: Where, expectation: Mapping[str, Any]) -> Rule:
    for name in expectation:
        if name not in FIELDS:
            raise UnknownFieldError(where, name, FIELDS)
    meta = expectation.get("meta") or {}
    for name in ("rule", "sentence", "on_failure"):
        if not isinstance(meta.get(name), str) or not meta[name].strip():
            raise MissingFieldError(where, f"meta.{name}")
    where = Where(where.file, where.position, meta["rule"])
    if not RULE_NAME.fullmatch(meta["rule"]):
        wanted = "a name in snake_case such as quantity_at_least_1"
        raise UnknownValueError(where, "meta.rule", meta["rule"], (), wanted)
    if meta["on_failure"] not in list(OnFailure):
        raise UnknownValueError(where, "meta.on_failure", meta["on_failure"], list(OnFailure))
    on_failure = OnFailure(meta["on_failure"])
    severity = expectation.get("severity")
    if severity != on_failure.severity:
        raise SeverityMismatchError(where, str(on_failure), severity, on_failure.severity)
    return Rule(
        name=meta["rule"],
        sentence=meta["sentence"],
        on_failure=on_failure,
        type=str(expectation.get("type")),
        kwargs=dict(expectation.get("kwargs") or {}),
        severity=severity,
    )


def _check_rule(where: Where, rule: Rule, columns: Mapping[str, str]) -> None:
    if rule.type not in known_types():
        raise UnknownValueError(where, "type", rule.type, known_types())
    for key in rule.kwargs:
        if rule.type in KNOWN_KWARGS and key not in KNOWN_KWARGS[rule.type]:
            raise UnknownValueError(where, "kwargs", key, KNOWN_KWARGS[rule.type])
    if rule.on_failure is OnFailure.QUARANTINE and not rule.is_row_level:
        raise RowsNotNamedError(where, rule.type)
    for column in rule.columns:
        if column not in columns:
            raise UnknownColumnError(where, column, columns)
    raise_first(argument_errors(where, rule.type, rule.kwargs, columns), ())


def _columns_of_sql(condition: str | None) -> tuple[str, ...]:
    if condition is None:
        return ()
    # Imported late: only suites with such an expectation pay for the parser.
    import sqlglot
    from sqlglot import errors, expressions

    try:
        parsed = sqlglot.parse_one(condition, read="spark")
    except errors.ParseError:
        return ()  # Spark itself reports what it cannot parse, when the rule is compiled
    found = (".".join(part.name for part in column.parts) for column in parsed.find_all(expressions.Column, bfs=False))
    return tuple(dict.fromkeys(found))
