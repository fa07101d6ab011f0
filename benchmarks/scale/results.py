"""What was measured at 1, 4 and 16 times a size, kept as one small JSON file."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from benchmarks.shared import store

FILE = "scale.json"


@dataclass(frozen=True)
class FilesKnown:
    """What ingest and its ledger cost where so many files were delivered before.

    memory: the most that Python held while it looked which files are new. ledger: bytes of the batch log's data.
    landed: bytes of the list that Airflow reads.
    """

    files: int
    seconds: float
    memory: int
    ledger: int
    landed: int


@dataclass(frozen=True)
class TableLog:
    """A table of so many data files: bytes of its newest checkpoint, and seconds to open it."""

    files: int
    checkpoint: int
    seconds: float


@dataclass(frozen=True)
class StepRun:
    """One step of a whole run on a delivery of so many bytes."""

    delivered: int
    step: str
    seconds: float


@dataclass(frozen=True)
class Written:
    """What a whole run on a delivery of so many bytes wrote to a layer: data files and their bytes."""

    delivered: int
    layer: str
    files: int
    bytes: int


@dataclass(frozen=True)
class ScaleResults:
    """All of it. measured: the day. cores: those that the steps had."""

    machine: dict[str, str]
    versions: dict[str, str]
    measured: str
    cores: int
    known: tuple[FilesKnown, ...]
    logs: tuple[TableLog, ...]
    steps: tuple[StepRun, ...]
    written: tuple[Written, ...]


_LISTS = {"known": FilesKnown, "logs": TableLog, "steps": StepRun, "written": Written}


def load(folder: Path) -> ScaleResults | None:
    """The kept results; None before the first run."""
    kept = store.read(folder / FILE)
    if kept is None:
        return None
    lists = {name: tuple(kind(**run) for run in kept.pop(name)) for name, kind in _LISTS.items()}
    return ScaleResults(**kept, **lists)


def save(folder: Path, results: ScaleResults) -> None:
    """Keep them in place of those before."""
    head = {name: value for name, value in dataclasses.asdict(results).items() if name not in _LISTS}
    store.write(folder / FILE, head, {name: getattr(results, name) for name in _LISTS})
