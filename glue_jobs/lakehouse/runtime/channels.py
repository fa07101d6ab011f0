"""Sends a message to people: to a webhook as JSON, and to an SNS topic. Which there are, the environment says.

The address of a webhook is a secret: no error and no log shows it.
"""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lakehouse.errors import LakehouseError, TransientError
from lakehouse.privacy import without_values

WEBHOOK, TOPIC = "LAKEHOUSE_WEBHOOK_URL", "LAKEHOUSE_SNS_TOPIC"
TIMEOUT_SECONDS = 20
_LONGEST_SUBJECT = 100  # of SNS


class NoChannelError(LakehouseError):
    """Nothing says where a message goes."""

    def __init__(self) -> None:
        super().__init__(
            f"No channel is set, so nobody can be notified; set {WEBHOOK} to the address of a webhook, or {TOPIC} to "
            "the ARN of an SNS topic."
        )


class NotSentError(TransientError):
    """A channel did not take a message."""

    def __init__(self, channel: str, reason: str) -> None:
        self.channel, self.reason = channel, reason
        super().__init__(f"The {channel} did not take the message ({reason}); look at its address, then send it again.")


@dataclass(frozen=True)
class Message:
    """The same words for every channel: a subject and its lines; facts: the same for programs."""

    subject: str
    lines: tuple[str, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """Subject and lines."""
        return "\n".join((self.subject, *self.lines))


Send = Callable[[Message], None]


def channels() -> dict[str, Send]:
    """Every channel that the environment names; raises NoChannelError where there is none."""
    found: dict[str, Send] = {}
    if address := os.environ.get(WEBHOOK):
        found["webhook"] = lambda message: _post(address, message)
    if topic := os.environ.get(TOPIC):
        found["SNS topic"] = lambda message: _publish(topic, message)
    if not found:
        raise NoChannelError
    return found


def _post(address: str, message: Message) -> None:
    """POST JSON; `text` is what Slack and Teams show, the rest is for programs."""
    body = json.dumps({"text": message.text, "subject": message.subject, **message.facts}, default=str).encode()
    kind = {"Content-Type": "application/json"}
    try:
        request = urllib.request.Request(address, data=body, headers=kind, method="POST")
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS):
            return
    except urllib.error.HTTPError as error:
        raise NotSentError("webhook", f"HTTP {error.code}") from None
    except (OSError, ValueError) as error:
        raise NotSentError("webhook", type(error).__name__) from None


def _publish(topic: str, message: Message) -> None:
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    subject = message.subject.encode("ascii", "replace").decode()[:_LONGEST_SUBJECT]
    try:
        boto3.client("sns").publish(TopicArn=topic, Subject=subject, Message=message.text)
    except (BotoCoreError, ClientError) as error:
        raise NotSentError("SNS topic", without_values(error)) from None
