"""Sends a message to people: to a webhook as JSON, to Slack, to an SNS topic, by mail; the environment says which.

The address of a webhook is a secret: no error and no log shows it.
"""

from __future__ import annotations

import os
import smtplib
from collections.abc import Callable
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from lakehouse.errors import LakehouseError
from lakehouse.message import TIMEOUT_SECONDS, Message, NotSentError, post, post_json
from lakehouse.privacy import without_values

WEBHOOK, SLACK, TOPIC = "LAKEHOUSE_WEBHOOK_URL", "LAKEHOUSE_SLACK_URL", "LAKEHOUSE_SNS_TOPIC"
MAIL_SERVER, MAIL_TO = "LAKEHOUSE_MAIL_SERVER", "LAKEHOUSE_MAIL_TO"
"""smtp://user:password@host:port, or smtps://…; whom the mail goes to, separated by commas."""

Send = Callable[[Message], None]


class NoChannelError(LakehouseError):
    """Nothing says where a message goes."""

    def __init__(self) -> None:
        super().__init__(
            f"No channel is set, so nobody can be notified; set {WEBHOOK} to the address of a webhook, {SLACK} to that "
            f"of Slack, {TOPIC} to the ARN of an SNS topic, or {MAIL_SERVER} and {MAIL_TO}."
        )


def channels() -> dict[str, Send]:
    """Every channel that the environment names; raises NoChannelError where there is none."""
    found = dict(_named())
    if not found:
        raise NoChannelError
    return found


def is_any_channel() -> bool:
    """Whether the environment names a channel."""
    return bool(_named())


def _named() -> dict[str, Send]:
    found: dict[str, Send] = {}
    if address := os.environ.get(WEBHOOK):
        found["webhook"] = lambda message: post(address, message)
    if slack := os.environ.get(SLACK):
        found["Slack"] = lambda message: post_json("Slack", slack, {"text": message.slack_text})
    if topic := os.environ.get(TOPIC):
        found.update(to_topic(topic))
    server, receivers = os.environ.get(MAIL_SERVER), os.environ.get(MAIL_TO)
    if server and receivers:
        found["mail"] = lambda message: _mail(server, receivers, message)
    return found


def to_topic(topic: str) -> dict[str, Send]:
    """The channel of an SNS topic alone."""
    return {"SNS topic": lambda message: _publish(topic, message)}


def _publish(topic: str, message: Message) -> None:
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        boto3.client("sns").publish(TopicArn=topic, Subject=message.ascii_subject, Message=message.text)
    except (BotoCoreError, ClientError) as error:
        raise NotSentError("SNS topic", without_values(error)) from None


def _mail(server: str, receivers: str, message: Message) -> None:
    mail = EmailMessage()
    mail["Subject"], mail["To"] = message.subject, receivers
    mail.set_content(message.text)
    try:
        where = urlsplit(server)
        mail["From"] = unquote(where.username or "lakehouse@localhost")
        opens = smtplib.SMTP_SSL if where.scheme == "smtps" else smtplib.SMTP
        with opens(where.hostname or "", where.port or 0, timeout=TIMEOUT_SECONDS) as opened:
            if where.password:
                if where.scheme != "smtps":
                    opened.starttls()
                opened.login(unquote(where.username or ""), unquote(where.password))
            opened.send_message(mail)
    except (OSError, smtplib.SMTPException, ValueError) as error:
        raise NotSentError("mail", type(error).__name__) from None
