"""The page about the cloud shows what the code draws and computes, and counts what Terraform would make."""

from __future__ import annotations

import importlib.util
import re
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
DOCS, PICTURES = ROOT / "docs", ROOT / "tools" / "pictures"


def module(name: str) -> ModuleType:
    """A script of the docs."""
    spec = importlib.util.spec_from_file_location(name, PICTURES / f"{name}.py")
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
    resources = yaml.safe_load((PICTURES / "resources.yaml").read_text(encoding="utf-8"))["resources"]
    counted = Counter(re.findall(r"(?:^|\.)(aws_\w+)\.", address)[-1] for address in applied.resources)
    assert {kind: told[environment] for kind, told in resources.items() if kind.startswith("aws_")} == counted
    endpoints = [e for e in applied.of_type("aws_vpc_endpoint") if e["vpc_endpoint_type"] == "Interface"]
    assert resources["aws_vpc_endpoint"]["billed"][environment] == len(endpoints) * {"dev": 1, "prod": 2}[environment]
    alarms = applied.of_type("aws_cloudwatch_metric_alarm")
    metrics = [alarm for alarm in alarms if alarm["namespace"] != "AWS/Events"]
    assert resources["metrics"][environment] == len(metrics)
