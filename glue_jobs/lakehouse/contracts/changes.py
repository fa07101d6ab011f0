"""Classes each change between two states of the contracts as breaking, widening or free for each consumer.

Breaking: what works today is refused, missing or another afterwards, or a table needs a command. Widening: more is
taken or offered, and whoever reads goes on. Free: nobody who reads or delivers notices. Pure functions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from lakehouse.contracts.contract import Contract, Contracts

FILES, SILVER, MARTS, VIEWS, DAGS, ROLES = CONSUMERS = ("files", "silver", "marts", "views", "DAGs", "roles")
"""Who notices a change of a contract; files are the deliveries."""


class Effect(StrEnum):
    """What a change does to a consumer, the worst first."""

    BREAKING = "breaking"
    WIDENING = "widening"
    FREE = "free"


Effects = Mapping[str, Effect]


@dataclass(frozen=True)
class Change:
    """One change of a contract.

    dataset, field: empty for what concerns the whole domain. column: which the field belongs to, if to one.
    effects: by consumer; the others do not notice. steps: what to do, in order.
    """

    domain: str
    dataset: str
    field: str
    what: str
    effects: Effects
    steps: tuple[str, ...] = ()
    column: str | None = None

    @property
    def effect(self) -> Effect:
        """The worst of the effects; free where nobody notices."""
        return next((effect for effect in Effect if effect in self.effects.values()), Effect.FREE)


DEPLOY = "make deploy, which makes or changes jobs, DAGs and roles"


def changes(before: Contracts, after: Contracts) -> tuple[Change, ...]:
    """Every change from one state of the contracts to another, those of domains first."""
    from lakehouse.contracts.dataset_changes import dataset_changes  # which imports the classes above

    old, new = ({contract.domain: contract for contract in state} for state in (before, after))
    found: list[Change] = []
    for domain in sorted({*old, *new}):
        if domain not in new:
            effects = dict.fromkeys((FILES, DAGS, ROLES), Effect.BREAKING)
            found.append(Change(domain, "", "domain", "is gone", effects, (DEPLOY,)))
        elif domain not in old:
            effects = dict.fromkeys((FILES, DAGS, ROLES), Effect.WIDENING)
            found.append(Change(domain, "", "domain", "is new", effects, (DEPLOY,)))
        else:
            found += _of_domain(old[domain], new[domain])
    return (*found, *dataset_changes(before.datasets, after.datasets))


def _of_domain(old: Contract, new: Contract) -> Iterator[Change]:
    facts = {
        "schedule": (old.schedule, new.schedule, {DAGS: Effect.WIDENING}, (DEPLOY,)),
        "deadline": (old.deadline, new.deadline, {DAGS: Effect.WIDENING}, (DEPLOY,)),
        "budget": (old.budget.month, new.budget.month, {}, ()),
        "runBudget": (old.budget.run, new.budget.run, {}, ()),
        "owner": (old.owner, new.owner, {DAGS: Effect.FREE}, ()),
        "contact": (old.contact, new.contact, {DAGS: Effect.FREE}, ()),
        "description": (old.description, new.description, {}, ()),
    }
    for name, (was, now, effects, steps) in facts.items():
        if was != now:
            yield Change(new.domain, "", name, f"{was} → {now}", effects, steps)
