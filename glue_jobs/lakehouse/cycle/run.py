"""The state of a full run while it lasts."""

from __future__ import annotations

from dataclasses import dataclass, field

from lakehouse.cycle.display import Display
from lakehouse.cycle.summary import Failure, StepTime
from lakehouse.runtime.context import Context


@dataclass
class Run:
    """What a run has done so far; a stopped domain takes no further step."""

    context: Context
    display: Display
    run_id: str
    steps: list[StepTime] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    exit_code: int = 0
    stopped: set[str] = field(default_factory=set)
    validated: set[tuple[str, int]] = field(default_factory=set)
    merged: dict[tuple[str, int], dict[str, int]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def fail(self, domain: str, message: str, exit_code: int) -> None:
        """Note a failure of a domain; the first failure fixes the exit code."""
        failure = Failure(domain, message.removeprefix(f"{domain}: "))
        self.failures += [] if failure in self.failures else [failure]  # two steps can refuse one contract
        self.exit_code = self.exit_code or exit_code

    def has_failed(self, domain: str) -> bool:
        """Whether something of a domain failed: all of it, or a file or dataset of it."""
        return any(failure.domain == domain for failure in self.failures)
