"""What an erasure is given: the lake, the values by which a person is known, and what must be true before it begins."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from pyspark.sql import functions as F

from lakehouse.contracts.columns import Column, with_fields
from lakehouse.contracts.dataset import Dataset
from lakehouse.errors import LakehouseError, UnknownNameError, UsageError
from lakehouse.ingest.casting import typed_column
from lakehouse.ingest.landing import dataset_of
from lakehouse.lake.batches import known_files, to_ingest, to_validate, validation_results_of
from lakehouse.lake.blanked import blanked_since
from lakehouse.lake.built_with import require_built_with
from lakehouse.lake.dataset_changes import KEEP, REBUILD, unfinished_change
from lakehouse.lake.decisions import Signature
from lakehouse.lake.erasures import Subject
from lakehouse.lake.files import StoredFile, list_files
from lakehouse.lake.sought import Sought, can_be_searched, sought
from lakehouse.runtime.context import Context
from lakehouse.transform.merge_order import to_merge

_SUBJECT = re.compile(r"(?:([a-z0-9_]+)[/.])?([a-z0-9_]+):([A-Za-z0-9_.]+)=(.+)", re.DOTALL)


class SubjectError(UsageError):
    """A subject is not written as it is read."""

    def __init__(self) -> None:
        super().__init__("A subject is written as DOMAIN/DATASET:COLUMN=VALUE, such as crm/crm_leads:email=ann@x.org.")


class SubjectTypeError(UsageError):
    """The value cannot be one of its column."""

    def __init__(self, name: str, kind: str) -> None:
        self.name, self.kind = name, kind
        super().__init__(f"{name}: the value that was given is no {kind}; give it as the source writes it.")


class NotSettledError(LakehouseError):
    """Rows of a dataset are on their way, so that they could pass the erasure by."""

    def __init__(self, dataset: str, what: str) -> None:
        self.dataset, self.what = dataset, what
        super().__init__(f"{dataset}: {what}, so nothing was erased; run the lakehouse first, then erase again.")


class ReasonNamesSubjectError(UsageError):
    """The reason, which is kept, names a value that is to be forgotten."""

    def __init__(self) -> None:
        super().__init__("The reason names a value that is to be forgotten, and reasons are kept; give a ticket.")


@dataclass(frozen=True)
class Work:
    """A request to forget a person. request: its name; empty while it is only planned.

    given_up: by table, the version before which nothing of it can be read any more.
    """

    context: Context
    subjects: tuple[Subject, ...]
    by: Signature
    request: str = ""
    given_up: dict[str, int] = field(default_factory=dict)

    @cached_property
    def sought(self) -> Sought:
        """The bytes that are looked for."""
        return sought(value for subject in self.subjects for value in (subject.value, subject.canonical))

    @property
    def by_columns(self) -> tuple[str, ...]:
        """The subjects whose values are too short to be looked for as bytes."""
        return tuple(subject.name for subject in self.subjects if not can_be_searched(subject.value))

    @property
    def datasets(self) -> tuple[Dataset, ...]:
        """The datasets that the subjects name, each once."""
        names = dict.fromkeys(subject.dataset for subject in self.subjects)
        return tuple(self.context.contracts.dataset(name) for name in names)

    def of(self, dataset: Dataset) -> list[Subject]:
        """The subjects of one dataset."""
        return [subject for subject in self.subjects if subject.dataset == dataset.name]

    def is_text(self, dataset: Dataset) -> bool:
        """Whether files write each of its subjects as it was given: a day or a number has several spellings."""
        columns = [_column(dataset.columns, subject.column) for subject in self.of(dataset)]
        return all(column.type == "string" and not column.values.changes_text for column in columns)

    def raw_files(self, dataset: Dataset) -> list[StoredFile]:
        """The raw files of a dataset."""
        files = list_files(self.context.lake.landing(dataset.domain))
        return [file for file in files if dataset_of(self.context.contracts, file.name) is dataset]


def work_of(context: Context, words: Sequence[str], by: Signature) -> Work:
    """Read subjects as they are written on a command line.

    Raises SubjectError, UnknownNameError, SubjectTypeError or ReasonNamesSubjectError.
    """
    read = [_subject(context, word) for word in words]
    if any(subject.value.lower() in f"{by.who} {by.why}".lower() for subject in read):
        raise ReasonNamesSubjectError
    return Work(context, tuple(_with_canonical(context, subject) for subject in dict.fromkeys(read)), by)


def _subject(context: Context, word: str) -> Subject:
    match = _SUBJECT.fullmatch(word)
    if match is None:
        raise SubjectError
    domain, name, column, value = match.groups()
    known = context.contracts.datasets
    dataset = next((one for one in known if one.name == name and domain in (None, one.domain)), None)
    if dataset is None:
        raise UnknownNameError("dataset", name, [f"{one.domain}/{one.name}" for one in known])
    columns = [named for named, _ in with_fields(dataset.columns)]
    if column not in columns:
        raise UnknownNameError(f"column of {name}", column, columns)
    return Subject(dataset.domain, name, column, value)


def _with_canonical(context: Context, subject: Subject) -> Subject:
    spark = context.spark()
    column = _column(context.contracts.dataset(subject.dataset).columns, subject.column)
    typed = typed_column(column, F.lit(subject.value)).cast("string")
    row = spark.range(1).select(typed).first()
    if row is None or row[0] is None:
        raise SubjectTypeError(subject.name, column.type)
    return Subject(subject.domain, subject.dataset, subject.column, subject.value, row[0])


def _column(columns: Sequence[Column], name: str) -> Column:
    first, _, rest = name.partition(".")
    found = next(column for column in columns if column.name == first)
    return _column(found.fields, rest) if rest else found


def require_settled(work: Work) -> None:
    """Raise NotSettledError where rows of a named dataset are between two steps, or BuiltWithError."""
    lake = work.context.lake
    for dataset in work.datasets:
        require_built_with(lake.bronze(dataset.name), dataset)
        require_built_with(lake.silver(dataset.name), dataset)
        for what in _on_their_way(work, dataset):
            raise NotSettledError(dataset.name, what)


def _on_their_way(work: Work, dataset: Dataset) -> Iterator[str]:
    lake = work.context.lake
    files, batched = work.raw_files(dataset), known_files(lake, dataset)
    blanked = blanked_since(lake, dataset, files, batched)  # by an erasure that was killed
    if any(file not in batched and file not in blanked for file in files):
        yield "a raw file waits for ingest"
    for step, batches in (("ingest", to_ingest(lake, dataset)), ("validate", to_validate(lake, dataset))):
        if batches:
            yield f"batch {batches[0].batch_id} waits for {step}"
    for turn in to_merge(lake, dataset, validation_results_of(lake, dataset)):
        yield f"batch {turn.batch_id} waits for transform"
    change = unfinished_change(lake, dataset.name)
    # A rebuild is completed by an erasure, its own too; rows that are too old go before it or after.
    if change is not None and change.change not in (REBUILD, KEEP):
        yield f"a {change.change} of it was interrupted"
