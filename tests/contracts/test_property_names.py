"""Former names and values of contract properties: read as the present ones, each with one warning."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from lakehouse.cli.main import main
from lakehouse.contracts.choices import Drift, MergeStrategy
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.layout import layout_of_table
from lakehouse.contracts.project import Project
from lakehouse.contracts.property_names import FORMER_NAMES, FORMER_VALUES, KNOWN, outdated_properties
from lakehouse.contracts.reader import load_contracts, read_contract
from lakehouse.contracts.yaml_places import ContractError

ERP = "contracts/erp.yaml"
PRESENT = (
    "      - {property: filePattern, value: '*'}",
    "      - {property: fileFormat, value: csv}",
    "      - {property: mergeStrategy, value: scd2}",
    "      - {property: sequenceBy, value: updated_at}",
    "      - {property: dateColumn, value: updated_at}",
    "      - {property: partitionBy, value: []}",
    "      - {property: clusterBy, value: [id]}",
    "      - {property: quarantineLimitPercent, value: 20}",
    "      - {property: partitionIsStable, value: true}",
    "      - {property: maxReadAmplification, value: 1.3}",
    "      - {property: retentionDays, value: 2}",
    "      - {property: allowShortRetention, value: true}",
    "      - {property: drift, value: ignore}",
)
CONTRACT = """apiVersion: v3.1.0
domain: shop
name: Shop
description: {purpose: Orders.}
team: {name: shop, members: [{username: shop@retail.example, role: owner}]}
slaProperties:
  - {property: frequency, schedule: "0 3 * * *"}
  - {property: timeOfAvailability, value: "06:00"}
schema:
  - name: orders
    description: Orders.
    customProperties:
%s
    properties:
      - {name: id, physicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1, description: ID.}
      - {name: updated_at, physicalType: timestamp, required: true, description: When.}
