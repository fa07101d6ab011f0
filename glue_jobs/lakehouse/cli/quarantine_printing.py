"""Quarantined rows as a person reads them: personal data masked unless it is asked for."""

from __future__ import annotations

from lakehouse.cli.printing import print_line, print_table
from lakehouse.contracts.columns import partition_rule
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.project import find_project
from lakehouse.contracts.rules import dataset_suite
from lakehouse.lake.paths import Lake
from lakehouse.privacy import MASK
from lakehouse.quarantine.changes import changes_of
from lakehouse.quarantine.errors import RowNotFoundError
from lakehouse.quarantine.repairs import pending_repairs
from lakehouse.quarantine.rows import QuarantinedRow, RowRef, Selection, counts_of, hidden_columns, rows_of


def print_counts(root: str) -> None:
    """How many rows every dataset has in quarantine, by state and first broken rule."""
    lake, datasets = Lake.at(root), find_project().contracts.datasets
    found = [(d.name, state, rule, number) for d in datasets for state, rule, number in counts_of(lake, d)]
    print_table(("dataset", "state", "first broken rule", "rows"), found)


def print_rows(lake: Lake, dataset: Dataset, selection: Selection, limit: int, reveal: bool) -> None:
    """A line a row: its reference, key, rules and state."""
    pending = pending_repairs(lake, dataset, changes_of(lake, dataset))
    rows = rows_of(lake, dataset, selection, limit)
    lines = [
        (
            str(row.ref),
            *(_shown(row, name, dataset, reveal) for name in dataset.key),
            ", ".join(row.broken_rules),
            row.step,
            f"{row.state}, repair pending" if row.ref in pending else row.state,
        )
        for row in rows
    ]
    print_table(("row", *dataset.key, "broken rules", "step", "state"), lines)


def print_row(lake: Lake, dataset: Dataset, ref: RowRef, reveal: bool) -> None:
    """Everything about one row: values, broken rules with their sentences, and its history."""
    found = rows_of(lake, dataset, Selection((ref,), state=None))
    if not found:
        raise RowNotFoundError(dataset.name, str(ref))
    row, sentences = found[0], _sentences(dataset)
    print_line(f"{dataset.name} {ref}, {row.state}: {row.source_file}, {row.step}, {row.quarantined_at:%F %T} UTC")
    for rule in row.broken_rules:
        print_line(f"  {rule}: {sentences.get(rule, 'the row can be read')}")
    print_table(("column", "delivered"), [(name, _shown(row, name, dataset, reveal)) for name in row.values])
    if row.raw_text:
        hidden = dataset.pii_columns and not reveal
        print_line(f"as delivered: {MASK + ' (--reveal shows it)' if hidden else row.raw_text}")
    history = [
        (f"{c.recorded_at:%F %T}", c.change, ", ".join(c.columns), c.repair_batch_id, c.who, c.why)
        for c in changes_of(lake, dataset)
        if c.ref == ref
    ]
    if history:
        print_table(("when", "change", "columns", "validated in batch", "who", "why"), history)


def _shown(row: QuarantinedRow, name: str, dataset: Dataset, reveal: bool) -> str:
    value = row.values[name]
    return MASK if value and name in hidden_columns(row, dataset) and not reveal else value or ""


def _sentences(dataset: Dataset) -> dict[str, str]:
    """What each rule says, those of the columns' own types included."""
    suite = dataset_suite(find_project().suites, dataset)
    types = {column.name: column.type for column in dataset.columns}
    own = {rule: f"{column} is written as a {types[column]}." for column, rule in dataset.type_rules.items()}
    for column in dataset.columns:
        if zone := column.values.time_zone:
            own[column.exists_rule] = f"The clock of {zone} showed {column.name} that day."
            own[column.once_rule] = f"The clock of {zone} showed {column.name} once that day."
        if column.values.epoch_unit:
            own[column.epoch_rule] = (
                f"{column.name} is in {column.values.format} a time of the years that the contract takes."
            )
    own |= {dataset.column(name).required_rule: f"{name} is more than blanks." for name in dataset.key}
    own |= {partition_rule(name): f"{name} is short enough and plain enough for a folder." for name in types}
    return own | {rule.name: rule.sentence for rule in suite.expectations}
