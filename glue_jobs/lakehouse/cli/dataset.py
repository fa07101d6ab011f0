"""`lakehouse dataset`: what has to follow a change of a contract that a run refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lakehouse.cli.answers import confirmed, require_answer
from lakehouse.cli.app import command, new_app
from lakehouse.cli.options import DEFAULT_LAKE, Author, LakePath, dataset_names, signature
from lakehouse.cli.printing import print_line

if TYPE_CHECKING:
    from lakehouse.contracts.dataset import Dataset
    from lakehouse.cycle.rebuild import RebuildPlan
    from lakehouse.cycle.validate_again import Again
    from lakehouse.runtime.context import Context

_EXAMPLE = "lakehouse dataset rebuild erp.erp_orders --why 'dateColumn is ordered_at'"

app = new_app(
    """Carry out a change of a contract that a run refuses.

    A table remembers key, sequenceBy, dateColumn, dateZone, mergeStrategy and ties of the contract that it was built
    with. A contract that says otherwise is refused until one of these commands has brought the table after it.""",
    example=_EXAMPLE,
)

Name = Annotated[
    str,
    typer.Argument(metavar="DOMAIN.DATASET", help="A dataset, such as erp.erp_orders.", autocompletion=dataset_names),
]
Why = Annotated[str, typer.Option("--why", "--reason", metavar="TEXT", help="The reason, which is recorded.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask; needed where nobody can answer.")]


@command(app, "rebuild", example=_EXAMPLE)
def rebuild(
    dataset: Name,
    why: Why,
    again: Annotated[
        bool,
        typer.Option("--validate-again", help="Apply today's row rules to rows that passed and to quarantined ones."),
    ] = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    by: Author = None,
    lake: LakePath = DEFAULT_LAKE,
) -> None:
    """Rebuild silver from bronze under today's contract.

    Shows the difference in rows and in the sums of decimal columns first. Silver is replaced in one commit; models, the
    fact and the catalogue follow. Who did it and why is recorded in ops.dataset_changes. With --validate-again rows
    that break today's suite go to quarantine, and open rows there that pass it come back.
    """
    from lakehouse.lake.dataset_changes import REBUILD

    _rebuild(dataset, REBUILD, why, by, dry_run, yes, lake, again)


@command(app, "rekey", example="lakehouse dataset rekey erp.erp_orders --why 'lines are numbered now'")
def rekey(
    dataset: Name,
    why: Why,
    dry_run: DryRun = False,
    yes: Yes = False,
    by: Author = None,
    lake: LakePath = DEFAULT_LAKE,
) -> None:
    """Rebuild silver from bronze under the contract's new key.

    Like rebuild, for a contract whose primaryKey has changed.
    """
    from lakehouse.lake.dataset_changes import REKEY

    _rebuild(dataset, REKEY, why, by, dry_run, yes, lake)


@command(app, "drop", example="lakehouse dataset drop stock.stock_counts --why 'stores count no more'")
def drop(
    dataset: Annotated[str, typer.Argument(metavar="DOMAIN.DATASET", help="A dataset that no contract describes.")],
    why: Why,
    dry_run: DryRun = False,
    yes: Yes = False,
    by: Author = None,
    lake: LakePath = DEFAULT_LAKE,
) -> None:
    """Remove everything that a dataset left in the lake.

    Tables and pinned versions, Data Docs, entries of the ops tables and of the catalogue go; the files in raw stay.
    Remove its contract and suite first. A drop that was interrupted is completed by the same command.
    """
    from lakehouse.cli.site import renew
    from lakehouse.cycle.drop import NothingLeftError, leftovers
    from lakehouse.cycle.drop import drop as carry_out
    from lakehouse.runtime.glue import command_context

    require_answer(yes or dry_run)
    context = command_context(lake)
    domain, _, name = dataset.rpartition(".")
    found = leftovers(context, domain, name)
    if not found.is_unfinished and not found.lines:
        raise NothingLeftError(domain, name)
    for line in found.lines:
        print_line(line)
    for path in found.raw:
        print_line(f"stays: {path}")
    if dry_run:
        print_line("dry run: nothing was removed")
    elif yes or confirmed(f"Remove all of {dataset}? It cannot be undone."):
        carry_out(context, domain, name, found, signature(why, by))
        renew(context, lake)
        print_line(f"nothing is left of {dataset}; ops.dataset_changes says who dropped it and why")
    else:
        print_line("nothing was removed")


@command(app, "drop-column", example="lakehouse dataset drop-column crm.crm_leads phone --why 'nobody may call'")
def drop_column(
    dataset: Name,
    column: Annotated[str, typer.Argument(metavar="COLUMN", help="A column, or a field of a struct as device.os.")],
    why: Why,
    dry_run: DryRun = False,
    yes: Yes = False,
    by: Author = None,
    lake: LakePath = DEFAULT_LAKE,
) -> None:
    """Remove a column that has left the contract from bronze and silver.

    Take it out of the contract, the suite and what reads it first. Each table is rewritten in one commit, no row
    changes; raw and quarantine keep what was delivered. A process that was killed is completed by the same command.
    """
    _change_column(dataset, column, None, why, by, dry_run, yes, lake)


@command(app, "rename-column", example="lakehouse dataset rename-column crm.crm_leads phone mobile --why 'its name'")
def rename_column(
    dataset: Name,
    column: Annotated[str, typer.Argument(metavar="COLUMN", help="Its name in the tables.")],
    to: Annotated[str, typer.Argument(metavar="NEW", help="Its name in the contract.")],
    why: Why,
    dry_run: DryRun = False,
    yes: Yes = False,
    by: Author = None,
    lake: LakePath = DEFAULT_LAKE,
) -> None:
    """Give a column of bronze and silver the name that the contract has for it now.

    Change the contract first, with physicalName where files keep the former name; then suite, models and views. Each
    table is rewritten in one commit. A process that was killed is completed by the same command.
    """
    _change_column(dataset, column, to, why, by, dry_run, yes, lake)


def _change_column(
    name: str, column: str, to: str | None, why: str, by: str | None, dry_run: bool, yes: bool, lake: str
) -> None:
    from lakehouse.cycle.columns import change_column, plan_column
    from lakehouse.runtime.glue import command_context

    require_answer(yes or dry_run)
    context = command_context(lake)
    dataset = _dataset(context, name)
    plan = plan_column(context, dataset, column, to)
    for layer, version in plan.versions.items():
        print_line(f"{layer}.{dataset.name}: {plan.what}, version {version} is rewritten")
    if dry_run:
        print_line("dry run: nothing was written")
    elif yes or confirmed(f"Rewrite {' and '.join(plan.versions) or 'nothing more'} of {dataset.name}?"):
        change_column(context, plan, signature(why, by))
        print_line(f"{dataset.name}: {plan.what}; ops.dataset_changes says who did it and why")
    else:
        print_line("nothing was written")


def _rebuild(
    name: str, change: str, why: str, by: str | None, dry_run: bool, yes: bool, lake: str, again: bool = False
) -> None:
    from lakehouse.cycle.before_silver import changed_before_silver, follow_contract
    from lakehouse.cycle.rebuild import plan_rebuild
    from lakehouse.cycle.rebuild import rebuild as carry_out
    from lakehouse.runtime.glue import command_context

    require_answer(yes or dry_run)
    context = command_context(lake)
    dataset = _dataset(context, name)
    if changed := changed_before_silver(context, dataset):
        for fact in changed:
            print_line(f"bronze.{dataset.name}: was built with {fact}; there is no silver yet, so no row changes")
        if not dry_run:
            follow_contract(context, dataset, changed, signature(why, by), change)
        print_line("dry run: nothing was written" if dry_run else "bronze follows the contract; the next run goes on")
        return
    plan = plan_rebuild(context, dataset, change, again)
    _show(plan)
    if dry_run:
        print_line("dry run: nothing was written")
        return
    if plan.changes_nothing:
        carry_out(context, plan, signature(why, by), change)
        return
    if not (yes or confirmed(f"Replace silver.{dataset.name}?")):
        print_line("nothing was written")
        return
    version = carry_out(context, plan, signature(why, by), change)
    print_line(f"silver.{dataset.name} is version {version}; to undo: put the contract back and run this again")


def _show(plan: RebuildPlan) -> None:
    """The difference of a plan: facts, rows, sums of decimal columns."""
    name, found = f"silver.{plan.dataset.name}", plan.difference
    for fact in plan.changed:
        print_line(f"{name}: was built with {fact}")
    if plan.pending:
        print_line(f"{name}: a rebuild that validates again was interrupted and is completed; after it ask again")
    if plan.again is not None:
        _show_again(plan.dataset.name, plan.again)
    if plan.changes_nothing:
        print_line(f"{name} is what bronze and the contract say: {found.before.rows} rows")
        return
    print_line(
        f"{name}: {found.before.rows} rows now, {found.after.rows} after; {found.going} go and {found.coming} come, "
        "a changed row in both"
    )
    for column, before in found.before.sums.items():
        print_line(f"  sum of {column}: {before} now, {found.after.sums[column]} after")


def _show_again(name: str, again: Again) -> None:
    """How many rows today's suite lets go another way, and by which rules."""
    print_line(
        f"{name}: {again.caught} rows that passed go to quarantine, {again.freed} come back from it, "
        f"{again.renamed} stay for other rules"
    )
    for rule, number in sorted(again.rules.items()):
        print_line(f"  {rule}: {number} rows")


def _dataset(context: Context, name: str) -> Dataset:
    """The dataset of a name, with or without its domain; raises UnknownNameError."""
    from lakehouse.errors import UnknownNameError

    domain, _, short = name.rpartition(".")
    datasets = context.contracts.datasets
    for dataset in datasets:
        if dataset.name == short and domain in ("", dataset.domain):
            return dataset
    raise UnknownNameError("dataset", name, [f"{known.domain}.{known.name}" for known in datasets])
