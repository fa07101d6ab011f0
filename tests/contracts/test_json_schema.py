"""The JSON schema that editors use is of this version, agrees with the reader, and underlines what it refuses."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
import yaml

from lakehouse.contracts.json_schema import _VALUES, SCHEMA_FILE, contract_schema, schema_text
from lakehouse.contracts.project import Project
from lakehouse.contracts.property_names import KNOWN
from tests.helpers.small_project import CONTRACT, spoiled


def faults(contract: str) -> list[str]:
    validator: Any = jsonschema.Draft201909Validator(contract_schema())
    return [".".join(map(str, error.absolute_path)) for error in validator.iter_errors(yaml.safe_load(contract))]


def test_the_file_beside_the_contracts_is_that_of_this_version(project: Project) -> None:
    file = project.root / "contracts" / SCHEMA_FILE
    assert file.read_text(encoding="utf-8") == schema_text(), "write schema_text() to it"


def test_it_knows_the_properties_that_the_reader_knows() -> None:
    assert _VALUES.keys() == KNOWN


def test_every_contract_of_the_project_is_right(project: Project) -> None:
    files = sorted((project.root / "contracts").glob("*.yaml"))
    texts = {file.name: file.read_text(encoding="utf-8") for file in files}
    assert [(name, fault) for name, text in texts.items() for fault in faults(text)] == []
    assert texts["erp.yaml"].startswith(f"# yaml-language-server: $schema={SCHEMA_FILE}\n")
    assert faults(CONTRACT) == []


@pytest.mark.parametrize(
    ("before", "after", "where"),
    [
        ("property: sequenceBy", "property: sequencBy", "schema.0.customProperties"),
        ("value: upsert", "value: upsrt", "schema.0.customProperties.2"),
        ("value: 50", "value: 500", "schema.0.customProperties.8"),
        ("physicalType: bigint", "physicalType: bigimt", "schema.0.properties.3.physicalType"),
        ("name: visits\n", "name: Visits\n", "schema.0.name"),
        ("domain: shop", "domain: 'my shop'", "domain"),
        ("description: Sequence.", "descripton: Sequence.", "schema.0.properties.3"),
        ("team: {name: shops, members", "team: {name: shops, member", "team"),
    ],
)
def test_an_editor_underlines_a_mistake(before: str, after: str, where: str) -> None:
    assert where in faults(spoiled(before, after))
