"""The changes of datasets between two states of a domain's contract, each with its class for each consumer."""

from __future__ import annotations

import dataclasses
import fnmatch
import itertools
import re
from collections.abc import Iterator, Sequence

from lakehouse.contracts.changes import DAGS, DEPLOY, FILES, MARTS, ROLES, SILVER, VIEWS, Change, Effect, Effects
from lakehouse.contracts.choices import Drift
from lakehouse.contracts.column_changes import column_changes, in_contract
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.file_options import FileOptions
from lakehouse.contracts.suite import OnFailure, Rule

BREAKING, WIDENING, FREE = Effect
_WHY = "--why TEXT"
_WILDCARD = re.compile(r"\[.*?\]|[*?]")
_NAMES_FOR = {"*": ("", "x", "2026_7"), "?": ("x", "7")}


def dataset_changes(old: Sequence[Dataset], new: Sequence[Dataset]) -> Iterator[Change]:
    """Every change between two states of the datasets of all domains."""
    before, after = ({dataset.name: dataset for dataset in state} for state in (old, new))
    for name in sorted({*before, *after}):
        if name not in after:
            yield _removed(before[name])
        elif name not in before:
            effects = {FILES: WIDENING, SILVER: WIDENING, VIEWS: FREE, DAGS: FREE}
            yield Change(after[name].domain, name, "", "is new", effects, ("make package-dbt",))
        else:
            yield from _of_dataset(before[name], after[name])


def _removed(dataset: Dataset) -> Change:
    effects = dict.fromkeys((FILES, SILVER, MARTS, VIEWS), BREAKING)
    steps = (f"lakehouse dataset drop {dataset.domain}.{dataset.name} {_WHY}, once nothing reads it",)
    return Change(dataset.domain, dataset.name, "", "is gone", effects, steps)


def _of_dataset(old: Dataset, new: Dataset) -> Iterator[Change]:
    move = f"move what lies in raw/{old.domain}/ to raw/{new.domain}/"
    moved = dict.fromkeys((FILES, DAGS, ROLES), BREAKING)
    yield from _changed(new, "domain", old.domain, new.domain, moved, move, DEPLOY)
    yield from _of_rows(old, new)
    for field, was, now in (
        ("clusterBy", old.cluster_by, new.cluster_by),
        ("targetFileSize", old.target_file_bytes, new.target_file_bytes),
        ("maxReadAmplification", old.max_read_amplification, new.max_read_amplification),
        ("retentionDays", old.retention_days, new.retention_days),
        ("keepDays", old.keep_days, new.keep_days),
        ("mergeMode", old.merge_mode, new.merge_mode),
        ("partitionIsStable", old.partition_is_stable, new.partition_is_stable),
        ("typeWidening", old.widens_types, new.widens_types),
        ("description", old.description, new.description),
    ):
        yield from _changed(new, field, was, now, {SILVER: FREE})
    yield from _of_elements(old, new)
    yield from _of_files(old, new)
    yield from _of_rules(old, new)
    yield from column_changes(old, new)


def _changed(dataset: Dataset, field: str, was: object, now: object, effects: Effects, *steps: str) -> Iterator[Change]:
    if was != now:
        yield Change(dataset.domain, dataset.name, field, f"{_said(was)} → {_said(now)}", effects, steps)


def _of_elements(old: Dataset, new: Dataset) -> Iterator[Change]:
    """The lists whose elements are rows; a new one changes nothing for anybody."""
    before, after = ({elements.name: elements for elements in dataset.elements} for dataset in (old, new))
    for name in sorted({*before, *after}):
        effects = {VIEWS: FREE} if name not in before else {VIEWS: BREAKING, MARTS: BREAKING}
        yield from _changed(new, "explode", before.get(name), after.get(name), effects)


