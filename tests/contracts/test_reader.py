"""Contracts become frozen facts; an error in one has file, line, field and the nearest known name."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lakehouse.cli.check import problems
from lakehouse.contracts.choices import MergeMode, MergeStrategy
from lakehouse.contracts.project import Project
from lakehouse.contracts.reader import load_contracts, read_contract
from lakehouse.contracts.rules import dataset_suite
from lakehouse.contracts.yaml_places import ContractError
from lakehouse.errors import UnknownNameError

ERP = "contracts/erp.yaml"
FACT = "dbt/models/marts/fct_daily_store_metrics.sql"


@pytest.fixture
def copy(project: Project, tmp_path: Path) -> Project:
    """A copy of the project's facts that a test may spoil."""
    for folder in ("contracts", "great_expectations", "dbt"):
        shutil.copytree(project.root / folder, tmp_path / folder, ignore=shutil.ignore_patterns("target", "logs"))
    return Project(tmp_path)


def spoil(copy: Project, before: str, after: str, file: str = ERP) -> Path:
    path = copy.root / file
    text = path.read_text(encoding="utf-8")
    assert before in text, before
    path.write_text(text.replace(before, after, 1), encoding="utf-8")
    return path


def test_the_four_domains_with_their_strategies(project: Project) -> None:
    datasets = project.contracts.datasets
    facts = {d.name: (d.domain, d.merge_strategy, d.key, d.sequence, d.partition_by) for d in datasets}
    assert (
        facts.items()
        >= {
            "crm_leads": ("crm", MergeStrategy.UPSERT, ("lead_id",), "updated_at", ("month",)),
            "erp_orders": ("erp", MergeStrategy.UPSERT, ("order_id", "line_number"), "updated_at", ("dt",)),
            "products": ("products", MergeStrategy.SCD2, ("product_id",), "updated_at", ()),
            "web_events": ("web", MergeStrategy.INSERT_ONLY, ("event_id",), "received_at", ("dt",)),
        }.items()
    )
    assert project.contracts.dataset("crm_leads").pii_columns == {"full_name", "email", "phone"}
    assert project.contracts.dataset("web_events").columns[-1].spark_type == "struct<type: string, os: string>"


def test_contracts_are_frozen(project: Project) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        project.contracts.dataset("products").merge_strategy = MergeStrategy.UPSERT  # type: ignore[misc]


def test_reading_contracts_needs_neither_spark_nor_aws() -> None:
    code = (
        "import sys; from lakehouse.contracts.project import find_project; find_project().contracts; "
        "print(sorted({'pyspark', 'boto3', 'botocore', 'awsglue', 'deltalake'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("before", "after", "line", "words"),
    [
        ("value: upsert", "value: upsrt", "mergeStrategy", "Did you mean 'upsert'?"),
        ("value: updated_at", "value: updatd_at", "sequenceBy", "Did you mean 'updated_at'?"),
        ("physicalType: decimal(12,2)", "physicalType: decmal(12,2)", "physicalType", "decimal(12,2)"),
        ("property: filePattern", "property: filePatern", "customProperties", "Did you mean 'filePattern'?"),
        ("value: [store_id, order_id]", "value: [dt, store_id]", "clusterBy", "partitionBy [dt] with clusterBy"),
        ("value: [dt]", "value: [dy]", "partitionBy", "Did you mean 'dt'?"),
        ("apiVersion: v3.1.0", "apiVersion: v2.2.2", "apiVersion", "v3.1.x"),
        ('schedule: "0 3 * * *"', 'schedule: "0 3 *"', "schedule", "five fields"),
        ('value: "06:00"', 'value: "6 am"', "value", "HH:MM"),
        ("value: [dt]", "value: [ordered_at]", "partitionBy", "take dt or month"),
        ("deleteFlag, value: is_deleted", "merge, value: copy_on_writ", "merge", "Did you mean 'copy_on_write'?"),
        ("deleteFlag, value: is_deleted", "partitionIsStable, value: never", "partitionIsStable", "true or false"),
        ("deleteFlag, value: is_deleted", "typeWidening, value: all", "typeWidening", "unknown value"),
        ("drift, value: rescue", "drift, value: ignor", "drift", "Did you mean 'ignore'?"),
        ("drift, value: rescue", "ties, value: quarantin", "ties", "Did you mean 'quarantine'?"),
        ("value: 20}", "value: 120}", "quarantineLimitPercent", "0 to 100"),
        ("value: [store_id, order_id]", "value: [store_id, is_deleted]", "clusterBy", "keeps no min/max statistics"),
        ("value: [store_id, order_id]", "value: [store_id, month]", "clusterBy", "cluster by dt"),
        ("value: [store_id, order_id]", "value: [store_id, store_id]", "clusterBy", "named twice"),
        ("deleteFlag, value: is_deleted", "targetFileSize, value: 128 M", "targetFileSize", "a size such as 128MB"),
        ("deleteFlag, value: is_deleted", "maxReadAmplification, value: 1", "maxReadAmplification", "from 1.01 to 10"),
        (
            "deleteFlag, value: is_deleted",
            "retentionDays, value: 3",
            "retentionDays",
            "allowShortRetention: true",
        ),
        ("deleteFlag, value: is_deleted", "retentionDays, value: 0", "retentionDays", "from 1 to 3650"),
        (
            "deleteFlag, value: is_deleted",
            "allowShortRetention, value: yes please",
            "allowShortRetention",
            "true or false",
        ),
        ("primaryKeyPosition: 2", "primaryKeyPosition: 1", "primaryKeyPosition", "number of its own"),
        ("domain: erp", "domian: erp", "domain", "is missing; add it. Found instead: 'domian'"),
        ("      - name: line_number", "      - name: order_id", "properties", "described twice"),
        ("kind: DataContract", "kind: [DataContract", "YAML", "fix the syntax"),
    ],
)
def test_a_mistake_has_file_line_field_and_what_to_do(
    copy: Project, before: str, after: str, line: str, words: str
) -> None:
    path = spoil(copy, before, after)
    with pytest.raises(ContractError) as caught:
        load_contracts(copy.root / "contracts")
    error = caught.value
    assert error.file == str(path)
    assert error.line > 0
    assert line in error.field or line in str(error)
    assert words in str(error)
    assert "\n" not in str(error)


