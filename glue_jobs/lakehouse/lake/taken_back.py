"""Which merges a table has no longer, since somebody rolled it back: kept in its own properties.

The log of a table counts its merges further after a rollback, so that none is merged again by itself. What is made
from bronze, such as a rebuild, the winner among versions that tie, or the next snapshot, must leave out what was taken
back. A merge is known by its turn (`transform/merge_order.py`): a batch that is merged once more has another.
"""

from __future__ import annotations

from collections.abc import Mapping

from deltalake import DeltaTable

from lakehouse.lake.batches import MERGE
from lakehouse.lake.conflicts import when_free
from lakehouse.lake.delta_log import existing_table, open_table

_PROPERTY = "lakehouse.takenBack"


def taken_back(path: str) -> tuple[range, ...]:
    """The turns that were merged into the table at a path, and that a rollback took back."""
    table = open_table(path)
    return _turns(table.metadata().configuration) if table else ()


def take_back(path: str, from_version: int, to_version: int) -> None:
    """Remember what a table lost by a rollback from one version to another, in a commit of its own.

    What the earlier version lacked already, by a rollback before it, is lacking again. Where a process was killed
    before, the same rollback again remembers it.
    """
    earlier, later = existing_table(path, to_version), existing_table(path, from_version)
    turns = [*_turns(earlier.metadata().configuration), range(_turn(earlier) + 1, _turn(later) + 1)]
    text = ",".join(f"{one.start}-{one[-1]}" for one in turns if one)

    def write() -> None:
        table = existing_table(path)
        if table.metadata().configuration.get(_PROPERTY, "") != text:
            table.alter.set_table_properties({_PROPERTY: text}, raise_if_not_exists=False)

    when_free(path, write)


def _turn(table: DeltaTable) -> int:
    """The last turn that a version of a table has."""
    return table.transaction_version(MERGE) or 0


def _turns(properties: Mapping[str, str]) -> tuple[range, ...]:
    pairs = [pair.split("-") for pair in properties.get(_PROPERTY, "").split(",") if pair]
    return tuple(range(int(first), int(last) + 1) for first, last in pairs)
