"""Forgets a person: plan, carry out place by place, verify, certify. Start here.

Each place can be cleared again, so a process that was killed is completed by the same command. The values themselves
are nowhere kept, so they are given again.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

from lakehouse import log
from lakehouse.contracts.layers import BRONZE, QUARANTINE, SILVER
from lakehouse.cycle.erase_places import PLACES, raw_records, rows_of
from lakehouse.cycle.erase_verification import (
    StillFoundError,
    Verification,
    certificate_of,
    read_certificate,
    search_lake,
    write_certificate,
)
from lakehouse.cycle.erase_work import Work, require_settled
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


def plan_erasure(work: Work) -> list[Found]:
    """What each place holds of a person, and what would become of it; nothing is written."""
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
    does = {place.name: place.does for place in PLACES}
    return [Found(name, ", ".join(said.get(name, [])), does.get(name, "")) for name in dict.fromkeys([*does, *said])]


def erase(work: Work, show: Callable[[str], None] = lambda _: None) -> Forgotten:
    """Carry an erasure out and verify it; raises NotSettledError before, StillFoundError after.

    show: is told of each place before it is cleared.
    """
    require_settled(work)
    begun = begin_erasure(work.context.lake, work.subjects, work.by)
    work = dataclasses.replace(work, request=begun.request)
    for place in PLACES:
        show(f"{place.name}: {place.does}")
        place.clear(work)
        log.info("cleared", place=place.name)
    verification = search_lake(work)
    files = sum(one.files for one in verification.searched.values())
    if verification.findings:
        end_erasure(work.context.lake, begun, ErasureState.FOUND, f"{files} files searched")
        raise StillFoundError(verification.findings)
    certificate = write_certificate(work.context.lake, certificate_of(work, begun, verification))
    end_erasure(work.context.lake, begun, ErasureState.VERIFIED, f"{files} files searched; {certificate}")
    return Forgotten(begun.request, certificate, verification)


def verify(work: Work, certificate: str) -> Verification:
    """Verify again what a certificate says; raises CertificateError or StillFoundError."""
    entries = erasures_of(work.context.lake)
    read_certificate(certificate, work, entries[0].salt if entries else None)
    verification = search_lake(work)
    if verification.findings:
        raise StillFoundError(verification.findings)
    return verification
