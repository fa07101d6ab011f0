"""How a lake stands: what was found, the worst first, each with the command that goes on; without a JVM."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lakehouse.contracts.contract import Contract, Contracts
from lakehouse.contracts.findings import Commands, Finding, Level, missed_deadline, run_ended
from lakehouse.contracts.layers import MARTS
from lakehouse.contracts.mart_deadlines import MartPromise
from lakehouse.contracts.plan import LAKEHOUSE
from lakehouse.cycle.deadlines import LATE, NOT_YET, Deadline, MartFacts, deadline_of, deadline_of_mart
from lakehouse.cycle.status_facts import DatasetFacts, facts_of
from lakehouse.cycle.status_tables import Opened
from lakehouse.errors import EXIT_TRANSIENT
from lakehouse.lake.erasures import ErasureState, erasures_of
from lakehouse.lake.mart_times import MartTimes
from lakehouse.lake.paths import Lake
from lakehouse.lake.run_costs import dearest_runs, domain_costs, done_times
from lakehouse.lake.runs import (
    DIED,
    DONE,
    FAILED,
    FULL_RUN,
    INTERRUPTED,
    NOTHING_NEW,
    RunRecord,
    instant,
    runs_of,
    this_process,
)
from lakehouse.say import format_count

WEEK = timedelta(days=7)
"""So far back it is looked for runs that failed or died."""
LOOK_BACK = timedelta(days=40)
"""So far back it is looked for a publish: a monthly delivery is the rarest that has a deadline of use."""


@dataclass(frozen=True)
class DomainFacts:
    """How one domain stands: its deadline, and what its runs cost, in US dollars.

    cost_day, dearest_run: of the last 24 hours. cost_month: since the first of the month.
    """

    contract: Contract
    deadline: Deadline
    cost_day: float
    cost_month: float
    dearest_run: float = 0.0


@dataclass(frozen=True)
class LakeStatus:
    """How a lake stood at a moment."""

    at: datetime
    findings: tuple[Finding, ...]
    datasets: tuple[DatasetFacts, ...]
    domains: tuple[DomainFacts, ...]
    marts: tuple[MartFacts, ...] = ()

    @property
    def exit_code(self) -> int:
        """That of the worst finding, as of a run."""
        return min((finding.level for finding in self.findings), default=Level.LOOK).exit_code


def status_of(
    lake: Lake, contracts: Contracts, commands: Commands, now: datetime, promises: Sequence[MartPromise] = ()
) -> LakeStatus:
    """How the datasets of some contracts stand, and the marts of which something is promised."""
    return status_in(Opened(lake, contracts.datasets), contracts, commands, now, promises)


def status_in(
    opened: Opened,
    contracts: Contracts,
    commands: Commands,
    now: datetime,
    promises: Sequence[MartPromise],
    has_raw: bool = True,
) -> LakeStatus:
    """The same of a lake whose tables are opened already; has_raw: whether the raw layer may be listed."""
    rows = opened.rows("runs", f"SELECT * FROM t WHERE started_at >= {instant(now - WEEK)}")
    datasets, runs = tuple(facts_of(opened, contracts, has_raw)), runs_of(rows, now, this_process())
    domains, marts = tuple(_domains(opened, contracts, now)), tuple(_marts(opened, promises, now))
    found = [
        *(finding for facts in datasets for finding in findings_of_dataset(facts, commands)),
        *(finding for domain in domains for finding in findings_of_domain(domain, commands)),
        *(finding for mart in marts for finding in findings_of_mart(mart, commands)),
        *findings_of_runs([run for run in runs if _is_of(run, contracts)], commands),
        *(findings_of_erasures(opened.lake, opened.names, commands) if opened.lake.is_local else ()),  # nowhere else
    ]
    # What a run failed at is mostly said of its dataset, so runs come last of their level.
    jobs = {run.job for run in runs}
    order = sorted(
        found, key=lambda one: (one.level, one.subject in jobs, one.since is None, one.since, one.subject, one.found)
    )
    return LakeStatus(now, tuple(order), datasets, domains, marts)


def findings_of_dataset(facts: DatasetFacts, commands: Commands) -> Iterator[Finding]:
    """What there is to do about a dataset."""
    name, domain = facts.dataset.name, facts.dataset.domain
    for note in facts.stopped:
        text = f"batch {note.batch_id} is stopped: {note.reason}"
        yield Finding(Level.PERSON, name, text, note.since, commands.of("batch list"))
    for note in facts.refused:
        text = f"refused, nothing delivered since: {note.reason}"
        yield Finding(Level.PERSON, name, text, note.since, commands.deliver(domain))
    for waiting in facts.waiting:
        text = f"{waiting.what} pending at {waiting.step}"
        yield Finding(Level.RETRY, name, text, waiting.since, commands.job(waiting.step, domain))
    if facts.published < facts.silver and not facts.waiting:
        behind = f"published version {facts.published} of {facts.silver}"
        text = behind if facts.published >= 0 else "not published yet"
        yield Finding(Level.RETRY, name, text, None, commands.job("publish", domain))
    if facts.open_rows:
        text = f"{format_count(facts.open_rows, 'open row')} in quarantine"
        yield Finding(Level.LOOK, name, text, None, commands.of(f"quarantine list {name}"))
    if facts.read_amplification > facts.dataset.max_read_amplification:
        limit = facts.dataset.max_read_amplification
        text = f"queries read {facts.read_amplification:.2f} times the least possible, limit {limit:g}"
        yield Finding(Level.LOOK, name, text, None, commands.of("maintain"))


def findings_of_domain(domain: DomainFacts, commands: Commands) -> Iterator[Finding]:
    """What there is to do about a domain's deadline and budget."""
    deadline = domain.deadline
    if deadline.state == LATE and deadline.done is None:
        name = domain.contract.domain
        yield missed_deadline(name, domain.contract.deadline, deadline.due, commands.job("publish", name))
    budget = domain.contract.budget.month
    if budget is not None and domain.cost_month > budget:
        text = f"runs of this month cost {domain.cost_month:.2f} $, budget {budget:.2f} $"
        yield Finding(Level.LOOK, domain.contract.domain, text, None, commands.of("cost --by table"), True)
    budget = domain.contract.budget.run
    if budget is not None and domain.dearest_run > budget:
        text = f"a run of the last 24 hours cost {domain.dearest_run:.2f} $, budget of a run {budget:.2f} $"
        yield Finding(Level.LOOK, domain.contract.domain, text, None, commands.of("cost --by run"), True)


