"""Deploys the repository into the twin with the targets that deploy it to AWS, as they are."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from lakehouse.errors import LakehouseError
from tools.twin.calls import OPERATOR, Caller
from tools.twin.job_process import clean_environment, surroundings
from tools.twin.plan import ROOT, Plan

TARGETS = ("upload-jobs", "package-dbt", "upload-dags")


class NotDeployedError(LakehouseError):
    """A target of the deployment failed."""

    def __init__(self, target: str, reason: str) -> None:
        self.target, self.reason = target, reason
        super().__init__(f"{target} did not deploy into the twin: {reason}")


def deploy(address: str, plan: Plan, folder: Path, targets: Sequence[str] = TARGETS) -> None:
    """Run the targets against the twin; raises NotDeployedError with the target's own words."""
    outputs = folder / "outputs.json"
    outputs.write_text(json.dumps({name: {"value": value} for name, value in plan.outputs.items()}))
    env = {
        **clean_environment(),
        **surroundings(address, plan.region, Caller(OPERATOR)),
        "LAKEHOUSE_OUTPUTS": str(outputs),
        "PYTHONPATH": str(ROOT / "glue_jobs"),
    }
    for target in targets:
        command = [sys.executable, "-m", "tools.deploy.deploy", target]
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
        if done.returncode:
            raise NotDeployedError(target, done.stderr.strip().removeprefix("error: ") or f"exit {done.returncode}")
