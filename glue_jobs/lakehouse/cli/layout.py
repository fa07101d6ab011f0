"""`lakehouse layout` and `lakehouse maintain`: how files lie, how they should, and bringing them there."""

from __future__ import annotations

import argparse
from pathlib import Path
from statistics import median
from typing import Any

from lakehouse.cli.answers import print_table
from lakehouse.cli.options import add_lake
from lakehouse.errors import LakehouseError, UsageError
from lakehouse.runtime.glue import command_context

_TABLE = "a silver table or the fact, such as silver.erp_orders"


class NoPictureError(LakehouseError):
    """There is nothing to draw."""

    def __init__(self, table: str) -> None:
        self.table = table
        super().__init__(
            f"{table}: its log has no bounds of both dt and store_id, so there is nothing to draw; cluster it by both."
        )


def add_commands(commands: Any) -> None:
    """Add the commands."""
    layout = commands.add_parser(
        "layout",
        help="show how the files of tables lie, advise a layout, apply a declared one",
        description="Layouts are declared in contracts (partitionBy, clusterBy, targetFileSize) and in the dbt config "
        "of marts. What is shown comes from the Delta logs alone.",
        allow_abbrev=False,
    ).add_subparsers(dest="layout_command", required=True, metavar="COMMAND")
    show = layout.add_parser(
        "show",
        help="files, sizes, and what questions for days and stores must open",
        description="Without TABLE one line a table. With TABLE also the share of files and bytes that a question for "
        "one day, one store, both, or seven days and ten stores opens, against the least possible for as many files.",
        epilog="example: lakehouse layout show silver.erp_orders --picture orders.svg",
        allow_abbrev=False,
    )
    show.add_argument("table", nargs="?", metavar="TABLE", help=_TABLE)
    show.add_argument(
        "--picture", metavar="FILE", type=Path, help="draw which days and stores how many files may hold (SVG)"
    )
    show.add_argument(
        "--row-groups", action="store_true", help="open the Parquet footers and tell of row groups instead"
    )
    show.set_defaults(run=_show)
    advise = layout.add_parser(
        "advise",
        help="the layout that suits a table's real size, with the predicted figures",
        description="Predict the cost of the four questions under each layout on offer, by the table's real size.",
        allow_abbrev=False,
    )
    advise.add_argument("table", metavar="TABLE", help=_TABLE)
    advise.set_defaults(run=_advise)
    apply = layout.add_parser(
        "apply",
        help="rewrite a table to its newly declared layout, in one commit",
        description="Rewrite a table as its contract or model declares it now; readers see the old layout until the "
        "commit and the new one after it. A table that is laid out so already is left alone.",
        allow_abbrev=False,
    )
    apply.add_argument("table", metavar="TABLE", help=_TABLE)
    apply.set_defaults(run=_apply)
    maintain = commands.add_parser(
        "maintain",
        help="cluster what fell below its declared measure, vacuum, trim logs",
        description="Rewrite only files that changed since they were last clustered and lie badly, then remove what no "
        "version within the retention needs. Safe beside running jobs; a second run does nothing.",
        allow_abbrev=False,
    )
    maintain.add_argument(
        "--max-bytes", metavar="N", type=int, help="rewrite at most so much of a table (default: 20 GB)"
    )
    maintain.set_defaults(run=_maintain)
    for command in (show, advise, apply, maintain):
        add_lake(command)


def _show(given: argparse.Namespace) -> int:
    from lakehouse.layout.declared import maintained_table, maintained_tables

    context = command_context(given.lake)
    if given.table is None and (given.picture or given.row_groups):
        raise UsageError("--picture and --row-groups need a TABLE.")
    chosen = maintained_tables(context) if given.table is None else [maintained_table(context, given.table)]
    _print_tables(chosen)
    if given.table:
        _show_questions(chosen[0], given.row_groups, given.picture)
    return 0


