"""Holds dbt's accepted values against the suites': a row that passes the one must not fail the other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lakehouse.contracts.rule_words import IN_SET
from lakehouse.contracts.suite import OnFailure, Suite
from lakehouse.contracts.yaml_places import Place, read_yaml

_SOURCE = re.compile(r"source\(\s*['\"]\w+['\"]\s*,\s*['\"](\w+)['\"]\s*\)")


def contradictions(dbt: Path, suites: Mapping[str, Suite]) -> Iterator[str]:
    """A line for each accepted_values of a model that lacks values which the suite of its one source lets pass."""
    for file in sorted((dbt / "models").rglob("*.y*ml")):
        root = read_yaml(file)
        for model in _listed(root, "models"):
            suite = suites.get(_source_of(file, str(model.value.get("name"))) or "")
            if suite is not None:
                for column in _listed(model, "columns"):
                    yield from _of_column(f"{file}:{column.line}", column.value, suite)


def _listed(place: Place, name: str) -> list[Place]:
    """The items of a list of mappings; none where the file has no such list."""
    found = place.find(name)
    return [] if found is None or not found.value else [item for item in found.items() if item.is_mapping]


def _source_of(file: Path, model: str) -> str | None:
    """The dataset that a model reads; None where it reads none or several."""
    sql = file.with_name(f"{model}.sql")
    found = set(_SOURCE.findall(sql.read_text(encoding="utf-8"))) if sql.is_file() else set()
    return found.pop() if len(found) == 1 else None


def _of_column(where: str, column: Mapping[str, Any], suite: Suite) -> Iterator[str]:
    passing = _passing(suite, str(column.get("name")))
    for test in (*(column.get("data_tests") or ()), *(column.get("tests") or ())):
        words = test.get("accepted_values") if isinstance(test, dict) else None
        if not words:
            continue
        accepted = {str(value) for value in (words.get("arguments") or words).get("values") or ()}
        if lacking := [value for value in passing if value not in accepted]:
            yield (
                f"{where}: accepted_values of {column['name']} lacks {', '.join(lacking)}, which the suite of "
                f"{suite.dataset} lets pass, so that such a row stops every build; name the same values in both."
            )


def _passing(suite: Suite, column: str) -> list[str]:
    """The values of a column that reach silver, as far as rules name them."""
    rules = [rule for rule in suite.expectations if rule.type == IN_SET and rule.columns == (column,)]
    firm = [rule for rule in rules if rule.on_failure is not OnFailure.WARN and not rule.allowed]
    named = [{str(value) for value in rule.kwargs.get("value_set") or ()} for rule in firm]
    return sorted(set.intersection(*named)) if named else []
