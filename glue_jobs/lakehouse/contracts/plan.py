"""The jobs that the contracts lead to, as plain facts: what each reads, what it writes and what starts it.

Knows neither Airflow nor AWS, so that DAGs, a full run, Terraform's tests and the docs share it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from lakehouse.contracts.alerts import NO_ALERTS, Alerts
from lakehouse.contracts.contract import Contract, Contracts
from lakehouse.contracts.layers import ANALYTICS, BRONZE, MARTS, SILVER
from lakehouse.contracts.mart_deadlines import mart_deadlines
from lakehouse.contracts.mart_graph import Mart
from lakehouse.errors import LakehouseError

STEPS = ("ingest", "validate", "transform", "publish")
"""The steps of a domain in their order; each reads what the one before it writes."""
MAINTAIN = "maintain"
VALIDATED = "validated"
"""Asset that stands for the validation results which let a batch into silver; no table has the name."""

LAKEHOUSE = "lakehouse"
PLATFORM_OWNER = "data-platform"
# Between two hourly ingests: maintenance and merges then rarely meet on a table.
MAINTENANCE_SCHEDULE = "35 22 * * *"
DEFAULT_POOL = "default_pool"
# One slot, kept while a task is deferred: of the jobs that write the marts one runs at a time.
MARTS_POOL = "marts_writers"
# 150 minutes, above the 120 after which Glue ends a job itself: Glue's own reason is the one to report.
WAIT_SECONDS = 30
WAIT_ATTEMPTS = 300


@dataclass(frozen=True)
class Due:
    """What a job promises by a time of day, HH:MM in UTC: a domain, marts by their names, or maintenance."""

    subject: str
    time: str


@dataclass(frozen=True)
class Job:
    """One Glue job and the DAG of the same name; assets are named `<layer>/<table>`."""

    step: str
    subject: str
    owner: str
    contact: str
    purpose: str
    source: str
    consumer: str
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    any_of_reads: bool = False
    schedule: str | None = None
    due: tuple[Due, ...] = ()
    alerts: Alerts = NO_ALERTS
    file_patterns: tuple[str, ...] = ()
    pool: str = DEFAULT_POOL

    @property
    def dag_id(self) -> str:
        """Name of the DAG and of the Glue job."""
        return f"{self.step}_{self.subject}"

    @property
    def domain(self) -> str | None:
        """The value of --domain; maintenance has none, because it works on the whole lake."""
        return None if self.subject == LAKEHOUSE else self.subject

    @property
    def has_parts(self) -> bool:
        """Whether a part of it, a file, a dataset or a mart, can fail while the rest is done and passed on."""
        return self.subject != LAKEHOUSE and self.step != "publish"

    @property
    def crawler(self) -> str | None:
        """The crawler that describes what has landed, run after ingest; no other job has one."""
        return f"landing_{self.subject}" if self.file_patterns else None


class DuplicateJobError(LakehouseError):
    """Two jobs would have one name: a contract's domain is a name that the lakehouse uses itself."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        super().__init__(f"Two jobs are named {', '.join(names)}; give the contract's domain another name.")


def plan_jobs(contracts: Contracts, marts: Sequence[Mart]) -> tuple[Job, ...]:
    """Return every job, those of the domains first in sorted order; raises DuplicateJobError on a name clash."""
    jobs = (*(job for contract in contracts for job in _domain_jobs(contract)), *_shared_jobs(contracts, marts))
    names = [job.dag_id for job in jobs]
    duplicates = tuple(sorted({name for name in names if names.count(name) > 1}))
    if duplicates:
        raise DuplicateJobError(duplicates)
    return jobs


def cycle_jobs(contracts: Contracts, marts: Sequence[Mart]) -> tuple[Job, ...]:
    """The jobs of a full run in its order: step by step through the domains, the marts after them; no maintenance."""
    jobs = plan_jobs(contracts, marts)
    return tuple(job for step in STEPS for job in jobs if job.step == step)


@dataclass(frozen=True)
class _StepOfDomain:
    """What is the same for one step of every domain; {names} are its datasets, {domain} is the domain."""

    writes: str
    purpose: str
    source: str
    consumer: str


