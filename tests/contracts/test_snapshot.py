"""`snapshotShrinkLimitPercent`: a file is all there is; what cannot go with it is refused by its own line."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest
import yaml

from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.dataset_changes import dataset_changes
from lakehouse.contracts.json_schema import contract_schema
from lakehouse.contracts.reader import read_contract
from lakehouse.contracts.yaml_places import ContractError
from lakehouse.ingest.grouping import one_by_one
from lakehouse.lake.built_with import built_with, changed_facts
from lakehouse.lake.files import StoredFile
from tests.contracts.test_roles import write

NO_FLAG = "      - {property: deleteFlag, value: gone}\n"


def written(folder: Path, limit: str = "20", more: str = "", **changes: str) -> Path:
    """A contract of snapshots in place of its delete flag."""
    path = write(folder, **{"sequence": "arrival", **changes})
    line = f"      - {{property: snapshotShrinkLimitPercent, value: {limit}}}\n{more}"
    path.write_text(path.read_text(encoding="utf-8").replace(NO_FLAG, line), encoding="utf-8")
    return path


def dataset(folder: Path, limit: str = "20", **changes: str) -> Dataset:
    return Contracts((read_contract(written(folder, limit, **changes)),)).dataset("orders")


def test_silver_says_what_is_deleted(tmp_path: Path) -> None:
    found = dataset(tmp_path)
    assert (found.snapshot_shrink_limit_percent, found.is_snapshot, found.delete_flag) == (20.0, True, "is_deleted")
    assert found.silver_column_names[-4:] == ("dt", "month", "is_deleted", "_batch_id")
    assert built_with(found)["lakehouse.snapshot"] == "true"
    history = dataset(tmp_path, strategy="scd2", sequence="[at, arrival]", partitions="[]")
    assert history.silver_column_names[-2:] == ("is_deleted", "_batch_id")


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"limit": "many"}, "orders.snapshotShrinkLimitPercent: must be a number from 0 to 100, found 'many'."),
        ({"strategy": "insert_only"}, "nothing is ever deleted with mergeStrategy insert_only; take upsert or scd2."),
        ({"sequence": "at"}, "orders.sequenceBy: files that are snapshots are ordered by arrival, or by one column"),
        ({"sequence": "[at, seq, arrival]"}, "in all rows of a file and arrival behind it; write [COLUMN, arrival]."),
        ({"more": NO_FLAG}, "orders.deleteFlag: a snapshot deletes the rows that it lacks; remove it, and keep"),
        ({"extra": "name: is_deleted, physicalType: string"}, "'is_deleted' is a column that silver adds"),
    ],
    ids=str,
)
def test_what_is_wrong(tmp_path: Path, changes: dict[str, str], wanted: str) -> None:
    path = written(tmp_path, **changes)
    with pytest.raises(ContractError) as caught:
        read_contract(path)
    assert wanted in str(caught.value)
    assert str(caught.value).startswith(f"{path}:")


def test_an_editor_knows_it(tmp_path: Path) -> None:
    found = [
        jsonschema.Draft201909Validator(contract_schema()).iter_errors(yaml.safe_load(path.read_text(encoding="utf-8")))
        for path in (written(tmp_path, limit=limit) for limit in ("20", "120"))
    ]
    about = [[error for error in errors if "customProperties" in error.absolute_path] for errors in found]
    assert [bool(errors) for errors in about] == [False, True]


def test_a_table_that_was_built_without_it_is_rebuilt(tmp_path: Path) -> None:
    before = read_contract(write(tmp_path, sequence="arrival")).datasets[0]
    after = dataset(tmp_path)
    assert [change.word for change in changed_facts(built_with(before), after)] == ["snapshot"]
    assert changed_facts(built_with(after), dataset(tmp_path, "30")) == ()
    assert "lakehouse dataset rebuild shop.orders --why TEXT" in {
        step for change in dataset_changes([before], [after]) if change.field == "snapshot" for step in change.steps
    }
    assert [change.field for change in dataset_changes([after], [dataset(tmp_path, "30")])] == [
        "snapshotShrinkLimitPercent"
    ]


def test_each_file_is_a_batch() -> None:
    files = [StoredFile(name, 1, "1") for name in ("a.csv", "b.csv")]
    assert one_by_one(files) == [(files[0],), (files[1],)]
