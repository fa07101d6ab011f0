"""What the readers of CSV and of JSON Lines say of files without a contract."""

from __future__ import annotations

from dataclasses import dataclass, field

from lakehouse.contracts.profile import Path
from lakehouse.errors import LakehouseError


class NotTakenError(LakehouseError):
    """A file that ingest could not take: what was found in it, and what is taken."""

    def __init__(self, file: str, found: str) -> None:
        self.file, self.found = file, found
        super().__init__(
            f"{file}: {found}. Looked at are CSV, JSON, Parquet, Avro and Excel, text in UTF-8, UTF-16 "
            "or Windows-1252; nothing was written."
        )


@dataclass(frozen=True)
class Commas:
    """The columns with decimal commas, those of them with points between groups, and those where that is not clear."""

    decimals: frozenset[Path] = frozenset()
    groups: frozenset[Path] = frozenset()
    unclear: frozenset[Path] = frozenset()


@dataclass(frozen=True)
class Filled:
    """The columns c0, c1, … of the table `delivered` by their paths, with the JSON types of their values; notes.

    inside: the same of what is in lists and maps, of which each path has a table `inside_0`, `inside_1`, … of its own.
    """

    kinds: dict[Path, frozenset[str]]
    notes: tuple[str, ...]
    inside: dict[Path, frozenset[str]] = field(default_factory=dict)
    commas: Commas = Commas()