def _print_tables(chosen: list[Any]) -> None:
    from lakehouse.lake.delta_log import existing_table
    from lakehouse.lake.table_files import laid_files
    from lakehouse.layout.files import columns_of, files_by_partition
    from lakehouse.layout.measure import measure
    from lakehouse.say import said_bytes

    lines = []
    for table in chosen:
        opened = existing_table(table.path)
        files = laid_files(opened, columns_of(table.layout))
        parts = files_by_partition(files).values()
        rows = [sum(file.rows for file in part) for part in parts] or [0]
        worst = max((measure(part, table.layout.cut_by) for part in parts), default=1.0)
        is_partitioned_by = ", ".join(opened.metadata().partition_columns) or "-"
        clustered = ", ".join(table.layout.cluster_by) or "-"
        size = said_bytes(sum(file.bytes for file in files))
        spread = f"{min(rows)} / {median(rows):g} / {max(rows)}"
        lines.append(
            (
                table.full_name,
                is_partitioned_by,
                clustered,
                len(rows),
                len(files),
                size,
                sum(rows),
                spread,
                f"{worst:.2f}",
            )
        )
    names = ("table", "partitioned by", "clustered by", "partitions", "files", "size", "rows")
    print_table((*names, "rows a partition (least / median / most)", "worst partition"), lines)


def _show_questions(table: Any, by_row_group: bool, picture: Path | None) -> None:
    from lakehouse.lake.delta_log import existing_table
    from lakehouse.lake.table_files import laid_files
    from lakehouse.layout.files import columns_of, row_groups
    from lakehouse.layout.measure import opened_by, two_dimensional
    from lakehouse.layout.picture import draw_layout

    opened = existing_table(table.path)
    columns = tuple(dict.fromkeys((*columns_of(table.layout), "dt", "store_id")))
    files = laid_files(opened, columns)
    what = "files"
    if by_row_group:
        files, what = row_groups(opened, files, columns), "row groups"
    questions = opened_by(files)
    total = len(files)
    print_table(
        ("question", f"{what} opened", f"of {what}", "of bytes", "least possible", "times the least"),
        [
            (
                q.question,
                f"{q.files:.1f} of {total}",
                f"{q.files / total:.1%}",
                f"{q.share:.1%}",
                f"{q.best:.1%}",
                f"{q.ratio:.2f}",
            )
            for q in questions
        ],
    )
    if questions:
        print(f"one day and one store, geometric mean: {two_dimensional(questions):.2f} times the least possible")
    if picture:
        drawn = draw_layout(table.full_name, files)
        if drawn is None:
            raise NoPictureError(table.full_name)
        picture.write_text(drawn, encoding="utf-8")
        print(f"drawn to {picture}")


def _advise(given: argparse.Namespace) -> int:
    from lakehouse.lake.delta_log import existing_table
    from lakehouse.lake.table_files import laid_files
    from lakehouse.layout.advice import advise, reason, size_of
    from lakehouse.layout.declared import maintained_table
    from lakehouse.layout.measure import QUESTIONS
    from lakehouse.say import said_bytes

    table = maintained_table(command_context(given.lake), given.table)
    size = size_of(laid_files(existing_table(table.path), ("dt", "store_id")))
    if size is None:
        print(f"{table.full_name}: it has no days and stores; one partition, clustered by its key, is right for it")
        return 0
    offers = advise(size, table.layout.target_bytes)
    print_table(
        ("partitionBy", "clusterBy", "files", "size of a file", *QUESTIONS, "cost"),
        [
            (", ".join(o.partition_by) or "-", ", ".join(o.cluster_by) or "-", o.files, said_bytes(o.file_bytes),
             *[f"{share:.2%}" for share in o.shares], said_bytes(o.cost_bytes))
            for o in offers
        ],
    )  # fmt: skip
    print(reason(offers[0], size))
    return 0


def _apply(given: argparse.Namespace) -> int:
    from lakehouse.layout.apply import apply_layout

    applied = apply_layout(command_context(given.lake), given.table)
    if applied.done is None:
        print(f"{applied.table} is laid out as declared")
    else:
        done = applied.done
        files = f"{done.files_added} files instead of {done.files_removed}"
        print(f"{applied.table}: {done.rows} rows in {files}, as version {done.version}")
    return 0


def _maintain(given: argparse.Namespace) -> int:
    from lakehouse.layout.maintain import MAX_BYTES, BoundError, maintain_lake

    if given.max_bytes is not None and given.max_bytes < 1:
        raise BoundError(str(given.max_bytes))
    results = maintain_lake(command_context(given.lake), given.max_bytes or MAX_BYTES)
    if not results:
        print("nothing to do")
        return 0
    print_table(
        ("table", "partitions", "files before", "after", "bytes written", "left", "vacuumed", "log trimmed"),
        [
            (
                r.table,
                r.partitions,
                r.files_removed,
                r.files_added,
                r.bytes_added,
                r.left,
                r.vacuumed,
                "yes" if r.log_cleaned else "no",
            )
            for r in results
        ],
    )
    return 0
