"""`lakehouse twin`: hands over to the twin of a checkout, which the wheel has not."""

from __future__ import annotations

from typing import Annotated

import typer

from lakehouse.cli.app import RUN, command, new_app
from lakehouse.errors import UsageError

app = new_app()


@command(app, "twin", example="lakehouse twin run samples/day2", panel=RUN, hands_over=True)
def twin(
    words: Annotated[
        list[str], typer.Argument(metavar="COMMAND", help="One of up, run, status, env, break and down; -h after it.")
    ],
) -> int:
    """Run a whole account on this machine: real DAGs start real jobs (`make twin` builds what they need, then `up`).

    It belongs to a checkout of the project, with Airflow and moto, and is not there where the wheel alone is.
    """
    import os
    import subprocess
    import sys

    from lakehouse.contracts.project import find_project

    root = find_project().root
    if not (root / "tools" / "twin" / "__main__.py").is_file():
        raise UsageError(f"The twin is in a checkout of the project, and {root} has no tools/twin; run it from one.")
    # The working folder stays, for paths are read from there.
    path = os.pathsep.join(filter(None, (str(root), os.environ.get("PYTHONPATH"))))
    command = [sys.executable, "-m", "tools.twin", *words]
    return subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, check=False).returncode
