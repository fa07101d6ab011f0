"""Whatever file a newcomer spoils, `lakehouse check` names the line in one line; an editor finds it by `--json` too."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from lakehouse.cli.main import main
from tests.helpers.small_project import CONTRACT, write_project

SUITE, VIEW = "great_expectations/expectations/visits.json", "dbt/athena_views/notes.sql"
MODEL = "dbt/models/fct_notes.sql"
GOOD_VIEW = "-- description: Notes.\n-- column note varchar: Note.\nselect note\nfrom silver.visits\n"
GOOD_MODEL = (
    "{{ config(materialized='table', unique_key='note', file_format='delta',\n"
    "    meta={'reach': {'visits': 'whole'}}) }}\nselect note from {{ source('silver', 'visits') }}\n"
)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    project = write_project(tmp_path)
    (project.root / VIEW).write_text(GOOD_VIEW)
    (project.dbt / "dbt_project.yml").write_text("name: shop\n")
    monkeypatch.setenv("LAKEHOUSE_PROJECT", str(tmp_path))
    return tmp_path


def put(file: str, text: str) -> Callable[[Path], None]:
    """Write another text into a file of the project."""
    return lambda root: root.joinpath(file).write_bytes(text.encode("latin-1")) and None


def twice(root: Path) -> None:
    text = (root / "contracts/shop.yaml").read_text().replace("domain: shop", "domain: attic").replace("visits", "pots")
    (root / "contracts/attic.yaml").write_text(text)


MISTAKES: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "no suite for a dataset": (twice, "great_expectations/expectations/pots.json", "needs a suite"),
    "a suite that is no JSON": (put(SUITE, '{"name": "visits",\n "expectations": [}'), f"{SUITE}:2", "Expecting value"),
    "a suite that is no UTF-8": (put(SUITE, '{"name": "caf\xe9"}'), f"{SUITE}:1", "utf-8"),
    "a suite of another name": (
        put(SUITE, '{\n "name": "visit",\n "expectations": [{}]\n}'), f"{SUITE}:2", "name is 'visit', wanted 'visits'"
    ),
    "a suite too many": (
        put(SUITE.replace("visits", "visit"), "{}"), f"{SUITE.replace('visits', 'visit')}:1", "Did you mean 'visits'?"
    ),
    "a tab in a contract": (
        put("contracts/shop.yaml", CONTRACT.replace("    customP", "\tcustomP")), "contracts/shop.yaml:16", "'\\t'"
    ),
    "a contract that is no UTF-8": (
        put("contracts/shop.yaml", CONTRACT.replace("What shops", "Caf\xe9")), "contracts/shop.yaml:8", "as UTF-8"
    ),
    "an empty contract": (put("contracts/shop.yaml", ""), "contracts/shop.yaml:1", "apiVersion: is missing"),
    "a view that is no SQL": (put(VIEW, f"{GOOD_VIEW}selct 1\n"), f"{VIEW}:5", "Invalid"),
    "a view over nothing": (
        put(VIEW, GOOD_VIEW.replace("silver.visits", "silver.visit")), f"{VIEW}:4", "Did you mean 'silver.visits'?"
    ),
    "a view without a header": (put(VIEW, "select 1 as one\n"), f"{VIEW}:1", "has no header line"),
    "a column without a header": (
        put(VIEW, GOOD_VIEW.replace("select note", "select note, seq")), f"{VIEW}:3", "selects seq, but the header"
    ),
    "a header without a column": (
        put(VIEW, GOOD_VIEW.replace("\nselect", "\n-- column seq bigint: Order.\nselect")), f"{VIEW}:3",
        "declares the column seq",
    ),
    "a model that is gone": (
        put(MODEL, GOOD_MODEL.replace("source('silver', 'visits')", "ref('stg_visits')")), f"{MODEL}:3",
        "reads ref('stg_visits'), which is no model",
    ),
    "a table of a model that is not declared": (put(MODEL, GOOD_MODEL), f"{MODEL}:3", "source('silver', 'visits')"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_one_line_with_file_and_line(name: str, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plant, place, words = MISTAKES[name]
    assert main(["check"]) == 0, "the project is right before"
    capsys.readouterr()
    plant(root)
    assert main(["check"]) == 3
    (line,) = capsys.readouterr().err.replace(f"{root}/", "").splitlines()
    assert line.startswith(f"{place}: ")
    assert words in line
    assert main(["check", "--json"]) == 3
    (found,) = json.loads(capsys.readouterr().out)
    file, _, number = place.partition(":")
    assert (found["file"], found["line"]) == (file, int(number) if number else None)
    assert re.search(r"\w", found["message"])
