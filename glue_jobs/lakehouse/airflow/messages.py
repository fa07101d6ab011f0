"""Notifies people of failures and missed deadlines in the words of `lakehouse tell`; an unsent message is logged once.

To Slack, a webhook, an SNS topic and, of missed deadlines, by e-mail. When, the contract says.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache, partial
from html import escape
from typing import Any, TypeVar
from urllib.parse import quote

from lakehouse.airflow.names import DOCS_URL, LAKE_ROOT, OPS_EMAIL, SENT, SLACK_CONNECTION, SNS_TOPIC, WEBHOOK_URL
from lakehouse.contracts.alerts import Alerts
from lakehouse.contracts.findings import Commands, Finding, Level, message_of, missed_deadline, run_ended
from lakehouse.contracts.plan import MAINTAIN
from lakehouse.message import Message, post
from lakehouse.privacy import without_values
from lakehouse.say import visible

_log = logging.getLogger(__name__)
_LONGEST_REASON = 600
_NO_REASON = "the process ended without an error message; see the log"
_OURS = frozenset({"lakehouse", "lakehouse_factory"})
T = TypeVar("T")


def failure_notifier(alerts: Alerts) -> Callable[[Mapping[str, Any]], None]:
    """What Airflow calls when a task has no retry left; alerts: when people are notified of its domain."""

    def notify_failure(context: Mapping[str, Any]) -> None:
        """Send one line with what failed and why, and links, to every channel that is configured."""
        finding = _quietly("compose the message", lambda: failure(context))
        if finding is None:
            finding = run_ended(Level.RETRY, str(context.get("ti")), "failed", None, None, "look at the task's log")
        now, sent = datetime.now(UTC), sent_of(context)
        if alerts.is_time(sent.get(finding.key), now):
            message = message_of([finding], _lake(), _quietly("find links", lambda: failure_links(context)))
            connection = setting(SLACK_CONNECTION)
            channels = other_channels(message)
            if connection:
                channels["reach Slack"] = lambda: _slack(connection, message.slack_text).notify(context)
            if _send(channels):
                _keep_sent(context, {**sent, finding.key: now})

    return notify_failure


async def notify_lateness(
    dag_id: str, domain: str, due: str, alerts: Mapping[str, Any], context: Mapping[str, Any] | None = None
) -> None:
    """Send what is late, in quiet hours after them; runs in the triggerer when a deadline has passed."""
    from asgiref.sync import sync_to_async

    now = datetime.now(UTC)
    await asyncio.sleep((Alerts.of_words(alerts).next_time(now) - now).total_seconds())
    message = await sync_to_async(lambda: lateness(dag_id, domain, due, context or {}))()
    connection, address = await sync_to_async(lambda: (setting(SLACK_CONNECTION), setting(OPS_EMAIL)))()
    if connection:
        await _quietly_async("reach Slack", lambda: _slack(connection, message.slack_text).async_notify(context))
    if address:  # of a failed job the alarm of its Glue run mails already
        await _quietly_async("send e-mail", lambda: _mail(address, message).async_notify(context))
    await sync_to_async(lambda: _send(other_channels(message)))()


def failure(context: Mapping[str, Any]) -> Finding:
    """What failed and why, in the words of `lakehouse status`."""
    ti = context["ti"]
    step, _, domain = ti.dag_id.partition("_")
    is_terminal = any(kind.__name__ == "AirflowFailException" for kind in type(context.get("exception")).__mro__)
    state = "failed" if ti.task_id == step else f"failed at the task {ti.task_id}"
    level = Level.PERSON if is_terminal else Level.RETRY
    return run_ended(level, ti.dag_id, state, reason(context), None, _commands().job(step, domain))


def failure_links(context: Mapping[str, Any]) -> dict[str, str]:
    """Where to look at a failed task."""
    ti = context["ti"]
    links = {"task log": ti.log_url, "Glue run": glue_run_link(ti), "Data Docs": docs_link()}
    return {title: link for title, link in links.items() if link}


def lateness(dag_id: str, domain: str, due: str, context: Mapping[str, Any]) -> Message:
    """What is late, in the words of `lakehouse status`, and the page of the run. domain: or marts, by their names."""
    run = context.get("dag_run", {}).get("dag_run_id", "")
    step, _, subject = dag_id.partition("_")
    what = "done" if step == MAINTAIN else "published"
    finding = missed_deadline(domain, due, None, _commands().job(step, subject), what)
    page = f"{base_url()}/dags/{dag_id}/runs/{quote(run, safe='')}"
    return message_of([finding], _lake(), {"the run": page})


def other_channels(message: Message) -> dict[str, Callable[[], None]]:
    """How to send a message to the webhook and the topic that Airflow's Variables name."""
    address, topic = setting(WEBHOOK_URL, wanted=False), setting(SNS_TOPIC, wanted=False)
    found: dict[str, Callable[[], None]] = {}
    if address:
        found["reach the webhook"] = lambda: post(address, message)
    if topic:
        found["reach the SNS topic"] = lambda: _publish(topic, message)
    return found


