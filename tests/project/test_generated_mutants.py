"""Mutations are made of the syntax tree, tried with the tests of their lines; what survives is said or explained."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from tools.mutants.copied import Copy
from tools.mutants.generated import explained, generated, sample, scored, try_room
from tools.mutants.operators import mutations
from tools.mutants.planted import ROOT
from tools.mutants.sql_operators import sql_mutations
from tools.mutants.traced import Room, Trace, rooms

TEXT = '''"""A docstring stays."""
LIMIT: int = 3

@decorated(1)
def few(rows: list[int | None], most: int = LIMIT) -> bool:
    """This too."""
    if not rows:
        raise ValueError("the words of an error stay")
    found = [row for row in rows if row]
    log.info("what is logged stays", number=1)
    write(found, end="")
    return len(found) <= most and found[0] != 7
'''
CHANGES = [
    ("another number", "LIMIT: int = 4"),
    ("not is left out", "if (rows):"),
    ("an error is not raised", "pass"),
    ("nothing is assigned", "found = None"),
    ("the other way round", "found = [row for row in rows if (not (row))]"),
    ("a condition is left out", "found = [row for row in rows if True]"),
    ("a call is left out", "pass"),
    ("an argument is left out", "write(found, )"),
    ("another text", 'write(found, end="XX")'),
    ("nothing is returned", "return None"),
    ("and for or", "return len(found) <= most or found[0] != 7"),
    ("another comparison", "return len(found) < most and found[0] != 7"),
    ("another comparison", "return len(found) <= most and found[0] == 7"),
    ("another number", "return len(found) <= most and found[1] != 7"),
    ("another number", "return len(found) <= most and found[0] != 8"),
]


def test_a_text_has_these_mutations_and_no_more() -> None:
    assert sorted((one.operator, one.shown(TEXT)[1]) for one in mutations(TEXT)) == sorted(CHANGES)


def test_a_mutation_changes_its_own_place_in_a_text_with_wide_letters() -> None:
    (one,) = [one for one in mutations("euro = '€' + sign\n") if one.operator == "another operator"]
    assert one.planted("euro = '€' + sign\n") == "euro = '€' - sign\n"


def test_a_sample_is_the_same_for_a_seed() -> None:
    found = generated(ROOT, "glue_jobs/lakehouse/airflow")
    assert len(found) > 50
    chosen = sample(found, 20, seed=1)
    assert chosen == sample(found, 20, seed=1) != sample(found, 20, seed=2)
    assert len(sample(found, 10**6, seed=1)) == len(found)


LINES = {"code.py": {"1": [], "4": ["t::slow", "t::quick"], "9": ["t::far"]}}
SECONDS = {"t::slow": 15.0, "t::quick": 0.1, "t::far": 8.0, "t::failed": 0.1}


@pytest.mark.parametrize(
    ("file", "lines", "statement", "tests"),
    [
        ("code.py", (4, 4), (4, 6), ["t::quick", "t::slow"]),
        ("code.py", (5, 5), (4, 6), ["t::quick", "t::slow"]),
        (
            "code.py",
            (1, 1),
            (1, 1),
            ["t::quick", "t::far", "t::slow"],
        ),  # by the import: the file's
        ("code.py", (7, 7), (7, 8), []),
        ("only_in_processes.py", (1, 1), (1, 1), ["t::quick", "t::far", "t::slow"]),
    ],
)
def test_the_tests_of_a_line_are_tried_the_quickest_first(
    file: str, lines: tuple[int, int], statement: tuple[int, int], tests: list[str]
) -> None:
    assert Trace(SECONDS, ["t::failed"], LINES).tests_of(file, lines, statement) == tests


def test_tests_that_take_long_are_not_all_tried() -> None:
    trace = Trace(dict.fromkeys("abcd", 8.0), [], {"code.py": {"1": list("abcd")}})
    assert trace.tests_of("code.py", (1, 1), (1, 1)) == ["a", "b"]


def test_rooms_have_code_and_tests() -> None:
    for room in rooms().values():
        assert [*(ROOT / room.code).glob("*.py"), *(ROOT / room.code).glob("*.sql")], room
        assert all((ROOT / place).exists() for place in room.tests), room


@cache
def changes_of(file: str) -> frozenset[tuple[str, str]]:
    """What the operators make of a file."""
    text = (ROOT / file).read_text(encoding="utf-8")
    return frozenset(one.shown(text) for one in mutations(text))


def test_each_explained_mutant_is_made_and_has_its_reason() -> None:
    for (file, before, after), why in explained().items():
        assert (before, after) in changes_of(file), f"{file}: {before}"
        assert len(why) > 20, before


def test_a_mutant_that_no_test_tells_apart_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "tools").symlink_to(ROOT / "tools")
    (tmp_path / "ages").mkdir()
    (tmp_path / "ages" / "grown.py").write_text("def grown(age):\n    return age >= 18\n\ndef idle():\n    return 1\n")
    (tmp_path / "test_ages.py").write_text(
        "from ages.grown import grown\n\ndef test_grown():\n    assert grown(19) and not grown(3)\n"
    )
    counts = try_room(Copy(tmp_path), Room("ages", "ages", ("test_ages.py",)), number=100, seed=1)
    said = capsys.readouterr().out
    assert counts["killed"] == 1, said  # nothing is returned
    assert "- return age >= 18\n    + return age > 18" in said
    assert "+ return age >= 19" in said
    assert "not reached, 0 tests: ages/grown.py:5" in said
    assert scored(counts).startswith(f"{counts.total()} planted, 1 killed, 0 explained, ")


MODEL = """-- description: 'no' text of it changes
with lines as (
    select day, sum(amount) as amount, count(*) as lines
    from {{ ref('x') }} where status <> 'open' and amount > 0
    group by day
)
select * from lines left join days on days.day = lines.day - interval '7' day
"""
IN_SQL = [
    ("another function", "select day, max(amount) as amount, count(*) as lines"),
    ("a condition is left out", "from {{ ref('x') }} where true or status <> 'open' and amount > 0"),
    ("another comparison", "from {{ ref('x') }} where status = 'open' and amount > 0"),
    ("another text", "from {{ ref('x') }} where status <> 'XXopen' and amount > 0"),
    ("and for or", "from {{ ref('x') }} where status <> 'open' or amount > 0"),
    ("another comparison", "from {{ ref('x') }} where status <> 'open' and amount >= 0"),
    ("another number", "from {{ ref('x') }} where status <> 'open' and amount > 1"),
    ("another join", "select * from lines join days on days.day = lines.day - interval '7' day"),
    ("another comparison", "select * from lines left join days on days.day <> lines.day - interval '7' day"),
    ("another operator", "select * from lines left join days on days.day = lines.day + interval '7' day"),
    ("another text", "select * from lines left join days on days.day = lines.day - interval '8' day"),
]


def test_a_query_has_these_mutations_and_no_more() -> None:
    assert sorted((one.operator, one.shown(MODEL)[1]) for one in sql_mutations(MODEL)) == sorted(IN_SQL)
