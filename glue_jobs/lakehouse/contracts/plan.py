"""The jobs that the contracts ask for, as plain facts: what each reads, writes and is started by.

Knows neither Airflow nor AWS, so that others (Terraform's tests, the docs) can ask for the plan cheaply.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from lakehouse.contracts.contract import Contract, Contracts
from lakehouse.contracts.marts import FACT, MARTS
from lakehouse.errors import LakehouseError

# One slot, kept while a task is deferred: of the jobs that write the marts one runs at a time.
MARTS_POOL = "marts_writers"

LAKEHOUSE = "lakehouse"
PLATFORM_OWNER = "data-platform"
# Between two hourly ingests: upkeep and merges then rarely meet on a table.
UPKEEP_SCHEDULE = "35 22 * * *"
DEFAULT_POOL = "default_pool"
# 150 minutes, above the 120 after which Glue ends a job itself: Glue's own verdict is the one to hear.
WAIT_SECONDS = 30
WAIT_ATTEMPTS = 300


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
    deadline: str | None = None
    file_patterns: tuple[str, ...] = ()
    pool: str = DEFAULT_POOL

    @property
    def dag_id(self) -> str:
        """Name of the DAG and of the Glue job."""
        return f"{self.step}_{self.subject}"

    @property
    def domain(self) -> str | None:
        """What the job gets as --domain; upkeep gets none, for it serves the whole lake."""
        return None if self.subject == LAKEHOUSE else self.subject

    @property
    def crawler(self) -> str | None:
        """The crawler that describes what has landed, run after ingest; no other job has one."""
        return f"landing_{self.subject}" if self.file_patterns else None


class DoubleJobError(LakehouseError):
    """Two jobs would have one name: a contract's domain is a word that the lakehouse uses itself."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        super().__init__(f"Two jobs are named {', '.join(names)}; give the contract's domain another name.")


def plan_jobs(contracts: Contracts) -> tuple[Job, ...]:
    """Return every job, those of the domains first in sorted order; raises DoubleJobError on a name clash."""
    jobs = (*(job for contract in contracts for job in _domain_jobs(contract)), *_shared_jobs(contracts))
    names = [job.dag_id for job in jobs]
    doubles = tuple(sorted({name for name in names if names.count(name) > 1}))
    if doubles:
        raise DoubleJobError(doubles)
    return jobs


def _domain_jobs(contract: Contract) -> Iterator[Job]:
    """The four steps of a domain, each started by what the one before it writes."""
    names = ", ".join(dataset.name for dataset in contract.datasets)
    base = Job("", contract.domain, contract.owner, contract.contact, "", "", "", deadline=contract.deadline)
    bronze, judged, silver, analytics = (
        tuple(f"{layer}/{dataset.name}" for dataset in contract.datasets)
        for layer in ("bronze", "judged", "silver", "analytics")
    )
    yield replace(
        base,
        step="ingest",
        purpose=f"Brings every delivered row of {names} into bronze or quarantine, exactly once.",
        source=f"new files under raw/{contract.domain}/",
        consumer=f"validate_{contract.domain}",
        writes=bronze,
        schedule=contract.schedule,
        file_patterns=tuple(dataset.file_pattern for dataset in contract.datasets),
    )
    yield replace(
        base,
        step="validate",
        purpose=f"Judges each row of {names} by its suite; stops a batch that breaks a rule about the whole.",
        source="the bronze batches not yet judged",
        consumer=f"transform_{contract.domain}",
        reads=bronze,
        writes=judged,
    )
    yield replace(
        base,
        step="transform",
        purpose=f"Merges the good rows of {names} into silver, then builds the domain's dbt models.",
        source="the judged batches not yet merged, less the quarantined rows",
        consumer=f"transform_marts and publish_{contract.domain}",
        reads=judged,
        writes=silver,
    )
    yield replace(
        base,
        step="publish",
        purpose=f"Shows the last good version of {names}: catalogue tables, Athena views, docs.",
        source="the transaction logs of the silver tables",
        consumer="analysts, through Athena",
        reads=silver,
        writes=analytics,
    )


def _shared_jobs(contracts: Contracts) -> Iterator[Job]:
    # The analysts wait for the marts until the last of the domains is due.
    due = max((contract.deadline for contract in contracts), default=None)
    base = Job("", MARTS, PLATFORM_OWNER, PLATFORM_OWNER, "", "", "", deadline=due)
    yield replace(
        base,
        step="transform",
        purpose=f"Brings {FACT} up to date with the partitions of silver that changed.",
        source="the silver tables",
        consumer="publish_marts",
        reads=tuple(f"silver/{dataset.name}" for dataset in contracts.datasets),
        writes=(f"marts/{FACT}",),
        any_of_reads=True,
        pool=MARTS_POOL,
    )
    yield replace(
        base,
        step="publish",
        purpose=f"Shows the last good version of {FACT}: catalogue table, Athena views, docs.",
        source="the transaction logs of the marts",
        consumer="analysts, through Athena",
        reads=(f"marts/{FACT}",),
        writes=(f"analytics/{FACT}",),
    )
    yield replace(
        base,
        step="maintain",
        subject=LAKEHOUSE,
        purpose="Clusters files that changed and lie badly; removes files that no reader needs.",
        source="the transaction logs of all tables",
        consumer="every reader of the lake, by quicker and cheaper queries",
        schedule=UPKEEP_SCHEDULE,
        pool=MARTS_POOL,
    )
