"""Terraform's outputs of an environment, as the command and not the jobs need them."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lakehouse.contracts.project import Project
from lakehouse.errors import EXIT_TERMINAL, EXIT_USAGE, LakehouseError, UsageError

_ERROR = "error: "


class NotAppliedError(LakehouseError):
    """Terraform knows nothing of the environment."""

    def __init__(self, environment: str, reason: str) -> None:
        self.environment = environment
        super().__init__(
            f"Terraform has no outputs of {environment} ({reason.rstrip('.')}); run `make deploy ENV={environment}` "
            "first."
        )


class EnvironmentNameError(UsageError):
    """The command was given no environment of this repository, or an account that is none."""


class AccountError(LakehouseError):
    """Terraform cannot be asked: no credentials, or a program that it needs is missing."""


_STOPPED: Mapping[int, type[LakehouseError]] = {EXIT_USAGE: EnvironmentNameError, EXIT_TERMINAL: AccountError}
"""What it means that tools/terraform.sh stopped by itself, whose line says what is wanted."""


def terraform_outputs(project: Project, environment: str, dry_run: bool = False) -> Mapping[str, Any]:
    """The outputs by name, from Terraform or the file that LAKEHOUSE_OUTPUTS names; raises NotAppliedError.

    Where tools/terraform.sh stops before it asks, EnvironmentNameError or AccountError with its line. dry_run:
    Terraform is only asked where it is set to the environment already.
    """
    named = os.environ.get("LAKEHOUSE_OUTPUTS")
    try:
        if named:
            text = Path(named).read_text("utf-8")
        else:
            done = terraform_sh(project, "outputs", environment, DRY_RUN="1" if dry_run else "")
            done.check_returncode()
            text = done.stdout
        found = {name: output["value"] for name, output in json.loads(text).items()}
    except subprocess.CalledProcessError as error:
        raise _reason(environment, error) from None
    except (OSError, ValueError) as error:
        raise NotAppliedError(environment, str(error)) from None
    if not found:
        raise NotAppliedError(environment, "nothing was applied yet")
    return found


def terraform_sh(project: Project, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """What tools/terraform.sh says to some words, with these variables of the shell besides."""
    command = [str(project.root / "tools/terraform.sh"), *words]
    return subprocess.run(command, env={**os.environ, **variables}, capture_output=True, text=True, check=False)


def _reason(environment: str, error: subprocess.CalledProcessError) -> LakehouseError:
    """The line that says what is wrong, of the script's or of terraform's many."""
    lines = [line.strip(" │╷╵") for line in error.stderr.splitlines()]
    own = [line.removeprefix(_ERROR) for line in lines if line.startswith(_ERROR)]
    if own and error.returncode in _STOPPED:
        return _STOPPED[error.returncode](own[-1])
    named = [line.removeprefix("Error: ") for line in lines if line.startswith("Error: ")]
    return NotAppliedError(environment, (named or [f"terraform ended with {error.returncode}"])[0])
