"""Checks the project's facts before anything runs: contracts, suites, models, views."""

from __future__ import annotations

import importlib.resources
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from lakehouse.cli.check_dbt import described_twice, unreadable_dbt
from lakehouse.cli.check_marts import model_problems
from lakehouse.cli.check_models import contradictions
from lakehouse.cli.check_money import mixed_marts, mixed_views
from lakehouse.cli.check_reach import reach_problems
from lakehouse.cli.check_rebuild import rebuild_problems
from lakehouse.cli.model_columns import known_columns
from lakehouse.cli.model_jinja import ProjectJinja
from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.dbt_files import mart_problems, read_marts, read_models
from lakehouse.contracts.dbt_lists import unknown_lists
from lakehouse.contracts.keep_marts import refused_for_marts
from lakehouse.contracts.mart_graph import whole_marts
from lakehouse.contracts.marts import WHOLE, MartLayoutError, declared_by_model, model_file, models
from lakehouse.contracts.project import Project
from lakehouse.contracts.reader import read_contracts
from lakehouse.contracts.rules import dataset_suite
from lakehouse.contracts.suite import Suite
from lakehouse.contracts.warnings import logical_types
from lakehouse.contracts.yaml_places import ContractError, Place, read_yaml
from lakehouse.errors import LakehouseError, nearest
from lakehouse.publish.descriptions import queryable_tables
from lakehouse.publish.element_views import project_views
from lakehouse.publish.view_check import check_views, in_file
from lakehouse.publish.views import View, ViewError

_OPTIONS = "logicalTypeOptions"


def problems(project: Project) -> list[str]:
    """Every problem found, a line each, those of one file together; empty when all is right."""
    contracts, errors = read_contracts(project.root / "contracts")
    every = [part for error in errors for part in (error, *error.others)]
    refused = {part.file for part in every if isinstance(part, ContractError)}
    found = [str(part) for part in every] + list(_odcs(project, refused))
    suites, of_suites = readable_suites(project, contracts)
    found += of_suites
    models_fault = unreadable_dbt(project.dbt)
    found += models_fault or [*contradictions(project.dbt, suites), *_marts(project), *mart_problems(project.dbt)]
    if not every:
        # What follows from a contract that cannot be read would be reported as if it were wrong too.
        found += _lost_suites(project, contracts)
        found += [] if models_fault else models_lines(project, contracts)
        views, of_views = ((), []) if models_fault else _views(project)
        found += [] if models_fault else [*unknown_lists(project.dbt, contracts), *of_views]
        found += [] if found else _mixed(project, contracts, views)
    return found


def readable_suites(project: Project, contracts: Contracts) -> tuple[dict[str, Suite], list[str]]:
    """The suites by their dataset with the contract's rules, and what is wrong with the others."""
    found: list[str] = []
    suites = {}
    for dataset in contracts.datasets:
        try:
            suites[dataset.name] = dataset_suite(project.suites, dataset)
        except LakehouseError as error:
            found += [str(part) for part in (error, *error.others)]
    return suites, found


def _odcs(project: Project, refused: Iterable[str]) -> Iterator[str]:
    """Contracts that can be read against the JSON schema of the Open Data Contract Standard."""
    import jsonschema

    text = importlib.resources.files("open_data_contract_standard").joinpath("schema.json").read_text("utf-8")
    schema = json.loads(text)
    words = sorted({word for part in (schema, *schema["$defs"].values()) for word in part.get("properties", ())})
    validator = jsonschema.Draft201909Validator(schema)
    for file in sorted((project.root / "contracts").glob("*.y*ml")):
        if str(file) in refused:
            continue
        root = read_yaml(file)
        found = (_odcs_line(root, error, words) for error in validator.iter_errors(root.value))
        yield from dict.fromkeys(found)  # a word that is not known is not known to several parts of the schema


def _odcs_line(root: Place, error: Any, words: Iterable[str]) -> str:
    """The line about an error of the schema, with the nearest word where a key is not known."""
    if said := _without_logical_type(root, list(error.absolute_path)):
        return said
    place = root.at(error.absolute_path).named(".".join(str(part) for part in error.absolute_path))
    unknown = re.findall(r"'(\w+)'", error.message) if "nevaluated" in error.message else []
    hint = nearest(unknown[0], words) if unknown else ""
    return str(place.error(f"{error.message[:200]} (Open Data Contract Standard).{hint if 'mean' in hint else ''}"))


def _without_logical_type(root: Place, path: list[str | int]) -> str | None:
    """The line where the schema tells nothing of a column's options because it does not know its logical type."""
    if _OPTIONS not in path:
        return None
    column = path[: path.index(_OPTIONS)]
    place = root.at(column).named(".".join(map(str, column)))
    if place.find("logicalType") is not None or not isinstance(place.value.get("physicalType"), str):
        return None
    wanted = logical_types(place.value["physicalType"])
    said = f"{_OPTIONS} needs a logicalType beside it; add logicalType: {' or '.join(wanted)}."
    return str(place.need(_OPTIONS).error(said)) if wanted else None


def _lost_suites(project: Project, contracts: Contracts) -> list[str]:
    names = {dataset.name for dataset in contracts.datasets}
    files = sorted((project.suites / "expectations").glob("*.json"))
    why = "which no contract describes."
    lost = [file for file in files if file.stem not in names]
    return [f"{file}:1: a suite for '{file.stem}', {why}{nearest(file.stem, names)}" for file in lost]


def _marts(project: Project) -> list[str]:
    """The layouts that models declare in their dbt config."""
    found = []
    for name, model in models(project.dbt).items():
        file = model_file(project.dbt, name)
        if file is None:
            continue
        try:
            declared_by_model(file, (*model.comments, "month"))
        except MartLayoutError as error:
            found += [] if error.setting == WHOLE else [str(error)]  # mart_problems says it of every model
    return found


def models_lines(project: Project, contracts: Contracts) -> Iterator[str]:
    """What models and their YAML say of tables and columns."""
    models = read_models(project.dbt)
    jinja = ProjectJinja(project.dbt, models)
    columns = known_columns(jinja, contracts)
    marts = whole_marts(models)[0]
    yield from described_twice(project.dbt)
    yield from model_problems(project, contracts, models, marts, columns)
    yield from rebuild_problems(jinja, contracts, marts, columns)
    yield from reach_problems(jinja, marts, contracts, columns)


def _mixed(project: Project, contracts: Contracts, views: tuple[View, ...]) -> list[str]:
    """What needs all of them, once everything else can be read: rows that marts lose, amounts that nobody may add."""
    lines, tables = mixed_marts(project, contracts)
    lines += [str(error) for error in refused_for_marts(contracts.datasets, read_marts(project.dbt))]
    return [*lines, *mixed_views(views, tables)]


def _views(project: Project) -> tuple[tuple[View, ...], list[str]]:
    """The views, and what is wrong with them."""
    try:
        views = tuple(project_views(project))
    except ViewError as error:
        return (), [in_file(error)]
    return views, [in_file(fault) for fault in check_views(views, queryable_tables(project))]
