"""The page about the cloud shows what the code draws and computes, and counts what Terraform would make."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

DOCS = Path(__file__).resolve().parents[2] / "docs"


def module(name: str) -> ModuleType:
    """A script of the docs."""
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    assert spec
    assert spec.loader
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def test_picture_is_as_drawn() -> None:
    assert (DOCS / "cloud.svg").read_text(encoding="utf-8") == module("draw_cloud").drawing()


def test_cost_table_is_as_computed() -> None:
    text = (DOCS / "cloud.md").read_text(encoding="utf-8")
    assert "**together**" in text
    assert text == module("cloud_costs").page(text)


def test_cost_table_counts_what_terraform_makes(applied: Any) -> None:
    environment = applied.outputs["airflow_environment"].rsplit("-", 1)[-1]
    endpoints = [e for e in applied.of_type("aws_vpc_endpoint") if e["vpc_endpoint_type"] == "Interface"]
    zones = {"dev": 1, "prod": 2}[environment]
    alarms = applied.of_type("aws_cloudwatch_metric_alarm")
    assert module("cloud_costs").COUNTS[environment] == {
        "endpoint_zones": len(endpoints) * zones,
        "alarms": len(alarms),
        "metrics": len([alarm for alarm in alarms if alarm["namespace"] != "AWS/Events"]),
    }
    # Each NAT gateway, environment and key is a line of its own in the table.
    for kind in ("aws_nat_gateway", "aws_mwaa_environment", "aws_kms_key"):
        assert len(applied.of_type(kind)) == 1
