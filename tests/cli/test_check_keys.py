"""A key that a reach says a changed row names is that row's own, or the check says what it is."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from lakehouse.cli.check import problems
from lakehouse.cli.check_keys import KeyCheck
from lakehouse.cli.key_origins import Origins
from lakehouse.cli.key_relations import Relation
from lakehouse.cli.model_columns import known_columns
from lakehouse.cli.model_jinja import ProjectJinja
from lakehouse.contracts.dbt_files import read_models
from lakehouse.contracts.mart_graph import Mart, find_marts
from lakehouse.contracts.project import Project
from tests.helpers.shop_models import MART, write_models
from tests.helpers.small_project import CONTRACT

VISITS, PEOPLE = "silver.visits", "marts.people"
CONFIG = (
    "{{{{ config(materialized='incremental', incremental_strategy='replace_changed', unique_key={keys}, "
    "file_format='delta', meta={{'reach': {reach}}}) }}}}\n"
)
V, P = "{{ ref('stg_visits') }}", "{{ ref('people') }}"
IF_CHANGED = "{% if is_incremental() %} and {{ in_changed() }} {% endif %}"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The small project, with a second table to join: people, a mart of ids, notes and regions."""
    project = write_models(tmp_path_factory.mktemp("shop"))
    config = CONFIG.format(keys=["id"], reach={"visits": "direct"})
    people = f"{config}select id, note, at, dt, id as region from {V}"
    (project.dbt / "models/marts/people.sql").write_text(people, encoding="utf-8")
    return project


def asked(
    shop: Project, sql: str, keys: list[str], table: str = VISITS, said: object = "direct"
) -> tuple[KeyCheck, Mart]:
    """A mart that a SELECT makes, and what looks at its keys."""
    read = {"visits": "whole"} if "stg_visits" in sql or "source(" in sql else {}
    reach = read | ({"people": "whole"} if "people" in sql else {}) | {table.partition(".")[2]: said}
    file = shop.dbt / "models/marts/asked.sql"
    file.write_text(CONFIG.format(keys=keys, reach=reach) + sql, encoding="utf-8")
    models = read_models(shop.dbt)
    (mart,) = [mart for mart in find_marts(models) if mart.name == "asked"]
    jinja = ProjectJinja(shop.dbt, models)
    return KeyCheck(jinja, shop.contracts, known_columns(jinja, shop.contracts)), mart


def faults(shop: Project, sql: str, keys: list[str], table: str = VISITS, said: object = "direct") -> list[str]:
    """What is wrong with the keys of a mart that a SELECT makes, as to one table."""
    check, mart = asked(shop, sql, keys, table, said)
    return list(check.faults(mart, table))


