"""By when each mart is promised: by its own meta.deadline, or with the last of the domains and marts that it reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.dbt_files import read_marts
from lakehouse.contracts.layers import SILVER
from lakehouse.contracts.mart_graph import PAGE, Mart
from lakehouse.contracts.project import Project


@dataclass(frozen=True)
class MartPromise:
    """By when a mart is published. due_by: HH:MM in UTC. domains: those that it reads, also through other marts.

    schedules: those of the domains, after which it can be built.
    """

    name: str
    due_by: str
    domains: tuple[str, ...]
    schedules: tuple[str, ...]


def project_promises(project: Project) -> tuple[MartPromise, ...]:
    """What is promised of each mart of a project that is declared whole."""
    return mart_promises(project.contracts, read_marts(project.dbt))


def mart_promises(contracts: Contracts, marts: Sequence[Mart]) -> tuple[MartPromise, ...]:
    """What is promised of each mart; of one that reads no dataset of a contract nothing is."""
    due, read = mart_deadlines(contracts, marts), dict[str, set[str]]()
    for mart in marts:
        of_marts = (read[name] for name in mart.marts_read if name in read)
        read[mart.name] = set(_of_what_it_reads(contracts, mart, {})).union(*of_marts)
    return tuple(_promise(contracts, name, by, sorted(read[name])) for name, by in due.items())


def _promise(contracts: Contracts, name: str, by: str, domains: Sequence[str]) -> MartPromise:
    return MartPromise(name, by, tuple(domains), tuple(contracts.of(domain).schedule for domain in domains))


def mart_deadlines(contracts: Contracts, marts: Sequence[Mart]) -> dict[str, str]:
    """The deadline of each mart by its name, HH:MM in UTC; none of a mart that reads no dataset of a contract.

    marts: those first that others read, as `find_marts` orders them.
    """
    due: dict[str, str] = {}
    for mart in marts:
        read = _of_what_it_reads(contracts, mart, due)
        if found := mart.deadline or max(read.values(), default=None):
            due[mart.name] = found
    return due


def early_marts(contracts: Contracts, marts: Sequence[Mart]) -> Iterator[str]:
    """A line for each mart that is due before what it reads: nothing is wrong, but it may show the day before."""
    due = mart_deadlines(contracts, marts)
    for mart in marts:
        read = _of_what_it_reads(contracts, mart, due)
        last = max(read, key=lambda name: read[name], default=None)
        if mart.deadline and last and mart.deadline < read[last]:
            yield (
                f"{mart.file}:1: {mart.name}.meta.deadline: {mart.deadline} is before {read[last]}, when {last} is "
                f"due, which the mart reads; at its deadline it may lack the newest rows ({PAGE})."
            )


def _of_what_it_reads(contracts: Contracts, mart: Mart, due: Mapping[str, str]) -> dict[str, str]:
    """The deadlines of the domains and marts that a mart reads, by their names."""
    read = {
        contract.domain: contract.deadline
        for contract in contracts
        if any(f"{SILVER}.{dataset.name}" in mart.reads for dataset in contract.datasets)
    }
    return read | {name: due[name] for name in mart.marts_read if name in due}
