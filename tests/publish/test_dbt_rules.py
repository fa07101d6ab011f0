"""The rules of dbt-project-evaluator that hold here: each is tried on our models, and finds a planted fault."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from lakehouse.contracts.dbt_files import refs_in, sources_in
from lakehouse.contracts.project import Project

_COMMENT = re.compile(r"\{#.*?#\}|--[^\n]*", re.DOTALL)
_HARD_CODED = re.compile(r"\b(?:from|join)\s+(?:silver|staging|marts)\s*\.", re.IGNORECASE)


def sql_of(dbt: Path) -> dict[str, str]:
    """The SQL of each model, as folder/name, without comments."""
    files = sorted((dbt / "models").rglob("*.sql"))
    return {
        f"{file.relative_to(dbt / 'models').parts[0]}/{file.stem}": _COMMENT.sub("", file.read_text()) for file in files
    }


def described(dbt: Path, kind: str) -> dict[str, Mapping[str, Any]]:
    """What the YAML files say of each model, unit test or source."""
    files = (yaml.safe_load(file.read_text()) or {} for file in sorted((dbt / "models").rglob("*.yml")))
    return {item["name"]: item for content in files for item in content.get(kind) or ()}


def names_that_do_not_say_their_layer(dbt: Path) -> Iterator[str]:
    for name in sql_of(dbt):
        layer, _, model = name.partition("/")
        if not model.startswith({"staging": "stg_", "marts": ("fct_", "dim_")}.get(layer, "?")):
            yield name


def marts_that_read_a_source(dbt: Path) -> Iterator[str]:
    yield from (name for name, sql in sql_of(dbt).items() if name.startswith("marts/") and sources_in(sql))


def staging_views_of_several_or_no_sources(dbt: Path) -> Iterator[str]:
    for name, sql in sql_of(dbt).items():
        if name.startswith("staging/") and (len(sources_in(sql)) != 1 or refs_in(sql)):
            yield name


def sources_that_not_one_view_reads(dbt: Path) -> Iterator[str]:
    read = [source for sql in sql_of(dbt).values() for source in sources_in(sql)]
    for name, source in described(dbt, "sources").items():
        yield from (t["name"] for t in source["tables"] if read.count((name, t["name"])) != 1)


def models_without_parents(dbt: Path) -> Iterator[str]:
    yield from (name for name, sql in sql_of(dbt).items() if not refs_in(sql) and not sources_in(sql))


def tables_that_are_named_and_not_referred_to(dbt: Path) -> Iterator[str]:
    yield from (name for name, sql in sql_of(dbt).items() if _HARD_CODED.search(sql))


def models_without_a_test_of_their_grain(dbt: Path) -> Iterator[str]:
    for name, model in described(dbt, "models").items():
        if not any("one_row_per" in test for test in model.get("data_tests") or ()):
            yield name


def models_without_a_unit_test(dbt: Path) -> Iterator[str]:
    tested = {test["model"] for test in described(dbt, "unit_tests").values()}
    yield from (name for name in described(dbt, "models") if name not in tested)


def what_has_no_description(dbt: Path) -> Iterator[str]:
    models = described(dbt, "models")
    yield from (name for name in sql_of(dbt) if name.partition("/")[2] not in models)
    for name, model in models.items():
        parts = {name: model, **{f"{name}.{column['name']}": column for column in model.get("columns") or ()}}
        yield from (part for part, words in parts.items() if not words.get("description"))
    for source in described(dbt, "sources").values():
        yield from (part["name"] for part in (source, *source["tables"]) if not part.get("description"))


RULES: list[Callable[[Path], Iterator[str]]] = [
    names_that_do_not_say_their_layer, marts_that_read_a_source, staging_views_of_several_or_no_sources,
    sources_that_not_one_view_reads, models_without_parents, tables_that_are_named_and_not_referred_to,
    models_without_a_test_of_their_grain, models_without_a_unit_test, what_has_no_description,
]  # fmt: skip


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_project_keeps_the_rule(rule: Callable[[Path], Iterator[str]], project: Project) -> None:
    assert sql_of(project.dbt).keys() > {"staging/stg_erp_orders", "marts/fct_customer_value"}
    assert list(rule(project.dbt)) == []


def test_a_model_that_breaks_them_is_found_by_each(project: Project, tmp_path: Path) -> None:
    shutil.copytree(project.dbt / "models", tmp_path / "models")
    (tmp_path / "models/marts/sales.sql").write_text(
        "select * from silver.erp_orders, {{ source('silver_erp', 'erp_orders') }}"
    )
    (tmp_path / "models/marts/one.yml").write_text("models: [{name: sales, columns: [{name: dt}]}]")
    (tmp_path / "models/staging/erp/stg_all.sql").write_text("select 1 as one")
    found = {rule.__name__: list(rule(tmp_path)) for rule in RULES}
    assert [name for name, faults in found.items() if not faults] == []
