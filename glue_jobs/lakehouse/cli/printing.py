"""Prints lines and rows as a person or a program wants them; no delivered text is read as markup or control code."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, TextIO

from lakehouse.say import visible

if TYPE_CHECKING:
    from lakehouse.transform.table_difference import TableDifference

_PIPED_WIDTH = 1_000_000


def print_line(text: str, to: TextIO | None = None) -> None:
    """Print one line for a person, on standard output by default."""
    print(visible(text), file=to)


def print_csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print CSV with a header; a null is an empty field.

    It is for programs, so every value goes as it is, also one that a spreadsheet would take for a formula. On a
    terminal, where a person reads it, control characters are shown.
    """
    writer = csv.writer(sys.stdout)
    shown = _visible_row if sys.stdout.isatty() else tuple
    writer.writerow(shown(columns))
    writer.writerows(shown(row) for row in rows)


def _visible_row(row: Sequence[object]) -> tuple[object, ...]:
    return tuple(visible(value) if isinstance(value, str) else value for value in row)


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table and the number of its rows; numbers stand to the right."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    # Into a pipe every value goes whole; on a terminal long ones are folded.
    out = Console(highlight=False) if sys.stdout.isatty() else Console(width=_PIPED_WIDTH, highlight=False)
    table = Table(box=box.SIMPLE_HEAD if out.is_terminal else box.ASCII2)
    for number, column in enumerate(columns):
        numeric = any(isinstance(row[number], int | float | Decimal) for row in rows[:100])
        table.add_column(Text(visible(column)), justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        # As Text, because a plain string is read as markup: [bold] vanishes, :x: becomes a picture.
        table.add_row(*[Text("" if value is None else visible(str(value))) for value in row])
    out.print(table)
    out.print(f"{len(rows)} row{'' if len(rows) == 1 else 's'}")


def print_difference(table: str, found: TableDifference, then: str) -> None:
    """Print what a table loses and gains, and the sums that change. then: the head of the column of what comes."""
    changed = "" if found.gone is None else f": {found.gone} go, {found.come} come"
    print_line(f"{table}: {found.rows_before} → {found.rows_after} rows{changed}")
    rows = [(one.column, one.before, one.after) for one in found.sums if one.before != one.after]
    if rows:
        print_table(("sum of", "now", then), rows)
