"""Which of several rows that nothing tells apart is taken is left to no build: the check says what tells them apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.contracts.project import Project
from tests.cli.test_check_keys import CONFIG, P, V, shop
from tests.cli.test_check_rebuild import rebuilt
from tests.helpers.shop_models import write_models

__all__ = ["shop"]
NUMBERED = "row_number() over (partition by note order by id)"


def faults(shop: Project, sql: str) -> list[str]:
    """What check says of the order of rows in a mart that a SELECT makes."""
    reach = {"visits": "whole"} | ({"people": "whole"} if "people" in sql else {})
    file = shop.dbt / "models/marts/asked.sql"
    file.write_text(CONFIG.format(keys=["dt"], reach=reach) + sql, encoding="utf-8")
    return [line.removeprefix("dbt/models/marts/asked.sql:") for line in rebuilt(shop)]


@pytest.mark.parametrize(
    "sql",
    [
        f"select dt, row_number() over (partition by dt order by at, id) as n from {V}",
        f"select dt, row_number() over (partition by id order by at) as n from {V}",
        f"select dt, row_number() over (partition by s order by dt) n from (select dt, sum(id) as s from {V} group "
        f"by dt)",
        f"select dt, row_number() over (order by dt) as n from {V} group by dt",
        f"select dt, rank() over (order by at), sum(id) over (order by at) as n from {V}",
        f"select dt, sum(id) over (order by at rows between unbounded preceding and unbounded following) as n from {V}",
        f"select dt, first_value(at) over (partition by note order by at) as n from {V}",
        f"select dt, array_sort(collect_list(id) over (partition by dt order by at)) as n from {V}",
        f"select first(note) as note, dt from {V} group by dt, note",
        f"select any_value(note) as note, id from {V} group by id",
        f"select any_value(p.region) as region, v.id from {V} as v join {P} as p on p.id = v.id group by v.id",
        f"select dt, array_sort(collect_list(id)) as a, size(collect_set(id)) as b, mode(id, true) as c from {V} "
        f"group by dt",
        f"select max_by(note, struct(at, id)) as note, max_by(note, id) as other, max_by(at, at) as at, dt from {V} "
        f"group by 4",
        f"select listagg(note) within group (order by note) as notes, dt from {V} group by dt",
        f"select dt, (select w.at from {V} as w where w.note = v.note order by id limit 1) as n from {V} as v",
        f"select dt, (select w.at from {V} as w where w.id = v.id limit 1) as n from {V} as v",
        f"with a as (select *, {NUMBERED} as n from {V}), b as (select * from a where n = 1) "
        "select dt, lag(amount) over (order by note) as x from b",
        f"with b as (select * from {V} qualify {NUMBERED} = 1) select dt, lag(amount) over (order by note) as x from b",
        f"select v.dt, lag(v.amount) over (order by v.id) as x from {V} as v left join {P} as p on v.id = p.id",
        f"select v.dt, lag(v.amount) over (order by w.id) as x from {V} as v join {P} as p on p.id = v.id "
        f"join {P} as w on w.id = p.id",
        f"select v.dt, lag(amount) over (order by id) as x from {V} as v left semi join {P} as p on v.note = p.note",
        f"select dt, lag(amount) over (partition by dt order by note) as x from {V} where id = 3",
        f"select dt, lag(id) over (order by id) as x from (select dt, id from {V} union all select dt, id from {P})",
        f"select v.dt, lag(v.id) over (order by v.id) as x from {V} as v lateral view explode(array(1, 2)) as y",
        f"select dt, lag(n) over (order by dt, note) as x from (select dt, note, count(*) as n from {V} group by 1, 2)",
    ],
)
def test_what_its_order_tells_apart_passes(shop: Project, sql: str) -> None:
    assert faults(shop, sql) == []


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        (f"select dt, row_number() over (partition by dt order by at) as n from {V}",
         "row_number() OVER (PARTITION BY dt "
         "ORDER BY at) hangs on the order of rows that its ORDER BY does not tell apart, and a build may take "
         "another one "
         "than a rebuild; add id to its ORDER BY"),
        (f"select dt, row_number() over (order by sum(id)) as n from {V} group by dt", "add dt to its ORDER BY"),
        (f"select dt, lag(amount) over w as n from {V} window w as (order by at)", "lag(amount) OVER w hangs on"),
        (f"select dt, lead(amount) over (order by v.id) as n from {V} as v left join {P} p on v.note = p.note",
         "add id to"),
        (f"select dt, ntile(4) over (order by at) as n from {V}", "ntile(4) OVER"),
        (f"select dt, last_value(amount) over (partition by note order by at) as n from {V}",
         "last_value(amount) OVER"),
        (f"select dt, first(amount, true) over (order by at) as n from {V}", "first(amount) IGNORE NULLS OVER"),
        (f"select dt, sum(id) over (order by dt rows between 6 preceding and current row) as n from {V}",
         "add id to its"),
        (f"select dt, collect_list(amount) over (order by at) as n from {V}", "collect_list(amount) OVER"),
        (f"select dt from {V} qualify row_number() over (partition by dt order by at) = 1", "row_number() OVER"),
        (f"with b as (select dt, note from {V}) select dt, lag(note) over (order by dt) as n from b", "add id to its"),
        (f"select dt, lag(note) over (order by dt) as n from (select distinct dt, note from {V})", "add note to its"),
        (f"select dt, first(note) as note from {V} group by dt",
         "first(note) differs by the order in which rows are read, "
         "and a build may take another one than a rebuild; write min_by(note, …)"),
        (f"select dt, last(note) as note from {V} group by dt", "write max_by(note, …)"),
        (f"select dt, any_value(note) as note from {V} group by dt", "write min(note), or max_by(note, …)"),
        (f"select dt, array_agg(note) as note from {V} group by dt", "write array_sort(collect_list(note))"),
        (f"select dt, collect_set(note) as note from {V} group by dt", "write array_sort(collect_set(note))"),
        (f"select dt, array_join(collect_list(note), ' ') as note from {V} group by dt",
         "array_sort(collect_list(note))"),
        (f"select dt, string_agg(note) as note from {V} group by dt",
         "array_join(array_sort(collect_list(note)), ',')"),
        (f"select dt, mode(note) as note from {V} group by dt", "write mode(note, true)"),
        (f"select dt, approx_percentile(id, 0.5) as note from {V} group by dt", "write percentile(id, …)"),
        (f"select dt, max_by(note, at) as note from {V} group by dt",
         "max_by(note, at) takes one of the rows with the same "
         "at, and a build may take another one than a rebuild; write struct(at, id) there"),
        (f"select dt from {V} where id in (select id from {P} order by note limit 1)",
         "LIMIT takes some of the rows that"),
        (f"select dt from {V} order by at limit 3", "LIMIT takes some of the rows that ORDER BY does not tell apart"),
    ],
)  # fmt: skip
def test_what_its_order_does_not_tell_apart_is_refused(shop: Project, sql: str, says: str) -> None:
    (found,) = faults(shop, f"\n{sql}")
    assert found.startswith("3: "), found
    assert says in found


def test_a_view_that_a_mart_reads_is_looked_at_too(tmp_path: Path) -> None:
    project = write_models(tmp_path)
    file = project.dbt / "models/staging/stg_visits.sql"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("select id", "select row_number() over (order by dt) as n, id"), encoding="utf-8")
    (found,) = rebuilt(project)
    assert found.startswith(
        "dbt/models/staging/stg_visits.sql:1: row_number() OVER (ORDER BY dt) hangs on the order of"
    )
