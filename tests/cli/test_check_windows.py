"""What a mart's row takes from rows of other keys is refused where a changed row recomputes its own key alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.cli.check import problems
from lakehouse.contracts.project import Project
from tests.cli.test_check_keys import PEOPLE, P, V, asked, faults, shop
from tests.helpers.shop_models import MART, write_models

__all__ = ["shop"]
KEY = "partition by dt, note order by id"
LIMITED = f"select dt, note, amount, id from {V} where {{{{ in_changed() }}}}"


@pytest.mark.parametrize(
    "sql",
    [
        f"select dt, note, row_number() over ({KEY}) as n from {V}",
        f"select dt, note, sum(amount) over (partition by note, id, dt) as n from {V}",
        f"select dt, note, sum(amount) over (partition by cast(at as date), note) as n from {V}",
        f"select dt, note, lag(amount) over (partition by id order by at) as n from {V}",  # one row of the table each
        f"select dt, note, rank() over w as n from {V} window w as ({KEY})",
        f"with a as (select dt as d, note from {V}) select d as dt, note, sum(1) over (partition by d, note) n from a",
        f"select dt, note from {V} qualify row_number() over ({KEY}) = 1",
        f"select dt, note, sum(sum(amount)) over (partition by dt, note) as n from {V} group by dt, note",
        f"select p.dt, p.note, count(*) over (partition by p.dt, p.note) as n from {P} as p join {V} as v "
        "on v.dt = p.dt and v.note = p.note",
        f"select dt, note, count(*) over (partition by dt, note) n from {V} full join {P} using (dt, note)",
        f"select p.dt, p.note, count(*) over (partition by p.dt, p.note) as n from {P} as p left join {V} as v "
        "on v.dt = p.dt and v.note = p.note",
        f"select dt, note from {V} as v where exists (select 1 from {V} as w where w.dt = v.dt and w.note = v.note)",
        f"select dt, note from {V} as v where not exists (select 1 from {V} w where v.dt = w.dt and w.note = v.note "
        "and w.id < v.id)",
        f"select dt, note from {V} where (dt, note) in (select dt, note from {V} where amount > 3)",
        f"select dt, note from {V} where (dt, note) not in (select dt, note from {V} where amount > 3 and "
        "note is not null and dt is not null)",
        f"select dt, note, (select max(amount) from {V} as w where w.dt = v.dt and w.note = v.note) as n from {V} as v",
        f"select dt, note, (select w.id from {V} as w where w.dt = v.dt and w.note = v.note order by id limit 1) as n "
        f"from {V} as v",
        f"select v.dt, v.note, n from {V} as v, lateral (select max(amount) as n from {V} as w where w.dt = v.dt and "
        "w.note = v.note)",
        f"select dt, note, (select max(region) from {P}) as n from {V}",
        f"select dt, note from {V} where amount > (select min(id) from {P} limit 1)",
        f"select * from (select dt, note, id, amount from {V}) pivot (sum(amount) for id in (1, 2))",
        f"select dt, note, id from {V} union all by name select id, note, dt from {V}",
    ],
)
def test_what_looks_at_rows_of_its_key_passes(shop: Project, sql: str) -> None:
    assert faults(shop, sql, ["dt", "note"]) == []


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        (f"select dt, note, count(*) over () as n from {V}", "OVER () looks at rows of silver.visits beyond dt"),
        (f"select dt, note, sum(amount) over (partition by note) as n from {V}", "beyond dt, and a changed row"),
        (f"select dt, note, lag(amount) over (partition by dt order by id) as n from {V}", "beyond note, and"),
        (f"select dt, note, rank() over w as n from {V} window w as (order by at)", "beyond dt, note"),
        (f"select dt, note, sum(sum(amount)) over (order by dt) as n from {V} group by dt, note", "beyond dt, note"),
        (f"select dt, note from {V} qualify row_number() over (partition by note order by at) = 1", "beyond dt"),
        (f"with a as (select *, sum(amount) over (order by at) as n from {V}) select dt, note, n from a", "beyond dt"),
        (f"select dt, note, n from (select *, ntile(3) over (order by at) as n from {V})", "ntile(3) OVER (ORDER"),
        (f"select dt, note, sum(amount) over (partition by lower(note), dt) as n from {V}", "beyond note"),
        (f"select v.dt, v.note, count(*) over (partition by p.dt, p.note) as n from {V} as v left join {P} as p "
         "on v.dt = p.dt and v.note = p.note", "beyond dt, note"),
        (f"with a as (select * from {V} order by at desc limit 100) select dt, note from a", "LIMIT looks at rows of"),
        (f"select dt, note from {V} union all (select dt, note from {V} limit 2)", "LIMIT looks"),
        (f"select dt, note from {V} tablesample (10 percent)", "TABLESAMPLE looks"),
        (f"select dt, note from {V} where amount > (select avg(amount) from {V})", "as read in (SELECT avg(amount)"),
        (f"select dt, note, (select max(at) from {V}) as n from {V}", "the changed row's own dt, as read in (SEL"),
        (f"select dt, note from {V} where dt = (select max(dt) from {V})", "as read in (SELECT max(dt)"),
        (f"select dt, note from {V} where note in (select note from {V} where amount > 9)", "as read in (SELECT note"),
        (f"select dt, note from {V} as v where not exists (select 1 from {V} w where w.note = v.note and w.at < v.at)",
         "as read in SELECT 1"),
        (f"select dt, note from {V} where (dt, note) not in (select dt, note from {V} where id > 3)", "a null in it"),
        (f"select v.dt, v.note, n from {V} as v, lateral (select max(amount) as n from {V} as w where w.note = v.note)",
         "silver.visits.dt, which the"),
        (f"select dt, (select max(w.note) from {V} as w where w.dt = v.dt) as note from {V} as v", "key note"),
        (f"select v.dt, v.note from {V} as v join ({P} as p join {V} as w on w.id = p.id) on p.id = v.id",
         "silver.visits.dt, which the"),
        (f"select cast(v.at as string) as dt, note from {V} as v left join {P} as p on v.dt = cast(v.at as string)",
         "the key dt of asked is CAST(at AS STRING)"),
        (f"select * from (select dt, note, amount from {V}) pivot (sum(amount) for note in ('a' as note))", "key note"),
        (f"select dt, note from {V} union all by name select note as dt, note from {V}", "the key dt of asked is note"),
    ],
)  # fmt: skip
def test_what_looks_at_rows_of_other_keys_is_refused(shop: Project, sql: str, says: str) -> None:
    found = faults(shop, sql, ["dt", "note"])
    assert any(says in one for one in found), found


def test_a_subquery_over_another_table_is_judged_by_that_tables_reach(shop: Project) -> None:
    sql = f"select dt, note from {V} where note in (select note from {P})"
    assert "as read in (SELECT note" in faults(shop, sql, ["dt", "note"], PEOPLE)[0]
    assert faults(shop, sql, ["note"], PEOPLE) == []


@pytest.mark.parametrize("said", ["direct", "select dt, note from changed"])
@pytest.mark.parametrize(
    ("sql", "is_right"),
    [
        (f"with a as ({LIMITED}) select dt, note, sum(amount) over (partition by note) as n from a", False),
        (f"with a as ({LIMITED}) select dt, note, sum(amount) over ({KEY}) as n from a", True),
        (f"with a as (select *, sum(amount) over (partition by note) as n from {V}) select dt, note, n from a "
         "where {{ in_changed() }}", True),
        (f"select dt, note, rank() over (order by id) as n from {V} where {{{{ in_changed() }}}}", False),
        (f"select dt, note, sum(amount) over (partition by dt) n from {V} where {{{{ in_changed({{'dt': 'dt'}}) }}}}",
         True),
    ],
)  # fmt: skip
def test_a_window_sees_all_of_its_rows_in_a_build_of_changed_keys(
    shop: Project, sql: str, is_right: bool, said: object
) -> None:
    """Whatever the reach: rows that in_changed() leaves out before a window are missing in it."""
    check, mart = asked(shop, sql, ["dt", "note"], said=said)
    found = list(check.limit_faults(mart))
    assert found == [] if is_right else "in a later SELECT" in found[0]


def test_the_check_names_file_line_and_what_to_write(tmp_path: Path) -> None:
    mart = MART.replace("count(*) as visits", "count(*) as visits, sum(count(*)) over (partition by note) as so_far")
    (found,) = problems(write_models(tmp_path, mart=mart))
    assert found == (
        f"{tmp_path}/dbt/models/marts/fct_notes.yml:7: meta.reach.visits: sum(count(*)) OVER (PARTITION BY note) "
        "looks at rows of silver.visits beyond dt, and a changed row recomputes its own key of fct_notes alone, so "
        "that other keys would keep old values; put what the key is there into PARTITION BY, write a query that finds "
        "each key from `changed`, or whole (docs/how-to/write-a-mart.md)."
    )


STAGING = (
    "{{{{ config(meta={{'reach': {{'visits': 'direct'}}}}) }}}}\n"
    "select {} from {{{{ source('silver_shop', 'visits') }}}}"
)


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ("id, note, at, dt", None),
        ("id, upper(note) as note, cast(dt as date) as dt, row_number() over (partition by id order by at) as n", None),
        ("note, at", None),
        ("id + 1 as id, note, dt", "id of stg_visits is id + 1, and not id of silver.visits: a test that says"),
        ("id, note, date_add(at, 1) as dt", "dt of stg_visits is date_add(at, 1), and not dt"),
        ("id, dt, row_number() over (partition by note order by at) as n", "looks at other rows of silver.visits than"),
    ],
)
def test_a_view_whose_tests_look_at_changed_rows_has_its_key_as_it_is(
    tmp_path: Path, columns: str, says: str | None
) -> None:
    project = write_models(tmp_path, reach="whole")
    (project.dbt / "models/marts/fct_notes.sql").unlink()
    (project.dbt / "models/marts/fct_notes.yml").unlink()
    file = project.dbt / "models/staging/stg_visits.sql"
    file.write_text(STAGING.format(columns), encoding="utf-8")
    found = problems(project)
    where = "dbt/models/staging/stg_visits.sql:1: meta.reach.visits: "
    assert [where in one and says in one for one in found] == [True] if says else found == []
