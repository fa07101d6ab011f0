"""What writers that know nothing of us commit to a silver table of orders.

Each is a function without a name of this module in it, for it must run in a Python worker of Spark too, which cannot
import the tests.
"""

from __future__ import annotations

from collections.abc import Callable

Rival = Callable[[str], None]


def appends(key: str, on: int, seq: int, batch_id: int = 0) -> Rival:
    """Add a row of a day of October, whose sequence is a day too; with a batch it is a merge of that batch."""

    def commit(path: str) -> None:
        from datetime import UTC, date, datetime

        import pyarrow as pa
        from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake

        at, updated_at = (datetime(2026, 10, number, 12, tzinfo=UTC) for number in (on, seq))
        row = {"id": key, "amount": 77, "at": at, "updated_at": updated_at, "dt": date(2026, 10, on)}
        rows = pa.Table.from_pylist([{**row, "_batch_id": batch_id}], pa.schema(DeltaTable(path).schema().to_arrow()))
        done = CommitProperties(
            app_transactions=[Transaction("merge", batch_id)] if batch_id else None,
            custom_metadata={"userMetadata": f'{{"batch_id": {batch_id}}}'} if batch_id else None,
        )
        write_deltalake(path, rows, mode="append", commit_properties=done)

    return commit


def deletes(key: str) -> Rival:
    """Remove a row."""

    def commit(path: str) -> None:
        from deltalake import DeltaTable

        DeltaTable(path).delete(f"id = '{key}'")

    return commit


def compacts() -> Rival:
    """Make one file of the two of a day: no row changes."""

    def commit(path: str) -> None:
        from deltalake import DeltaTable

        assert DeltaTable(path).optimize.compact()["numFilesRemoved"] == 2

    return commit


def sets_a_property() -> Rival:
    """Change the metadata alone."""

    def commit(path: str) -> None:
        from deltalake import DeltaTable

        DeltaTable(path).alter.set_table_properties({"delta.logRetentionDuration": "interval 9 days"})

    return commit


def adds_a_column() -> Rival:
    """Change the schema so that every writer of today can go on."""

    def commit(path: str) -> None:
        from deltalake import DeltaTable, Field
        from deltalake.schema import PrimitiveType

        DeltaTable(path).alter.add_columns([Field("_note", PrimitiveType("string"))])

    return commit