def findings_of_mart(mart: MartFacts, commands: Commands) -> Iterator[Finding]:
    """What there is to do about a mart's deadline; both jobs are those of all marts, and do what is pending."""
    deadline, promise = mart.deadline, mart.promise
    if deadline.state == LATE and deadline.done is None:
        yield missed_deadline(promise.name, promise.due_by, deadline.due, commands.job("transform", MARTS))


def findings_of_runs(runs: Sequence[RunRecord], commands: Commands) -> Iterator[Finding]:
    """The last run of each job, where it did not end well and no full run after it did; runs: oldest first."""
    well = [run.started_at for run in runs if run.job == FULL_RUN and run.state in (DONE, NOTHING_NEW)]
    for run in {run.job: run for run in runs}.values():
        step, _, subject = run.job.partition("_")
        if run.state not in (FAILED, DIED, INTERRUPTED) or (well and run.started_at < well[-1]):
            continue
        level = Level.PERSON if run.state == FAILED and run.exit_code != EXIT_TRANSIENT else Level.RETRY
        again = commands.of("run --landing DIR") if run.job == FULL_RUN else commands.job(step, subject)
        yield run_ended(level, run.job, run.state, run.reason, run.started_at, again)


def findings_of_erasures(lake: Lake, datasets: Collection[str], commands: Commands) -> Iterator[Finding]:
    """Requests to forget a person that were not carried to their end."""
    last = {entry.request: entry for entry in erasures_of(lake)}
    for entry in last.values():
        named = sorted({known.dataset for known in entry.known_by if known.dataset in datasets})
        if named and entry.state is not ErasureState.VERIFIED:
            text = f"erasure {entry.request} was begun and not verified"
            again = commands.of("erase, with the values it was begun with")
            yield Finding(Level.PERSON, ", ".join(named), text, entry.recorded_at, again)


def _domains(opened: Opened, contracts: Contracts, now: datetime) -> Iterator[DomainFacts]:
    steps = opened.table(opened.lake.ops("steps"))
    month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    costs, done = domain_costs(steps, now - timedelta(days=1), month), done_times(steps, "publish", now - LOOK_BACK)
    # One more reading of the ledger, where a contract asks for it.
    is_asked = any(contract.budget.run is not None for contract in contracts)
    dearest = dearest_runs(steps, now - timedelta(days=1)) if is_asked else {}
    for contract in contracts:
        deadline = _since_the_lake_began(opened, deadline_of(contract, done.get(contract.domain, ()), now))
        yield DomainFacts(
            contract, deadline, *costs.get(contract.domain, (0.0, 0.0)), dearest.get(contract.domain, 0.0)
        )


def _marts(opened: Opened, promises: Sequence[MartPromise], now: datetime) -> Iterator[MartFacts]:
    times = MartTimes.since(opened.table(opened.lake.ops("steps")) if promises else None, now - LOOK_BACK)
    for promise in promises:
        yield MartFacts(promise, _since_the_lake_began(opened, deadline_of_mart(promise, times, now)))


def _since_the_lake_began(opened: Opened, deadline: Deadline) -> Deadline:
    """Nothing was late before the lake's first run, or without one."""
    if deadline.due is not None and (opened.first_run is None or opened.first_run > deadline.due):
        return Deadline(NOT_YET)
    return deadline


def _is_of(run: RunRecord, contracts: Contracts) -> bool:
    """Whether a run is about the domains of some contracts, or about all that there are."""
    subject = run.job.partition("_")[2]
    return subject in ("", MARTS, LAKEHOUSE, *contracts.domains)
