"""Reads `sequenceBy`: the columns that order the versions of a key, and whether arrival decides the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lakehouse.contracts.dataset import ARRIVAL
from lakehouse.contracts.yaml_places import Place
from lakehouse.errors import nearest


@dataclass(frozen=True)
class SequenceBy:
    """What orders the versions of a key. items: where each column is named, for errors."""

    columns: tuple[str, ...]
    by_arrival: bool
    items: tuple[Place, ...]


def read_sequence(node: Place | None, names: Sequence[str]) -> SequenceBy:
    """One column, several in their order, `arrival`, or columns and `arrival` last; raises ContractError.

    A delivered column that is named arrival is that column. Nothing at all is right for rows without a key.
    """
    if node is None:
        return SequenceBy((), False, ())
    items = [item.named(node.field) for item in node.items("column")] if isinstance(node.value, list) else [node]
    known = tuple(dict.fromkeys((*names, ARRIVAL)))
    columns: list[str] = []
    for number, item in enumerate(items, start=1):
        if item.value not in known:
            raise item.error(f"unknown value '{item.value}'.{nearest(str(item.value), known)}")
        if item.value in columns:
            raise item.error(f"'{item.value}' is named twice; remove one.")
        if item.value not in names and number < len(items):
            raise item.error(f"nothing is undecided after {ARRIVAL}; name it last.")
        columns.append(str(item.value))
    by_arrival = columns[-1] not in names
    kept = len(columns) - by_arrival
    return SequenceBy(tuple(columns[:kept]), by_arrival, tuple(items[:kept]))