@pytest.mark.parametrize(
    "sql",
    [
        f"select dt, note from {V}",
        f"select v.DT, `v`.`Note` from {V} as v group by v.dt, 2",
        f"select distinct * from {V} where note is not null {IF_CHANGED}",
        f"select dt, note, count(*) as visits from {V} group by all",
        f"with a as (select dt as day, note from {V}), b as (select day as dt, note from a) select * from b",
        f"with a(x, y) as (select dt, note from {V}) select x as dt, y as note from a",
        f"select q.dt, q.note from (select *, rank() over (partition by dt, note order by id) as n from {V}) as q",
        f"select * except (amount) from {V}",
        f"select cast(dt as date) as dt, cast(note as string) as note from {V}",
        f"select to_date(dt) as dt, (note) as note from {V}",
        f"select cast(at as date) as dt, note from {V}",
        f"select date_trunc('DD', at) as dt, note from {V}",
        f"select max(dt) as dt, note, count(*) as visits from {V} group by dt, note",
        f"select max_by(dt, at) as dt, any_value(note) as note from {V} group by dt, note",
        f"select dt, first(note) over (partition by dt, note order by id) as note from {V}",
        f"select greatest(v.dt, p.dt) as dt, nvl2(v.note, v.note, p.note) as note from {V} as v full join {P} as p "
        "on v.dt = p.dt and v.note = p.note",
        f"select dt, nullif(note, '') as note from {V}",
        f"select dt, case when amount > 0 then note end as note from {V}",
        f"select dt, note from {V} where amount > 0 union all select dt, note from {V} where amount is null",
        f"select dt, 'x' as note from {V} where note = 'x'",
        f"select p.dt, p.note from {V} as v join {P} as p on v.dt = p.dt and p.note = v.note",
        f"select p.dt, p.note from {V} as v, {P} as p where v.dt = p.dt and p.note <=> v.note {IF_CHANGED}",
        f"select p.dt, v.note from {V} as v join {P} as p on (v.dt, v.note) = (p.dt, p.note)",
        f"select p.dt, p.note, sum(v.amount) as x from {P} as p left join {V} as v on v.dt = p.dt and v.note = p.note "
        "group by p.dt, p.note",
        f"select dt, note, v.amount from {V} as v left join {P} as p using (dt, note)",
        f"select dt, note from {V} as v full outer join {P} as p using (dt, note)",
        f"select coalesce(p.dt, v.dt) as dt, nvl(v.note, p.note) as note from {V} as v full join {P} as p "
        "on v.dt = p.dt and v.note = p.note",
        f"select v.dt, v.note, p.region from {V} as v left join {P} as p on v.id = p.id",
        f"select dt, note from {V} left anti join {P} as p on p.id = 3",
        f"select dt, note, one from {V} lateral view explode(array(id)) as one",
        f"select dt, note from {V} where note in (select note from {P})",
        f"with m as (select max(amount) as most from {P}) select dt, note, m.most from {V} cross join m",
        f"select p.dt, p.note from {P} as p except select dt, note from {V}",
        f"select dt, note from {V} union all select dt, lower(note) as note from {P}",
        "select dt, note from {{ source('silver_shop', 'visits') }}",
        f"select v.*, p.region from {V} as v join {P} as p using (id)",
        f"select dt, note from (select * from {V})",
        f"select dt, note from {V} union all select dt, cast(null as string) from {V}",
        f"select v.dt, v.note from {V} as v join (select id, max(at) as at from {V} group by id) as m using (id, at)",
        f"with n as (select id, dt, rank() over (partition by id order by at) as n from {V}) "
        f"select n.dt, v.note from {V} as v join n on v.id = n.id",
        f"select dt, {{{{ a_macro('note') }}}} as note from {V}",
        f"select p.dt, p.note from {V} as v join {P} as p on {{{{ same('v', 'p') }}}}",
        f"select {{% if x %}} dt {{% else %}} lower(note) as dt {{% endif %}}, note from {V}",
        "with a as ({{ a_macro(ref('stg_visits')) }}) select * from a",
    ],
)
def test_a_key_that_is_the_rows_own_passes(shop: Project, sql: str) -> None:
    assert faults(shop, sql, ["dt", "note"]) == []


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        (f"select dt, substr(note, 1, 1) as note from {V}", "key note of asked is substring(note, 1, 1)"),
        (f"select date_trunc('week', dt) as dt, note from {V}", "write {dt: \"date_trunc('WEEK', dt)\"}"),
        (f"select dt, coalesce(note, 'x') as note from {V}", "write {note: \"coalesce(note, 'x')\"}"),
        (f"select dt, lower(note) as note from {V} group by 1, 2", 'write {note: "lower(note)"}, or whole'),
        (f"with a as (select dt, upper(note) as w from {V}) select dt, trim(w) as note from a", "is trim(upper(note))"),
        (f"select dt, cast(note as int) as note from {V}", "is CAST(note AS INT), and"),
        (f"select cast(at as timestamp) as dt, note from {V}", "is CAST(at AS TIMESTAMP), and not the changed"),
        (f"with a as ({{{{ pkg.days() }}}}) select dt, id as note from {V}", "the key note of asked is id, and not"),
        (f"select dt, id as note from {V} where note > '' {{{{ pkg.group_by(2) }}}}", "the key note of asked is id"),
        (f"select dt, id as note from {V}", "the key note of asked is id, and not"),
        (f"select dt, 'all' as note from {V}", "is 'all', and not the changed row's own note: changed rows would not"),
        (f"select dt, note from {V} union all select dt, 'all' from {V}", "is 'all'"),
        (f"select dt, max(note) as note from {V} group by dt", "is max(note), and not the changed row's own note"),
        (f"select dt, first(note) over (partition by id order by at) as note from {V}", "write a query that finds it"),
        (f"select dt, case when amount > 0 then note else 'none' end as note from {V}", "'none'"),
        (f"select v.dt, p.note from {V} as v join {P} as p on v.id = p.id", "is marts.people.note, which the changed"),
        (f"select v.dt, p.note from {V} as v left join {P} as p on v.id = p.id {IF_CHANGED}", "marts.people.note"),
        (f"select v.dt, coalesce(p.note, v.note) as note from {V} as v left join {P} as p on v.id = p.id", "coalesce("),
        (f"select v.dt, p.note from {V} as v join {P} as p on v.note = p.note or v.id = p.id", "marts.people.note"),
        (f"select dt, p.note from {V} as v join {P} as p using (dt)", "marts.people.note"),
        (f"with a as (select id, note from {P}) select dt, a.note from {V} join a using (id)", "marts.people.note"),
        (f"select d.dt, d.note from {V} as d join {V} as v on v.note = d.note and v.dt <= d.dt", "is silver.visits.dt"),
        (f"with m as (select note, max(at) as at from {V} group by 1) select v.dt, note from {V} v join m using (note)",
         "is silver.visits.dt"),
        (f"with m as (select max(dt) as m from {V}) select p.dt, p.note from {P} as p cross join m", "marts.people.dt"),
        (f"select dt, word as note from {V} lateral view explode(split(note, ' ')) as word", "is word, which the"),
        (f"select dt, concat(note, '') as later, later as note from {V}", "concat(note, '')"),
        ("select dt, lower(note) as note from {{ source('silver_shop', 'visits') }}", "lower(note)"),
    ],
)  # fmt: skip
def test_a_key_that_is_computed_or_from_elsewhere_is_refused(shop: Project, sql: str, says: str) -> None:
    found = faults(shop, sql, ["dt", "note"])
    assert found
    assert says in found[0], found


