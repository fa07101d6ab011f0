"""The facts about the data as frozen objects, read once from the contracts. Imports neither Spark nor AWS."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lakehouse.contracts.alerts import NO_ALERTS, Alerts
from lakehouse.contracts.budget import NO_BUDGET, Budget
from lakehouse.contracts.dataset import Dataset, exploded_lists
from lakehouse.errors import UnknownNameError


@dataclass(frozen=True)
class Contract:
    """One domain: its owner, its schedule and its datasets.

    budget: what its runs may cost. alerts: when people are notified. delivery_gb: how much one delivery has; None where
    the contract does not say.
    """

    domain: str
    title: str
    owner: str
    contact: str
    description: str
    schedule: str
    deadline: str
    datasets: tuple[Dataset, ...]
    budget: Budget = NO_BUDGET
    alerts: Alerts = NO_ALERTS
    delivery_gb: float | None = None


@dataclass(frozen=True)
class Contracts:
    """All contracts of a project, in the order of their domains."""

    contracts: tuple[Contract, ...]

    def __iter__(self) -> Iterator[Contract]:
        return iter(self.contracts)

    @property
    def domains(self) -> tuple[str, ...]:
        """The names of the domains, sorted."""
        return tuple(contract.domain for contract in self.contracts)

    @property
    def datasets(self) -> tuple[Dataset, ...]:
        """The datasets of all domains, in the order of their domains."""
        return tuple(dataset for contract in self.contracts for dataset in contract.datasets)

    @property
    def names(self) -> frozenset[str]:
        """Every name of a dataset or a column, which an error may show."""
        columns = {name for dataset in self.datasets for name in (*dataset.column_names, *dataset.silver_column_names)}
        lists = {elements.name for _, elements in exploded_lists(self.datasets)}
        return frozenset({dataset.name for dataset in self.datasets} | columns | lists)

    def of(self, domain: str) -> Contract:
        """Return the contract of a domain; raises UnknownNameError with the nearest known name."""
        for contract in self.contracts:
            if contract.domain == domain:
                return contract
        raise UnknownNameError("domain", domain, self.domains)

    def require(self, domain: str) -> None:
        """Raise UnknownNameError unless a contract has that domain."""
        self.of(domain)

    def dataset(self, name: str) -> Dataset:
        """Return the dataset of that name; raises UnknownNameError with the nearest known name."""
        for dataset in self.datasets:
            if dataset.name == name:
                return dataset
        raise UnknownNameError("dataset", name, (dataset.name for dataset in self.datasets))
