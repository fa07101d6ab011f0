"""A message to people, in the same words for every channel, and how a webhook gets it; knows no engine."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lakehouse.errors import TransientError

TIMEOUT_SECONDS = 20
LONGEST_SUBJECT = 100
"""Of SNS."""

# What begins a picture, bold, italic, struck or code in Slack, where it stands before a word; a character without
# a width after it leaves it as it is.
_SLACK_MARKUP = re.compile(r"(?<!\w)[*_~`:](?=\w)|`")
_JOINER = "\u2060"


class NotSentError(TransientError):
    """A channel did not take a message."""

    def __init__(self, channel: str, reason: str) -> None:
        self.channel, self.reason = channel, reason
        super().__init__(f"The {channel} did not take the message ({reason}); look at its address, then send it again.")


@dataclass(frozen=True)
class Message:
    """The same words for every channel: a subject and its lines; facts: the same for programs.

    links: pages to look at, by their titles.
    """

    subject: str
    lines: tuple[str, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """Subject, lines and links."""
        return "\n".join((self.subject, *self.lines, *(f"{title}: {link}" for title, link in self.links.items())))

    @property
    def slack_text(self) -> str:
        """Lines and links as Slack shows them."""
        links = " · ".join(f"<{link}|{title}>" for title, link in self.links.items())
        return "\n".join([*map(plain_in_slack, self.lines), *([links] if links else [])])

    @property
    def ascii_subject(self) -> str:
        """The subject as SNS takes it."""
        return self.subject.encode("ascii", "replace").decode()[:LONGEST_SUBJECT]


def plain_in_slack(text: str) -> str:
    """Text that Slack reads as text: no link or mention, no picture of `:x:`, no bold, no code."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _SLACK_MARKUP.sub(f"\\g<0>{_JOINER}", escaped)


def post(address: str, message: Message) -> None:
    """POST JSON to a webhook; `text` is what people are shown, the rest is for programs. Raises NotSentError."""
    whole = {"text": message.text, "subject": message.subject, **message.facts}
    post_json("webhook", address, whole | ({"links": dict(message.links)} if message.links else {}))


def post_json(channel: str, address: str, body: Mapping[str, Any]) -> None:
    """POST JSON; the address is a secret, and no error shows it."""
    kind = {"Content-Type": "application/json"}
    try:
        data = json.dumps(body, default=str).encode()
        request = urllib.request.Request(address, data=data, headers=kind, method="POST")
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS):
            return
    except urllib.error.HTTPError as error:
        raise NotSentError(channel, f"HTTP {error.code}") from None
    except (OSError, ValueError) as error:
        raise NotSentError(channel, type(error).__name__) from None
