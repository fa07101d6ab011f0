"""Verifies that a person is gone: every file below the lake is opened and searched, whichever place it lies in.

The certificate says what was searched and how, when, and by which digests the person was known; it holds no value.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

from lakehouse.contracts.layers import BRONZE, QUARANTINE, SILVER
from lakehouse.cycle.erase_places import place_of, raw_records, rows_of
from lakehouse.cycle.erase_work import Work
from lakehouse.errors import LakehouseError, UsageError
from lakehouse.lake.erasures import Erasure, known_by
from lakehouse.lake.files import read_text, write_text
from lakehouse.lake.opened_search import forms_in
from lakehouse.lake.paths import Lake
from lakehouse.privacy import MASK

FOLDER = "curated/docs/erasures"
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


class CertificateError(UsageError):
    """A certificate cannot be read, or is of other values."""

    def __init__(self, path: str, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(f"{path}: {reason}; give the certificate that erase wrote, and its subjects.")


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


def search_lake(work: Work) -> Verification:
    """Search every file by its bytes, and the tables and raw files of the datasets by their columns."""
    searched: dict[str, Searched] = {}
    findings: list[str] = []
    for path, file in _files(work.context.lake):
        place = place_of(path)
        name = place.name if place else _NO_PLACE
        forms, complete = forms_in(file, work.sought)
        forms |= {f"name of the file, {form}" for form in _in_name(work, path)}
        before = searched.get(name, Searched())
        size = before.bytes + file.stat().st_size
        searched[name] = Searched(before.files + 1, size, before.not_opened + (not complete))
        if forms:
            findings.append(f"{name}: {_shown(work, path)} ({', '.join(sorted(forms))})")
    return Verification(searched, (*findings, *_by_column(work)))


def _in_name(work: Work, path: str) -> set[str]:
    """The forms in which the path of a file has a value; the end of a name is no part of a word."""
    names = [path, *(Path(part).stem for part in path.split("/"))]
    return work.sought.in_bytes("\0".join(names).encode("utf-8", "surrogateescape"))


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


def _files(lake: Lake) -> Iterator[tuple[str, Path]]:
    """Every file of the lake, hidden ones too, and its path below the root."""
    for root, name in ((lake.root, ""), (lake.raw, "raw/")):
        folder = Path(root)
        if name and folder.is_relative_to(lake.root):
            continue
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                yield name + file.relative_to(folder).as_posix(), file


def certificate_of(work: Work, erasure: Erasure, verification: Verification) -> dict[str, Any]:
    """What is kept of an erasure that was verified."""
    return {
        "request": erasure.request,
        "who": erasure.who,
        "why": erasure.why,
        "begun": erasure.recorded_at.isoformat(),
        "verified": verification.at.isoformat(),
        "result": "nothing found",
        "known by": [asdict(one) for one in erasure.known_by],
        "digest": "sha256 of the lake's salt and the value; the salt is in ops.erasures",
        "found by": {
            "bytes": sorted({needle.form for needle in work.sought.needles}),
            "columns": [subject.name for subject in work.subjects],
            "columns alone, for their values are too short": list(work.by_columns),
        },
        "searched": {name: asdict(one) for name, one in sorted(verification.searched.items())},
        "time travel given up before version": dict(sorted(work.given_up.items())),
    }


def write_certificate(lake: Lake, certificate: Mapping[str, Any]) -> str:
    """Write the certificate as JSON and as a page; returns the path of the JSON below the root."""
    path = f"{FOLDER}/{certificate['request']}"
    write_text(f"{lake.root}/{path}.json", json.dumps(certificate, indent=2, ensure_ascii=False), "application/json")
    write_text(f"{lake.root}/{path}.html", _page(certificate), "text/html")
    return f"{path}.json"


def _page(certificate: Mapping[str, Any]) -> str:
    rows = "".join(f"<tr><th>{escape(name)}</th><td>{_cell(value)}</td></tr>" for name, value in certificate.items())
    title = f"Erasure {escape(str(certificate['request']))}"
    style = "body{font:16px sans-serif;margin:2em}th{text-align:left;vertical-align:top;padding-right:1em}"
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><style>{style}</style>'
        f"<h1>{title}</h1><table>{rows}</table></html>"
    )


def _cell(value: Any) -> str:
    if isinstance(value, Mapping):
        return "<br>".join(f"{escape(str(name))}: {_cell(one)}" for name, one in value.items())
    if isinstance(value, list):
        return "<br>".join(map(_cell, value))
    return escape(str(value))


def read_certificate(path: str, work: Work, salt: str | None) -> dict[str, Any]:
    """A certificate that is of these subjects; raises CertificateError."""
    try:
        known = json.loads(read_text(path))
        wanted = [asdict(one) for one in known_by(salt or "", work.subjects)]
        same = known["known by"] == wanted
    except (OSError, ValueError, KeyError, TypeError):
        raise CertificateError(path, "is no certificate of an erasure") from None
    if not same:
        raise CertificateError(path, "is of other subjects than those given")
    return dict(known)
