"""The verdict on a batch: what each rule found, and whether the batch may go on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lakehouse.contracts.suite import OnFailure, Rule


class Outcome(StrEnum):
    """What becomes of the batch."""

    PASSED = "passed"
    STOPPED = "stopped"


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
    """Rows that the rule speaks of."""
    missing: int
    """Those of them whose value is null, where the rule passes over nulls."""
    failed: int
    """Rows that broke the rule; 0 for a rule on the whole batch."""
    success: bool
    observed: str = ""
    """What a rule on the whole batch saw, or why the rule could not be judged."""
    examples: tuple[Example, ...] = ()
    judged: bool = True

    @property
    def failed_percent(self) -> float:
        """Share of the judged rows that broke the rule."""
        return 100 * self.failed / max(self.seen - self.missing, 1)


@dataclass(frozen=True)
class Verdict:
    """The suite's verdict on a batch."""

    dataset: str
    rows: int
    quarantined: int
    limit_percent: float
    outcome: Outcome
    reason: str | None
    results: tuple[RuleResult, ...]

    @property
    def good(self) -> int:
        """Rows that go on to silver."""
        return self.rows - self.quarantined

    @property
    def is_stopped(self) -> bool:
        """True when nothing of the batch may be merged."""
        return self.outcome is Outcome.STOPPED


def decide(
    dataset: str,
    rows: int,
    quarantined: int,
    limit_percent: float,
    unreadable: int,
    results: tuple[RuleResult, ...],
) -> Verdict:
    """Return the verdict: a broken `fail` rule, a rule not judged, or too many quarantined rows stop it."""
    reasons = [_reason(result) for result in results if _stops(result)]
    total, kept_out = rows + unreadable, quarantined + unreadable
    if kept_out * 100 > limit_percent * total:
        share = f"{100 * kept_out / total:.4g} %"
        limit = f"more than the limit of {limit_percent:g} %"
        reasons.append(f"{kept_out} of {total} rows quarantined ({share}), {limit}")
    outcome = Outcome.STOPPED if reasons else Outcome.PASSED
    return Verdict(dataset, rows, quarantined, limit_percent, outcome, "; ".join(reasons) or None, results)


def _stops(result: RuleResult) -> bool:
    return not result.judged or (result.rule.on_failure is OnFailure.FAIL and not result.success)


def _reason(result: RuleResult) -> str:
    found = result.observed if result.failed == 0 else f"{result.failed} of {result.seen} rows break it"
    sentence = result.rule.sentence.rstrip(".")
    return f"{result.rule.name}: {sentence} ({found})" if result.judged else f"{result.rule.name}: {found}"
