"""What `check --deep` passes, runs: random contracts take two deliveries to silver, publish and parse as DAGs.

CONTRACTS=200 tries so many of each instead of 20.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from lakehouse.cli.check import problems, readable_suites
from lakehouse.contracts.project import Project
from lakehouse.cycle.dry_run import planned_tables, refused_plans
from lakehouse.cycle.dry_run_dags import refused_dags
from lakehouse.cycle.dry_run_models import Planned, refused_models
from lakehouse.ingest.ingest import ingest_domain
from lakehouse.lake.delta_log import read_rows
from lakehouse.lake.paths import Lake
from lakehouse.publish.publish import publish_domain
from lakehouse.publish.publish_views import views_in_query
from lakehouse.publish.query import run_query
from lakehouse.runtime.context import Context
from lakehouse.transform.transform import merge_domain
from lakehouse.validate.validate import validate_domain
from tests.contracts.generated import Contract, contracts, faulty
from tests.contracts.generated_words import FORMATS
from tests.cycle.contract_deliveries import FIRST, SECOND, delivered, property_of, rows_in_silver
from tests.cycle.written_files import Row
from tests.helpers.small_project import rule, with_docs, write_project

pytestmark = pytest.mark.contracts

NUMBER = int(os.environ.get("CONTRACTS", "20"))
ROOT = Path(__file__).parents[2]
PRESENT = rule("expect_column_values_to_not_be_null", column="k1")
MANY = settings(
    max_examples=NUMBER, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck), database=None
)
ROWS = "unexpected_rows_expectation"
UNFIT = {
    "an unknown function": rule(ROWS, "warn", unexpected_rows_query="SELECT * FROM {batch} WHERE nosuch(k1)"),
    "a number of texts": rule(ROWS, "warn", unexpected_rows_query="SELECT * FROM {batch} WHERE 'a' || k1 > 5"),
    "a division": rule(ROWS, "warn", unexpected_rows_query="SELECT * FROM {batch} WHERE 1 / (length('') * 1) > 1"),
    "a pattern of Python": rule("expect_column_values_to_match_regex", column="k1", regex="^{x}$"),
    "no boolean": rule(ROWS, "warn", unexpected_rows_query="SELECT * FROM {batch} WHERE concat('a', k1)"),
}


def project_of(folder: Path, contract: Contract, suite: list[dict[str, object]]) -> Project:
    """A project of one contract; its dataset is called items."""
    project = write_project(folder, yaml.safe_dump(contract, sort_keys=False), suite)
    file = project.suites / "expectations/visits.json"
    file.with_name("items.json").write_text(file.read_text().replace('"visits"', '"items"'))
    file.unlink()
    return with_docs(project)


def deep(project: Project, spark: SparkSession) -> list[str]:
    """What check --deep finds."""
    if quick := problems(project):
        return quick
    suites, _ = readable_suites(project, project.contracts)
    return list(refused_plans(project, spark, suites))


@MANY
@given(contracts())
def test_what_passes_runs(spark: SparkSession, contract: Contract) -> None:
    with tempfile.TemporaryDirectory() as folder:
        project = project_of(Path(folder), contract, [PRESENT])
        assert deep(project, spark) == []
        context = Context(project, Lake.at(f"{folder}/lake"), lambda: spark)
        (shop,) = project.contracts
        raw = Path(context.lake.landing("shop"))
        raw.mkdir(parents=True)
        for version, keys in enumerate((FIRST, SECOND)):
            (raw / f"items_{version}").write_bytes(delivered(contract, keys, version))
            (ingested,) = ingest_domain(context, shop)
            assert (ingested.rows_readable, ingested.rows_unreadable) == (len(keys), 0)
            (result,) = validate_domain(context, shop)
            assert (result.status, result.rows_passed) == ("passed", len(keys)), result.reason
            (merged,) = merge_domain(context, shop)
            assert merged.rows == len(keys)
        found = read_rows(context.lake.silver("items"))
        assert len(found) == len(rows_in_silver(contract))
        assert _in_order(found, contract) == _in_order(rows_in_silver(contract), contract)
        assert publish_domain(context, shop) == ["silver.items"], "quarantine has no row"
        for elements in shop.datasets[0].elements:
            shown = _count(context, f"select count(*), count({elements.position}) from {elements.name}")
            assert {*shown} == {sum(len(row[elements.path] or []) for row in found if not _is_deleted(row))}
        for step in (ingest_domain, validate_domain, merge_domain):
            assert step(context, shop) == [], "nothing is left to do"


def _count(context: Context, sql: str) -> tuple[int, ...]:
    views = views_in_query(context.project, context.lake, sql)
    return run_query(context.lake, context.contracts, sql, views, dialect="athena").rows[0]


def _is_deleted(row: Row) -> bool:
    return bool(row.get("gone") or row.get("is_deleted"))


def _in_order(rows: Iterable[Row], contract: Contract) -> list[Row]:
    """Delivered columns by key and version; of a change log no source says more of a deleted row than its key."""
    names = [column["name"] for column in contract["schema"][0]["properties"]]
    kept = [{name: row[name] for name in names} for row in rows if row.get("op") != "D"]
    return sorted(kept, key=lambda row: (row["k1"], row["seq"]))


@MANY
@given(contracts(), st.sampled_from(sorted(UNFIT)))
def test_a_rule_that_does_not_fit_is_named(spark: SparkSession, contract: Contract, name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        unfit = {**UNFIT[name], "meta": {**UNFIT[name]["meta"], "rule": "unfit"}}
        project = project_of(Path(folder), contract, [PRESENT, unfit])
        lines = deep(project, spark)
    file = f"{project.suites}/expectations/items.json:"
    if name == "a pattern of Python" and contract["schema"][0]["properties"][0]["physicalType"] != "string":
        return  # Spark casts the value to text for it
    (line,) = lines
    assert line.startswith(file), line
    assert ": expectation 2 (unfit): " in line, line


@MANY
@given(faulty())
def test_a_planted_fault_is_named_by_its_field(spark: SparkSession, fault: tuple[str, str, Contract]) -> None:
    name, field, contract = fault
    with tempfile.TemporaryDirectory() as folder:
        lines = deep(project_of(Path(folder), contract, [PRESENT]), spark)
        assert lines, name
        for line in lines:
            file, _, place, _ = line.split(":", 3)
            assert file == f"{folder}/contracts/shop.yaml", line
            assert place.strip().endswith(field) or f"{field}[" in place, f"{name}: {line}"
        assert not Path(folder, "lake").exists()


def test_every_model_that_cannot_be_built_is_named_by_its_file(spark: SparkSession, lake: Lake, tmp_path: Path) -> None:
    for folder in ("contracts", "great_expectations", "dbt"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("target", "logs"))
    project = Project(tmp_path)
    staging = project.dbt / "models/staging"
    for name, (before, after) in {
        "crm/stg_crm_leads.sql": ("        source,", "        sauce,"),
        "products/stg_products.sql": ("        category,", "        nosuch(category) as category,"),
    }.items():
        text = (staging / name).read_text(encoding="utf-8")
        (staging / name).write_text(text.replace(before, after, 1), encoding="utf-8")
    planned = []
    for dataset in project.contracts.datasets:
        _, quarantine, silver = planned_tables(spark, dataset)
        planned.append(Planned(dataset, quarantine.schema, silver.schema))
    refused = refused_models(Context(project, lake, lambda: spark), planned)
    lines = [line.replace(f"{tmp_path}/", "") for line in refused]
    assert sorted(line.split(": ")[0] for line in lines) == [
        "dbt/models/staging/crm/stg_crm_leads.sql",
        "dbt/models/staging/products/stg_products.sql",
    ]


def test_all_of_them_parse_as_dags(tmp_path: Path) -> None:
    project = project_of(tmp_path, {}, [])
    drawn: list[Contract] = []

    @MANY
    @given(contracts())
    def draw(contract: Contract) -> None:
        drawn.append(contract)

    draw()
    (project.root / "contracts/shop.yaml").unlink()
    for number, contract in enumerate(drawn):
        named = {**contract, "id": f"d{number}", "domain": f"d{number}"}
        named["schema"] = [{**contract["schema"][0], "name": f"items_{number}"}]
        for item in named["schema"][0]["customProperties"]:
            item["value"] = f"items_{number}_*" if item["property"] == "filePattern" else item["value"]
        (project.root / f"contracts/d{number}.yaml").write_text(yaml.safe_dump(named, sort_keys=False))
    (project.root / "dags").symlink_to(ROOT / "dags")
    assert len(project.contracts.domains) == len(drawn) == NUMBER
    assert list(refused_dags(project, str(tmp_path / "home"))) == []
    # Twenty draws of six formats need not have each of them.
    assert len({property_of(contract, "fileFormat") for contract in drawn} & {*FORMATS}) > 2
