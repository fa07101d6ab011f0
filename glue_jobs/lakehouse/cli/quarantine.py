"""The command `lakehouse quarantine`: see the rows kept out of silver, mend them, send them back, let them go."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakehouse.cli.options import add_signature, place, signature

if TYPE_CHECKING:
    from lakehouse.contracts.contract import Dataset
    from lakehouse.lake.paths import Lake
    from lakehouse.quarantine.repairs import Edit
    from lakehouse.quarantine.rows import QuarantinedRow

_LAKE = "./local_output"
_AFTER = (
    "The rows go with the next ingest as a batch of their own and are judged again: run the jobs, or wait for them."
)


def add_commands(commands: Any) -> None:
    """Add `quarantine` and what can be done with it."""
    words = commands.add_parser(
        "quarantine",
        help="list, show, repair, discard, replay, export, import quarantined rows",
        description="Rows that could not be read or broke a rule are kept here as delivered. A repaired row enters "
        "anew through ingest, is judged again and lands once; one that fails again stays open.",
        epilog="example: lakehouse quarantine repair erp_orders 1:17 --set quantity=2 --why 'asked the store'",
        allow_abbrev=False,
    )
    actions = words.add_subparsers(dest="action", required=True, metavar="ACTION")
    _add_list(actions)
    _add_show(actions)
    _add_repair(actions)
    _add_many(actions, "discard", "let rows stay out of silver for good", _discard)
    _add_many(actions, "replay", "send rows back as they are, once their suite or contract was mended", _replay)
    _add_csv(actions)


def _action(actions: Any, name: str, text: str, run: Any, reveals: bool = False, signs: bool = False) -> Any:
    """A subcommand with what all of them know."""
    words = actions.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.", allow_abbrev=False)
    words.add_argument("--lake", default=_LAKE, metavar="PATH", help="a folder or s3://… (default: %(default)s)")
    if reveals:
        words.add_argument("--reveal", action="store_true", help="show personal data in place of ***")
    if signs:
        add_signature(words)
    words.set_defaults(run=run)
    return words


def _add_list(actions: Any) -> None:
    words = _action(actions, "list", "list quarantined rows, or count those of every dataset", _list, reveals=True)
    words.add_argument("dataset", nargs="?", help="its rows one by one")
    words.add_argument("--state", default="open", choices=["open", "repaired", "discarded", "all"])
    words.add_argument("--rule", metavar="NAME", help="only rows that broke this rule")
    words.add_argument("--batch", type=int, metavar="NUMBER", help="only rows of this batch")
    words.add_argument("--limit", type=int, default=100, metavar="ROWS", help="default: %(default)s")


def _add_show(actions: Any) -> None:
    words = _action(actions, "show", "show a row, the rules it broke, and what was done with it", _show, reveals=True)
    words.add_argument("dataset")
    words.add_argument("row", help="batch:number, as `list` shows it")


def _add_repair(actions: Any) -> None:
    words = _action(actions, "repair", "send a row back with other values", _repair, signs=True)
    words.add_argument("dataset")
    words.add_argument("row", help="batch:number, as `list` shows it")
    words.add_argument(
        "--set", action="append", required=True, metavar="COLUMN=VALUE", help="repeat for more; no value empties it"
    )


def _add_many(actions: Any, name: str, text: str, run: Any) -> None:
    words = _action(actions, name, text, run, signs=True)
    words.add_argument("dataset")
    words.add_argument("rows", nargs="*", metavar="ROW", help="batch:number; none for all that the options name")
    words.add_argument("--rule", metavar="NAME", help="all open rows that broke this rule")
    words.add_argument("--batch", type=int, metavar="NUMBER", help="all open rows of this batch")
    words.add_argument("--all", action="store_true", help="all open rows of the dataset")


def _add_csv(actions: Any) -> None:
    words = _action(actions, "export", "write open rows to a CSV file to be edited", _export, reveals=True)
    words.add_argument("dataset")
    words.add_argument("file", type=Path)
    words.add_argument("--rule", metavar="NAME", help="only rows that broke this rule")
    words.add_argument("--batch", type=int, metavar="NUMBER", help="only rows of this batch")
    words = _action(actions, "import", "send back the rows of an exported file that were edited", _import, signs=True)
    words.add_argument("dataset")
    words.add_argument("file", type=Path)


def _list(given: argparse.Namespace) -> int:
    from lakehouse.cli.quarantine_printing import print_counts, print_rows
    from lakehouse.quarantine.rows import Selection

    if given.dataset is None:
        print_counts(given.lake)
        return 0
    lake, dataset = place(given)
    state = None if given.state == "all" else given.state
    print_rows(lake, dataset, Selection((), given.rule, given.batch, state), given.limit, given.reveal)
    return 0


def _show(given: argparse.Namespace) -> int:
    from lakehouse.cli.quarantine_printing import print_row
    from lakehouse.quarantine.rows import RowRef

    print_row(*place(given), RowRef.read(given.row), given.reveal)
    return 0


def _repair(given: argparse.Namespace) -> int:
    from lakehouse.quarantine.edits import set_values
    from lakehouse.quarantine.repairs import Edit
    from lakehouse.quarantine.rows import RowRef, Selection, open_rows

    lake, dataset = place(given)
    values = set_values(given.set, dataset)
    (row,) = open_rows(lake, dataset, Selection((RowRef.read(given.row),)))
    return _send(given, lake, dataset, [Edit(row, values)], "repair")


def _replay(given: argparse.Namespace) -> int:
    from lakehouse.quarantine.repairs import Edit

    lake, dataset = place(given)
    return _send(given, lake, dataset, [Edit(row, {}) for row in _chosen(given, lake, dataset)], "replay")


def _send(given: argparse.Namespace, lake: Lake, dataset: Dataset, edits: list[Edit], change: str) -> int:
    from lakehouse.contracts.project import find_project
    from lakehouse.contracts.suite import load_suite
    from lakehouse.quarantine.repairs import check_edit, send_back
    from lakehouse.say import say_count

    suite = load_suite(find_project().suites, dataset.name, dataset.known_columns)
    for edit in edits:
        check_edit(edit, dataset, suite)
    path = send_back(lake, dataset, edits, change, signature(given))
    print(f"{say_count(len(edits), 'row')} of {dataset.name} delivered again as {dataset.domain}/{path}")
    print(_AFTER)
    return 0


def _discard(given: argparse.Namespace) -> int:
    from lakehouse.quarantine.repairs import discard
    from lakehouse.say import say_count

    lake, dataset = place(given)
    rows = _chosen(given, lake, dataset)
    discard(lake, dataset, rows, signature(given))
    print(f"{say_count(len(rows), 'row')} of {dataset.name} discarded; what was delivered stays as a record")
    return 0


def _chosen(given: argparse.Namespace, lake: Lake, dataset: Dataset) -> list[QuarantinedRow]:
    """The open rows that a command names; raises UsageError where it names none."""
    from lakehouse.errors import UsageError
    from lakehouse.quarantine.rows import RowRef, Selection, open_rows

    if not (given.rows or given.rule or given.batch is not None or given.all):
        raise UsageError("Name rows as batch:number, or --rule, --batch or --all.")
    refs = tuple(dict.fromkeys(RowRef.read(word) for word in given.rows))
    return open_rows(lake, dataset, Selection(refs, given.rule, given.batch))


def _export(given: argparse.Namespace) -> int:
    from lakehouse.quarantine.edits import export_rows
    from lakehouse.quarantine.rows import Selection

    lake, dataset = place(given)
    number = export_rows(lake, dataset, Selection((), given.rule, given.batch), given.file, given.reveal)
    print(f"{number} open rows of {dataset.name} written to {given.file}; edit it, then import it")
    return 0


def _import(given: argparse.Namespace) -> int:
    from lakehouse.quarantine.edits import read_edits

    lake, dataset = place(given)
    edits, unchanged = read_edits(lake, dataset, given.file)
    if unchanged:
        print(
            f"{unchanged} rows are as they were and stay open" if unchanged > 1 else "1 row is as it was and stays open"
        )
    return _send(given, lake, dataset, edits, "repair") if edits else 0
