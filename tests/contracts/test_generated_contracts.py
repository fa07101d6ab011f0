"""Random contracts: right ones pass check and the editors' schema, one with a planted fault is refused by its field."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import jsonschema
import yaml
from hypothesis import HealthCheck, given, settings

from lakehouse.cli.check import problems
from lakehouse.contracts.json_schema import contract_schema
from tests.contracts.generated import Contract, contracts, faulty
from tests.helpers.small_project import rule, write_project

PRESENT = rule("expect_column_values_to_not_be_null", column="k1")
VALIDATOR: Any = jsonschema.Draft201909Validator(contract_schema())
FEW = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def found(contract: Contract) -> list[str]:
    """What check says of a project with that contract alone, without the folder."""
    with tempfile.TemporaryDirectory() as folder:
        project = write_project(Path(folder), yaml.safe_dump(contract, sort_keys=False), [PRESENT])
        suite = project.suites / "expectations/visits.json"
        suite.with_name("items.json").write_text(suite.read_text().replace("visits", "items"))
        suite.unlink()
        return [line.replace(f"{folder}/", "") for line in problems(project)]


@FEW
@given(contracts())
def test_a_contract_that_is_right_passes(contract: Contract) -> None:
    assert found(contract) == []
    assert [error.message for error in VALIDATOR.iter_errors(contract)] == []


@FEW
@given(faulty())
def test_a_planted_fault_is_refused_by_its_field(fault: tuple[str, str, Contract]) -> None:
    name, field, contract = fault
    lines = found(contract)
    assert lines, name
    for line in lines:
        file, number, place, _ = line.split(":", 3)
        assert file == "contracts/shop.yaml", line
        assert int(number) > 0
        assert place.strip().endswith(field) or f"{field}[" in place, f"{name}: {line}"
