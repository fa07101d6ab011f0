"""What the suite found in a batch, rule by rule, and whether that stops the batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from lakehouse.contracts.suite import OnFailure, Rule
from lakehouse.lake.batches import ValidationStatus
from lakehouse.say import format_count


@dataclass(frozen=True)
class Example:
    """A row that broke a rule, and its value, masked where it is personal data."""

    row_id: int
    value: str


@dataclass(frozen=True)
class RuleResult:
    """What one rule found in a batch."""

    rule: Rule
    seen: int
    """Rows that the rule applies to."""
    missing: int
    """Those of them whose value is null, where the rule skips nulls."""
    failed: int
    """Rows that broke the rule; 0 for a rule on the whole batch."""
    success: bool
    observed: str = ""
    """What a rule on the whole batch saw, or why the rule could not be evaluated."""
    examples: tuple[Example, ...] = ()
    evaluated: bool = True

    @property
    def failed_percent(self) -> float:
        """Share of the evaluated rows that broke the rule."""
        return 100 * self.failed / max(self.seen - self.missing, 1)


@dataclass(frozen=True)
class Evaluation:
    """What a suite found in one batch."""

    dataset: str
    rows: int
    quarantined: int
    limit_percent: float
    status: ValidationStatus
    reason: str | None
    results: tuple[RuleResult, ...]

    @property
    def passed(self) -> int:
        """Rows that go on to silver."""
        return self.rows - self.quarantined

    @property
    def is_stopped(self) -> bool:
        """True when nothing of the batch may be merged."""
        return self.status is ValidationStatus.STOPPED


def evaluation_of(
    dataset: str,
    rows: int,
    quarantined: int,
    limit_percent: float,
    unreadable: int,
    results: tuple[RuleResult, ...],
    unreadable_by_rule: Mapping[str, int] | None = None,
) -> Evaluation:
    """Sum up the rules: one that fails the batch, one that could not be evaluated, or too many failed rows stop it.

    unreadable_by_rule: which rules of the columns' types the unreadable rows broke.
    """
    reasons = [_reason(result) for result in results if _stops(result)]
    total, kept_out = rows + unreadable, quarantined + unreadable
    is_above = kept_out * 100 > limit_percent * total
    if unreadable and not rows and (reasons or is_above):
        # The suite saw no row, so what it says of their number would hide that the delivery had some.
        reasons = [_all_unreadable(unreadable, unreadable_by_rule or {})]
    if is_above:
        share = f"{100 * kept_out / total:.4g} %"
        limit = f"above the limit of {limit_percent:g} %"
        reasons.append(f"{kept_out} of {total} rows failed validation ({share}), {limit}")
    status = ValidationStatus.STOPPED if reasons else ValidationStatus.PASSED
    return Evaluation(dataset, rows, quarantined, limit_percent, status, "; ".join(reasons) or None, results)


def with_results(evaluation: Evaluation, more: tuple[RuleResult, ...]) -> Evaluation:
    """The same with what more rules found, of which one that fails stops the batch too."""
    reasons = [*filter(None, [evaluation.reason]), *(_reason(result) for result in more if _stops(result))]
    status = ValidationStatus.STOPPED if reasons else ValidationStatus.PASSED
    return replace(evaluation, status=status, reason="; ".join(reasons) or None, results=(*evaluation.results, *more))


def _all_unreadable(rows: int, by_rule: Mapping[str, int]) -> str:
    most_first = sorted(by_rule.items(), key=lambda found: (-found[1], found[0]))
    broken = ", ".join(f"{rule}: {format_count(number, 'row')}" for rule, number in most_first)
    return f"none of {format_count(rows, 'row')} can be read" + (f" ({broken})" if broken else "")


def _stops(result: RuleResult) -> bool:
    return not result.evaluated or (result.rule.on_failure is OnFailure.FAIL and not result.success)


def _reason(result: RuleResult) -> str:
    found = result.observed if result.failed == 0 else f"{result.failed} of {result.seen} rows break it"
    sentence = result.rule.sentence.rstrip(".")
    return f"{result.rule.name}: {sentence} ({found})" if result.evaluated else f"{result.rule.name}: {found}"
