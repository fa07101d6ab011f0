"""What a column may serve as: the types that a key, a sequence, a delete flag and a date may have, and free names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lakehouse.contracts.choices import MergeStrategy
from lakehouse.contracts.columns import DATE_COLUMNS, DELETED_COLUMN, VALIDITY_COLUMNS, Column
from lakehouse.contracts.dataset import ARRIVAL
from lakehouse.contracts.operations import Operations
from lakehouse.contracts.sequence_reader import SequenceBy
from lakehouse.contracts.yaml_places import ContractError, Place
from lakehouse.errors import raise_first
from lakehouse.say import with_article

_TIMES = ("date", "timestamp")
KEY_TYPES = ("string", "int", "bigint", "decimal", "date", "timestamp", "boolean")
_NEVER_DELETES = (MergeStrategy.INSERT_ONLY, MergeStrategy.APPEND)
_ORDERED = ("int", "bigint", "decimal", *_TIMES)


@dataclass(frozen=True)
class Roles:
    """Which columns of a dataset serve as what, by their names."""

    strategy: MergeStrategy
    key: tuple[str, ...]
    sequence: SequenceBy
    delete_flag: str | None
    date_column: str | None
    operations: Operations | None = None
    is_snapshot: bool = False

    @property
    def columns(self) -> frozenset[str]:
        """Every column that serves as something."""
        operation = self.operations.column if self.operations else None
        named = (*self.key, *self.sequence.columns, self.date_column, self.delete_flag, operation)
        return frozenset(name for name in named if name)

    @property
    def adds_deleted(self) -> bool:
        """Whether silver adds the column that says which rows are deleted."""
        return self.is_snapshot or self.operations is not None


def check_roles(
    properties: Place, columns: Sequence[Column], values: Mapping[str, Place], roles: Roles, partition_by: Sequence[str]
) -> None:
    """Raise a ContractError for each column that cannot serve as what the contract makes of it.

    properties: the list of columns in the contract. values: the dataset's custom properties.
    """
    kinds = {column.name: column.type.split("(")[0] for column in columns}
    places = {column.name: item for item, column in zip(properties.items(), columns, strict=True)}
    found = [
        *_key_errors(places, kinds, roles.key),
        *_sequence_errors(values, kinds, roles),
        *_append_errors(values, roles),
        *_snapshot_errors(values, roles),
        *_date_errors(values.get("dateColumn"), kinds, roles),
        *_flag_errors(values, kinds, roles),
        *_identity_errors(values, roles),
        *_stable_errors(values, roles, partition_by),
        *_name_errors(places, roles, partition_by),
    ]
    raise_first(found, ())


def _key_errors(places: Mapping[str, Place], kinds: Mapping[str, str], key: Sequence[str]) -> Iterator[ContractError]:
    for name in key:
        if kinds[name] not in KEY_TYPES:
            yield places[name].error(
                f"'{name}' is {with_article(kinds[name])}, which cannot be a key, for equal values may be written in "
                f"several ways; take {', '.join(KEY_TYPES)}.",
                "physicalType",
            )


def _sequence_errors(values: Mapping[str, Place], kinds: Mapping[str, str], roles: Roles) -> Iterator[ContractError]:
    is_history = roles.strategy is MergeStrategy.SCD2
    for place, name in zip(roles.sequence.items, roles.sequence.columns, strict=True):
        kind = kinds[name]
        if kind not in _ORDERED:
            yield place.error(
                f"'{name}' is {with_article(kind)}, and versions are ordered by a number or a time; "
                f"take a column of type {', '.join(_ORDERED)}."
            )
        elif is_history and place is roles.sequence.items[0] and kind not in _TIMES:
            yield place.error(
                f"'{name}' is {with_article(kind)}, and with mergeStrategy scd2 valid_from is computed from it; "
                f"take a column of type {' or '.join(_TIMES)}."
            )
    if is_history and not roles.sequence.columns:
        yield values["sequenceBy"].error(
            f"with mergeStrategy scd2 valid_from is computed from a column, and {ARRIVAL} is none; "
            f"name a column of type {' or '.join(_TIMES)} before it, or take upsert."
        )
    if roles.sequence.by_arrival and "ties" in values:
        yield values["ties"].error(f"no rows tie where {ARRIVAL} decides; remove it, or {ARRIVAL} from sequenceBy.")


def _identity_errors(values: Mapping[str, Place], roles: Roles) -> Iterator[ContractError]:
    """A column of the key is the same in all versions of a row, so it cannot say that one of them goes."""
    for word, named in (
        ("deleteFlag", roles.delete_flag),
        ("operations", roles.operations and roles.operations.column),
    ):
        if named in roles.key:
            wanted = "is in the key, so no deletion would meet the row that it deletes; take it out of the key."
            yield values[word].error(f"'{named}' {wanted}")


def _stable_errors(values: Mapping[str, Place], roles: Roles, partition_by: Sequence[str]) -> Iterator[ContractError]:
    """partitionIsStable for what differs from version to version would leave a row in each partition."""
    stable = values.get("partitionIsStable")
    if stable is None or stable.value is not True:
        return
    changing = {*roles.sequence.columns, roles.delete_flag, roles.operations.column if roles.operations else None}
    of_date = {"dt", "month"} if roles.date_column in changing else set()
    for name in partition_by:
        if name in changing | of_date:
            said = f"{name} is computed from '{roles.date_column}', which" if name in of_date else f"'{name}'"
            yield stable.error(
                f"{said} differs between the versions of a row; write false, or partition by another column."
            )


def _append_errors(values: Mapping[str, Place], roles: Roles) -> Iterator[ContractError]:
    """Rows without a key have no versions, so there is nothing to order and nothing ties."""
    if roles.strategy is MergeStrategy.APPEND:
        for name in ("sequenceBy", "ties"):
            if name in values:
                yield values[name].error("with mergeStrategy append no row is a version of another; remove it.")


def _snapshot_errors(values: Mapping[str, Place], roles: Roles) -> Iterator[ContractError]:
    """Files that delete what they lack are ordered as wholes, and nothing else says what is deleted."""
    if not roles.is_snapshot:
        return
    place, sequence = values["snapshotShrinkLimitPercent"], roles.sequence
    if roles.strategy in _NEVER_DELETES:
        yield place.error(f"nothing is ever deleted with mergeStrategy {roles.strategy}; take upsert or scd2.")
    elif not sequence.by_arrival or len(sequence.columns) > 1:
        yield values["sequenceBy"].error(
            f"files that are snapshots are ordered by {ARRIVAL}, or by one column that has the time of the snapshot in "
            f"all rows of a file and {ARRIVAL} behind it; write [COLUMN, {ARRIVAL}]."
        )
    for name in ("deleteFlag", "operations"):
        if name in values:
            yield values[name].error("a snapshot deletes the rows that it lacks; remove it, and keep the column.")


def _date_errors(place: Place | None, kinds: Mapping[str, str], roles: Roles) -> Iterator[ContractError]:
    if place is None or roles.date_column is None:
        return
    if kinds[roles.date_column] not in _TIMES:
        kind = with_article(kinds[roles.date_column])
        yield place.error(f"'{roles.date_column}' is {kind}, and dt is computed from a date or timestamp; take one.")


def _flag_errors(values: Mapping[str, Place], kinds: Mapping[str, str], roles: Roles) -> Iterator[ContractError]:
    place = values.get("deleteFlag")
    if roles.operations and roles.strategy in _NEVER_DELETES:
        yield values["operations"].error(f"nothing is ever deleted with mergeStrategy {roles.strategy}; take upsert.")
    if place is None or roles.delete_flag is None:
        return
    if roles.operations:
        yield place.error("operations say which rows are deleted; remove one of the two.")
    if kinds[roles.delete_flag] != "boolean":
        kind = with_article(kinds[roles.delete_flag])
        yield place.error(f"'{roles.delete_flag}' is {kind}, and a delete flag is a boolean; deliver true or false.")
    if roles.strategy in _NEVER_DELETES:
        yield place.error(f"nothing is ever deleted with mergeStrategy {roles.strategy}; remove it, or take upsert.")


def _name_errors(places: Mapping[str, Place], roles: Roles, partition_by: Sequence[str]) -> Iterator[ContractError]:
    """A delivered column with the name of one that silver adds would be another column of that name."""
    added = VALIDITY_COLUMNS if roles.strategy is MergeStrategy.SCD2 else DATE_COLUMNS
    for column in (*added, *((DELETED_COLUMN,) if roles.adds_deleted else ())):
        is_added = column.name != "month" or "month" in partition_by
        if is_added and column.name in places:
            yield places[column.name].error(
                f"'{column.name}' is a column that silver adds; give it another name here, and say "
                f"physicalName: {column.name}.",
                "name",
            )
