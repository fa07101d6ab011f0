"""Who asked that a person be forgotten, and by which values the person is known: `ops.erasures`, without the values.

Each value is kept as a salted digest, by which ingest knows a row that is delivered again. Whoever can read this ledger
can try a guessed value, so it is not published. Append-only.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

import pyarrow as pa

from lakehouse import log
from lakehouse.lake.batches import LedgerBusyError
from lakehouse.lake.conflicts import TRIES
from lakehouse.lake.decisions import Signature
from lakehouse.lake.delta_log import Commit, append_once, read_rows
from lakehouse.lake.paths import Lake

_LEDGER = "erasures"
_SALT_BYTES = 16

_KNOWN_BY = pa.struct([("dataset", pa.string()), ("column", pa.string()), ("digest", pa.string())])
ERASURES = pa.schema(
    [
        ("request", pa.string()),
        ("entry", pa.int64()),
        ("state", pa.string()),
        ("salt", pa.string()),
        ("known_by", pa.list_(_KNOWN_BY)),
        ("what", pa.string()),
        ("who", pa.string()),
        ("why", pa.string()),
        ("run_id", pa.string()),
        ("recorded_at", pa.timestamp("us", "UTC")),
    ]
)


class ErasureState(StrEnum):
    """How far an erasure has come."""

    STARTED = "started"
    VERIFIED = "verified"
    FOUND = "found"
    """Everything was carried out, and the verification still found the person."""


@dataclass(frozen=True)
class Subject:
    """By what a person is known: a value of a column. canonical: the value as the column's type writes it."""

    domain: str
    dataset: str
    column: str
    value: str = field(repr=False)
    canonical: str = field(repr=False, default="")

    @property
    def name(self) -> str:
        """It without the value."""
        return f"{self.domain}/{self.dataset}:{self.column}"


@dataclass(frozen=True, order=True)
class KnownBy:
    """A subject without its value."""

    dataset: str
    column: str
    digest: str


@dataclass(frozen=True)
class Erasure:
    """One entry of a request; `entry` counts all of the lake from 1. what: counts in words, without values."""

    request: str
    entry: int
    state: ErasureState
    salt: str
    known_by: tuple[KnownBy, ...]
    what: str
    who: str
    why: str
    recorded_at: datetime


def digest(salt: str, value: str) -> str:
    """A value as the ledger keeps it; Spark's `sha2(concat(salt, value), 256)` gives the same."""
    return hashlib.sha256(f"{salt}{value}".encode("utf-8", "surrogatepass")).hexdigest()


def erasures_of(lake: Lake) -> list[Erasure]:
    """All entries in their order."""
    found = []
    for row in read_rows(lake.ops(_LEDGER)):
        known_by = tuple(KnownBy(**known) for known in row["known_by"] or ())
        names = {name: row[name] for name in Erasure.__dataclass_fields__}
        found.append(Erasure(**{**names, "state": ErasureState(row["state"]), "known_by": known_by}))
    return sorted(found, key=lambda entry: entry.entry)


def begin_erasure(lake: Lake, subjects: Sequence[Subject], by: Signature) -> Erasure:
    """Enter a request before anything is changed; one of the same values that is not verified yet goes on."""
    for _ in range(TRIES):
        known = erasures_of(lake)
        salt = known[0].salt if known else secrets.token_hex(_SALT_BYTES)
        wanted = known_by(salt, subjects)
        same = next((entry for entry in reversed(known) if entry.known_by == wanted), None)
        if same is not None and same.state is not ErasureState.VERIFIED:
            return same
        now = datetime.now(UTC)
        request = f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        entry = Erasure(request, len(known) + 1, ErasureState.STARTED, salt, wanted, "", by.who, by.why, now)
        if _recorded(lake, entry):
            return entry
    raise LedgerBusyError(_LEDGER, TRIES, "entered an erasure")


def end_erasure(lake: Lake, begun: Erasure, state: ErasureState, what: str) -> Erasure:
    """Enter how a request ended."""
    for _ in range(TRIES):
        number = len(erasures_of(lake)) + 1
        about = (begun.salt, begun.known_by, what, begun.who, begun.why)
        entry = Erasure(begun.request, number, state, *about, datetime.now(UTC))
        if _recorded(lake, entry):
            return entry
    raise LedgerBusyError(_LEDGER, TRIES, "entered an erasure")


def known_by(salt: str, subjects: Iterable[Subject]) -> tuple[KnownBy, ...]:
    """Subjects without their values, sorted."""
    return tuple(sorted(KnownBy(one.dataset, one.column, digest(salt, one.canonical)) for one in subjects))


def forgotten_of(lake: Lake, dataset: str) -> dict[tuple[str, str], frozenset[str]]:
    """The digests by which rows of a dataset are known as forgotten, by column and salt."""
    found: dict[tuple[str, str], set[str]] = {}
    for entry in erasures_of(lake):
        for one in entry.known_by:
            if one.dataset == dataset:
                found.setdefault((one.column, entry.salt), set()).add(one.digest)
    return {place: frozenset(digests) for place, digests in found.items()}


def _recorded(lake: Lake, entry: Erasure) -> bool:
    row = {**vars(entry), "known_by": [vars(one) for one in entry.known_by], "run_id": log.current("run")}
    return append_once(lake.ops(_LEDGER), [row], ERASURES, Commit(_LEDGER, entry.entry))
