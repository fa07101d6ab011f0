"""The whole count, on maintenance's schedule: publishing looks only at the files that are new since it last did."""

from __future__ import annotations

from collections.abc import Sequence

from lakehouse.errors import LakehouseError, gathering, raise_first
from lakehouse.lake.delta_log import existing_table
from lakehouse.lake.footers import difference
from lakehouse.layout.declared import DeclaredTable
from lakehouse.runtime.context import Context


class FileCountError(LakehouseError):
    """A data file holds other rows than the log of its table says, or cannot be read."""

    def __init__(self, table: str, problem: str) -> None:
        self.table, self.problem = table, problem
        super().__init__(
            f"{table}: {problem}. Check for data files that were deleted or changed by hand, or restore an earlier "
            f"version."
        )


def recount(context: Context, tables: Sequence[DeclaredTable]) -> None:
    """Compare every file of some tables with their logs; raises FileCountError after all of them were counted."""
    errors: list[LakehouseError] = []
    for table in tables:
        with gathering(errors):
            problem = difference(existing_table(table.path), context.spark)
            if problem is not None:
                raise FileCountError(table.full_name, problem)
    raise_first(errors, ())
