"""What a table was built with: the facts of a contract by which its rows were chosen, kept in its own properties.

Bronze and silver both remember them, for ingest may not look at silver. A contract that says otherwise would mix rows
of two truths in one table, so a run refuses it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from deltalake import DeltaTable

from lakehouse.contracts.columns import DELIVERED, UTC
from lakehouse.contracts.dataset import Dataset
from lakehouse.errors import LakehouseError
from lakehouse.lake.conflicts import when_free
from lakehouse.lake.delta_log import existing_table, open_table

KEY = "lakehouse.key"
"""The property that remembers the key."""
_KEY = KEY.removeprefix("lakehouse.")
_OPERATIONS, _SNAPSHOT = "operations", "snapshot"
_DATE_ZONE = "dateZone"
VALIDATING = "lakehouse.validating"
"""The property of silver by which a rebuild that validates again says that quarantine may be ahead of it."""


@dataclass(frozen=True)
class ChangedFact:
    """A fact that a table was built with, and what the contract says now; both in the words of the contract."""

    word: str
    found: str
    wanted: str

    def __str__(self) -> str:
        return f"{self.word} {self.found or '(none)'} and its contract says {self.wanted or '(none)'}"

    @property
    def as_change(self) -> str:
        """The fact as it is recorded once it has changed."""
        return f"{self.word} {self.found or '(none)'} → {self.wanted or '(none)'}"


class BuiltWithError(LakehouseError):
    """A contract says another key, sequence, date, strategy or law of ties than its tables were built with."""

    def __init__(self, dataset: Dataset, changed: tuple[ChangedFact, ...]) -> None:
        self.dataset, self.changed = dataset.name, changed
        facts = "; ".join(map(str, changed))
        super().__init__(
            f"{dataset.name}: its table was built with {facts}; undo it in the contract, "
            f"{_cure(dataset, changed)}. Nothing was written."
        )


class HalfRebuiltError(LakehouseError):
    """A rebuild that validates again was interrupted: quarantine may hold rows that silver shows, or miss some."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset.name
        super().__init__(
            f"{dataset.name}: a rebuild with --validate-again was interrupted, or is under way; when it is not, "
            f"complete it with `lakehouse dataset rebuild {dataset.domain}.{dataset.name} --why TEXT`. "
            f"Nothing was merged."
        )


def _cure(dataset: Dataset, changed: tuple[ChangedFact, ...]) -> str:
    """How a change is carried out."""
    name = f"{dataset.domain}.{dataset.name} --why TEXT"
    if wants_offsets(changed):
        return (
            f"or name a zone; no offset was kept of what has landed, so for {DELIVERED} take {dataset.name} and its "
            f"suite out, run `lakehouse dataset drop {name}`, and put them back: the next run reads raw again"
        )
    verb = "rekey" if any(fact.word == _KEY for fact in changed) else "rebuild"
    return f"or run `lakehouse dataset {verb} {name}`, which rebuilds silver from bronze"


def wants_offsets(changed: tuple[ChangedFact, ...]) -> bool:
    """Whether the contract asks for the day of a clock whose offset bronze has not kept."""
    return any(fact.word == _DATE_ZONE and fact.wanted == DELIVERED for fact in changed)


def built_with(dataset: Dataset) -> dict[str, str]:
    """The table properties that remember a contract's facts; partitions and types Delta itself keeps."""
    return {f"lakehouse.{word}": value for word, value in _facts(dataset).items()}


def _facts(dataset: Dataset) -> dict[str, str]:
    return {
        _KEY: ", ".join(dataset.key),
        "sequenceBy": dataset.sequence,
        "dateColumn": dataset.date_column or "",
        _DATE_ZONE: dataset.date_zone,
        "mergeStrategy": dataset.merge_strategy.value,
        "ties": dataset.ties.value,
        _OPERATIONS: str(dataset.operations or ""),
        _SNAPSHOT: "true" if dataset.is_snapshot else "",
    }


def changed_facts(properties: Mapping[str, str], dataset: Dataset) -> tuple[ChangedFact, ...]:
    """What the contract says otherwise; a table from before they were remembered agrees with any."""
    known = {word: properties[f"lakehouse.{word}"] for word in _facts(dataset) if f"lakehouse.{word}" in properties}
    if _KEY in known:
        # A table that remembers the others and not these was built before they could be said.
        known.setdefault(_OPERATIONS, "")
        known.setdefault(_DATE_ZONE, UTC)
        known.setdefault(_SNAPSHOT, "")
    return tuple(
        ChangedFact(word, known[word], wanted)
        for word, wanted in _facts(dataset).items()
        if known.get(word, wanted) != wanted
    )


def require_built_with(path: str, dataset: Dataset) -> None:
    """Raise BuiltWithError where the table at a path was built with other facts than the contract has now.

    Raises HalfRebuiltError where it waits for a rebuild that was interrupted.
    """
    table = open_table(path)
    properties = table.metadata().configuration if table else {}
    if changed := changed_facts(properties, dataset):
        raise BuiltWithError(dataset, changed)
    if properties.get(VALIDATING):
        raise HalfRebuiltError(dataset)


def remember(path: str, dataset: Dataset) -> None:
    """Write the contract's facts to the table at a path, where they differ from those that it has."""

    def write() -> None:
        table = existing_table(path)
        if missing := _missing(table, dataset):
            table.alter.set_table_properties(missing, raise_if_not_exists=False)

    when_free(path, write)


def _missing(table: DeltaTable, dataset: Dataset) -> dict[str, str]:
    now = table.metadata().configuration
    return {name: value for name, value in built_with(dataset).items() if now.get(name) != value}
