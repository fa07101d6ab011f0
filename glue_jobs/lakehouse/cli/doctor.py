"""`lakehouse doctor`: whether this machine, or an environment in AWS, has all that a run needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from lakehouse.cli.app import CHECK, command, new_app
from lakehouse.cli.printing import print_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakehouse.contracts.project import Project

app = new_app()


@command(app, "doctor", example="lakehouse doctor --environment dev", panel=CHECK)
def doctor(
    environment: Annotated[
        str | None, typer.Option("--environment", metavar="NAME", help="Look into this environment's account instead.")
    ] = None,
    run: Annotated[
        bool,
        typer.Option("--run", help="Also try packages and a commit in a Glue job, and wait for its end (costs cents)."),
    ] = False,
) -> int:
    """Look whether all is there that a run needs: one line each of what was found, wanted, and what to do.

    Without an environment it looks at this machine. In an account it reads only, but for one object under doctor/ in
    the artefacts bucket, which it removes. Exit code 3 when something is missing.
    """
    from itertools import chain

    from lakehouse.contracts.project import find_project
    from lakehouse.errors import EXIT_TERMINAL, UsageError
    from lakehouse.runtime.doctor import laptop, report

    if run and environment is None:
        raise UsageError("--run starts a job in an account; name its environment: --environment dev.")
    project = find_project()
    if environment is None:
        return EXIT_TERMINAL if report(laptop(project), print_line) else 0
    import boto3

    from lakehouse.runtime.doctor_account import account, smoke
    from lakehouse.runtime.doctor_terraform import drift
    from lakehouse.runtime.doctor_uploads import dag_files

    outputs = _outputs(project, environment)
    client: Any = boto3.client

    def clients(service: str) -> Any:
        return client(service, region_name=outputs["region"])

    lines = chain(
        account(outputs, clients, boto3.Session().region_name),
        dag_files(project, outputs, clients),
        drift(project, environment),
        smoke(outputs, clients) if run else (),
    )
    return EXIT_TERMINAL if report(lines, print_line) else 0


def _outputs(project: Project, environment: str) -> Mapping[str, Any]:
    from lakehouse.runtime.outputs import terraform_outputs

    return terraform_outputs(project, environment)
