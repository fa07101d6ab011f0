"""What is told of a lake and its runs, in one sentence each: by `lakehouse status` and `tell`, the site and Airflow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from lakehouse.contracts.plan import LAKEHOUSE
from lakehouse.errors import EXIT_TERMINAL, EXIT_TRANSIENT
from lakehouse.message import Message
from lakehouse.say import visible


class Level(IntEnum):
    """Who can help with what was found; the number is its place, the worst first."""

    PERSON = 0
    RETRY = 1
    LOOK = 2

    @property
    def exit_code(self) -> int:
        """The exit code of a run that ends so."""
        return {Level.PERSON: EXIT_TERMINAL, Level.RETRY: EXIT_TRANSIENT, Level.LOOK: 0}[self]

    @property
    def label(self) -> str:
        """The level in words."""
        return {Level.PERSON: "manual action", Level.RETRY: "run again", Level.LOOK: "look"}[self]


@dataclass(frozen=True)
class Finding:
    """One thing that somebody may want to do something about."""

    level: Level
    subject: str
    found: str
    since: datetime | None
    command: str
    is_budget: bool = False

    @property
    def key(self) -> str:
        """What makes a finding the same as one before."""
        return f"{self.level.label}|{self.subject}|{self.found}"

    @property
    def line(self) -> str:
        """The finding as one line."""
        return visible(f"{self.level.label}: {self.subject}: {self.found} → {self.command}")


@dataclass(frozen=True)
class Commands:
    """The commands that go on, for one lake as the caller named it."""

    lake: str
    is_default: bool = False

    def of(self, words: str) -> str:
        """A command of `lakehouse` on the lake."""
        return f"lakehouse {words}" + ("" if self.is_default else f" --lake {self.lake}")

    def job(self, step: str, domain: str) -> str:
        """A job of its own; on S3 the DAG of its name, which has the rights of its role."""
        if self.lake.startswith("s3://"):
            return f"airflow dags trigger {step}_{domain}"
        named = "" if domain == LAKEHOUSE else f" --domain {domain}"
        return f"./spark_local.sh {step}{named} --lake_root {self.lake}"

    def deliver(self, domain: str) -> str:
        """How a corrected file comes in: on S3 by its source into the raw bucket, elsewhere by a run of all steps."""
        if self.lake.startswith("s3://"):
            return f"deliver the corrected file, then {self.job('ingest', domain)}"
        return self.of("run --landing CORRECTED_FILE")


def run_ended(level: Level, job: str, state: str, reason: str | None, since: datetime | None, command: str) -> Finding:
    """A run that did not end well."""
    return Finding(level, job, f"run {state}" + (f": {reason}" if reason else ""), since, command)


def missed_deadline(
    subject: str, deadline: str, since: datetime | None, command: str, what: str = "published"
) -> Finding:
    """A domain that was not published in time. deadline: HH:MM in UTC."""
    return Finding(Level.RETRY, subject, f"not {what} by {deadline} UTC", since, command)


def message_of(findings: Sequence[Finding], lake: str, links: dict[str, str] | None = None) -> Message:
    """One message about some findings, the worst first."""
    worst = findings[0]
    more = f", and {len(findings) - 1} more" if len(findings) > 1 else ""
    facts = [
        {"level": one.level.label, "subject": one.subject, "found": one.found, "since": one.since,
         "command": one.command}
        for one in findings
    ]  # fmt: skip
    subject = visible(f"{worst.subject}: {worst.level.label}{more} ({lake})")
    return Message(subject, tuple(one.line for one in findings), {"lake": lake, "findings": facts}, links or {})
