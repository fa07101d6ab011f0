"""When data is late, and who is told: Slack and a mail server are small local servers."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from lakehouse.airflow.deadline import next_time
from lakehouse.contracts.alerts import NO_ALERTS
from tests.dags.airflow_home import clean_environment
from tests.dags.receivers import MailBox, Receiver, told

CALL = """
import asyncio, json, sys
from lakehouse.airflow.messages import notify_lateness
asyncio.run(notify_lateness(**json.loads(sys.argv[1])))
"""
# As Airflow's scheduler hands it over when a deadline has passed.
CONTEXT = {
    "dag_run": {"dag_id": "publish_erp", "dag_run_id": "asset__2026-11-24T05:10:00+00:00"},
    "deadline": {"id": "7", "deadline_time": "2026-11-24T06:00:00+00:00"},
}


@pytest.mark.parametrize(
    ("after", "due"),
    [
        ("2026-11-24T03:00:00+00:00", "2026-11-24T06:00:00+00:00"),
        ("2026-11-24T05:59:59+00:00", "2026-11-24T06:00:00+00:00"),
        ("2026-11-24T06:00:00+00:00", "2026-11-25T06:00:00+00:00"),
        ("2026-11-24T22:35:00+00:00", "2026-11-25T06:00:00+00:00"),
    ],
)
def test_the_next_time_of_day(after: str, due: str) -> None:
    assert next_time(datetime.fromisoformat(after), "06:00") == datetime.fromisoformat(due)


def tell(home: Path, **variables: str) -> str:
    """Tell that publish_erp is late, in a process of its own; returns what it logged."""
    about = {"dag_id": "publish_erp", "domain": "erp", "due": "06:00", "alerts": NO_ALERTS.words, "context": CONTEXT}
    env = clean_environment(home) | {"AIRFLOW__API__BASE_URL": "https://airflow.example"} | variables
    command = [sys.executable, "-c", CALL, json.dumps(about)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_lateness_goes_to_slack_and_by_mail(tmp_path: Path) -> None:
    with Receiver().serving() as slack, MailBox().serving() as mail:
        tell(tmp_path, **told(slack, mail))
    said = "run again: erp: not published by 06:00 UTC → airflow dags trigger publish_erp"
    page = "https://airflow.example/dags/publish_erp/runs/asset__2026-11-24T05%3A10%3A00%2B00%3A00"
    assert slack.texts == [f"{said}\n<{page}|the run>"]
    (message,) = mail.messages
    assert message["Subject"] == "erp: run again (s3://)"
    assert message["To"] == "ops@retail.example, night@retail.example"
    body = "".join(part.get_content() for part in message.walk() if part.get_content_type() == "text/html")
    assert f'<a href="{page}">' in body
    assert f"<p>{said}</p>" in body


def test_a_mail_server_that_is_gone_keeps_slack(tmp_path: Path) -> None:
    with MailBox().serving() as gone:
        pass
    with Receiver().serving() as slack:
        log = tell(tmp_path, **told(slack, gone))
    assert len(slack.texts) == 1
    assert log.count("Could not send e-mail") == 1
