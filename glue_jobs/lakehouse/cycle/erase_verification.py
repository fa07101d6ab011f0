"""Verifies that a person is gone: every file below the lake is opened and searched, whichever place it lies in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from lakehouse.contracts.layers import BRONZE, QUARANTINE, SILVER
from lakehouse.cycle.erase_files import Looked, look, roots_of
from lakehouse.cycle.erase_places import VERSIONS, place_of, raw_records, rows_of
from lakehouse.cycle.erase_versions import is_given_up
from lakehouse.cycle.erase_work import Work
from lakehouse.errors import LakehouseError
from lakehouse.lake.every_file import FileVersion, every_version
from lakehouse.privacy import MASK

_NO_PLACE = "no place of the plan"
_MOST_NAMED = 20


class StillFoundError(LakehouseError):
    """After an erasure, or at a later verification, a value was found."""

    def __init__(self, findings: tuple[str, ...]) -> None:
        self.findings = findings
        named = "; ".join(findings[:_MOST_NAMED])
        more = len(findings) - _MOST_NAMED
        super().__init__(
            f"The person is still in the lake: {named}{f' and {more} more' if more > 0 else ''}. No certificate was "
            f"written; name the row by --also where another column has the value, or remove the file, and run it again."
        )


@dataclass(frozen=True)
class Searched:
    """What was searched of one place. not_opened: files of which only the bytes could be searched."""

    files: int = 0
    bytes: int = 0
    not_opened: int = 0


@dataclass(frozen=True)
class Verification:
    """What a verification searched and found. findings: place, file or table, and how the value stood there."""

    searched: Mapping[str, Searched]
    findings: tuple[str, ...]
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


def search_lake(work: Work, is_cleared: bool = False) -> Verification:
    """Search every file by its bytes, and the tables and raw files of the datasets by their columns.

    On S3 every version of every object. is_cleared: nothing may be left of what was given up, even what could not be
    searched.
    """
    searched: dict[str, Searched] = {}
    findings: list[str] = []
    for path, looked in _looked(work):
        name = _place(path, looked.file)
        before, size = searched.get(name, Searched()), looked.file.size
        searched[name] = Searched(before.files + 1, before.bytes + size, before.not_opened + (not looked.complete))
        forms = set(looked.forms) | {f"name of the file, {form}" for form in work.sought.in_name(path)}
        if is_cleared and not looked.file.is_shown and is_given_up(work, path):
            forms.add("an earlier version")
        if forms:
            findings.append(f"{name}: {_shown(work, path)} ({', '.join(sorted(forms))})")
    return Verification(searched, (*findings, *_by_column(work)))


def _looked(work: Work) -> Iterator[tuple[str, Looked]]:
    for root, name in roots_of(work.context.lake):
        yield from ((name + looked.file.path, looked) for looked in look(every_version(root), work.sought))


def _place(path: str, file: FileVersion) -> str:
    if not file.is_shown:
        return VERSIONS.name
    place = place_of(path)
    return place.name if place else _NO_PLACE


def _shown(work: Work, path: str) -> str:
    shown = path.encode("utf-8", "surrogateescape")
    for needle in work.sought.needles:
        shown = shown.replace(needle.raw, MASK.encode())
    return shown.decode("utf-8", "replace")


def _by_column(work: Work) -> Iterator[str]:
    """Rows that have a value, whatever its length."""
    for dataset in work.datasets:
        for layer in (BRONZE, QUARANTINE, SILVER):
            if number := rows_of(work, layer, dataset):
                yield f"{layer}: {number} rows of {dataset.name} (column)"
        for records in raw_records(work, dataset):
            if records.number:
                yield f"raw: {records.number} records of {dataset.domain}/{records.file.path} (column)"
