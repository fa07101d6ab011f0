"""The changes of a dataset's columns, fields of structs included, each with its class for each consumer."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from lakehouse.contracts.changes import FILES, MARTS, ROLES, SILVER, VIEWS, Change, Effect, Effects
from lakehouse.contracts.choices import Drift
from lakehouse.contracts.columns import Column
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.type_order import holds
from lakehouse.contracts.values import Values

BREAKING, WIDENING, FREE = Effect
_READERS = (SILVER, MARTS, VIEWS)
_NEW_NAME = "keep the type, or deliver the column under a new name"


def column_changes(old: Dataset, new: Dataset) -> Iterator[Change]:
    """Every change of the columns of one dataset."""
    yield from _of_columns(new, old.columns, new.columns, "")


def _of_columns(
    dataset: Dataset, old: Sequence[Column], new: Sequence[Column], parent: str, in_list: bool = False
) -> Iterator[Change]:
    before, after = ({column.name: column for column in columns} for columns in (old, new))
    for name in dict.fromkeys((*before, *after)):
        path = f"{parent}{name}"
        if name not in after:
            yield _removed(dataset, path, in_list)
        elif name not in before:
            yield _added(dataset, path, after[name])
        else:
            yield from _of_column(dataset, path, before[name], after[name])
            yield from _inside(dataset, before[name], after[name], path, in_list)


def _inside(dataset: Dataset, old: Column, new: Column, path: str, in_list: bool) -> Iterator[Change]:
    """The changes of what is in a struct, an array or a map."""
    if old.fields and new.fields:
        yield from _of_columns(dataset, old.fields, new.fields, f"{path}.", in_list)
    if old.items is not None and new.items is not None and old.type == new.type:
        yield from _of_columns(dataset, (old.items,), (new.items,), f"{path}.", in_list=True)


def _change(dataset: Dataset, path: str, about: str, what: str, effects: Effects, *steps: str) -> Change:
    field = f"{path}.{about}" if about else path
    return Change(dataset.domain, dataset.name, field, what, effects, steps, column=path)


def _removed(dataset: Dataset, path: str, in_list: bool) -> Change:
    files = BREAKING if dataset.drift is Drift.STRICT else FREE
    step = f"lakehouse dataset drop-column {dataset.domain}.{dataset.name} {path} --why TEXT, once nothing reads it"
    if in_list:
        step = f"keep it with required: false, or deliver {path.split('.')[0]} under a new name"
    return _change(dataset, path, "", "is gone", {FILES: files, **dict.fromkeys(_READERS, BREAKING)}, step)


def _added(dataset: Dataset, path: str, column: Column) -> Change:
    if column.required:
        step = "say required: false, for the rows that are there have no value for it"
        return _change(dataset, path, "", "is new and required", {FILES: BREAKING, SILVER: BREAKING}, step)
    return _change(dataset, path, "", "is new", {FILES: WIDENING, SILVER: WIDENING, VIEWS: FREE})


def _of_column(dataset: Dataset, path: str, old: Column, new: Column) -> Iterator[Change]:
    if old.type != new.type:
        yield _of_type(dataset, path, old, new)
    if old.required != new.required:
        effects = {FILES: BREAKING if new.required else WIDENING, SILVER: FREE if new.required else WIDENING}
        yield _change(dataset, path, "required", f"{_word(old.required)} → {_word(new.required)}", effects)
    if old.delivered_name != new.delivered_name:
        what = f"{old.delivered_name} → {new.delivered_name}"
        yield _change(dataset, path, "physicalName", what, {FILES: BREAKING}, "agree with the source on the day")
    for word in (field.name for field in dataclasses.fields(Values)):
        was, now = getattr(old.values, word), getattr(new.values, word)
        if was != now:
            step = "agree with the source on the day: files are read by the new word from then on"
            yield _change(dataset, path, in_contract(word), f"{_said(was)} → {_said(now)}", {FILES: BREAKING}, step)
    if old.pii != new.pii:
        effect = BREAKING if new.pii else WIDENING
        what = "is personal data now" if new.pii else "is no personal data any more"
        yield _change(dataset, path, "classification", what, {ROLES: effect}, "make deploy, which changes the grants")
    if old.description != new.description:
        yield _change(dataset, path, "description", f"{old.description} → {new.description}", {SILVER: FREE})


def _of_type(dataset: Dataset, path: str, old: Column, new: Column) -> Change:
    what = f"{old.type} → {new.type}"
    if "." in path or not holds(new.type, old.type):
        effects = {FILES: BREAKING, **dict.fromkeys(_READERS, BREAKING)}
        return _change(dataset, path, "physicalType", what, effects, _NEW_NAME)
    if not dataset.widens_types:
        step = "set typeWidening: rewrite, and the table is rewritten once"
        effects = {FILES: WIDENING, SILVER: BREAKING, MARTS: WIDENING, VIEWS: FREE}
        return _change(dataset, path, "physicalType", what, effects, step)
    effects = {FILES: WIDENING, SILVER: WIDENING, MARTS: WIDENING, VIEWS: FREE}
    return _change(dataset, path, "physicalType", what, effects)


def in_contract(word: str) -> str:
    """The name of a property in the contract: null_words → nullWords."""
    first, *others = ("default_timezone" if word == "time_zone" else word).split("_")
    return first + "".join(part.capitalize() for part in others)


def _said(value: object) -> str:
    if isinstance(value, bool):
        return _word(value)
    return "(none)" if value in (None, ()) else ", ".join(value) if isinstance(value, tuple) else str(value)


def _word(value: bool) -> str:
    return str(value).lower()
