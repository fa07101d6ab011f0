"""Prints rows as a person or a program wants them: a table on the terminal, or CSV."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Sequence
from decimal import Decimal

_PIPED_WIDTH = 1_000_000


def print_csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print CSV with a header; a null is an empty field."""
    writer = csv.writer(sys.stdout)
    writer.writerow(columns)
    writer.writerows(rows)


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table and the number of its rows; numbers stand to the right."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    # Into a pipe every value goes whole; on a terminal long ones are folded.
    out = Console() if sys.stdout.isatty() else Console(width=_PIPED_WIDTH)
    table = Table(box=box.SIMPLE_HEAD if out.is_terminal else box.ASCII2)
    for number, column in enumerate(columns):
        numeric = any(isinstance(row[number], int | float | Decimal) for row in rows[:100])
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*["" if value is None else str(value) for value in row])
    out.print(table)
    out.print(f"{len(rows)} row{'' if len(rows) == 1 else 's'}")
