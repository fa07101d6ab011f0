"""The columns of a dataset that has no contract yet: what its values are, and what each can be, lists and maps too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lakehouse.contracts.columns import ARRAY, MAP, UTC, Column
from lakehouse.contracts.guess_names import column_names, why_personal
from lakehouse.contracts.guess_types import LEFT_OUT, UNCLEAR_GROUPS, as_declared, guess_type
from lakehouse.contracts.profile import ELEMENT, ENTRY, ColumnFacts, Path, Profile
from lakehouse.contracts.values import Values

_COLLECTIONS = {ELEMENT: ("element", ARRAY, "its elements"), ENTRY: ("value", MAP, "its values")}


@dataclass(frozen=True)
class FoundColumns:
    """The columns of a dataset, what is said of them, and where their values are."""

    columns: tuple[Column, ...]
    notes: tuple[str, ...]
    paths: dict[Path, Column]


_NONE = FoundColumns((), (), {})


def columns_of(profile: Profile, parent: Path, dataset: str, added: tuple[str, ...] = ()) -> FoundColumns:
    """The columns below a parent, whose fields are columns again. added: names that silver needs itself."""
    level = [facts for facts in profile.columns if facts.path[:-1] == parent and facts.path[-1] not in _COLLECTIONS]
    names = column_names([facts.path[-1] for facts in level], added)
    columns: list[Column] = []
    notes: list[str] = []
    paths: dict[Path, Column] = {}
    for facts in level:
        delivered = facts.path[-1]
        name, shown = names[delivered], ".".join(facts.path)
        if parent and name != delivered:
            notes.append(f"{shown}: no name that a field can have; {LEFT_OUT}")
            continue
        if not delivered:
            notes.append(f"a column without a name: {LEFT_OUT}; give it a name")
            continue
        found = _column(profile, facts, name, dataset)
        notes += found.notes
        if found.columns and name != delivered:
            notes.append(f"{name}: {delivered!r} in the files")
        columns += found.columns
        paths |= found.paths
    return FoundColumns(tuple(columns), tuple(notes), paths)


def _column(profile: Profile, facts: ColumnFacts, name: str, dataset: str) -> FoundColumns:
    """The column of some facts, if they can be one, under a name that it has in contracts."""
    delivered, shown = facts.path[-1], ".".join(facts.path)
    physical = delivered if name != delivered else None
    if (marker := _collection(profile, facts)) is not None:
        return _collected(
            profile, facts, marker, Column(name, "", False, _described(name), physical_name=physical), dataset
        )
    inner = columns_of(profile, facts.path, dataset) if facts.kinds == {"object"} else _NONE
    guess = UNCLEAR_GROUPS if facts.path in profile.unclear_groups else guess_type(facts)
    guess = (
        guess
        if inner.columns or facts.path in profile.formats
        else as_declared(guess, profile.declared.get(facts.path))
    )
    kind = "struct" if inner.columns else guess.type
    notes = [f"{shown}: {guess.note}"] if guess.note and not inner.columns else []
    notes += inner.notes
    if kind is None:
        return FoundColumns((), tuple(notes), {})
    personal = None if inner.columns else why_personal(facts, name, dataset)
    if personal:
        notes.append(f"{shown}: personal data ({personal}), masked; remove its classification if it is none")
    is_personal = personal is not None or any(field.pii for field in inner.columns)
    values = _values(profile, facts.path, kind)
    notes += [f"{shown}: {note}" for note in _said(values, profile.zone)]
    column = Column(name, kind, False, _described(name), is_personal, inner.columns, physical, values)
    return FoundColumns((column,), tuple(notes), {facts.path: column, **inner.paths})


def _values(profile: Profile, path: Path, kind: str) -> Values:
    """How the text of a column is to be read."""
    true, false = profile.flags.get(path, (None, None))
    has_comma = path in profile.decimal_commas and kind.startswith("decimal")
    return Values(
        format=profile.formats.get(path) if kind in ("date", "timestamp") else None,
        time_zone=(profile.zone or UTC) if path in profile.clocks and kind == "timestamp" else None,
        decimal_separator="," if has_comma else ".",
        group_separator="." if has_comma and path in profile.groups else None,
        null_words=profile.null_words.get(path, ()),
        true_words=(true or "true",),
        false_words=(false or "false",),
    )


def _said(values: Values, zone: str | None) -> Iterator[str]:
    """A line for each way in which a column is read other than as it is written."""
    if values.time_zone:
        theirs = "" if zone else "; name theirs by --zone"
        yield f"times without an offset, read by the clock of {values.time_zone}{theirs}"
    if values.format:
        yield f"written as {values.format}"
    if values.decimal_separator == ",":
        yield "numbers with a comma before their decimals"
    if values.true_words != ("true",):
        yield f"{values.true_words[0]} is true, {values.false_words[0]} is false"
    if values.null_words:
        yield f"{', '.join(values.null_words)} stands for no value"


def _collection(profile: Profile, facts: ColumnFacts) -> str | None:
    """What marks the values inside of a list or a map; None where a column is neither."""
    if facts.kinds == {"array"}:
        return ELEMENT
    is_map = any(other.path == (*facts.path, ENTRY) for other in profile.columns)
    return ENTRY if is_map and facts.kinds == {"object"} else None


def _collected(profile: Profile, facts: ColumnFacts, marker: str, column: Column, dataset: str) -> FoundColumns:
    """An array or a map; none whose values no column takes, or are personal data, which cannot be masked in it."""
    name, kind, inside = _COLLECTIONS[marker]
    shown, path = ".".join(facts.path), (*facts.path, marker)
    own = next((other for other in profile.columns if other.path == path), ColumnFacts(path, frozenset(), 0))
    found = _column(profile, own, name, dataset)
    if not found.columns:
        notes = tuple(note.replace(f".{marker}", "") for note in found.notes)
        return FoundColumns((), notes, {})
    (items,) = found.columns
    if items.pii or why_personal(own, column.name, dataset):
        why = "personal data in a list or a map can neither be masked nor erased by itself"
        return FoundColumns((), (f"{shown}: {why}; {LEFT_OUT}",), {})
    if not own.kinds:
        notes = (f"{shown}: is empty in every row; {inside} are text until one comes that says more",)
    else:
        notes = tuple(note.replace(f".{marker}", "") for note in found.notes)
    whole = Column(column.name, kind, False, column.description, False, (), column.physical_name, items=items)
    return FoundColumns((whole,), notes, {facts.path: whole})


def _described(name: str) -> str:
    words = name.replace("_", " ")
    return f"{words[0].upper()}{words[1:]}, as delivered."
