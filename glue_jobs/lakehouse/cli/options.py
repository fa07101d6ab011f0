"""Arguments and options that several commands share."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from lakehouse.contracts.contract import Contracts
    from lakehouse.contracts.dataset import Dataset
    from lakehouse.contracts.findings import Commands
    from lakehouse.lake.decisions import Signature
    from lakehouse.lake.paths import Lake

DEFAULT_LAKE = "./local_output"


def dataset_names(incomplete: str) -> list[str]:
    """Complete the name of a dataset."""
    contracts = _contracts()
    return [dataset.name for dataset in contracts.datasets] if contracts else []


def domain_names(incomplete: str) -> list[str]:
    """Complete the name of a domain."""
    contracts = _contracts()
    return list(contracts.domains) if contracts else []


def table_names(incomplete: str) -> list[str]:
    """Complete the name of a silver table or of a mart."""
    from lakehouse.contracts.layers import MARTS, SILVER

    silver = [f"{SILVER}.{name}" for name in dataset_names(incomplete)]
    return [*silver, *(f"{MARTS}.{name}" for name in mart_names(incomplete))]


LakePath = Annotated[str, typer.Option("--lake", metavar="PATH", help="The lake: a folder or s3://bucket/prefix.")]
RawRoot = Annotated[
    str | None, typer.Option("--raw-root", metavar="PATH", help="The raw layer, if it is not LAKE/raw.")
]
DatasetName = Annotated[
    str,
    typer.Argument(metavar="DATASET", help="A dataset, such as erp_orders.", autocompletion=dataset_names),
]
TableName = Annotated[
    str,
    typer.Argument(
        metavar="TABLE", help="A silver table or a mart, such as silver.erp_orders.", autocompletion=table_names
    ),
]
Reason = Annotated[str, typer.Option("--why", metavar="TEXT", help="The reason, for those who read it later.")]
Author = Annotated[
    str | None, typer.Option("--by", metavar="NAME", help="Who decides (default: the user of this machine).")
]
OnlyWriter = Annotated[
    bool,
    typer.Option(
        "--only-writer",
        help="Skip the check for safe commits on S3; use it only if nothing else writes to this lake.",
    ),
]
LogLevel = Annotated[Literal["info", "warning"], typer.Option("--log-level", help="How much the steps log.")]


def signature(why: str, by: str | None) -> Signature:
    """Who asks for a change and why; both are recorded."""
    from lakehouse.lake.decisions import Signature

    return Signature(by or _user(), why)


def commands_on(lake: str) -> Commands:
    """The commands that go on, as a person types them for this lake."""
    from lakehouse.contracts.findings import Commands

    return Commands(lake, lake == DEFAULT_LAKE)


def lake_and_dataset(lake: str, dataset: str, raw_root: str | None = None) -> tuple[Lake, Dataset]:
    """The lake and the dataset that a command names; raises UnknownNameError."""
    from lakehouse.contracts.project import find_project
    from lakehouse.lake.paths import Lake

    return Lake.at(lake, raw_root), find_project().contracts.dataset(dataset)


def _user() -> str:
    """The user of this machine; a container may have none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def mart_names(incomplete: str) -> list[str]:
    """Complete the name of a mart; none where they cannot be read."""
    from lakehouse.contracts import dbt_files
    from lakehouse.contracts.project import find_project
    from lakehouse.errors import LakehouseError

    try:
        return list(dbt_files.mart_names(find_project().dbt))
    except (LakehouseError, OSError):
        return []


def _contracts() -> Contracts | None:
    """The contracts; a completion must not fail where there are none or they are wrong."""
    from lakehouse.contracts.project import find_project
    from lakehouse.errors import LakehouseError

    try:
        return find_project().contracts
    except LakehouseError:
        return None
