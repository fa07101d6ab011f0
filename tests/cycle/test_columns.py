"""A column goes, or gets another name, in bronze and silver by a command that is recorded and survives being killed."""

from __future__ import annotations

import json
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.project import Project
from lakehouse.cycle import columns as changing
from lakehouse.cycle.columns import (
    ColumnInContractError,
    ColumnNotInTableError,
    NotARenameError,
    change_column,
    plan_column,
)
from lakehouse.ingest.ingest import ingest_domain
from lakehouse.lake.built_with import BuiltWithError
from lakehouse.lake.dataset_changes import changes_of_dataset
from lakehouse.lake.decisions import Signature
from lakehouse.lake.delta_log import existing_table, read_rows
from lakehouse.lake.evolution import SchemaChangeError
from lakehouse.lake.paths import Lake
from lakehouse.runtime.context import Context
from lakehouse.transform.transform import merge_domain
from lakehouse.validate.validate import validate_domain
from tests.helpers.small_project import spoiled, with_docs, write_project

BY = Signature("ann", "nobody reads it")
STRUCT = "physicalType: struct, properties: [{name: x, physicalType: int, description: X.}FIELD]"
TWO = STRUCT.replace("FIELD", ", {name: y, physicalType: string, required: false, description: Y.}")
NESTED = spoiled("fileFormat, value: csv", "fileFormat, value: json_lines", spoiled("physicalType: string", TWO))
NOTE = "      - {name: note, physicalType: string, required: false, description: Note.}\n"
RENAMED = spoiled("name: note,", "name: remark, physicalName: note,")
KEY = spoiled("name: id,", "name: visit_id, physicalName: id,")


@pytest.fixture(autouse=True)
def without_marts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The small project has no models."""
    monkeypatch.setattr(changing, "bring_after", lambda context, dataset: None)


@pytest.fixture(scope="module")
def with_two_visits(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the small project and its lake, to which two visits were delivered."""
    folder = tmp_path_factory.mktemp("visits")
    project = with_docs(write_project(folder))
    delivered(Context(project, Lake.at(str(folder / "lake")), lambda: spark), 1, 2)
    return folder


@pytest.fixture
def context(spark: SparkSession, with_two_visits: Path, tmp_path: Path) -> Context:
    """A copy of each test's own."""
    folder = shutil.copytree(with_two_visits, tmp_path / "visits", symlinks=True)
    return Context(Project(folder), Lake.at(str(folder / "lake")), lambda: spark)


def delivered(context: Context, *numbers: int) -> Context:
    """Bring visits to silver as the steps do."""
    (shop,) = context.contracts
    is_csv = shop.datasets[0].file_format == "csv"
    rows = [_csv(n) if is_csv else _json(n) for n in numbers]
    folder = Path(context.lake.landing("shop"))
    folder.mkdir(parents=True, exist_ok=True)
    header = "id,note,amount,seq,at,gone\n" if is_csv else ""
    (folder / f"visits_{numbers[0]}.csv").write_text(header + "".join(rows))
    for step in (ingest_domain, validate_domain, merge_domain):
        step(context, shop)
    return context


def _csv(number: int) -> str:
    return f"{number},n{number},{number}.50,1,2026-01-0{number}T10:00:00Z,false\n"


def _json(number: int) -> str:
    at = f"2026-01-0{number}T10:00:00Z"
    row = {"id": number, "note": {"x": number, "y": "y"}, "amount": 1, "seq": 1, "at": at, "gone": False}
    return json.dumps(row) + "\n"


def under(context: Context, contract: str, suite: str = "id") -> tuple[Context, Dataset]:
    """The same lake under another contract."""
    root = context.project.root
    present = {"column": suite}
    project = with_docs(write_project(root, contract))
    file = root / "great_expectations/expectations/visits.json"
    file.write_text(file.read_text().replace('"column": "id"', f'"column": "{present["column"]}"'))
    return Context(Project(project.root), context.lake, context.spark), Project(root).contracts.dataset("visits")


def rows(context: Context, layer: str, *names: str) -> list[tuple[Any, ...]]:
    found = read_rows(context.lake.table(layer, "visits"))
    return sorted((tuple(row[name] for name in names) for row in found), key=repr)


def states(context: Context) -> list[tuple[str, str, str]]:
    return [(entry.change, entry.state.value, entry.what) for entry in changes_of_dataset(context.lake, "visits")]


def fields(context: Context, layer: str) -> list[str]:
    return [field.name for field in existing_table(context.lake.table(layer, "visits")).schema().fields]


