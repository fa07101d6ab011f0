"""Notifies people by Slack and e-mail of failures and missed deadlines; an unsent message is logged once."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from functools import cache
from html import escape
from typing import Any, TypeVar
from urllib.parse import quote

from lakehouse.airflow.names import DOCS_URL, LAKE_ROOT, OPS_EMAIL, SLACK_CONNECTION
from lakehouse.privacy import without_values
from lakehouse.say import visible

_log = logging.getLogger(__name__)
_LONGEST_REASON = 600
_NO_REASON = "the process ended without an error message; see the log"
_OURS = frozenset({"lakehouse", "lakehouse_factory"})
# What begins a picture, bold, italic, struck or code in Slack, where it stands before a word; a character without
# a width after it leaves it as it is.
_SLACK_MARKUP = re.compile(r"(?<!\w)[*_~`:](?=\w)|`")
_JOINER = "\u2060"
T = TypeVar("T")


def notify_failure(context: Mapping[str, Any]) -> None:
    """Send Slack one line with what failed and why, and links; Airflow calls it when no retry is left."""
    text = _quietly("compose the message", lambda: failure_text(context)) or f"{context.get('ti')} failed."
    connection = setting(SLACK_CONNECTION)
    if connection:
        _quietly("reach Slack", lambda: _slack(connection, text).notify(context))


async def notify_lateness(dag_id: str, domain: str, step: str, context: Mapping[str, Any] | None = None) -> None:
    """Send Slack and the Variable ops_email what is late; runs in the triggerer when a deadline has passed."""
    from asgiref.sync import sync_to_async

    subject, link = lateness(dag_id, domain, step, context or {})
    connection, address = await sync_to_async(lambda: (setting(SLACK_CONNECTION), setting(OPS_EMAIL)))()
    if connection:
        text = f":hourglass: *{dag_id}* {subject}.\n<{link}|the run>"
        await _quietly_async("reach Slack", lambda: _slack(connection, text).async_notify(context))
    if address:
        await _quietly_async("send e-mail", lambda: _mail(address, subject, link).async_notify(context))


def failure_text(context: Mapping[str, Any]) -> str:
    """Domain, step and reason in one line; below it the links."""
    ti = context["ti"]
    step, _, domain = ti.dag_id.partition("_")
    task = "" if ti.task_id == step else f", task {ti.task_id}"
    head = f":red_circle: *{ti.dag_id}* failed (domain {domain}, step {step}{task}): {reason(context)}"
    links = {"task log": ti.log_url, "Glue run": glue_run_link(ti), "Data Docs": docs_link()}
    return "\n".join([head, " · ".join(f"<{link}|{name}>" for name, link in links.items() if link)])


def lateness(dag_id: str, domain: str, step: str, context: Mapping[str, Any]) -> tuple[str, str]:
    """The subject of a message about a missed deadline, and the page of the run."""
    run = context.get("dag_run", {}).get("dag_run_id", "")
    due = str(context.get("deadline", {}).get("deadline_time", "its deadline"))[:16].replace("T", " ")
    subject = f"{domain} is late: {step} was not done by {due} UTC"
    return subject, f"{base_url()}/dags/{dag_id}/runs/{quote(run, safe='')}"


def reason(context: Mapping[str, Any]) -> str:
    """The first line of an exception of ours, or what may be shown of another; escaped for Slack."""
    error = context.get("exception")
    is_ours = type(error).__module__.partition(".")[0] in _OURS
    text = str(error).strip().partition("\n")[0] if is_ours else ""
    if not text:
        text = without_values(error) if isinstance(error, BaseException) else _NO_REASON
    return _as_text(visible(text[:_LONGEST_REASON]))


def _as_text(text: str) -> str:
    """Text that Slack reads as text: no link or mention, no picture of `:x:`, no bold, no code."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _SLACK_MARKUP.sub(f"\\g<0>{_JOINER}", escaped)


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


def _mail(address: str, subject: str, link: str) -> Any:
    from airflow.providers.smtp.notifications.smtp import SmtpNotifier

    body = f'<p>{escape(subject)}.</p>\n<p><a href="{escape(link)}">{escape(link)}</a></p>'
    addresses = [part.strip() for part in address.split(",") if part.strip()]
    return SmtpNotifier(to=addresses, subject=subject, html_content=body)


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
