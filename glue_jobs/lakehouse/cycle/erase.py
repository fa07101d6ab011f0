"""Forgets a person: plan, carry out place by place, verify, certify. Start here.

Each place can be cleared again, so a process that was killed is completed by the same command. The values themselves
are nowhere kept, so they are given again.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

from lakehouse import log
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.layers import BRONZE, QUARANTINE, SILVER
from lakehouse.cycle.erase_certificate import Render, certificate_of, read_certificate, write_certificate
from lakehouse.cycle.erase_places import PLACES, VERSIONS, raw_records, rows_of
from lakehouse.cycle.erase_verification import StillFoundError, Verification, search_lake
from lakehouse.cycle.erase_versions import kept_beside, require_raw, require_versions_can_go
from lakehouse.cycle.erase_work import Work, require_settled
from lakehouse.lake.batches import known_files
from lakehouse.lake.blanked import blanked_since, enter_blanked
from lakehouse.lake.erasures import ErasureState, begin_erasure, end_erasure, erasures_of
from lakehouse.say import format_count


@dataclass(frozen=True)
class Found:
    """What a place holds of a person. what: rows, records or files, in words; empty where it holds nothing."""

    place: str
    what: str
    does: str


@dataclass(frozen=True)
class Forgotten:
    """An erasure that was verified. certificate: its path below the root of the lake."""

    request: str
    certificate: str
    verification: Verification


def require_possible(work: Work) -> None:
    """Raise where the erasure would not come to its end, before anything is changed.

    On S3 a hidden object is put and deleted again in each place: NotAllowedOnS3Error or VersionsAreLockedError.
    """
    require_raw(work)
    require_versions_can_go(work, tuple(folder for place in PLACES for folder in place.folders))
    require_settled(work)


def plan_erasure(work: Work) -> list[Found]:
    """What each place holds of a person, and what would become of it; nothing is written."""
    require_raw(work)
    require_settled(work)
    rows = {layer: sum(rows_of(work, layer, one) for one in work.datasets) for layer in (BRONZE, QUARANTINE, SILVER)}
    records = [found for one in work.datasets for found in raw_records(work, one)]
    said = {layer: [format_count(number, "row")] if number else [] for layer, number in rows.items()}
    blanked = sum(found.number for found in records)
    counted = f"{format_count(blanked, 'record')} in {format_count(len(records), 'file')}"
    said["raw"] = [counted] if records else []
    said["raw"] += [f"{found.file.name} whole: {found.whole}" for found in records if found.whole]
    files: dict[str, int] = {}
    for finding in search_lake(work).findings:
        if not finding.endswith("(column)"):
            name = finding.split(":")[0]
            files[name] = files.get(name, 0) + 1
    for name, number in files.items():
        said.setdefault(name, []).append(f"a value in {format_count(number, 'file')}")
    if kept := kept_beside(work).in_words:
        said[VERSIONS.name] = [*kept, *said.get(VERSIONS.name, [])]
    does = {place.name: place.does for place in PLACES if not (place.only_on_s3 and work.context.lake.is_local)}
    return [Found(name, ", ".join(said.get(name, [])), does.get(name, "")) for name in dict.fromkeys([*does, *said])]


def erase(work: Work, show: Callable[[str], None] = lambda _: None, render: Render | None = None) -> Forgotten:
    """Carry an erasure out and verify it; raises as `require_possible` does before, StillFoundError after.

    show: is told of each place before it is cleared. render: makes the page of the certificate; None for JSON alone.
    """
    require_possible(work)
    for dataset in work.datasets:
        _enter_blanked(work, dataset)
    begun = begin_erasure(work.context.lake, work.subjects, work.by)
    work = dataclasses.replace(work, request=begun.request)
    for place in PLACES:
        if place.only_on_s3 and work.context.lake.is_local:
            continue
        show(f"{place.name}: {place.does}")
        place.clear(work)
        log.info("cleared", place=place.name)
    verification = search_lake(work, is_cleared=True)
    files = sum(one.files for one in verification.searched.values())
    if verification.findings:
        end_erasure(work.context.lake, begun, ErasureState.FOUND, f"{files} files searched")
        raise StillFoundError(verification.findings)
    certificate = write_certificate(work.context.lake, certificate_of(work, begun, verification), render)
    end_erasure(work.context.lake, begun, ErasureState.VERIFIED, f"{files} files searched; {certificate}")
    return Forgotten(begun.request, certificate, verification)


def _enter_blanked(work: Work, dataset: Dataset) -> None:
    """Let the log of batches have what an erasure that was killed has put, and not entered."""
    lake = work.context.lake
    enter_blanked(lake, dataset, blanked_since(lake, dataset, work.raw_files(dataset), known_files(lake, dataset)))


def verify(work: Work, certificate: str) -> Verification:
    """Verify again what a certificate says; raises CertificateError or StillFoundError."""
    require_raw(work)
    entries = erasures_of(work.context.lake)
    read_certificate(certificate, work, entries[0].salt if entries else None)
    verification = search_lake(work)
    if verification.findings:
        raise StillFoundError(verification.findings)
    return verification
