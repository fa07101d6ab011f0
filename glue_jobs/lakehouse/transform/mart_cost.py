"""Whether a build of a mart recomputes the changed keys or every row: what reads and writes less, by the logs' sizes.

Whole reads every table of the mart once, and writes the mart twice: the candidate, and the mart. Keys read the files in
which the tables differ, then the share of the tables that the keys need, and of the mart, which the candidate and the
mart each merge: they read that share and write it again.

Where a mart reads less than one file of the usual size, its keys are recomputed: there is nothing to save, and what
reads the mart gets the rows that changed, not all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lakehouse.contracts.layout import TARGET_FILE_BYTES
from lakehouse.contracts.mart_graph import Mart
from lakehouse.lake.changed_rows import FileChanges
from lakehouse.lake.delta_log import open_table
from lakehouse.lake.paths import Lake
from lakehouse.lake.table_files import totals_of
from lakehouse.say import format_count

WORTH_CHOOSING = TARGET_FILE_BYTES
"""What a mart reads must have so many bytes for every row to be recomputed instead of keys."""
OPENING_BYTES = 4 << 20
"""What opening a file costs beside reading it: Spark's own figure, by which it plans tasks (openCostInBytes)."""


@dataclass(frozen=True)
class Size:
    """Files and their bytes; rows as the log has them, 0 where it does not."""

    files: int = 0
    bytes: int = 0
    rows: int = 0

    @property
    def cost(self) -> int:
        """Bytes to read, with what opening costs."""
        return self.bytes + self.files * OPENING_BYTES

    @property
    def words(self) -> str:
        """For people."""
        return f"{format_count(self.files, 'file')} with {self.bytes / (1 << 20):,.1f} MiB"

    def __add__(self, other: Size) -> Size:
        return Size(self.files + other.files, self.bytes + other.bytes, self.rows + other.rows)


def comparing_costs_more(changed: Size, read: Size, mart: Size) -> bool:
    """Whether to compare the files in which tables differ costs more than all that a whole build does."""
    return read.bytes >= WORTH_CHOOSING and changed.cost > read.cost + 2 * mart.cost


def recomputing_costs_more(keys: int, read: Size, mart: Size) -> bool:
    """Whether to recompute so many keys costs more than every row; the comparison is done by then.

    A key is taken for a row of the mart, and rows for evenly spread: files are shared by keys, so keys cost no less.
    """
    share = min(keys / mart.rows, 1) if mart.rows else 0
    return read.bytes >= WORTH_CHOOSING and share * (read.cost + 4 * mart.cost) > read.cost + 2 * mart.cost


def why_not_compare(lake: Lake, mart: Mart, changes: Mapping[str, FileChanges]) -> str | None:
    """Why changed rows are not looked for, None where they are. changes: the files by table in which it changed."""
    changed = sum((_of_changes(files) for files in changes.values()), Size())
    if changed.cost < WORTH_CHOOSING:
        return None  # whatever the tables have, so their logs need not be read
    read, own = _of_tables(lake, mart.reads), _of_tables(lake, (mart.full_name,))
    if not comparing_costs_more(changed, read, own):
        return None
    return f"{changed.words} changed, and all that it reads is {read.words}"


def why_not_recompute(lake: Lake, mart: Mart, keys: int) -> str | None:
    """Why every row is recomputed and not so many keys alone, None where the keys are."""
    own = _of_tables(lake, (mart.full_name,))
    if 2 * keys <= own.rows:
        return None  # half the keys never cost more, so the logs of the tables need not be read
    if not recomputing_costs_more(keys, _of_tables(lake, mart.reads), own):
        return None
    return f"{format_count(keys, 'key')} changed, and it has {format_count(own.rows, 'row')}"


def _of_changes(files: FileChanges) -> Size:
    return Size(len(files.gone) + len(files.come), files.bytes)


def _of_tables(lake: Lake, tables: Iterable[str]) -> Size:
    """The size of tables together, by their full names; nothing for one that is not there."""
    found = Size()
    for name in tables:
        if (table := open_table(lake.table(*name.split(".")))) is not None:
            totals = totals_of(table)
            found += Size(totals.files, totals.bytes, totals.rows)
    return found