def test_what_a_macro_of_the_project_writes_is_followed(shop: Project) -> None:
    (shop.dbt / "macros/low.sql").write_text("{% macro low(text) %} lower({{ text }}) {% endmacro %}", encoding="utf-8")
    (fault,) = faults(shop, f"select dt, {{{{ low('note') }}}} as note from {V}", ["dt", "note"])
    assert 'write {note: "lower(note)"}, or whole' in fault


@pytest.mark.parametrize(
    ("sql", "said", "says"),
    [
        (f"select cast(date_trunc('week', dt) as date) as week from {V}", "DATE_TRUNC('WEEK', `dt`)", None),
        (f"select trunc(dt, 'MM') as week from {V}", "date_trunc('month', dt)", None),
        (f"with a as (select id as x, note from {V}) select md5(concat(x, '-', note)) as week from a",
         "md5(id || '-' || note)", None),
        (f"select if(id > 0, note, 'x') as week from {V}", "case when id > 0 then note else 'x' end", None),
        (f"select p.id as week from {V} as v join {P} as p on p.id = v.note", "note", None),
        (f"select 'web' as week from {V}", "'web'", None),
        (f"select date_trunc('month', dt) as week from {V}", "date_trunc('week', dt)", "of the changed row: changed"),
        (f"select dt as week from {V}", "date_trunc('week', dt)", "the key week of asked is dt, and not date_trunc("),
        (f"select cast(at as date) as week from {V}", "at", 'write {week: "CAST(at AS DATE)"}'),
        (f"select p.dt as week from {V} as v join {P} as p using (id)", "dt", "marts.people.dt, which dt of the"),
    ],
)  # fmt: skip
def test_an_expression_for_a_key_is_the_models(shop: Project, sql: str, said: str, says: str | None) -> None:
    found = faults(shop, sql, ["week"], said={"week": said})
    assert [says in one for one in found] == ([True] if says else []) if says else found == []


@pytest.mark.parametrize(
    ("sql", "is_right"),
    [
        (f"select id, cast(note as string) as note from {P}", True),  # nobody knows the types of a mart
        (f"select v.id, p.note from {V} as v left join {P} as p on v.id = p.id", True),  # null where it is not its own
        (f"select v.id, v.note from {V} as v left join {P} as p on v.id = p.id", False),
        (f"select id, lower(note) as note from {P}", False),
    ],
)
def test_a_mart_is_followed_as_a_table_is(shop: Project, sql: str, is_right: bool) -> None:
    assert (faults(shop, sql, ["note"], PEOPLE) == []) == is_right


LINES = "{{ elements('visit_lines', source('silver_shop', 'visits')) }}"
TAGS = """\
      - name: tags
        physicalType: array
        description: Words.
        items: {physicalType: string}
"""