def test_personal_data_has_no_statistics_to_cluster_by(copy: Project) -> None:
    spoil(copy, "value: [store_id, order_id]", "value: [store_id, status]")
    spoil(copy, "      - name: status\n", "      - name: status\n        classification: pii\n")
    with pytest.raises(ContractError, match="'status' is personal data, for which no statistics are kept"):
        load_contracts(copy.root / "contracts")


def test_a_layout_is_declared_whole(copy: Project) -> None:
    line = "      - {property: deleteFlag, value: is_deleted}\n"
    words = (
        "targetFileSize, value: 64MB", "maxReadAmplification, value: 1.3", "retentionDays, value: 2",
        "allowShortRetention, value: true",
    )  # fmt: skip
    path = spoil(copy, line, line + "".join(f"      - {{property: {word}}}\n" for word in words))
    (orders,) = read_contract(path).datasets
    assert (orders.layout.partition_by, orders.layout.cluster_by) == (("dt",), ("store_id", "order_id"))
    assert (orders.layout.cut_by, orders.layout.target_bytes) == (("store_id",), 64 << 20)
    assert orders.layout.max_read_amplification == 1.3
    assert orders.retention_days == 2
    assert orders.bounded_columns == ("order_id", "line_number", "store_id", "_batch_id")


def test_a_key_of_personal_data_has_no_statistics(copy: Project) -> None:
    spoil(copy, "      - name: order_id\n", "      - name: order_id\n        classification: Confidential\n")
    spoil(copy, "value: [store_id, order_id]", "value: [store_id]")
    orders = copy.contracts.dataset("erp_orders")
    assert orders.bounded_columns == ("line_number", "store_id", "_batch_id")
    assert orders.bounded_key == ("line_number",)


def test_personal_data_names_no_folder(copy: Project) -> None:
    spoil(copy, "value: [dt]", "value: [status]")
    spoil(copy, "      - name: status\n", "      - name: status\n        classification: pii\n")
    with pytest.raises(ContractError, match="'status' is personal data, which the names of folders would show"):
        load_contracts(copy.root / "contracts")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("merge, value: copy_on_write", (False, MergeMode.COPY_ON_WRITE, False)),
        ("partitionIsStable, value: false", (False, MergeMode.COPY_ON_WRITE, False)),
        ("partitionIsStable, value: true", (True, MergeMode.COPY_ON_WRITE, False)),
        ("merge, value: deletion_vectors", (False, MergeMode.DELETION_VECTORS, False)),
        ("typeWidening, value: rewrite", (False, MergeMode.COPY_ON_WRITE, True)),
    ],
)
def test_how_a_dataset_is_merged(copy: Project, words: str, expected: tuple[bool, MergeMode, bool]) -> None:
    line = "      - {property: deleteFlag, value: is_deleted}\n"
    path = spoil(copy, line, f"{line}      - {{property: {words}}}\n")
    (orders,) = read_contract(path).datasets
    assert (orders.partition_is_stable, orders.merge_mode, orders.widens_types) == expected