_STEPS_OF_DOMAIN = {
    "ingest": _StepOfDomain(
        writes=BRONZE,
        purpose="Loads every delivered row of {names} into bronze or quarantine, exactly once.",
        source="new files under raw/{domain}/",
        consumer="validate_{domain}",
    ),
    "validate": _StepOfDomain(
        writes=VALIDATED,
        purpose="Validates each row of {names} with its suite; stops a batch that breaks a rule about the whole.",
        source="the bronze batches that are not validated yet",
        consumer="transform_{domain}",
    ),
    "transform": _StepOfDomain(
        writes=SILVER,
        purpose="Merges the valid rows of {names} into silver, then builds the domain's dbt models.",
        source="the validated batches that are not merged yet, without their quarantined rows",
        consumer="transform_marts and publish_{domain}",
    ),
    "publish": _StepOfDomain(
        writes=ANALYTICS,
        purpose="Publishes the last valid version of {names}: catalogue tables, Athena views, docs.",
        source="the Delta logs of the silver tables",
        consumer="analysts, through Athena",
    ),
}


def _domain_jobs(contract: Contract) -> Iterator[Job]:
    """The steps of a domain, each started by what the one before it writes; the first by its schedule."""
    about = {"names": ", ".join(dataset.name for dataset in contract.datasets), "domain": contract.domain}
    reads: tuple[str, ...] = ()
    for name in STEPS:
        step = _STEPS_OF_DOMAIN[name]
        writes = tuple(f"{step.writes}/{dataset.name}" for dataset in contract.datasets)
        yield Job(
            step=name,
            subject=contract.domain,
            owner=contract.owner,
            contact=contract.contact,
            purpose=step.purpose.format_map(about),
            source=step.source.format_map(about),
            consumer=step.consumer.format_map(about),
            reads=reads,
            writes=writes,
            schedule=None if reads else contract.schedule,
            due=(Due(contract.domain, contract.deadline),),
            alerts=contract.alerts,
            file_patterns=() if reads else tuple(dataset.file_pattern for dataset in contract.datasets),
        )
        reads = writes


def _shared_jobs(contracts: Contracts, marts: Sequence[Mart]) -> Iterator[Job]:
    read = {name for mart in marts for name in mart.reads}
    sources = {contract: [d.name for d in contract.datasets if f"{SILVER}.{d.name}" in read] for contract in contracts}
    due = _due_marts(mart_deadlines(contracts, marts))
    base = Job("", MARTS, PLATFORM_OWNER, PLATFORM_OWNER, "", "", "", due=due)
    names = sorted(mart.name for mart in marts)
    yield replace(
        base,
        step="transform",
        purpose=f"Updates {', '.join(names)} by what changed in silver.",
        source="the silver tables",
        consumer="publish_marts",
        reads=tuple(f"{SILVER}/{name}" for found in sources.values() for name in found),
        writes=tuple(f"{MARTS}/{name}" for name in names),
        any_of_reads=True,
        pool=MARTS_POOL,
    )
    yield replace(
        base,
        step="publish",
        purpose=f"Publishes the last valid version of {', '.join(names)}: catalogue tables, Athena views, docs.",
        source="the Delta logs of the marts",
        consumer="analysts, through Athena",
        reads=tuple(f"{MARTS}/{name}" for name in names),
        writes=tuple(f"{ANALYTICS}/{name}" for name in names),
    )
    yield replace(
        base,
        step=MAINTAIN,
        subject=LAKEHOUSE,
        purpose="Reclusters new, poorly clustered files; deletes files that no reader needs.",
        source="the Delta logs of all tables",
        consumer="every reader of the lake, through faster and cheaper queries",
        schedule=MAINTENANCE_SCHEDULE,
        due=tuple(Due(LAKEHOUSE, last.time) for last in due[-1:]),
        pool=MARTS_POOL,
    )


def _due_marts(times: Mapping[str, str]) -> tuple[Due, ...]:
    """The marts by the times at which they are due, the earliest first; all together where they are due at once."""
    if len(set(times.values())) == 1:
        return (Due(MARTS, *set(times.values())),)
    named = {time: sorted(name for name in times if times[name] == time) for time in sorted(set(times.values()))}
    return tuple(Due(", ".join(names), time) for time, names in named.items())
