"""Builds the marts with dbt: of each exactly the keys that changes since its last build that passed can reach."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lakehouse import log
from lakehouse.contracts.dbt_files import read_models
from lakehouse.contracts.layers import MARTS
from lakehouse.contracts.mart_graph import Mart, MartError, Model, find_marts, level_of, mart_of, whole_marts
from lakehouse.errors import LakehouseError, gathering, raise_first
from lakehouse.lake.conflicts import TRIES, TableBusyError, wait_after
from lakehouse.runtime.context import Context
from lakehouse.runtime.dbt import (
    build_models,
    ensure_views,
    manifest_models,
    marts_root,
    register_silver,
    register_table,
    register_version,
)
from lakehouse.runtime.lineage import emit_built
from lakehouse.runtime.recording import did, failed_at
from lakehouse.transform.mart_amounts import require_amounts
from lakehouse.transform.mart_candidate import Candidate, Wanted, candidates, merging, replacing
from lakehouse.transform.mart_changes import (
    Pending,
    Versions,
    built_from,
    mart_versions,
    passed_versions,
    pending_of,
    progress,
)
from lakehouse.transform.mart_keys import ChangedKeys, ChangedRows, changed_keys


@dataclass(frozen=True)
class MartBuild:
    """What a build of a mart did. whole: why every row was recomputed, None where `keys` were."""

    name: str
    whole: str | None
    keys: int
    seconds: float


@dataclass(frozen=True)
class MartsResult:
    """The marts that were built."""

    marts: tuple[MartBuild, ...] = ()

    @property
    def built(self) -> bool:
        """Whether any mart was."""
        return bool(self.marts)

    def of(self, name: str) -> MartBuild | None:
        """The build of a mart; None where it had nothing to do."""
        return next((mart for mart in self.marts if mart.name == name), None)


@dataclass
class Run:
    """A build of all marts: what is done, and what went wrong with which of them."""

    context: Context
    models: Mapping[str, Model]
    marts: tuple[Mart, ...]
    faults: tuple[MartError, ...]
    silver: Versions
    done: list[MartBuild] = field(default_factory=list)
    errors: list[LakehouseError] = field(default_factory=list)
    failed: set[str] = field(default_factory=set)
    rows: ChangedRows | None = None

    @classmethod
    def of(cls, context: Context) -> Run:
        """A run over the marts that are declared whole, and silver as it passed its tests."""
        models = read_models(context.project.dbt)
        marts, faults = whole_marts(models)
        silver = passed_silver(context, {mart.name: built_from(context.lake, mart.name) for mart in marts})
        return cls(context, models, marts, tuple(faults), silver)

    def fail(self, name: str, error: LakehouseError) -> None:
        """Note what went wrong with a mart; it keeps the version that it shows."""
        log.warning("not built", mart=name, reason=str(error))
        failed_at(name)
        self.errors.append(error)
        self.failed.add(name)


def marts_of(context: Context) -> tuple[Mart, ...]:
    """Every mart of the project, those first that others read; raises MartError where one is not declared whole."""
    return find_marts(read_models(context.project.dbt))


def pending_marts(context: Context, marts: Sequence[Mart], silver: Versions | None = None) -> list[Pending]:
    """What each mart has not taken yet, by the logs alone."""
    shown = {mart.name: built_from(context.lake, mart.name) for mart in marts}
    now = {**(passed_silver(context, shown) if silver is None else silver), **mart_versions(context.lake, marts)}
    return [pending_of(context.lake, mart, now, shown[mart.name]) for mart in marts]


def passed_silver(context: Context, shown: Mapping[str, Versions | None]) -> dict[str, int]:
    """The versions of silver that passed their tests. shown: what each mart shows."""
    oldest: dict[str, int] = {}
    for versions in filter(None, shown.values()):
        for table, version in versions.items():
            oldest[table] = min(version, oldest.get(table, version))
    return passed_versions(context.lake, context.contracts, oldest)


def build_marts(context: Context) -> MartsResult:
    """Bring each mart to what passed its tests of the tables that it reads; one that shows that already does nothing.

    What dbt builds is tested out of readers' sight; rows and progress come to a mart in one commit, after its tests. A
    mart that fails keeps its version, the others go on; the first error is raised behind them, at each run until the
    rows or the tests are corrected.
    """
    run = Run.of(context)
    for level in sorted({level_of(mart, run.marts) for mart in run.marts}):
        _build_level(run, [mart for mart in run.marts if level_of(mart, run.marts) == level])
    run.errors += run.faults
    raise_first(run.errors, run.done or None)
    return MartsResult(tuple(run.done))


def _build_level(run: Run, level: Sequence[Mart]) -> None:
    """Build marts that do not read one another, in one run of dbt; again, where another build committed first."""
    waiting = list(level)
    for attempt in range(TRIES):
        found = pending_marts(run.context, run.marts, run.silver)
        names = {mart.name for mart in waiting}
        todo = [one for one in found if one.mart.name in names and not one.nothing]
        if not todo:
            return
        overtaken = _build(run, todo)
        waiting = [mart for mart in waiting if mart.name in overtaken]
        if not waiting:
            return
        log.warning("another build of the marts committed first", tries=attempt + 1)
        wait_after(attempt)
    run.fail(waiting[0].name, TableBusyError(waiting[0].full_name))


def _build(run: Run, todo: Sequence[Pending]) -> list[str]:
    """Build, test, show; returns the names of the marts of which another build committed first."""
    context, started = run.context, time.monotonic()
    todo = verified(run, todo)
    register(run, todo)
    keys = _keys(run, todo)
    todo = [one for one in todo if one.mart.name in keys]
    if not todo:
        return []
    wanted = [Wanted(one.mart, one.base, isinstance(keys[one.mart.name], ChangedKeys)) for one in todo]
    overtaken = []
    with candidates(context, wanted) as made:
        errors = built_and_tested(run, made, keys)
        for one, candidate in zip(todo, made, strict=True):
            if error := errors.get(one.mart.name):
                run.fail(one.mart.name, error)
                continue
            done = result_of(one, keys[one.mart.name], started)
            if not candidate.show(_statement(candidate, keys[one.mart.name]), said_of(one, done)):
                overtaken.append(one.mart.name)
                continue
            run.done.append(done)
            did(done.name, rows_written=done.keys, seconds=done.seconds / len(todo))  # dbt builds them together
            log.info("mart built", mart=done.name, whole=done.whole, keys=done.keys, seconds=done.seconds)
            emit_built(context, one.mart)
    return overtaken


def verified(run: Run, todo: Sequence[Pending]) -> list[Pending]:
    """Those that dbt's manifest shows as their files do: a macro can read more than the files say."""
    models, verified = manifest_models(run.context), []
    for one in todo:
        try:
            seen = replace(models[one.mart.name], config=run.models[one.mart.name].config)
            verified.append(replace(one, mart=mart_of(seen, models)))
        except LakehouseError as error:
            run.fail(one.mart.name, error)
    return verified


