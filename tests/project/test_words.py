"""Pages, help texts and messages are written in the field's words, and spelt right."""

from __future__ import annotations

from pathlib import Path

import codespell_lib
import pytest

from tools.docs.words import Allowed, Word, all_findings, allowances, findings, pages, sentences, vocabulary

ROOT = Path(__file__).parents[2]
SPELT = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs", "glue_jobs", "dags", "dbt", "contracts", "terraform",
         "great_expectations", "tools", "benchmarks")  # fmt: skip


def test_no_word_comes_back_for_which_the_field_has_another() -> None:
    assert len(vocabulary()) > 30
    assert len(pages()) > 40
    assert all_findings() == []


def test_an_allowance_has_a_reason_and_is_needed() -> None:
    for allowed in allowances():
        assert allowed.reason
        others = [one for one in allowances() if one != allowed]
        texts = [(page.relative_to(ROOT).as_posix(), page.read_text(encoding="utf-8")) for page in pages()]
        kept = [file for file, text in texts if file.startswith(allowed.place)]
        assert kept, f"{allowed.place} is gone"
        assert any(line for file, text in texts if file in kept for line in findings(file, text, vocabulary(), others))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The batch was judged.", ["p.md:1: 'judged'; the field says: validate"]),
        ("a\nJudge it, then\nthe judges", ["p.md:2: 'Judge'; the field says: validate",
                                            "p.md:3: 'judges'; the field says: validate"]),
        ("make test-judge, lake/judge.py, judge_batch and [a page](adr/judge-it.md)", []),
        ("prejudge", []),
    ],
)  # fmt: skip
def test_a_whole_word_is_found_and_a_name_is_not(text: str, found: list[str]) -> None:
    word = Word("judg(?:e|es|ed)", "validate")
    assert list(findings("p.md", text, [word], [])) == found
    assert list(findings("p.md", text, [word], [Allowed("p", "because")])) == []
    assert list(findings("p.md", text, [word], [Allowed("p", "because", ("another",))])) == found


def test_sentences_are_those_of_the_prose() -> None:
    table, block = "| a | table. It counts |\n|---|---|", "```sh\nmake it. Now\n```"
    text = f"# Title\n\nOne two three. Four\nfive!\n\n{table}\n\n{block}\n\n- six\n- Seven: Eight\n"
    assert sentences(text) == ["One two three.", "Four five!", "six", "Seven:", "Eight"]


def test_everything_is_spelt_right(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)  # where its settings are, in pyproject.toml
    wrong = codespell_lib.main(*SPELT)
    assert (wrong, capfd.readouterr().out) == (0, "")


def test_a_misspelt_word_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    (tmp_path / "page.md").write_text("It is neccessary.\n", encoding="utf-8")
    assert codespell_lib.main(str(tmp_path)) != 0
