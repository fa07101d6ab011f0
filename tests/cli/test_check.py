"""`lakehouse check` prints what is wrong by file and line, for people and, with --json, for editors and CI."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import jinja2
import pytest
import sqlglot
import yaml
from sqlglot.dialects.dialect import Dialect

from lakehouse.cli.jinja_words import parsed as jinja_parsed
from lakehouse.cli.jinja_words import template
from lakehouse.cli.main import main
from lakehouse.contracts import yaml_places
from lakehouse.contracts.project import Project
from lakehouse.cycle import dry_run
from lakehouse.publish import parsed as queries
from lakehouse.runtime import session
from tests.helpers.small_project import CONTRACT, PRESENT, rule, spoiled, write_project

BETWEEN = "expect_column_values_to_be_between"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LAKEHOUSE_PROJECT", str(tmp_path))
    return tmp_path


def printed_json(capsys: pytest.CaptureFixture[str], code: int) -> list[dict[str, Any]]:
    assert main(["check", "--json"]) == code
    printed = capsys.readouterr()
    assert printed.err == ""
    return list(json.loads(printed.out))


def test_what_is_wrong_stands_by_file_and_line(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = [rule(BETWEEN, column="amuont", min_value=1), {**rule(BETWEEN, column="note", min_value=1)}]
    wrong[1]["meta"] = {**wrong[1]["meta"], "rule": "other"}
    other = spoiled("sequenceBy, value: seq", "sequenceBy, value: seqq", CONTRACT.replace("visits", "others"))
    write_project(root, expectations=wrong)
    (root / "contracts/aa.yaml").write_text(other.replace("domain: shop", "domain: aa"), encoding="utf-8")
    assert main(["check"]) == 3
    lines = [line.replace(f"{root}/", "") for line in capsys.readouterr().err.splitlines()]
    assert lines == [
        "contracts/aa.yaml:20: others.sequenceBy: unknown value 'seqq'. Did you mean 'seq'?",
        "great_expectations/expectations/visits.json:4: expectation 1 (rule): the contract has no column 'amuont'. "
        "Did you mean 'amount'?",
        "great_expectations/expectations/visits.json:17: expectation 2 (other): kwargs.column is a string, which has "
        "no bounds; name its values in expect_column_values_to_be_in_set, or its form in a regex.",
    ]


def test_json_has_the_parts_of_each_line(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    contract = spoiled("name: note,", "name: note, classification: secrt,", spoiled("value: upsert", "value: upsrt"))
    write_project(root, contract)
    assert printed_json(capsys, 3) == [
        {"severity": "error", "file": "contracts/shop.yaml", "line": 19, "field": "visits.mergeStrategy",
         "message": "unknown value 'upsrt'. Did you mean 'upsert'?"},
    ]  # fmt: skip
    write_project(root, contract.replace("upsrt", "upsert"))
    (warning,) = printed_json(capsys, 0)
    assert warning["severity"] == "warning"
    assert (warning["file"], warning["line"], warning["field"]) == (
        "contracts/shop.yaml", 28, "visits.note.classification",
    )  # fmt: skip
    write_project(root)
    assert printed_json(capsys, 0) == []


def test_json_names_the_line_of_an_expectation(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_project(root, expectations=[PRESENT, {**PRESENT, "severity": "critical"}])
    (found,) = printed_json(capsys, 3)
    assert found["file"] == "great_expectations/expectations/visits.json"
    text = (root / found["file"]).read_text(encoding="utf-8").splitlines()
    assert text[found["line"] - 1].strip() == "{"
    assert text[found["line"]].strip() == f'"type": "{PRESENT["type"]}",'
    assert found["message"].startswith("expectation 2 (rule): ")


def test_a_word_that_the_standard_does_not_know_has_its_line(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_project(root, spoiled("description: Sequence.", "description: Sequence., unqiue: true"))
    (found,) = printed_json(capsys, 3)
    assert (found["line"], found["field"]) == (30, "schema.0.properties.3")
    assert "'unqiue' was unexpected" in found["message"]
    assert found["message"].endswith(" Did you mean 'unique'?")


def test_the_yaml_of_a_model_that_cannot_be_read_is_named(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_project(root)
    (root / "dbt/models/some.yml").write_text("models: [}\n", encoding="utf-8")
    (found,) = printed_json(capsys, 3)
    assert (found["file"], found["line"], found["field"]) == ("dbt/models/some.yml", 1, "YAML")


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What engines refuse; they are not asked."""
    lines: list[str] = []
    monkeypatch.setattr(session, "local_session", lambda project: None)
    monkeypatch.setattr(dry_run, "refused_plans", lambda project, spark, suites: iter([f"{suites.keys()}", *lines]))
    return lines


def test_what_engines_refuse_stands_in_the_same_form(
    root: Path, refused: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    write_project(root)
    refused.append(f"{root}/contracts/shop.yaml:14: visits: its tables cannot be made.")
    assert main(["check", "--deep", "--json"]) == 3
    suites, table = json.loads(capsys.readouterr().out)
    assert suites["message"] == "dict_keys(['visits'])"
    assert table == {
        "severity": "error", "file": "contracts/shop.yaml", "line": 14, "field": "visits",
        "message": "its tables cannot be made.",
    }  # fmt: skip


def test_engines_are_not_asked_while_files_are_wrong(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_project(root, spoiled("value: upsert", "value: upsrt"))
    monkeypatch.setattr(session, "local_session", lambda project: 1 // 0)
    assert main(["check", "--deep"]) == 3
    assert "unknown value 'upsrt'" in capsys.readouterr().err


def test_no_file_is_parsed_twice_and_no_jvm_starts(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    parsed: dict[str, Counter[str]] = {}

    def count(owner: Any, name: str, kind: str, place: int = 0) -> None:
        asked, counts = getattr(owner, name), parsed.setdefault(kind, Counter())

        def counted(*args: Any, **options: Any) -> Any:
            counts[args[place]] += 1
            return asked(*args, **options)

        monkeypatch.setattr(owner, name, counted)

    count(yaml, "compose", "yaml")
    count(Dialect, "parse", "sql", 1)
    count(sqlglot, "tokenize", "words of Athena")
    count(jinja2.Environment, "parse", "jinja", 1)
    count(jinja2.Environment, "from_string", "jinja to run", 1)
    monkeypatch.setattr(session, "local_session", lambda project: 1 // 0)
    for kept in (yaml_places._root, yaml_places.composed, queries._trees, queries.tokens_of, jinja_parsed, template):
        kept.cache_clear()
    assert main(["check"]) == 0, capsys.readouterr().err
    wanted = {
        "yaml": [*(project.root / "contracts").glob("*.yaml"), *(project.dbt / "models").rglob("*.yml")],
        "sql": (project.dbt / "athena_views").glob("*.sql"), "jinja": (project.dbt / "models").rglob("*.sql"),
    }  # fmt: skip
    texts = {kind: [file.read_text(encoding="utf-8") for file in files] for kind, files in wanted.items()}
    assert all(parsed[kind][text] == 1 for kind in wanted for text in texts[kind])
    assert {
        (kind, text[:80]): times
        for kind, counts in parsed.items()
        for text, times in counts.items()
        if times > 1 and (kind != "yaml" or "\n" in text)
    } == {}