def _send(channels: Mapping[str, Callable[[], None]]) -> bool:
    """Send by each channel; whether there is one and each took it."""
    took = [_quietly(what, partial(_taken, send)) for what, send in channels.items()]
    return bool(took) and all(took)


def _taken(send: Callable[[], None]) -> bool:
    send()
    return True


def sent_of(context: Mapping[str, Any]) -> dict[str, datetime]:
    """What was sent of a DAG since a run of it succeeded last, and when: what comes back is sent again."""

    def since_success() -> dict[str, datetime]:
        kept = json.loads(setting(f"{SENT}_{context['ti'].dag_id}", wanted=False) or "{}")
        sent = {key: datetime.fromisoformat(moment) for key, moment in kept.items()}
        over = context.get("prev_end_date_success") if sent else None
        return {key: moment for key, moment in sent.items() if not over or moment > over}

    return _quietly("read what was sent", since_success) or {}


def _keep_sent(context: Mapping[str, Any], sent: Mapping[str, datetime]) -> None:
    from airflow.sdk import Variable

    text = json.dumps({key: moment.isoformat() for key, moment in sent.items()})
    _quietly("keep what was sent", lambda: Variable.set(f"{SENT}_{context['ti'].dag_id}", text))


def _lake() -> str:
    return setting(LAKE_ROOT, wanted=False) or "s3://"


def _commands() -> Commands:
    """The commands that go on: on AWS the DAGs themselves."""
    return Commands(_lake())


def reason(context: Mapping[str, Any]) -> str:
    """The first line of an exception of ours, or what may be shown of another."""
    error = context.get("exception")
    is_ours = type(error).__module__.partition(".")[0] in _OURS
    text = str(error).strip().partition("\n")[0] if is_ours else ""
    if not text:
        text = without_values(error) if isinstance(error, BaseException) else _NO_REASON
    return visible(text[:_LONGEST_REASON])


def glue_run_link(ti: Any) -> str | None:
    """The console page of the Glue run that the task has started; None where it has started none."""

    def found() -> str | None:
        link = ti.xcom_pull(task_ids=ti.task_id, key="glue_job_run_details")
        from airflow.providers.amazon.aws.links.glue import GlueJobRunDetailsLink

        return GlueJobRunDetailsLink().format_link(**link) if link else None

    return _quietly("find the Glue run", found)


def docs_link() -> str | None:
    """The start page of Data Docs: below the Variable lakehouse_docs_url, or the object in S3's console."""
    site = setting(DOCS_URL, wanted=False)
    if site:
        return f"{site.rstrip('/')}/data_docs/index.html"
    root = setting(LAKE_ROOT, wanted=False) or ""
    bucket, _, prefix = root.removeprefix("s3://").partition("/")
    key = "/".join(part for part in (prefix.strip("/"), "docs/data_docs/index.html") if part)
    return f"https://s3.console.aws.amazon.com/s3/object/{bucket}?prefix={key}" if root.startswith("s3://") else None


def base_url() -> str:
    """Where Airflow's pages are."""
    from airflow.configuration import conf

    return str(conf.get("api", "base_url", fallback="http://localhost:8080")).rstrip("/")


def setting(name: str, wanted: bool = True) -> str | None:
    """A Variable of Airflow, or None; one that is wanted and missing is logged."""
    from airflow.sdk import Variable

    value: str | None = _quietly(f"read the Variable {name}", lambda: Variable.get(name, default=None))
    if not value and wanted:
        log_once(f"The Airflow Variable {name} is not set, so no alerts are sent this way.")
    return value or None


@cache
def log_once(message: str) -> None:
    """Log a warning once per process."""
    _log.warning(message)


def _slack(connection: str, text: str) -> Any:
    from airflow.providers.slack.notifications.slack_webhook import SlackWebhookNotifier

    return SlackWebhookNotifier(slack_webhook_conn_id=connection, text=text, unfurl_links=False, timeout=20)


def _publish(topic: str, message: Message) -> None:
    from airflow.providers.amazon.aws.hooks.sns import SnsHook

    SnsHook(aws_conn_id=None).publish_to_target(topic, message.text, message.ascii_subject)


def _mail(address: str, message: Message) -> Any:
    from airflow.providers.smtp.notifications.smtp import SmtpNotifier

    links = (f'{escape(title)}: <a href="{escape(link)}">{escape(link)}</a>' for title, link in message.links.items())
    body = "\n".join(f"<p>{line}</p>" for line in (*map(escape, message.lines), *links))
    addresses = [part.strip() for part in address.split(",") if part.strip()]
    return SmtpNotifier(to=addresses, subject=message.subject, html_content=body)


def _quietly(what: str, do: Callable[[], T]) -> T | None:
    """Do something whose failure must not hide the failure that is reported."""
    try:
        return do()
    except Exception as error:  # of any library: the task's own failure must stay visible
        log_once(_could_not(what, error))
        return None


async def _quietly_async(what: str, do: Callable[[], Any]) -> None:
    try:
        await do()
    except Exception as error:  # as above
        log_once(_could_not(what, error))


def _could_not(what: str, error: Exception) -> str:
    return f"Could not {what}: {without_values(error)}"
