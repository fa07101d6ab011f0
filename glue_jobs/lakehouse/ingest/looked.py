"""What the readers of CSV and of JSON Lines say of files without a contract."""

from __future__ import annotations

from dataclasses import dataclass

from lakehouse.contracts.profile import Path
from lakehouse.errors import LakehouseError


class NotTakenError(LakehouseError):
    """A file that ingest could not take: what was found in it, and what is taken."""

    def __init__(self, file: str, found: str) -> None:
        self.file, self.found = file, found
        super().__init__(
            f"{file}: {found}. Looked at are CSV (RFC 4180 with a header), JSON, Parquet, Avro and Excel, text in "
            "UTF-8 or UTF-16; nothing was written."
        )


@dataclass(frozen=True)
class Filled:
    """The columns c0, c1, … of the table `delivered` by their paths, with the JSON types of their values; notes."""

    kinds: dict[Path, frozenset[str]]
    notes: tuple[str, ...]
