"""Layouts as a person reads them: a line per table, what typical queries read, and what maintenance did."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import Any

from lakehouse.cli.printing import print_line, print_table
from lakehouse.errors import LakehouseError
from lakehouse.lake.delta_log import existing_table
from lakehouse.lake.table_files import table_files
from lakehouse.layout.files import columns_of, files_by_partition, row_groups
from lakehouse.layout.measure import QUERIES, mean_read_amplification, query_reads, read_amplification
from lakehouse.say import format_bytes, format_count


class NoPictureError(LakehouseError):
    """There is nothing to draw."""

    def __init__(self, table: str) -> None:
        self.table = table
        super().__init__(
            f"{table}: its log has no min/max statistics of both dt and store_id, so there is nothing to draw; "
            "cluster it by both."
        )


def print_tables(tables: list[Any]) -> None:
    """A line per table: how it is partitioned and clustered, and how large its files are."""
    names = ("table", "partitioned by", "clustered by", "partitions", "files", "size", "rows")
    heads = (*names, "rows per partition (least / median / most)", "worst partition")
    print_table(heads, [_table_line(table) for table in tables])


def _table_line(table: Any) -> tuple[object, ...]:
    opened = existing_table(table.path)
    files = table_files(opened, columns_of(table.layout))
    parts = files_by_partition(files).values()
    rows = [sum(file.rows for file in part) for part in parts] or [0]
    worst = max((read_amplification(part, table.layout.cut_by) for part in parts), default=1.0)
    return (
        table.full_name,
        ", ".join(opened.metadata().partition_columns) or "-",
        ", ".join(table.layout.cluster_by) or "-",
        len(rows),
        len(files),
        format_bytes(sum(file.bytes for file in files)),
        sum(rows),
        f"{min(rows)} / {median(rows):g} / {max(rows)}",
        f"{worst:.2f}",
    )


def print_queries(table: Any, by_row_group: bool) -> list[Any]:
    """What four typical queries read; returns the files, or row groups, that were measured."""
    opened = existing_table(table.path)
    columns = tuple(dict.fromkeys((*columns_of(table.layout), "dt", "store_id")))
    files: list[Any] = table_files(opened, columns)
    what = "files"
    if by_row_group:
        files, what = row_groups(opened, files, columns), "row groups"
    found, total = query_reads(files), len(files)
    heads = ("query", f"{what} read", f"of {what}", "of bytes", "least possible", "read amplification")
    lines = [
        (q.query, f"{q.files:.1f} of {total}", f"{q.files / total:.1%}", f"{q.share:.1%}", f"{q.minimum:.1%}",
         f"{q.read_amplification:.2f}")
        for q in found
    ]  # fmt: skip
    print_table(heads, lines)
    if found:
        print_line(
            f"one day and one store, geometric mean: {mean_read_amplification(found):.2f} times the least possible"
        )
    return files


def draw(table: Any, files: list[Any], picture: Path) -> None:
    """Write the heat map of a table; raises NoPictureError."""
    from lakehouse.layout.picture import draw_layout

    drawn = draw_layout(table.full_name, files)
    if drawn is None:
        raise NoPictureError(table.full_name)
    picture.write_text(drawn, encoding="utf-8")
    print_line(f"drawn to {picture}")


def print_advice(table: Any) -> None:
    """Each possible layout with what it would cost, and why the first is advised."""
    from lakehouse.layout.advice import advise, reason, size_of

    size = size_of(table_files(existing_table(table.path), ("dt", "store_id")))
    if size is None:
        print_line(
            f"{table.full_name}: it has no days and stores; one partition, clustered by its key, is right for it"
        )
        return
    offers = advise(size, table.layout.target_bytes)
    print_table(
        ("partitionBy", "clusterBy", "files", "size of a file", *QUERIES, "cost"),
        [
            (", ".join(o.partition_by) or "-", ", ".join(o.cluster_by) or "-", o.files, format_bytes(o.file_bytes),
             *[f"{share:.2%}" for share in o.shares], format_bytes(o.cost_bytes))
            for o in offers
        ],
    )  # fmt: skip
    print_line(reason(offers[0], size))


def print_old(old: list[Any]) -> None:
    """What keepDays removes, a line per place."""
    if not old:
        print_line("nothing is older than its contract keeps it")
        return
    print_table(
        ("dataset", "place", "kept since", "rows or files that go"),
        [(o.dataset, o.place, str(o.before), format_count(o.number, o.unit)) for o in old],
    )


def print_maintained(results: list[Any]) -> None:
    """What maintenance did, a line per table."""
    if not results:
        print_line("nothing to do")
        return
    print_table(
        ("table", "partitions", "files before", "after", "bytes written", "left", "vacuumed", "log cleaned up"),
        [
            (r.table, r.partitions, r.files_removed, r.files_added, r.bytes_added, r.left, r.vacuumed,
             "yes" if r.log_cleaned else "no")
            for r in results
        ],
    )  # fmt: skip
