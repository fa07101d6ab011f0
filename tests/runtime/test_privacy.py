"""No text of a foreign error is passed on: what is shown is built from names that are known."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from lakehouse.airflow import messages
from lakehouse.airflow.messages import failure, reason
from lakehouse.errors import LakehouseError
from lakehouse.message import plain_in_slack
from lakehouse.privacy import known_in, trace_of, without_values

VALUES = (
    "O'Brien, jane@doe.example", "'O\\'Brien', jane@doe", '"Jane" `doe` jane@doe.example', "\u201cJane\u201d doe",
    "line one\njane@doe.example", "Zoë\u202e Ångström", "[JANE_DOE] SQLSTATE: JANE1", "jane", "",
)  # fmt: skip
SENTENCES = ("{}", "cannot cast '{}' to INT", 'value "{}" of `quantity`', "first line\n{}", "bad [{}] (SQLSTATE {})")
NAMES = frozenset({"quantity", "erp_orders", "email"})


class EngineError(Exception):
    """An error as Spark's: its condition and state are asked for, not read from its text."""

    def __init__(self, text: str, condition: str | None = "CAST_INVALID_INPUT", state: str | None = "22018") -> None:
        super().__init__(text)
        self._condition, self._state = condition, state

    def getCondition(self) -> str | None:
        return self._condition

    def getSqlState(self) -> str | None:
        return self._state


class GoneError(Exception):
    """An error whose JVM has gone: it cannot even say what it is."""

    def getCondition(self) -> str:
        raise ConnectionError("jane")

    def __str__(self) -> str:
        raise ConnectionError("jane")


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("sentence", SENTENCES)
def test_nothing_of_a_text_is_shown(sentence: str, value: str) -> None:
    text = sentence.format(value, value)
    kinds: list[BaseException] = [
        ValueError(text), KeyError(text), OSError(text), OSError(5, text), UnicodeDecodeError("a", b"x", 0, 1, text),
        EngineError(text), EngineError(text, text, text),
    ]  # fmt: skip
    for error in kinds:
        shown = without_values(error, NAMES)
        allowed = {"quantity", "CAST_INVALID_INPUT", "22018", "Input/output error"}
        for known in allowed:
            shown = shown.replace(known, "")
        rest = shown.replace(type(error).__name__, "")
        assert rest.strip(" *:[]()").replace("it names", "").replace("SQLSTATE", "").strip(" *:[]()") == ""
    assert known_in(text, NAMES).replace("(it names quantity)", "***") == "***"


def test_names_that_are_known_are_shown() -> None:
    assert without_values(EngineError("'jane' of `quantity`"), NAMES) == (
        "EngineError [CAST_INVALID_INPUT] SQLSTATE 22018 (it names quantity): ***"
    )
    assert without_values(ValueError()) == "ValueError"
    assert without_values(FileNotFoundError(2, "jane", "/x/jane")) == (
        "FileNotFoundError (No such file or directory): ***"
    )
    refused = ClientError({"Error": {"Code": "AccessDenied", "Message": "jane"}}, "GetObject")
    assert without_values(refused) == "ClientError AccessDenied: ***"
    assert without_values(GoneError()) == "GoneError"
    with pytest.raises(RuntimeError) as caught:
        raise RuntimeError("doe " * 2) from EngineError("doe")
    assert without_values(caught.value) == "RuntimeError [CAST_INVALID_INPUT] SQLSTATE 22018: ***"
    assert trace_of(caught.value).endswith(without_values(caught.value))
    assert "doe doe" not in trace_of(caught.value)
    known = {"CAST_INVALID_INPUT"}.__contains__
    text = "[JANE_DOE] [CAST_INVALID_INPUT] The value 'jane' of `email` and `quantity` and `jane`. SQLSTATE: 22018"
    assert known_in(text, NAMES, known) == "[CAST_INVALID_INPUT] (it names email, quantity)"
    assert known_in("", NAMES) == known_in("jane", ()) == "***"


@pytest.mark.parametrize("value", VALUES)
def test_people_are_sent_our_sentences_and_no_other_text(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "setting", lambda *_, **__: None)  # it would import Airflow
    ti = SimpleNamespace(dag_id="transform_erp", task_id="transform")
    line = failure({"ti": ti, "exception": ValueError(f"cannot read '{value}'")}).line
    assert line == "run again: transform_erp: run failed: ValueError: *** → airflow dags trigger transform_erp"
    ours = failure({"ti": ti, "exception": LakehouseError("erp: one line\nand more")})
    assert ours.found == "run failed: erp: one line"


def test_slack_reads_no_markup_in_a_reason() -> None:
    def said(text: str) -> str:
        return plain_in_slack(reason({"exception": LakehouseError(text)}))

    assert said("plain text, erp_orders: 3 rows at 10:00") == "plain text, erp_orders: 3 rows at 10:00"
    assert said("<@U1> & <http://x|y>") == "&lt;@U1&gt; &amp; &lt;http://x|y&gt;"
    for markup in (":x:", "*bold*", "_it_", "~no~", "`code`"):
        shown = said(markup)
        assert markup not in shown
        assert shown.replace("\u2060", "") == markup
    assert said("a\x1b[2J") == r"a\x1b[2J"
    assert json.loads(json.dumps(reason({}))) == "the process ended without an error message; see the log"
