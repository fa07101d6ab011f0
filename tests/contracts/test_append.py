"""`mergeStrategy: append`: rows without a key; what only versions of a row need is refused by its own line."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest
import yaml

from lakehouse.contracts.choices import MergeStrategy
from lakehouse.contracts.json_schema import contract_schema
from lakehouse.contracts.reader import read_contract
from lakehouse.contracts.yaml_places import ContractError
from tests.contracts.test_roles import CONTRACT, RIGHT

ORDER, FLAG = "      - {property: sequenceBy, value: seq}\n", "      - {property: deleteFlag, value: gone}\n"
KEY = ", primaryKey: true, primaryKeyPosition: 1"
APPENDED = CONTRACT.format(**{**RIGHT, "strategy": "append"}).replace(ORDER, "").replace(FLAG, "").replace(KEY, "")


def written(folder: Path, text: str) -> Path:
    path = folder / "shop.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_rows_are_known_by_their_place(tmp_path: Path) -> None:
    (dataset,) = read_contract(written(tmp_path, APPENDED)).datasets
    assert (dataset.merge_strategy, dataset.key, dataset.sequence_by) == (MergeStrategy.APPEND, (), ())
    assert dataset.identity == ("_batch_id", "_row_id")
    assert dataset.silver_column_names[-4:] == ("dt", "month", "_batch_id", "_row_id")


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (ORDER, "orders.sequenceBy: with mergeStrategy append no row is a version of another; remove it."),
        ("      - {property: ties, value: first}\n", "orders.ties: with mergeStrategy append no row is a version"),
        (FLAG, "orders.deleteFlag: nothing is ever deleted with mergeStrategy append; remove it, or take upsert."),
    ],
)
def test_what_only_versions_need(tmp_path: Path, line: str, wanted: str) -> None:
    path = written(tmp_path, APPENDED.replace("    properties:\n", f"{line}    properties:\n", 1))
    with pytest.raises(ContractError) as caught:
        read_contract(path)
    assert wanted in str(caught.value)
    assert str(caught.value).startswith(f"{path}:")


def test_a_key_is_refused_at_its_column(tmp_path: Path) -> None:
    path = written(tmp_path, APPENDED.replace("required: true,", f"required: true{KEY},", 1))
    with pytest.raises(ContractError, match=r"\[0\].primaryKey: with mergeStrategy append each delivered row"):
        read_contract(path)


@pytest.mark.parametrize(("strategy", "is_right"), [("append", True), ("upsert", False)])
def test_an_editor_asks_for_an_order_of_versions_only(strategy: str, is_right: bool) -> None:
    text = APPENDED.replace("mergeStrategy, value: append", f"mergeStrategy, value: {strategy}")
    found = list(jsonschema.Draft201909Validator(contract_schema()).iter_errors(yaml.safe_load(text)))
    about_order = [error for error in found if "customProperties" in error.absolute_path]
    assert (not about_order) is is_right


def test_without_an_order_versions_are_refused(tmp_path: Path) -> None:
    text = CONTRACT.format(**RIGHT).replace(ORDER, "")
    with pytest.raises(ContractError, match=r"customProperties: property 'sequenceBy' is missing; add it\."):
        read_contract(written(tmp_path, text))