"""
# Present line, former line, what the warning says.
FORMER = [
    ("mergeStrategy, value: scd2", "kind, value: history", "'kind: history' is now 'mergeStrategy: scd2'"),
    ("mergeStrategy, value: scd2", "kind, value: scd2", "property 'kind' is now 'mergeStrategy'"),
    ("mergeStrategy, value: scd2", "mergeStrategy, value: history", "'mergeStrategy: history' is now 'mergeStrategy"),
    ("sequenceBy", "sequence", "property 'sequence' is now 'sequenceBy'"),
    ("dateColumn", "dateFrom", "property 'dateFrom' is now 'dateColumn'"),
    ("partitionIsStable, value: true", "partitionMoves, value: never",
     "'partitionMoves: never' is now 'partitionIsStable: true'"),
    ("maxReadAmplification", "clusteringAtMost", "property 'clusteringAtMost' is now 'maxReadAmplification'"),
    ("allowShortRetention, value: true", "retentionBelowSevenDays, value: readers and time travel need less",
     "'retentionBelowSevenDays: readers and time travel need less' is now 'allowShortRetention: true'"),
    ("drift, value: ignore", "drift, value: evolve", "'drift: evolve' is now 'drift: ignore'"),
]  # fmt: skip


def write(folder: Path, *properties: str) -> Path:
    path = folder / "shop.yaml"
    path.write_text(CONTRACT % "\n".join(properties), encoding="utf-8")
    return path


def dataset(path: Path) -> Dataset:
    (found,) = read_contract(path).datasets
    return found


def test_the_present_names_give_no_warning(tmp_path: Path, project: Project) -> None:
    found = dataset(write(tmp_path, *PRESENT))
    assert (found.merge_strategy, found.sequence, found.date_column) == (MergeStrategy.SCD2, *["updated_at"] * 2)
    assert (found.partition_is_stable, found.max_read_amplification, found.retention_days) == (True, 1.3, 2)
    assert found.drift is Drift.IGNORE
    assert list(outdated_properties(tmp_path)) == []
    assert list(outdated_properties(project.root / "contracts")) == []


@pytest.mark.parametrize(("present", "former", "warning"), FORMER)
def test_a_former_name_is_the_same_dataset_and_one_warning(
    tmp_path: Path, present: str, former: str, warning: str
) -> None:
    expected = dataset(write(tmp_path, *PRESENT))
    properties = [line.replace(f"property: {present}", f"property: {former}") for line in PRESENT]
    assert properties != list(PRESENT)
    path = write(tmp_path, *properties)
    assert dataset(path) == expected
    (found,) = outdated_properties(tmp_path)
    line = next(number for number, text in enumerate(path.read_text().splitlines(), 1) if f": {former}" in text)
    assert found.startswith(f"{path}:{line}: orders.{former.split(',')[0]}: ")
    assert warning in found
    assert found.endswith("; please update the contract.")


def test_a_partition_that_may_move_is_not_stable(tmp_path: Path) -> None:
    stable = "partitionIsStable, value: true"
    moves = [line.replace(stable, "partitionMoves, value: possible") for line in PRESENT]
    assert not dataset(write(tmp_path, *moves)).partition_is_stable
    assert not dataset(write(tmp_path, *[line for line in PRESENT if stable not in line])).partition_is_stable


def test_every_former_name_and_value_is_tried() -> None:
    tried = {former.split(", ")[0] for _, former, _ in FORMER}
    assert tried >= {*FORMER_NAMES, *FORMER_VALUES}
    assert {former.now for former in FORMER_NAMES.values()} | FORMER_VALUES.keys() <= KNOWN
    assert not FORMER_NAMES.keys() & KNOWN


@pytest.mark.parametrize(
    ("added", "problem"),
    [
        ("kind, value: scd2", "'mergeStrategy' and 'kind' are the same property; keep 'mergeStrategy'."),
        ("dateFrom, value: updated_at", "'dateColumn' and 'dateFrom' are the same property; keep 'dateColumn'."),
        ("drift, value: ignore", "property 'drift' is given twice; remove one."),
    ],
)
def test_both_names_at_once_are_an_error(tmp_path: Path, added: str, problem: str) -> None:
    path = write(tmp_path, *PRESENT, f"      - {{property: {added}}}")
    with pytest.raises(ContractError) as caught:
        read_contract(path)
    assert str(caught.value).endswith(problem)
    assert f"{{property: {added}}}" in path.read_text().splitlines()[caught.value.line - 1]


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("kind, value: null", "orders.kind: unknown value 'None'. Known: append, insert_only, scd2, upsert."),
        ("partitionMoves, value: null", "orders.partitionMoves: unknown value 'None'. Known: never, possible."),
        ("partitionMoves, value: true", "orders.partitionMoves: unknown value 'True'. Known: never, possible."),
        ("partitionIsStable, value: null", "orders.partitionIsStable: must be true or false, found None."),
        ("clusteringAtMost, value: 1", "orders.clusteringAtMost: must be a number from 1.01 to 10"),
        ("sequence, value: [updated_att]", "orders.sequence: unknown value"),
    ],
)
def test_a_wrong_value_is_reported_under_the_name_that_is_written(tmp_path: Path, written: str, problem: str) -> None:
    former = written.split(",")[0]
    present = FORMER_NAMES[former].now if former in FORMER_NAMES else former
    lines = [line for line in PRESENT if f"property: {present}," not in line]
    with pytest.raises(ContractError) as caught:
        read_contract(write(tmp_path, *lines, f"      - {{property: {written}}}"))
    assert problem in str(caught.value)


def test_check_warns_and_succeeds(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in ("contracts", "great_expectations", "dbt"):
        shutil.copytree(project.root / folder, tmp_path / folder, ignore=shutil.ignore_patterns("target", "logs"))
    path = tmp_path / ERP
    path.write_text(path.read_text().replace("mergeStrategy, value", "kind, value").replace("sequenceBy", "sequence"))
    monkeypatch.setenv("LAKEHOUSE_PROJECT", str(tmp_path))
    assert load_contracts(tmp_path / "contracts") == project.contracts
    assert main(["check"]) == 0
    printed = capsys.readouterr()
    assert "are right" in printed.out
    assert [line.split(": ")[0] for line in printed.err.splitlines()] == ["warning"] * 2
    assert "property 'kind' is now 'mergeStrategy'" in printed.err


def test_a_table_that_has_the_former_property_is_still_read() -> None:
    properties = {"lakehouse.clusterBy": "dt", "lakehouse.clusteringAtMost": "1.3"}
    former = layout_of_table((), properties)
    assert former is not None
    assert former.max_read_amplification == 1.3
    assert former.properties["lakehouse.maxReadAmplification"] == "1.3"
    both = layout_of_table((), {**properties, "lakehouse.maxReadAmplification": "1.5"})
    assert both is not None
    assert both.max_read_amplification == 1.5
