"""Checks the project's facts before anything runs: contracts, suites, views."""

from __future__ import annotations

import importlib.resources
import json

import yaml

from lakehouse.cli.check_models import contradictions
from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.marts import declared_by_model, model_file, models
from lakehouse.contracts.project import Project
from lakehouse.contracts.reader import read_contracts
from lakehouse.contracts.rules import dataset_suite
from lakehouse.errors import LakehouseError, nearest
from lakehouse.publish.descriptions import queryable_tables
from lakehouse.publish.view_check import check_views
from lakehouse.publish.views import read_views


def problems(project: Project) -> list[str]:
    """Every problem found, a line each; empty when all is right."""
    contracts, errors = read_contracts(project.root / "contracts")
    found = [str(part) for error in errors for part in (error, *error.others)]
    if not found:
        # What follows from a contract that cannot be read would be reported as if it were wrong too.
        found = [*_odcs(project), *_lost_suites(project, contracts), *_views(project)]
    return [*found, *_suites(project, contracts), *_marts(project)]


def _odcs(project: Project) -> list[str]:
    """Contracts against the JSON schema of the Open Data Contract Standard."""
    import jsonschema

    text = importlib.resources.files("open_data_contract_standard").joinpath("schema.json").read_text("utf-8")
    validator = jsonschema.Draft201909Validator(json.loads(text))
    found = []
    for file in sorted((project.root / "contracts").glob("*.y*ml")):
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        for error in validator.iter_errors(content):
            where = ".".join(str(part) for part in error.absolute_path) or "contract"
            found.append(f"{file}: {where}: {error.message[:200]} (Open Data Contract Standard)")
    return found


def _suites(project: Project, contracts: Contracts) -> list[str]:
    """Suites against their contracts, and the values that they let pass against those that dbt accepts."""
    found: list[str] = []
    suites = {}
    for dataset in contracts.datasets:
        try:
            suites[dataset.name] = dataset_suite(project.suites, dataset)
        except LakehouseError as error:
            found += [str(part) for part in (error, *error.others)]
    return [*found, *contradictions(project.dbt, suites)]


def _lost_suites(project: Project, contracts: Contracts) -> list[str]:
    names = {dataset.name for dataset in contracts.datasets}
    files = sorted((project.suites / "expectations").glob("*.json"))
    why = "which no contract describes."
    lost = [file for file in files if file.stem not in names]
    return [f"{file}: a suite for '{file.stem}', {why}{nearest(file.stem, names)}" for file in lost]


def _marts(project: Project) -> list[str]:
    """The layouts that models declare in their dbt config."""
    found = []
    for name, model in models(project.dbt).items():
        file = model_file(project.dbt, name)
        if file is None:
            continue
        try:
            declared_by_model(file, (*model.comments, "month"))
        except LakehouseError as error:
            found.append(str(error))
    return found


def _views(project: Project) -> list[str]:
    try:
        views = read_views(project.dbt / "athena_views")
    except LakehouseError as error:
        return [str(error)]
    return [str(fault) for fault in check_views(views, queryable_tables(project))]