def test_the_line_is_that_of_the_mistake(copy: Project) -> None:
    path = spoil(copy, "value: upsert", "value: upsrt")
    with pytest.raises(ContractError) as caught:
        read_contract(path)
    assert "value: upsrt" in path.read_text(encoding="utf-8").splitlines()[caught.value.line - 1]


def test_two_contracts_of_one_domain_are_refused(copy: Project) -> None:
    shutil.copy(copy.root / ERP, copy.root / "contracts/erp2.yaml")
    with pytest.raises(ContractError, match="'erp' is described twice"):
        load_contracts(copy.root / "contracts")


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="holds no contract"):
        load_contracts(tmp_path)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "new.yaml").write_text("")
    with pytest.raises(ContractError, match="apiVersion"):
        load_contracts(tmp_path)


def test_an_unknown_name_gets_the_nearest(project: Project) -> None:
    with pytest.raises(UnknownNameError, match=r"There is no domain 'erq'\. Did you mean 'erp'\?"):
        project.contracts.of("erq")


def test_the_project_is_right(project: Project) -> None:
    assert problems(project) == []


@pytest.mark.parametrize(
    ("file", "before", "after", "words"),
    [
        (ERP, "kind: DataContract", "kind: DataContrct", "Open Data Contract Standard"),
        (
            ERP,
            "      - name: updated_at\n        logicalType: timestamp\n",
            "      - name: updated_at\n        logicalTypeOptions: {format: dd.MM.yyyy HH:mm, defaultTimezone: UTC}\n",
            "logicalTypeOptions needs a logicalType beside it; add logicalType: timestamp.",
        ),
        ("dbt/athena_views/current_products.sql", "silver.products", "silver.product", "'silver.products'"),
        ("dbt/athena_views/current_products.sql", "-- description:", "-- about:", "has no header line"),
        (FACT, "'lakehouse.clusterBy': 'dt,store_id'", "'lakehouse.clusterBy': 'month,dt'", "partitionBy [month] with"),
        (
            FACT,
            "'lakehouse.clusterBy': 'dt,store_id'",
            "'lakehouse.clusterBy': 'dt,stor_id'",
            "Did you mean 'store_id'?",
        ),
        (FACT, "partition_by=['month']", "partition_by=['mnth']", "Did you mean 'month'?"),
        (FACT, "StatsColumns': 'dt,store_id'", "StatsColumns': 'dt'", "lacks 'store_id'"),
        (FACT, "'128MB'", "'128'", "a size such as 128MB"),
        ("great_expectations/expectations/products.json", '"on_failure": "fail"', '"on_failure": "fial"', "fial"),
        ("great_expectations/expectations/products.json", '"column": "name"', '"column": "nmae"', "nmae"),
    ],
)
def test_check_names_what_is_wrong(copy: Project, file: str, before: str, after: str, words: str) -> None:
    spoil(copy, before, after, file)
    found = problems(copy)
    assert len(found) == 1, found
    assert words in found[0]


def test_every_column_that_a_merge_needs_is_guarded_against_null_without_the_suite(copy: Project) -> None:
    found = copy.suites / "expectations" / "products.json"
    rules = json.loads(found.read_text())
    not_null = "expect_column_values_to_not_be_null"
    rules["expectations"] = [
        rule
        for rule in rules["expectations"]
        if (rule["type"], rule["kwargs"].get("column")) != (not_null, "updated_at")
    ]
    found.write_text(json.dumps(rules))
    assert problems(copy) == []
    suite = dataset_suite(copy.suites, copy.contracts.dataset("products"))
    (rule,) = (rule for rule in suite.quarantine_rules if (rule.type, rule.columns) == (not_null, ("updated_at",)))
    assert rule.name == "updated_at_required"


def test_check_names_a_suite_without_contract(copy: Project) -> None:
    folder = copy.suites / "expectations"
    (folder / "erp_order.json").write_text((folder / "erp_orders.json").read_text())
    (problem,) = problems(copy)
    assert "Did you mean 'erp_orders'" in problem
