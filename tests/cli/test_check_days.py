"""The days that within_changed() reads are all of which a changed key is made, or the check says how many it needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.cli.check import problems
from tests.cli.test_check_keys import V, asked, shop
from tests.helpers.shop_models import MART, write_models

__all__ = ["shop"]
KEYS = {
    "week": "cast(date_trunc('week', dt) as date)", "month": "date_format(dt, 'yyyy-MM')", "first": "trunc(dt, 'MM')",
    "dt": "dt", "at_day": "cast(at as date)",
}  # fmt: skip
SIX = "sum(amount) over (partition by note order by dt range between interval 6 days preceding and current row)"
ASKED = "select visits.dt from changed join staging.stg_visits as visits on visits.note = changed.note"


def said(shop: object, key: str, given: str, more: str = "") -> list[str]:
    """What is wrong with a mart of a key that reads the days of a within_changed(…)."""
    sql = f"select {KEYS[key]} as {key}{more} from {V} where {{{{ within_changed({given}) }}}}"
    check, mart = asked(shop, sql, [key], said=ASKED.replace(".dt", f".dt as {key}"))  # type: ignore[arg-type]
    return list(check.span_faults(mart))


@pytest.mark.parametrize(
    ("key", "given", "more"),
    [
        ("dt", "'dt', 'dt'", ""),
        ("dt", "'cast(dt as date)', key='dt', days=0", ""),
        ("dt", "'at', 'dt', days=1", ""),
        ("dt", "'cast(at as date)', 'dt'", ""),
        ("at_day", "'cast(at as date)', 'at_day'", ""),
        ("week", "'dt', 'week', days=6", ""),
        ("week", "column='dt', key='week', days=9", ""),
        ("month", "'dt', 'month', 30", ""),
        ("first", "'dt', 'first', 30", ""),
        ("week", "'dt', 'other'", ""),  # no key of it: then everything is read
        ("week", "'dt', 'week', days=a_number", ""),
        ("week", "'id', 'week'", ""),  # nobody knows how an ID lies to a week
        ("dt", "'date_add(dt, 6)', 'dt', days=6", f", {SIX} as n"),
        ("dt", "'date_add(dt, 8)', 'dt', days=9", f", {SIX.replace('current row', 'interval 1 day following')} as n"),
        ("dt", "'date_add(dt, 6)', 'dt', 6",
         f", {SIX.replace('by dt', 'by unix_date(dt)').replace('interval 6 days', '6')}"),
        ("dt", "'dt', 'dt'", ", rank() over (partition by dt order by amount) as n"),
        ("week", "'date_add(dt, 7)', 'week', days=13", f", {SIX.replace('6 days', '1 week')} as n"),
    ],
)  # fmt: skip
def test_days_that_are_enough_pass(shop: object, key: str, given: str, more: str) -> None:
    assert said(shop, key, given, more) == []


@pytest.mark.parametrize(
    ("key", "given", "more", "says"),
    [
        ("week", "'dt', 'week', days=3", "",
         "until 3 days after the changed week, and the key, CAST(date_trunc('WEEK', dt) "
         "AS DATE), is made of rows until 6 days after it, which would be missing; write within_changed('dt', "
         "'week', days=6)"),
        ("week", "'dt', 'week'", "", "until 0 days after the changed week"),
        ("week", "'date_add(dt, 2)', 'week', days=7", "", "until 5 days after the changed week"),
        ("month", "'dt', 'month', 6", "", "write within_changed('dt', 'month', days=30)"),
        ("first", "'dt', 'first', 27", "", "write within_changed('dt', 'first', days=30)"),
        ("dt", "'at', 'dt'", "",
         "until 1 day after it, which would be missing; write within_changed('at', 'dt', days=1)"),
        ("dt", "'date_sub(dt, 1)', 'dt', 5", "", "write within_changed('dt', 'dt', days=0)"),
        ("dt", "'dt', 'dt', days=3", f", {SIX} as n",
         "within_changed() reads rows of silver.visits from 0 days before the "
         "changed dt until 3 days after it, and sum(amount) OVER (PARTITION BY note ORDER BY dt range BETWEEN "
         "INTERVAL '6' "
         "DAYS preceding AND CURRENT ROW) needs 6 before and 0 after; write within_changed('date_add(dt, 6)', 'dt', "
         "days=6)"),
        ("week", "'date_add(dt, 6)', 'week', days=11", f", {SIX} as n",
         "write within_changed('date_add(dt, 6)', 'week', da"),
        ("dt", "'dt', 'dt', days=6", f", {SIX.replace('range', 'rows').replace('interval 6 days', '6')} as n",
         "which looks at any number of others: a build of changed keys would give it too few; put within_changed() "
         "behind it"),
        ("dt", "'dt', 'dt', days=6", ", lag(amount) over (partition by note order by dt, id) as n",
         "at any number of others"),
        ("dt", "'dt', 'dt', days=6", ", sum(amount) over (partition by note order by dt) as n",
         "at any number of others"),
    ],
)  # fmt: skip
def test_days_that_are_too_few_are_refused_with_those_that_it_needs(
    shop: object, key: str, given: str, more: str, says: str
) -> None:
    found = said(shop, key, given, more)
    assert any(says in one for one in found), found


def test_the_check_names_the_file_and_what_to_write(tmp_path: Path) -> None:
    mart = MART.replace("dt, note, count", "cast(date_trunc('week', dt) as date) as dt, note, count")
    mart = mart.replace("in_changed()", "within_changed('dt', 'dt', days=3)").replace("by dt", "by 1")
    (found,) = problems(write_models(tmp_path, "{dt: \"date_trunc('week', dt)\"}", mart))
    assert found == (
        "dbt/models/marts/fct_notes.sql:1: within_changed() reads rows of silver.visits until 3 days after the "
        "changed dt, "
        "and the key, CAST(date_trunc('WEEK', dt) AS DATE), is made of rows until 6 days after it, which would be "
        "missing; "
        "write within_changed('dt', 'dt', days=6) (docs/how-to/write-a-mart.md)."
    )
