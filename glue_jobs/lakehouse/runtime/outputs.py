"""Terraform's outputs of an environment, as the command and not the jobs need them."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lakehouse.contracts.project import Project
from lakehouse.errors import LakehouseError


class NotAppliedError(LakehouseError):
    """Terraform knows nothing of the environment."""

    def __init__(self, environment: str, reason: str) -> None:
        self.environment = environment
        super().__init__(
            f"Terraform has no outputs of {environment} ({reason}); run `make deploy ENV={environment}` first."
        )


def terraform_outputs(project: Project, environment: str) -> Mapping[str, Any]:
    """The outputs by name, from Terraform or the file that LAKEHOUSE_OUTPUTS names; raises NotAppliedError."""
    named = os.environ.get("LAKEHOUSE_OUTPUTS")
    command = [str(project.root / "tools/terraform.sh"), "outputs", environment]
    try:
        if named:
            text = Path(named).read_text("utf-8")
        else:
            text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        found = {name: output["value"] for name, output in json.loads(text).items()}
    except subprocess.CalledProcessError as error:
        lines = error.stderr.strip().splitlines() or ["no reason"]
        raise NotAppliedError(environment, lines[-1].removeprefix("error: ")) from None
    except (OSError, ValueError) as error:
        raise NotAppliedError(environment, str(error)) from None
    if not found:
        raise NotAppliedError(environment, "nothing was applied yet")
    return found