def test_a_column_that_left_the_contract_is_dropped(context: Context) -> None:
    with pytest.raises(ColumnInContractError, match=r"shop\.yaml still describes note"):
        plan_column(context, context.contracts.dataset("visits"), "note")
    before = {layer: existing_table(context.lake.table(layer, "visits")).version() for layer in ("bronze", "silver")}
    other, dataset = under(context, spoiled(NOTE, ""))
    with pytest.raises(SchemaChangeError, match="column note is in the table and no longer in the contract"):
        delivered(other, 3)
    plan = plan_column(other, dataset, "note")
    assert plan.versions == before, "a plan writes nothing"
    change_column(other, plan, BY)
    for layer in ("bronze", "silver"):
        assert "note" not in fields(other, layer)
        assert existing_table(other.lake.table(layer, "visits")).version() == before[layer] + 1
        assert rows(other, layer, "id", "amount") == [(1, Decimal("1.50")), (2, Decimal("2.50"))]
    assert states(other) == [
        ("drop-column", "started", "column note is gone"),
        ("drop-column", "done", "column note is gone"),
    ]
    assert [(entry.who, entry.why) for entry in changes_of_dataset(other.lake, "visits")] == [(BY.who, BY.why)] * 2
    delivered(other, 3)
    assert [row[0] for row in rows(other, "silver", "id")] == [1, 2, 3]
    with pytest.raises(ColumnNotInTableError, match=r"has a column note\."):
        plan_column(other, dataset, "note")


def test_a_column_gets_the_name_that_the_contract_has(context: Context) -> None:
    other, dataset = under(context, RENAMED)
    change_column(other, plan_column(other, dataset, "note", "remark"), BY)
    delivered(other, 3)
    assert rows(other, "silver", "id", "remark") == [(1, "n1"), (2, "n2"), (3, "n3")]
    assert rows(other, "bronze", "id", "remark") == [(1, "n1"), (2, "n2"), (3, "n3")]
    assert states(other)[-1] == ("rename-column", "done", "column note → remark")


def test_a_key_keeps_its_rows_and_what_the_table_remembers(context: Context) -> None:
    other, dataset = under(context, KEY, "visit_id")
    with pytest.raises(BuiltWithError, match="key id and its contract says visit_id"):
        merge_domain(other, other.contracts.of("shop"))
    change_column(other, plan_column(other, dataset, "id", "visit_id"), BY)
    delivered(other, 2, 3)
    assert [row[0] for row in rows(other, "silver", "visit_id")] == [1, 2, 3]


@pytest.mark.parametrize(
    ("contract", "to", "words"),
    [
        (RENAMED, "remrk", "the contract has no remrk"),
        (RENAMED, "amount", "the table has both, so amount is a column of its own"),
        (spoiled("remark, physicalName: note, physicalType: string", "remark, physicalType: int", RENAMED), "remark",
         "it is a string, and remark is a int"),
    ],
)  # fmt: skip
def test_what_is_no_rename_is_refused(context: Context, contract: str, to: str, words: str) -> None:
    other, dataset = under(context, contract)
    with pytest.raises(NotARenameError, match=words):
        plan_column(other, dataset, "note", to)
    assert states(other) == []


def test_a_field_of_a_struct_is_renamed_and_dropped(spark: SparkSession, lake: Lake, tmp_path: Path) -> None:
    first = delivered(Context(with_docs(write_project(tmp_path, NESTED)), lake, lambda: spark), 1, 2)
    other, dataset = under(first, NESTED.replace("name: y,", "name: z, physicalName: y,"))
    change_column(other, plan_column(other, dataset, "note.y", "note.z"), BY)
    assert rows(other, "silver", "note") == [({"x": 1, "z": "y"},), ({"x": 2, "z": "y"},)]
    last, dataset = under(first, NESTED.replace(TWO, STRUCT.replace("FIELD", "")))
    change_column(last, plan_column(last, dataset, "note.z"), BY)
    assert rows(last, "bronze", "note") == rows(last, "silver", "note") == [({"x": 1},), ({"x": 2},)]
    delivered(last, 3)
    assert len(rows(last, "silver", "id")) == 3


def test_a_killed_command_is_completed_by_the_same(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    other, dataset = under(context, spoiled(NOTE, ""))
    rewrite, done = changing.rewrite_table, changing.record_change
    written: list[str] = []

    def killed_after_bronze(*words: Any) -> object:
        written.append(words[1])
        if len(written) == 2:
            raise KeyboardInterrupt
        return rewrite(*words)

    monkeypatch.setattr(changing, "rewrite_table", killed_after_bronze)
    with pytest.raises(KeyboardInterrupt):
        change_column(other, plan_column(other, dataset, "note"), BY)
    assert ("note" in fields(other, "bronze"), "note" in fields(other, "silver")) == (False, True)
    monkeypatch.setattr(changing, "rewrite_table", rewrite)
    plan = plan_column(other, dataset, "note")
    assert (list(plan.versions), plan.is_unfinished) == (["silver"], True)

    def killed_before_done(*words: Any) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr(changing, "record_change", killed_before_done)
    with pytest.raises(KeyboardInterrupt):
        change_column(other, plan, BY)
    monkeypatch.setattr(changing, "record_change", done)
    change_column(other, plan_column(other, dataset, "note"), BY)
    assert [state for _, state, _ in states(other)] == ["started", "done"]
    assert "note" not in fields(other, "silver")