@pytest.mark.parametrize(
    ("columns", "is_right"), [("dt, id", True), ("dt, tag_position as id", False), ("dt, tag_element as id", False)]
)
def test_the_key_of_a_lists_row_is_its_elements_too(tmp_path: Path, columns: str, is_right: bool) -> None:
    """What the elements have of their row is the row's own; what is theirs alone is not."""
    lists = "      - {property: explode, value: [{path: tags, name: visit_lines, prefix: tag_}]}\n"
    with_list = CONTRACT.replace("    properties:\n", f"{lists}    properties:\n{TAGS}").replace(
        "value: csv", "value: json_lines"
    )
    write_models(tmp_path)
    (tmp_path / "contracts/shop.yaml").write_text(with_list, encoding="utf-8")
    found = faults(Project(tmp_path), f"select {columns} from {LINES} as line", ["dt", "id"])
    assert (found == []) == is_right


LOWER = "lower(note) as word"


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        (f"select {LOWER} from {V} where id > 0 and {{{{ in_changed({{'word': 'lower(note)'}}) }}}}", None),
        (f"select {LOWER} from {V} where {{{{ in_changed(columns={{'word': 'LOWER(`note`)'}}) }}}}", None),
        (f"with a as (select {LOWER} from {V}) select word from a where {{{{ in_changed() }}}}", None),
        (f"with a as (select {LOWER}, id from {V}), b as (select word from {P} join a using (id) where "
         "{{ in_changed() }}) select word from b", None),
        (f"select {LOWER} from {V} where {{{{ in_changed(columns_of_it) }}}}", None),
        (f"select {LOWER} from {V} where id = 1 or {{{{ in_changed({{'word': 'note'}}) }}}}", None),
        (f"select {LOWER} from {V} where {{{{ in_changed({{'word': 'note'}}) }}}}",
         "in_changed() takes rows of silver.visits by note, and the key word is lower(note): a build of changed keys"),
        (f"with a as (select note as word from {V} where {{{{ in_changed({{'word': 'note'}}) }}}}) "
         "select lower(word) as word from a", "by note, and the key word is lower(note)"),
        (f"with a as (select note as word from {V}), b as (select * from a where {{{{ in_changed() }}}}) "
         "select lower(word) as word from b", "by note, and the key word is lower(note)"),
        (f"select lower(v.note) as word from {V} as v join {P} as p using (id) "
         "where {{ in_changed({'word': 'p.note'}) }}", "by another table, and the key word is lower(note)"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("said", [{"word": "lower(note)"}, "select lower(note) as word from changed"])
def test_an_incremental_run_takes_rows_by_the_key(shop: Project, sql: str, says: str | None, said: object) -> None:
    """Whatever the reach: rows that the condition leaves out are missing in the keys that are recomputed."""
    check, mart = asked(shop, sql, ["word"], said=said)
    found = list(check.limit_faults(mart))
    assert (says in found[0] if found else False) if says else found == []


def test_each_tables_way_to_a_mart_is_followed_once(shop: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    check, mart = asked(shop, f"select v.dt, p.note from {V} as v join {P} as p on v.id = p.id", ["dt"], PEOPLE)
    followed: Counter[str] = Counter()
    of_model = Origins.of_model

    def counted(self: Origins, name: str) -> Relation:
        followed[self.table] += name == "asked"
        return of_model(self, name)

    monkeypatch.setattr(Origins, "of_model", counted)
    for _ in range(2):
        assert list(check.faults(mart, VISITS)) == []
        (fault,) = check.faults(mart, PEOPLE)
        assert "is silver.visits.dt, which the changed row's own dt" in fault
        assert [*check.limit_faults(mart), *check.span_faults(mart)] == []
    assert followed == {VISITS: 1, PEOPLE: 1}


def test_a_condition_by_another_value_than_the_key_is_named(tmp_path: Path) -> None:
    mart = MART.replace("select dt, note", "select dt, lower(note) as note")
    (found,) = problems(write_models(tmp_path, '{note: "lower(note)"}', mart))
    assert found.startswith("dbt/models/marts/fct_notes.sql:1: in_changed() takes rows of silver.visits by note, and")


def test_the_check_names_file_and_line(tmp_path: Path) -> None:
    (found,) = problems(write_models(tmp_path, mart=MART.replace("select dt, note", "select dt, lower(note) as note")))
    assert found == (
        f"{tmp_path}/dbt/models/marts/fct_notes.yml:7: meta.reach.visits: the key note of fct_notes is lower(note), "
        "and not the changed row's own note: changed rows would not be found under it; write "
        '{note: "lower(note)"}, or whole (docs/how-to/write-a-mart.md).'
    )
