"""What `lakehouse doctor --environment` learns from Terraform: whether the account is still as it was applied."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

from lakehouse.contracts.project import Project
from lakehouse.errors import EXIT_TERMINAL
from lakehouse.runtime.doctor import Line, line
from lakehouse.runtime.outputs import terraform_sh

_WHAT = "what Terraform would change"
_SHOWN = 5


def drift(project: Project, environment: str) -> Iterator[Line]:
    """A plan that changes nothing and locks nothing: the resources that are other than applied, by their addresses.

    Where the outputs come from a file, or this clone is not set to the environment, Terraform is not asked.
    """
    if os.environ.get("LAKEHOUSE_OUTPUTS"):
        return
    done = terraform_sh(project, "drift", environment)
    if done.returncode == EXIT_TERMINAL:
        reason = (done.stderr.strip().splitlines() or ["no reason"])[-1].removeprefix("error: ")
        yield Line(_WHAT, f"not looked at: {reason}")
        return
    said = [json.loads(text) for text in done.stdout.splitlines() if text.startswith("{")]
    if done.returncode:
        faults = [one["@message"] for one in said if one.get("@level") == "error"]
        yield Line(_WHAT, (faults or ["no plan"])[0], "nothing", f"run `make terraform-plan ENV={environment}`")
        return
    changed = [_named(one["change"]) for one in said if one.get("type") == "planned_change"]
    more = f" and {len(changed) - _SHOWN} more" if len(changed) > _SHOWN else ""
    found = f"{', '.join(changed[:_SHOWN])}{more}" if changed else "nothing"
    cure = f"look with `make terraform-plan ENV={environment}`, then `make terraform-apply`"
    yield line(_WHAT, found, "nothing", cure)


def _named(change: dict[str, Any]) -> str:
    return f"{change['action']} {change['resource']['addr']}"
