"""What is printed is the value: no delivered text is markup, and control characters are shown."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest

from lakehouse import log
from lakehouse.cli import printing
from lakehouse.cli.console import say_error
from lakehouse.cli.printing import print_csv, print_line, print_table
from lakehouse.say import visible

CLI = Path(printing.__file__).parent
MARKUP = ("[/]", "[bold]", ":x:", "[link=x]a[/link]", "`a` *b* _c_", "a\\[b]")
CONTROL = {
    "\x1b[31mred": r"\x1b[31mred",
    "\x9b2J": r"\x9b2J",
    "\x7f\x00\a": r"\x7f\x00\x07",
    "two\r\nlines\tand\u2028more": r"two\r\nlines\tand\u2028more",
    "\u202egnp.exe": r"\u202egnp.exe",
    "\u2066a\u2069": r"\u2066a\u2069",
    "half \udcff": r"half \udcff",
}
AS_IT_IS = (
    "Zoë Müller-Ångström",
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    "👩\u200d👧",
    "a\u00a0b",
    "C:\\temp",
    "",
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("text", [*MARKUP, *AS_IT_IS])
def test_other_text_is_shown_as_it_is(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize(("text", "shown"), CONTROL.items())
def test_control_characters_are_shown(text: str, shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert visible(text) == shown
    assert visible(shown) == shown  # a second time changes nothing
    print_line(text)
    say_error(text)
    assert capsys.readouterr() == (f"{shown}\n", f"error: {shown}\n")


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_table_shows_the_values(
    is_terminal: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = Terminal() if is_terminal else io.StringIO()
    monkeypatch.setattr("sys.stdout", out)
    monkeypatch.setenv("COLUMNS", "120")
    rows = [(number, text) for number, text in enumerate((*MARKUP, *CONTROL, None))]
    print_table(("n", "[bold]head\x1b"), rows)
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line).rstrip() for line in out.getvalue().splitlines()]
    for number, shown in enumerate((*MARKUP, *CONTROL.values(), "")):
        assert [line for line in lines if re.split(r"[ |]+", line.strip("| "), maxsplit=1)[0] == str(number)
                and line.strip("| ").removeprefix(str(number)).strip("| ") == shown], shown  # fmt: skip
    assert [line for line in lines if r"[bold]head\x1b" in line]
    assert f"{len(rows)} rows" in lines


def test_csv_is_for_programs_and_readable_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    row = ("=1+1", "a\nb\x1b[2J", -5, None, "[bold]")
    piped, seen = io.StringIO(newline=""), Terminal(newline="")
    for out in (piped, seen):
        monkeypatch.setattr("sys.stdout", out)
        print_csv(("a", "b", "c", "d", "e"), [row])
    assert list(csv.reader(io.StringIO(piped.getvalue())))[1] == ["=1+1", "a\nb\x1b[2J", "-5", "", "[bold]"]
    assert list(csv.reader(io.StringIO(seen.getvalue())))[1] == ["=1+1", r"a\nb\x1b[2J", "-5", "", "[bold]"]


def test_a_log_line_is_one_line_and_shows_control_characters() -> None:
    record = log.logging.makeLogRecord(
        {"msg": "read\x1b[2J", "facts": {"file": "a\u202eb.csv", "reason": 'x\r\ny="1"'}}
    )
    line = log._Line().format(record)
    assert line.endswith(r'file="a\u202eb.csv" reason="x\r\ny=\"1\"" message="read\x1b[2J"')


def test_no_command_prints_past_the_one_way() -> None:
    """`print` and a plain string in a rich table are how a value would become markup or a control code."""
    found = {path.name: re.findall(r"(?<![\w.])print\(", path.read_text()) for path in CLI.glob("*.py")}
    assert {name: len(calls) for name, calls in found.items() if calls} == {"console.py": 1, "printing.py": 1}
