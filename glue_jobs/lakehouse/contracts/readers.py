"""Who reads a dataset: dbt models and Athena views, by the text of their files; knows neither dbt nor an engine."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lakehouse.contracts.changes import MARTS, VIEWS, Change, Effect
from lakehouse.contracts.dataset import Dataset, exploded_lists
from lakehouse.contracts.dbt_files import refs_in, sources_in
from lakehouse.contracts.element_rows import parent_columns
from lakehouse.contracts.elements import Elements
from lakehouse.contracts.layers import ANALYTICS, QUARANTINE, SILVER
from lakehouse.contracts.layers import MARTS as MARTS_LAYER

_COMMENT = re.compile(r"\{#.*?#\}|--[^\n]*", re.DOTALL)
_TABLE = re.compile(rf'\b({SILVER}|{QUARANTINE}|{MARTS_LAYER}|{ANALYTICS})"?\."?(\w+)')
_ALL_COLUMNS = re.compile(r"\bselect\s+\*|\w\.\*", re.IGNORECASE)


@dataclass(frozen=True)
class Reader:
    """A model or a view. kind: MARTS or VIEWS. datasets, others: what it reads itself. words: those of its text."""

    kind: str
    name: str
    datasets: frozenset[str]
    others: frozenset[str]
    words: frozenset[str]
    has_all_columns: bool

    def names(self, column: str | None) -> bool:
        """Whether it needs a column: its text has the word, or takes all columns. None: the whole dataset."""
        return column is None or self.has_all_columns or column.rpartition(".")[2] in self.words


def find_readers(dbt: Path) -> tuple[Reader, ...]:
    """Every model below `models` and every view of `athena_views`."""
    models = [_reader(MARTS, file) for file in sorted((dbt / "models").rglob("*.sql"))]
    return (*models, *(_reader(VIEWS, file) for file in sorted((dbt / "athena_views").glob("*.sql"))))


def element_readers(datasets: Iterable[Dataset]) -> tuple[Reader, ...]:
    """The views of lists that contracts explode, which read the list and take columns of its row along."""
    return tuple(
        Reader(VIEWS, elements.name, frozenset({dataset.name}), frozenset(), _words(dataset, elements), False)
        for dataset, elements in exploded_lists(datasets)
    )


def _words(dataset: Dataset, elements: Elements) -> frozenset[str]:
    taken = (column.name for column in parent_columns(dataset, elements))
    return frozenset((*taken, *elements.path.split("."), *(field.name for field in elements.fields)))


def _reader(kind: str, file: Path) -> Reader:
    sql = _COMMENT.sub("", file.read_text(encoding="utf-8"))
    tables = _TABLE.findall(sql)
    datasets = {
        *(table for _, table in sources_in(sql)),
        *(name for layer, name in tables if layer in (SILVER, QUARANTINE)),
    }
    others = {*refs_in(sql), *(name for layer, name in tables if layer in (MARTS_LAYER, ANALYTICS))}
    words = frozenset(re.findall(r"[a-z_]\w*", sql.lower()))
    return Reader(kind, file.stem, frozenset(datasets), frozenset(others), words, bool(_ALL_COLUMNS.search(sql)))


def reached(change: Change, readers: Iterable[Reader]) -> Mapping[str, tuple[str, ...]]:
    """The models and views that a change reaches, by kind: those that read it, and what reads those."""
    everyone = list(readers)
    found = {r.name for r in everyone if change.dataset in r.datasets and r.names(change.column)}
    grows = True
    while grows:
        more = {reader.name for reader in everyone if reader.others & found} - found
        found |= more
        grows = bool(more)
    kinds = [kind for kind in (MARTS, VIEWS) if change.effects.get(kind, Effect.FREE) is not Effect.FREE]
    named = {kind: tuple(sorted(r.name for r in everyone if r.kind == kind and r.name in found)) for kind in kinds}
    return {kind: names for kind, names in named.items() if names}


def without_unread(change: Change, readers: Iterable[Reader]) -> dict[str, Effect]:
    """The effects of a change without those on models and views that nobody of them notices."""
    touched = reached(change, readers)
    return {who: effect for who, effect in change.effects.items() if who not in (MARTS, VIEWS) or who in touched}
