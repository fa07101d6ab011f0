"""What ingest and the suite would do with one file: by the steps' own code, on a lake that is thrown away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.contracts.columns import BROKEN_RULES, ROW_ID
from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.suite import Suite, load_suite
from lakehouse.cycle.odd_keys import odd_keys
from lakehouse.errors import LakehouseError
from lakehouse.ingest.ingest import FileRefusedError, Headers, ingest_batch, plan_batches
from lakehouse.ingest.landing import dataset_of, deliver
from lakehouse.ingest.lines import FILE_STEP
from lakehouse.lake.batches import Batch, to_ingest
from lakehouse.lake.bronze import bronze_batch
from lakehouse.lake.files import list_files
from lakehouse.privacy import MASK
from lakehouse.quarantine.rows import QuarantinedRow, Selection, hidden_columns, rows_of
from lakehouse.runtime.context import Context
from lakehouse.runtime.engine import about_dataset
from lakehouse.validate.batch_suite import batch_suite
from lakehouse.validate.evaluate import evaluate_batch, is_quarantined, with_broken_rules
from lakehouse.validate.result import Evaluation
from lakehouse.validate.tied import with_ties
from lakehouse.validate.validate import unreadable_by_rule

LONGEST_VALUE = 60


class NoDatasetError(LakehouseError):
    """A file whose name no contract's filePattern matches."""

    def __init__(self, name: str, patterns: Sequence[str]) -> None:
        self.name, self.patterns = name, tuple(patterns)
        super().__init__(f"{name}: no contract's filePattern matches its name; expected {', '.join(patterns)}.")


@dataclass(frozen=True)
class TriedRow:
    """A row that would not pass. place: its line, or its row in a file without lines. step: who keeps it out.

    values: what it has in the columns of the rules that it broke, masked where it is personal data.
    """

    place: int
    step: str
    rules: tuple[str, ...]
    values: str


@dataclass(frozen=True)
class Tried:
    """What would become of a file. rows: those that would not pass, in their order, no more than were asked for.

    odd_keys: a line for values of the key that may be meant otherwise.
    """

    dataset: str
    rows: tuple[TriedRow, ...]
    unreadable: int
    evaluation: Evaluation
    differences: tuple[str, ...]
    odd_keys: tuple[str, ...]


def dataset_for(contracts: Contracts, name: str) -> Dataset:
    """The dataset that a file belongs to; raises NoDatasetError."""
    dataset = dataset_of(contracts, name)
    if dataset is None:
        raise NoDatasetError(name, [known.file_pattern for known in contracts.datasets])
    return dataset


def try_file(context: Context, file: Path, most: int) -> Tried:
    """Ingest and validate a file in an empty lake; raises FileRefusedError.

    most: so many of the rows that would not pass are looked at.
    """
    dataset = dataset_for(context.contracts, file.name)
    with about_dataset(dataset, "try"):
        deliver(file, context.lake, context.contracts)
        headers: Headers = {}
        files = list_files(context.lake.landing(dataset.domain))
        if refused := plan_batches(context, dataset, files, headers):
            raise FileRefusedError(dataset.domain, refused[0].files[0].name, refused[0].reason or "")
        (batch,) = to_ingest(context.lake, dataset)
        result = ingest_batch(context, dataset, batch, headers)
        broken = rows_of(context.lake, dataset, Selection(state=None), most)
        delivered = bronze_batch(context.spark(), context.lake, dataset, batch.batch_id)
        evaluation, failing = _validated(context, dataset, batch, delivered, result.rows_unreadable, most)
        rows = sorted([*(_of_ingest(row, dataset) for row in broken), *failing], key=lambda row: row.place)
        odd = odd_keys(delivered, dataset)
        return Tried(dataset.name, tuple(rows[:most]), result.rows_unreadable, evaluation, result.drift, odd)


def _validated(
    context: Context, dataset: Dataset, batch: Batch, delivered: DataFrame, unreadable: int, most: int
) -> tuple[Evaluation, list[TriedRow]]:
    suite = load_suite(context.project.suites, dataset.name, dataset.known_columns)
    suite = batch_suite(suite, dataset, batch)
    rows = with_ties(context, dataset, delivered, suite)
    why = unreadable_by_rule(context.lake, dataset, batch.batch_id) if unreadable else {}
    limit = dataset.quarantine_limit_percent
    evaluation = evaluate_batch(
        rows, suite, limit, pii=dataset.pii_columns, unreadable=unreadable, unreadable_by_rule=why, examples=False
    )
    return evaluation, _failing(rows, suite, dataset, most) if evaluation.quarantined else []


def _failing(rows: DataFrame, suite: Suite, dataset: Dataset, most: int) -> list[TriedRow]:
    kept_out = with_broken_rules(rows, suite.quarantine_rules).where(is_quarantined(suite))
    text = F.to_json(F.struct(*[F.col(name).cast("string").alias(name) for name in dataset.column_names]))
    found = kept_out.select(ROW_ID, BROKEN_RULES, F.from_json(text, "map<string,string>")).orderBy(ROW_ID).limit(most)
    columns = {rule.name: {name.split(".")[0] for name in rule.columns} for rule in suite.quarantine_rules}
    return [
        TriedRow(
            number % FILE_STEP,
            "validate",
            tuple(rules),
            _shown(values, set().union(*(columns[rule] for rule in rules)), dataset.pii_columns, dataset),
        )
        for number, rules, values in found.collect()
    ]


def _of_ingest(row: QuarantinedRow, dataset: Dataset) -> TriedRow:
    hidden = hidden_columns(row, dataset)
    broken = {name for name, rules in dataset.reading_rules.items() if set(rules) & set(row.broken_rules)}
    if broken or not row.raw_text:
        values = _shown(row.values, broken, hidden, dataset)
    else:
        values = MASK if hidden else row.raw_text[:LONGEST_VALUE]
    return TriedRow(row.ref.row_id % FILE_STEP, "ingest", row.broken_rules, values)


def _shown(values: dict[str, str | None], names: set[str], hidden: frozenset[str], dataset: Dataset) -> str:
    """The values of some columns, in the contract's order."""
    plain = [(name, values.get(name)) for name in dataset.column_names if name in names]
    shown = [(name, MASK if value and name in hidden else (value or "(none)")[:LONGEST_VALUE]) for name, value in plain]
    return ", ".join(f"{name}: {value}" for name, value in shown)
