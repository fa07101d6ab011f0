"""`lakehouse check` and `lakehouse settings`: what the project's files say, without a lake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lakehouse.cli.app import CHECK, command, new_app
from lakehouse.cli.printing import print_line
from lakehouse.errors import UsageError

if TYPE_CHECKING:
    from lakehouse.contracts.project import Project

app = new_app()


@command(app, "check", example="lakehouse check", panel=CHECK)
def check(
    lake: Annotated[
        str | None, typer.Option("--lake", metavar="PATH", help="Also compare contracts with the tables of this lake.")
    ] = None,
    deep: Annotated[
        bool,
        typer.Option("--deep", help="Also start Spark, and try tables, rules, models, views and DAGs without data."),
    ] = False,
    against: Annotated[
        str | None,
        typer.Option("--against", metavar="REV", help="Instead say what has changed since a git revision, for whom."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON list, for an editor or CI.")] = False,
) -> int:
    """Validate contracts, suites and views; report each error with its file.

    Every contract is validated against our rules and the schema of the Open Data Contract Standard, every expectation
    suite against its contract, every Athena view against the tables that it reads. What a contract
    says under a former name or without an effect here gives a warning. Nothing is run or written.

    With --deep, where all of that is right, every rule is evaluated on rows of the contract's types, every table is
    planned, dbt builds its models without rows, every view is queried, and the DAGs are parsed where Airflow is
    installed: what an engine refuses is named before a delivery comes.

    With --against, where all is right, each change of a contract is classed as breaking, widening or free for files,
    silver, marts, views, DAGs and roles, with the models and views that it reaches and what to do. The exit code is 3
    only where one is breaking.

    With --lake, key, sequence, date, strategy, ties, partitions and columns are compared with those that the tables of
    the lake were built with: what a run on it would refuse.
    """
    from lakehouse.cli.check import problems
    from lakehouse.cli.check_printing import print_findings, print_json
    from lakehouse.contracts.dbt_files import read_marts
    from lakehouse.contracts.mart_deadlines import early_marts
    from lakehouse.contracts.project import find_project
    from lakehouse.contracts.warnings import contract_warnings
    from lakehouse.errors import EXIT_TERMINAL

    project = find_project()
    warnings = list(contract_warnings(project.root / "contracts"))
    found = problems(project)
    if not found:
        warnings += early_marts(project.contracts, read_marts(project.dbt))
    if lake is not None and not found:
        found = _of_lake(project, lake)
    if deep and not found:
        found = _of_plans(project)
    if against is not None and not found:
        return _since(project, against, as_json)
    if as_json:
        print_json(found, warnings, project.root)
    else:
        print_findings(found, warnings)
    if not found and not as_json:
        print_line("contracts, suites and views are right")
    return EXIT_TERMINAL if found else 0


def _of_lake(project: Project, lake: str) -> list[str]:
    from lakehouse.cli.check_lake import lake_problems
    from lakehouse.lake.paths import Lake

    return lake_problems(Lake.at(lake), project.contracts)


def _since(project: Project, revision: str, as_json: bool) -> int:
    import json

    from lakehouse.cli.check_against import changes_since, lines_of
    from lakehouse.contracts.changes import Effect
    from lakehouse.errors import EXIT_TERMINAL

    found = changes_since(project, revision)
    listed = json.dumps([one.as_json for one in found], indent=1, ensure_ascii=False).split("\n")
    for line in listed if as_json else lines_of(found, revision):
        print_line(line)
    return EXIT_TERMINAL if any(one.effect is Effect.BREAKING for one in found) else 0


def _of_plans(project: Project) -> list[str]:
    from lakehouse.cli.check import readable_suites
    from lakehouse.cycle.dry_run import refused_plans
    from lakehouse.runtime.session import local_session

    suites, _ = readable_suites(project, project.contracts)
    return list(refused_plans(project, local_session(project), suites))


@command(app, "settings", example="lakehouse settings --properties", panel=CHECK)
def settings(
    as_properties: Annotated[
        bool, typer.Option("--properties", help="Print a file for spark-submit on this machine, with the jars' paths.")
    ] = False,
    lake: Annotated[
        str | None, typer.Option("--lake", metavar="PATH", help="With --properties: add what a lake on S3 needs.")
    ] = None,
    for_cluster: Annotated[
        bool, typer.Option("--cluster", help="With --properties: for executors on other machines, which get the jars.")
    ] = False,
) -> None:
    """Print the Spark settings in the format of Glue's --conf argument, or as a file for spark-submit."""
    from lakehouse.contracts.project import find_project
    from lakehouse.lake.paths import Lake
    from lakehouse.runtime.spark_settings import SETTINGS

    if not as_properties:
        if lake is not None or for_cluster:
            raise UsageError("--lake and --cluster belong to --properties.")
        print_line(" --conf ".join(f"{name}={value}" for name, value in SETTINGS.items()))
        return
    from lakehouse.runtime.submit import properties, submit_settings

    found = submit_settings(find_project(), Lake.at(lake) if lake else None, for_cluster)
    for line in properties(found).splitlines():
        print_line(line)