def _of_rows(old: Dataset, new: Dataset) -> Iterator[Change]:
    """What decides which rows silver has, and where."""
    command = f"lakehouse dataset {{}} {new.domain}.{new.name} {_WHY}"
    rebuilt = {SILVER: BREAKING, MARTS: FREE, VIEWS: FREE}
    yield from _changed(new, "primaryKey", old.key, new.key, {**rebuilt, VIEWS: BREAKING}, command.format("rekey"))
    for field, was, now in (
        ("sequenceBy", old.sequence, new.sequence),
        ("dateColumn", old.date_column, new.date_column),
        ("mergeStrategy", old.merge_strategy, new.merge_strategy),
        ("ties", old.ties, new.ties),
        ("operations", old.operations, new.operations),
        ("snapshot", old.is_snapshot, new.is_snapshot),
    ):
        yield from _changed(new, field, was, now, rebuilt, command.format("rebuild"))
    # Bronze keeps no offset of what has landed, so silver cannot be rebuilt from it.
    drop = f"{command.format('drop')}, with the dataset out of its contract meanwhile"
    zone = drop if new.keeps_offset else command.format("rebuild")
    yield from _changed(new, "dateZone", old.date_zone, new.date_zone, rebuilt, zone)
    apply = f"lakehouse layout apply {new.name}"
    yield from _changed(new, "partitionBy", old.partition_by, new.partition_by, {SILVER: BREAKING}, apply)
    hidden = {MARTS: BREAKING, VIEWS: BREAKING}
    was, now = (None if dataset.adds_deleted else dataset.delete_flag for dataset in (old, new))
    yield from _changed(new, "deleteFlag", was, now, hidden, command.format("rebuild"))


def _of_files(old: Dataset, new: Dataset) -> Iterator[Change]:
    """What decides which deliveries are taken."""
    pattern = WIDENING if _matches_all_of(new.file_pattern, old.file_pattern) else BREAKING
    yield from _changed(new, "filePattern", old.file_pattern, new.file_pattern, {FILES: pattern})
    yield from _changed(new, "fileFormat", old.file_format, new.file_format, {FILES: BREAKING})
    step = "agree with the source on the day: files are read by the new option from then on"
    for option in dataclasses.fields(FileOptions):
        was, now = getattr(old.file_options, option.name), getattr(new.file_options, option.name)
        yield from _changed(new, f"fileOptions.{in_contract(option.name)}", was, now, {FILES: BREAKING}, step)
    drift = BREAKING if new.drift is Drift.STRICT else WIDENING if old.drift is Drift.STRICT else FREE
    yield from _changed(new, "drift", old.drift, new.drift, {FILES: drift})
    yield from _limit(new, "quarantineLimitPercent", old.quarantine_limit_percent, new.quarantine_limit_percent)
    was, now = old.snapshot_shrink_limit_percent, new.snapshot_shrink_limit_percent
    if was is not None and now is not None:
        yield from _limit(new, "snapshotShrinkLimitPercent", was, now)
    late, later = old.not_after_delivery, new.not_after_delivery
    is_wider = later is None or (late is not None and later > late)
    yield from _changed(new, "notAfterDelivery", late, later, {FILES: WIDENING if is_wider else BREAKING})


def _limit(dataset: Dataset, field: str, was: float, now: float) -> Iterator[Change]:
    """A limit that lets more through is wider."""
    yield from _changed(dataset, field, was, now, {FILES: WIDENING if now > was else BREAKING})


def _of_rules(old: Dataset, new: Dataset) -> Iterator[Change]:
    """The rules that the contract states itself; one that only warns keeps nothing out."""
    types = [{column.name: (column.type, column.required) for column in dataset.columns} for dataset in (old, new)]
    # What follows from a column that came, went or became another is said of the column.
    said = {name for name in {**types[0], **types[1]} if types[0].get(name) != types[1].get(name)}
    had, has = ({_law(rule): rule for rule in d.rules if not said & {*rule.columns}} for d in (old, new))
    for law in [law for law in has if law not in had]:
        effect = FREE if has[law].on_failure is OnFailure.WARN else BREAKING
        yield Change(new.domain, new.name, f"rule {has[law].name}", has[law].sentence, {FILES: effect})
    for law in [law for law in had if law not in has]:
        effect = FREE if had[law].on_failure is OnFailure.WARN else WIDENING
        yield Change(new.domain, new.name, f"rule {had[law].name}", f"is gone: {had[law].sentence}", {FILES: effect})


def _law(rule: Rule) -> tuple[object, ...]:
    """What a rule says, without its name and sentence."""
    return rule.type, repr(sorted(rule.kwargs.items())), rule.key, repr(rule.allowed), rule.on_failure


def _said(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(str, value))}]"
    return "(none)" if value is None else str(value)


def _matches_all_of(pattern: str, other: str) -> bool:
    """Whether a file pattern takes every name that another takes, by a few names made from the other."""
    parts = _WILDCARD.split(other)
    wildcards = [_NAMES_FOR.get(mark, (mark[1:2],)) for mark in _WILDCARD.findall(other)]
    for chosen in itertools.islice(itertools.product(*wildcards), 500):
        name = "".join(itertools.chain.from_iterable(itertools.zip_longest(parts, chosen, fillvalue="")))
        if not fnmatch.fnmatchcase(name, pattern):
            return False
    return True
