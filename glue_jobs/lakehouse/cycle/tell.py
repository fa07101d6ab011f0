"""Which findings of a status people are notified now: not in quiet hours, and not again before it is time."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from lakehouse.contracts.alerts import NO_ALERTS, Alerts
from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.findings import Finding, Level, message_of
from lakehouse.contracts.layers import OPS
from lakehouse.cycle.status import LakeStatus
from lakehouse.lake.files import exists, read_text, write_text
from lakehouse.lake.paths import Lake
from lakehouse.message import Message

SENT = f"{OPS}/_sent/findings.json"
"""The file below the curated layer that says what was sent when."""

Sent = Mapping[str, datetime]
"""When each finding was sent last, by level, subject and text."""


def to_tell(status: LakeStatus, contracts: Contracts, earlier: Sent) -> list[Finding]:
    """The findings to send now: those that need somebody or another run, and a passed budget."""
    return [
        finding
        for finding in status.findings
        if finding.level is not Level.LOOK or finding.is_budget
        if alerts_of(finding, contracts).is_time(earlier.get(finding.key), status.at)
    ]


def tell(
    lake: Lake, status: LakeStatus, contracts: Contracts, shown: str, sends: Mapping[str, Callable[[Message], None]]
) -> dict[str, str]:
    """Send what is to be told now to every channel, and keep that it was sent; returns the subject by channel.

    shown: the lake as its reader knows it.
    """
    earlier = sent_before(lake)
    findings = to_tell(status, contracts, earlier)
    told: dict[str, str] = {}
    if findings:
        message = message_of(findings, shown)
        for name, send in sends.items():
            send(message)
            told[name] = message.subject
    record_sent(lake, status, earlier, findings)
    return told


def alerts_of(finding: Finding, contracts: Contracts) -> Alerts:
    """What the contract of a finding's domain says; of what belongs to no domain, the default."""
    for contract in contracts:
        names = {contract.domain, *(dataset.name for dataset in contract.datasets)}
        if finding.subject in names or finding.subject.partition("_")[2] == contract.domain:
            return contract.alerts
    return NO_ALERTS


def sent_before(lake: Lake) -> dict[str, datetime]:
    """What was sent, and when."""
    path = f"{lake.curated}/{SENT}"
    read = json.loads(read_text(path)) if exists(path) else {}
    return {key: datetime.fromisoformat(moment) for key, moment in read.items()}


def record_sent(lake: Lake, status: LakeStatus, earlier: Sent, sent: Sequence[Finding]) -> None:
    """Keep what was sent now, and before if it is still so; what is over is sent again when it comes back."""
    still = {finding.key for finding in status.findings}
    kept = {key: moment for key, moment in earlier.items() if key in still} | {one.key: status.at for one in sent}
    if kept != earlier:
        text = json.dumps({key: moment.isoformat() for key, moment in sorted(kept.items())}, indent=0)
        write_text(f"{lake.curated}/{SENT}", text, "application/json")
