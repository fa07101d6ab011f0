"""`lakehouse quarantine`: see the rows kept out of silver, correct them, send them back, discard them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from lakehouse.cli.app import command, new_app
from lakehouse.cli.options import (
    DEFAULT_LAKE,
    Author,
    DatasetName,
    LakePath,
    RawRoot,
    Reason,
    dataset_names,
    lake_and_dataset,
    signature,
)
from lakehouse.cli.printing import print_line

if TYPE_CHECKING:
    from lakehouse.contracts.dataset import Dataset
    from lakehouse.lake.decisions import Signature
    from lakehouse.lake.paths import Lake
    from lakehouse.quarantine.changes import ChangeKind
    from lakehouse.quarantine.repairs import Edit
    from lakehouse.quarantine.rows import QuarantinedRow

_AFTER = (
    "The next ingest loads these rows as a batch of their own and validates them again: run the jobs now, or wait for "
    "the schedule."
)
_REPAIR = "lakehouse quarantine repair erp_orders 1:17 --set quantity=2 --why 'asked the store'"

app = new_app(
    """List, show, repair, retry, discard, export and import quarantined rows.

    Rows that could not be parsed or broke a rule are kept here as delivered. A repaired row is ingested and validated
    again, exactly once; if it fails again, the original row stays open.""",
    example=_REPAIR,
)

Row = Annotated[str, typer.Argument(metavar="ROW", help="BATCH:NUMBER, as `quarantine list` shows it.")]
Rows = Annotated[
    list[str] | None,
    typer.Argument(metavar="ROW", help="Rows as BATCH:NUMBER; omit them to select with --rule, --batch or --all."),
]
RuleName = Annotated[str | None, typer.Option("--rule", metavar="NAME", help="Only open rows that broke this rule.")]
BatchNumber = Annotated[int | None, typer.Option("--batch", metavar="NUMBER", help="Only open rows of this batch.")]
All = Annotated[bool, typer.Option("--all", help="All open rows of the dataset.")]
Reveal = Annotated[bool, typer.Option("--reveal", help="Show personal data instead of ***.")]
File = Annotated[Path, typer.Argument(metavar="FILE", help="The CSV file.")]


@command(app, "list", example="lakehouse quarantine list erp_orders --rule quantity_at_least_1")
def list_rows(
    dataset: Annotated[
        str | None,
        typer.Argument(
            metavar="DATASET",
            help="The dataset whose rows to list; omit it for counts per dataset.",
            autocompletion=dataset_names,
        ),
    ] = None,
    state: Annotated[
        Literal["open", "repaired", "discarded", "all"], typer.Option(help="Only rows in this state.")
    ] = "open",
    rule: Annotated[str | None, typer.Option(metavar="NAME", help="Only rows that broke this rule.")] = None,
    batch: Annotated[int | None, typer.Option(metavar="NUMBER", help="Only rows of this batch.")] = None,
    limit: Annotated[int, typer.Option(metavar="ROWS", help="At most so many rows.")] = 100,
    reveal: Reveal = False,
    lake: LakePath = DEFAULT_LAKE,
) -> None:
    """List quarantined rows of a dataset, or count those of every dataset."""
    from lakehouse.cli.quarantine_printing import print_counts, print_rows
    from lakehouse.quarantine.rows import RowState, Selection

    if dataset is None:
        print_counts(lake)
        return
    chosen = Selection((), rule, batch, None if state == "all" else RowState(state))
    print_rows(*lake_and_dataset(lake, dataset), chosen, limit, reveal)


@command(app, "show", example="lakehouse quarantine show erp_orders 1:17")
def show(dataset: DatasetName, row: Row, reveal: Reveal = False, lake: LakePath = DEFAULT_LAKE) -> None:
    """Show a row, the rules it broke, and what was done with it."""
    from lakehouse.cli.quarantine_printing import print_row
    from lakehouse.quarantine.rows import RowRef

    print_row(*lake_and_dataset(lake, dataset), RowRef.read(row), reveal)


@command(app, "repair", example=_REPAIR)
def repair(
    dataset: DatasetName,
    row: Row,
    assignments: Annotated[
        list[str],
        typer.Option(
            "--set",
            metavar="COLUMN=VALUE",
            help="A new value; may be given several times. COLUMN= clears the column.",
        ),
    ],
    why: Reason,
    by: Author = None,
    lake: LakePath = DEFAULT_LAKE,
    raw_root: RawRoot = None,
) -> None:
    """Send a row back with corrected values."""
    from lakehouse.quarantine.changes import ChangeKind
    from lakehouse.quarantine.edits import set_values
    from lakehouse.quarantine.repairs import Edit
    from lakehouse.quarantine.rows import RowRef, Selection, open_rows

    opened, known = lake_and_dataset(lake, dataset, raw_root)
    values = set_values(assignments, known)
    (found,) = open_rows(opened, known, Selection((RowRef.read(row),)))
    _send(opened, known, [Edit(found, values)], ChangeKind.REPAIR, signature(why, by))


@command(app, "replay", example="lakehouse quarantine retry erp_orders --all --why 'fixed the suite'", hidden=True)
@command(app, "retry", example="lakehouse quarantine retry erp_orders --all --why 'fixed the suite'")
def retry(
    dataset: DatasetName,
    why: Reason,
    rows: Rows = None,
    rule: RuleName = None,
    batch: BatchNumber = None,
    all_rows: All = False,
    by: Author = None,
    lake: LakePath = DEFAULT_LAKE,
    raw_root: RawRoot = None,
) -> None:
    """Send rows back unchanged, once their suite or contract is fixed."""
    from lakehouse.quarantine.changes import ChangeKind
    from lakehouse.quarantine.repairs import Edit

    opened, known = lake_and_dataset(lake, dataset, raw_root)
    chosen = _chosen(opened, known, rows or (), rule, batch, all_rows)
    _send(opened, known, [Edit(row, {}) for row in chosen], ChangeKind.RETRY, signature(why, by))


@command(app, "discard", example="lakehouse quarantine discard web_events --all --why 'a test of the shop'")
def discard(
    dataset: DatasetName,
    why: Reason,
    rows: Rows = None,
    rule: RuleName = None,
    batch: BatchNumber = None,
    all_rows: All = False,
    by: Author = None,
    lake: LakePath = DEFAULT_LAKE,
    raw_root: RawRoot = None,
) -> None:
    """Discard rows: they never go to silver."""
    from lakehouse.quarantine import repairs
    from lakehouse.say import format_count

    opened, known = lake_and_dataset(lake, dataset, raw_root)
    chosen = _chosen(opened, known, rows or (), rule, batch, all_rows)
    repairs.discard(opened, known, chosen, signature(why, by))
    print_line(f"{format_count(len(chosen), 'row')} of {known.name} discarded; what was delivered stays as a record")


@command(app, "export", example="lakehouse quarantine export crm_leads leads.csv")
def export(
    dataset: DatasetName,
    file: File,
    rule: RuleName = None,
    batch: BatchNumber = None,
    reveal: Reveal = False,
    lake: LakePath = DEFAULT_LAKE,
) -> None:
    """Write open rows to a CSV file, to correct them in a spreadsheet."""
    from lakehouse.quarantine.edits import export_rows
    from lakehouse.quarantine.rows import Selection

    opened, known = lake_and_dataset(lake, dataset)
    number = export_rows(opened, known, Selection((), rule, batch), file, reveal)
    print_line(f"{number} open rows of {known.name} written to {file}; edit it, then import it")


@command(app, "import", example="lakehouse quarantine import crm_leads leads.csv --why 'the source has a new name'")
def import_rows(
    dataset: DatasetName,
    file: File,
    why: Reason,
    by: Author = None,
    lake: LakePath = DEFAULT_LAKE,
    raw_root: RawRoot = None,
) -> None:
    """Send back the rows of an exported file that were corrected."""
    from lakehouse.quarantine.changes import ChangeKind
    from lakehouse.quarantine.edits import read_edits

    opened, known = lake_and_dataset(lake, dataset, raw_root)
    edits, unchanged = read_edits(opened, known, file)
    if unchanged:
        print_line(
            f"{unchanged} rows are unchanged and stay open" if unchanged > 1 else "1 row is unchanged and stays open"
        )
    if edits:
        _send(opened, known, edits, ChangeKind.REPAIR, signature(why, by))


def _send(lake: Lake, dataset: Dataset, edits: list[Edit], change: ChangeKind, signed: Signature) -> None:
    from lakehouse.contracts.project import find_project
    from lakehouse.contracts.rules import dataset_suite
    from lakehouse.quarantine.repairs import check_edit, send_back
    from lakehouse.say import format_count

    suite = dataset_suite(find_project().suites, dataset)
    for edit in edits:
        check_edit(edit, dataset, suite)
    path = send_back(lake, dataset, edits, change, signed)
    print_line(f"{format_count(len(edits), 'row')} of {dataset.name} delivered again as {dataset.domain}/{path}")
    print_line(_AFTER)


def _chosen(
    lake: Lake, dataset: Dataset, rows: list[str] | tuple[()], rule: str | None, batch: int | None, everything: bool
) -> list[QuarantinedRow]:
    """The open rows that a command names; raises UsageError where it names none."""
    from lakehouse.errors import UsageError
    from lakehouse.quarantine.rows import RowRef, Selection, open_rows

    if not (rows or rule or batch is not None or everything):
        raise UsageError("Name rows as BATCH:NUMBER, or select them with --rule, --batch or --all.")
    refs = tuple(dict.fromkeys(RowRef.read(word) for word in rows))
    return open_rows(lake, dataset, Selection(refs, rule, batch))
