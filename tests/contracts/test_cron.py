"""A schedule that check passes is one that Airflow's own parser reads; the others are refused with what is wrong."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.contracts.cron import cron_problem, last_time, runs_a_day

croniter = pytest.importorskip("croniter", reason="comes with Airflow")


@pytest.mark.parametrize(
    "schedule",
    ["0 3 * * *", "*/15 0-6,20-23 * * 1-5", "5 4 * * sun", "0 0 1 jan-mar *", "0 22 29 2 *", "0 0 * * 7",
     "1/20 * * * *", "0 0 31 1,3 mon"],
)  # fmt: skip
def test_a_schedule(schedule: str) -> None:
    assert cron_problem(schedule) is None
    assert croniter.croniter.is_valid(schedule)


@pytest.mark.parametrize(
    ("schedule", "wanted"),
    [
        ("0 3 * *", "must be a cron line of five fields"),
        ("0 0 3 * * *", "must be a cron line of five fields"),
        ("@daily", "must be a cron line of five fields"),
        ("60 3 * * *", "'60' is no minute of a cron line (0 to 59, *, lists, ranges and steps)"),
        ("0 24 * * *", "'24' is no hour"),
        ("0 3 0 * *", "'0' is no day of the month"),
        ("0 3 * 13 *", "'13' is no month"),
        ("0 3 * * 8", "'8' is no day of the week"),
        ("0 3 * * mno", "'mno' is no day of the week"),
        ("5-1 3 * * *", "'5-1' is no minute"),
        ("*/0 3 * * *", "'*/0' is no minute"),
        ("0,,5 3 * * *", "'0,,5' is no minute"),
        ("0 3 30 2 *", "names a day that none of its months has"),
        ("0 3 31 4,6 *", "names a day that none of its months has"),
    ],
)
def test_what_is_no_schedule(schedule: str, wanted: str) -> None:
    assert wanted in (cron_problem(schedule) or "")


FIELD = st.from_regex(r"(\*|\d{1,2}|[a-z]{3})(-(\d{1,2}|[a-z]{3}))?(/\d)?(,\d{1,2})?", fullmatch=True)


@settings(max_examples=400, deadline=None)
@given(st.lists(FIELD, min_size=5, max_size=5).map(" ".join))
def test_what_passes_here_passes_in_airflow(schedule: str) -> None:
    if cron_problem(schedule) is None:
        assert croniter.croniter.is_valid(schedule), schedule


@settings(max_examples=200, deadline=None)
@given(
    st.lists(FIELD, min_size=5, max_size=5).map(" ".join),
    st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2028, 1, 1)),
)
def test_the_last_time_is_that_of_airflow(schedule: str, before: datetime) -> None:
    if cron_problem(schedule) is None:
        wanted = croniter.croniter(schedule, before).get_prev(datetime)
        assert last_time(schedule, before) == wanted or before - wanted > timedelta(days=700)


@pytest.mark.parametrize(
    ("schedule", "times"),
    [("0 3 * * *", 1), ("0 * * * *", 24), ("*/30 6-17 * * *", 24), ("0 3 * * 1", 52 / 365), ("0 3 1 * *", 12 / 365)],
)
def test_how_often_a_day(schedule: str, times: float) -> None:
    assert runs_a_day(schedule) == pytest.approx(times)
