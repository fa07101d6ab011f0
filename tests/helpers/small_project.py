"""A project of one small dataset, whose contract and suite a test may spoil."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lakehouse.contracts.project import Project

CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: shop
name: Shop
version: 1.0.0
status: active
domain: shop
description: {purpose: What shops report.}
team: {name: shops, members: [{username: shops@retail.example, role: owner}]}
slaProperties:
  - {property: frequency, value: 1, unit: d, schedule: "0 3 * * *"}
  - {property: timeOfAvailability, value: "06:00"}
schema:
  - name: visits
    description: One row per visit.
    customProperties:
      - {property: filePattern, value: "visits*.csv"}
      - {property: fileFormat, value: csv}
      - {property: mergeStrategy, value: upsert}
      - {property: sequenceBy, value: seq}
      - {property: deleteFlag, value: gone}
      - {property: dateColumn, value: at}
      - {property: partitionBy, value: [month]}
      - {property: clusterBy, value: [dt]}
      - {property: quarantineLimitPercent, value: 50}
    properties:
      - {name: id, physicalType: int, required: true, primaryKey: true, primaryKeyPosition: 1, description: Visit.}
      - {name: note, physicalType: string, required: false, description: Note.}
      - {name: amount, physicalType: "decimal(9,2)", required: false, description: Money.}
      - {name: seq, physicalType: bigint, required: true, description: Sequence.}
      - {name: at, physicalType: timestamp, required: true, description: When.}
      - {name: gone, physicalType: boolean, required: true, description: Deleted.}
"""


def rule(type_: str, on_failure: str = "quarantine", **kwargs: Any) -> dict[str, Any]:
    """One expectation, named rule."""
    severity = {"quarantine": "warning", "fail": "critical", "warn": "info"}[on_failure]
    meta = {"rule": "rule", "sentence": "It holds.", "on_failure": on_failure}
    return {"type": type_, "kwargs": kwargs, "meta": meta, "severity": severity}


PRESENT = rule("expect_column_values_to_not_be_null", column="id")


def write_project(
    root: Path, contract: str = CONTRACT, expectations: Sequence[Mapping[str, Any]] = (PRESENT,)
) -> Project:
    """Write a project of one contract, `shop.yaml`, the suite of its dataset `visits`, and no models or views."""
    for folder in ("contracts", "great_expectations/expectations", "dbt/models", "dbt/athena_views"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "contracts/shop.yaml").write_text(contract, encoding="utf-8")
    write_suite(root, "visits", expectations)
    return Project(root)


def write_suite(root: Path, name: str, expectations: Sequence[Mapping[str, Any]]) -> None:
    """Write the suite of a dataset."""
    folder = root / "great_expectations/expectations"
    folder.mkdir(parents=True, exist_ok=True)
    suite = {"name": name, "expectations": list(expectations)}
    (folder / f"{name}.json").write_text(json.dumps(suite, indent=1), encoding="utf-8")


def with_docs(project: Project) -> Project:
    """The project with what Great Expectations needs to write Data Docs."""
    ours = Path(__file__).parents[2] / "great_expectations"
    for name in ("great_expectations.yml", "config_variables.yml"):
        shutil.copy(ours / name, project.suites / name)
    shutil.copytree(ours / "plugins", project.suites / "plugins", dirs_exist_ok=True)
    return project


def spoiled(before: str, after: str, contract: str = CONTRACT) -> str:
    """The contract with one part exchanged."""
    assert before in contract, before
    return contract.replace(before, after, 1)