def register(run: Run, todo: Sequence[Pending]) -> None:
    """Silver and the marts as this build reads them, and the views between."""
    context, spark = run.context, run.context.spark()
    if run.rows is None:
        run.rows = ChangedRows(spark)
        register_silver(spark, context.lake, context.contracts, {t.split(".")[1]: v for t, v in run.silver.items()})
    read = {name: one.versions[f"{MARTS}.{name}"] for one in todo for name in one.mart.marts_read}
    for mart in run.marts:
        path = context.lake.table(MARTS, mart.name)
        if mart.name in read:
            register_version(spark, MARTS, mart.name, path, read[mart.name])
        else:
            register_table(spark, MARTS, mart.name, path)
    ensure_views(context, {view for one in todo for view in one.mart.views})


def _keys(run: Run, todo: Sequence[Pending]) -> dict[str, ChangedKeys | str]:
    """What each mart recomputes: keys, or everything and why. A mart whose reach cannot be run fails alone."""
    found: dict[str, ChangedKeys | str] = {}
    assert run.rows is not None
    for one in todo:
        try:
            found[one.mart.name] = one.whole or changed_keys(run.context, one, run.rows)
        except LakehouseError as error:
            run.fail(one.mart.name, error)
    return found


def built_and_tested(
    run: Run, made: Sequence[Candidate], keys: Mapping[str, ChangedKeys | str]
) -> dict[str, LakehouseError]:
    """What keeps a candidate from being shown; of an overflow, which tests see as a null, the row that lost it."""
    changed = {name: of.variables for name, of in keys.items() if isinstance(of, ChangedKeys)}
    variables: dict[str, Any] = {"changed": changed, **marts_root(made[0].folder)}
    errors: dict[str, LakehouseError] = dict(build_models(run.context, [one.mart.name for one in made], variables))
    for one in made:
        of, overflow = keys[one.mart.name], []  # type: ignore[var-annotated]
        with gathering(overflow):
            where = of.condition() if isinstance(of, ChangedKeys) else "1 = 1"
            require_amounts(run.context.spark(), one.mart, where)
        if overflow:
            errors[one.mart.name] = overflow[0]
    return errors


def _statement(candidate: Candidate, keys: ChangedKeys | str) -> str:
    return merging(candidate, keys) if isinstance(keys, ChangedKeys) else replacing(candidate)


def result_of(one: Pending, keys: ChangedKeys | str, started: float) -> MartBuild:
    """The build of a mart that began at a time."""
    seconds = round(time.monotonic() - started, 3)
    if isinstance(keys, ChangedKeys):
        return MartBuild(one.mart.name, None, keys.number, seconds)
    return MartBuild(one.mart.name, keys, 0, seconds)


def said_of(one: Pending, done: MartBuild) -> dict[str, Any]:
    """What the commit of a build says: the versions that it shows, and what was recomputed."""
    build = {"whole": done.whole, "keys": done.keys, "seconds": done.seconds}
    return {**progress(one.versions), "build": build}
