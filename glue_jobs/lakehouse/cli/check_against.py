"""Compares the contracts with those of a git revision: what each change does to whom, and what has to be done."""

from __future__ import annotations

import io
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lakehouse.contracts.changes import Change, Effect, changes
from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.project import Project
from lakehouse.contracts.reader import load_contracts
from lakehouse.contracts.readers import element_readers, find_readers, reached, without_unread
from lakehouse.errors import UsageError


class NoRevisionError(UsageError):
    """git cannot give the contracts of a revision."""

    def __init__(self, revision: str, reason: str) -> None:
        self.revision, self.reason = revision, reason
        super().__init__(f"The contracts of revision '{revision}' cannot be read: {reason}")


@dataclass(frozen=True)
class Classed:
    """A change with what it does to each consumer that notices it."""

    change: Change
    effects: dict[str, Effect]
    names: dict[str, tuple[str, ...]]

    @property
    def effect(self) -> Effect:
        """The worst of the effects."""
        return next((effect for effect in Effect if effect in self.effects.values()), Effect.FREE)

    def __str__(self) -> str:
        change = self.change
        place = ".".join(part for part in (change.dataset, change.field) if part)
        by_effect = [self._consumers(effect) for effect in Effect if effect in self.effects.values()]
        says = "; ".join(by_effect) or f"{Effect.FREE}"
        do = f". Do: {'; then '.join(change.steps)}" if change.steps and self.effect is not Effect.FREE else ""
        return f"contracts/{change.domain}.yaml: {place}: {change.what}: {says}{do}."

    def _consumers(self, effect: Effect) -> str:
        who = [name for name, its in self.effects.items() if its is effect]
        named = [f"{name} ({', '.join(self.names[name])})" if name in self.names else name for name in who]
        return f"{effect} for {', '.join(named)}"

    @property
    def as_json(self) -> dict[str, object]:
        """What an editor or CI is given."""
        change = self.change
        return {
            "severity": self.effect.value,
            "file": f"contracts/{change.domain}.yaml",
            "dataset": change.dataset or None,
            "field": change.field or None,
            "what": change.what,
            "effects": {name: effect.value for name, effect in self.effects.items()},
            "reaches": {kind: list(names) for kind, names in self.names.items()},
            "steps": list(change.steps),
        }


def changes_since(project: Project, revision: str) -> list[Classed]:
    """Every change of the contracts since a revision, the worst first; raises NoRevisionError, ContractError."""
    return classed(contracts_at(project.root, revision), project.contracts, project.dbt)


def classed(before: Contracts, after: Contracts, dbt: Path) -> list[Classed]:
    """Every change from one state of the contracts to another, the worst first; dbt: whose models and views read."""
    readers = (*find_readers(dbt), *element_readers(before.datasets))
    found = [Classed(c, without_unread(c, readers), dict(reached(c, readers))) for c in changes(before, after)]
    return sorted(found, key=lambda one: list(Effect).index(one.effect))


def contracts_at(root: Path, revision: str) -> Contracts:
    """The contracts of a git revision; raises NoRevisionError, or ContractError where they were wrong then."""
    command = ["git", "-C", str(root), "archive", "--format=tar", revision, "--", "contracts"]
    if revision.startswith("-"):
        raise NoRevisionError(revision, "it is no name of a revision.")
    try:
        done = subprocess.run(command, capture_output=True, check=True)
    except FileNotFoundError:
        raise NoRevisionError(revision, "git is not installed.") from None
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip().splitlines() or ["git says nothing"]
        raise NoRevisionError(revision, f"{said[-1].removeprefix('fatal: ')}.") from None
    with tempfile.TemporaryDirectory() as folder, tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")
        return load_contracts(Path(folder) / "contracts")


def lines_of(found: Sequence[Classed], revision: str) -> Iterator[str]:
    """What to print: each change, and how many there are of each kind."""
    if not found:
        yield f"no contract has changed since {revision}"
        return
    yield from (f"{one.effect}: {one}" for one in found)
    counts = [(effect, sum(one.effect is effect for one in found)) for effect in Effect]
    yield f"since {revision}: " + ", ".join(f"{number} {effect}" for effect, number in counts)
