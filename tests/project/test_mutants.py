"""The kept list of planted bugs fits the code: each text is there once, each test exists."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from tools.mutants.copied import Copy
from tools.mutants.planted import ROOT, Mutant, mutants_of, rooms
from tools.mutants.run import try_mutant

MUTANTS = mutants_of(rooms())


@cache
def functions_in(file: str) -> frozenset[str]:
    """The test functions of a file."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def test_the_lists_are_not_empty() -> None:
    assert len(rooms()) > 5
    assert len({(mutant.room, mutant.bug) for mutant in MUTANTS}) == len(MUTANTS) > 50


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.bug)
def test_a_bug_can_be_planted_and_its_tests_exist(mutant: Mutant) -> None:
    text = (ROOT / mutant.file).read_text(encoding="utf-8")
    planted = mutant.planted(text)
    assert planted != text
    if Path(mutant.file).suffix == ".py":
        ast.parse(planted)
    for test in mutant.tests:
        file, _, name = test.partition("::")
        assert (ROOT / file).is_file(), test
        assert not name or name in functions_in(file), test


@pytest.mark.parametrize(
    ("new", "test", "state"),
    [
        ("return 2", "test_it.py", "killed"),
        ("return 1 + 0", "test_it.py", "survived"),
        ("return 2", "nowhere.py", "not run"),
    ],
)
def test_a_bug_is_killed_only_by_a_test_that_fails(tmp_path: Path, new: str, test: str, state: str) -> None:
    (tmp_path / "code_.py").write_text("def one():\n    return 1\n")
    (tmp_path / "test_it.py").write_text("from code_ import one\n\ndef test_one():\n    assert one() == 1\n")
    outcome = try_mutant(Copy(tmp_path), Mutant("lake", "a bug", "code_.py", "return 1", new, (test,)))
    assert (outcome.state, outcome.test) == (state, "test_it.py::test_one" if state == "killed" else "")
    assert (tmp_path / "code_.py").read_text() == "def one():\n    return 1\n"


def test_a_text_that_is_gone_or_not_alone_is_named() -> None:
    mutant = Mutant("lake", "a bug", "a.py", "x", "y", ("tests/a.py",))
    assert mutant.planted("1 x 2") == "1 y 2"
    for text, times in (("nothing", 0), ("x x", 2)):
        with pytest.raises(ValueError, match=f"lake: a bug: a.py has the old text {times} times, wanted once"):
            mutant.planted(text)
