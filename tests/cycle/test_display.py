"""What a person sees of a run: plain lines in a pipe, a live display on a terminal, a closing table."""

import io
import os
import pty
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from rich.console import Console

from lakehouse.cycle.closing_table import print_summary
from lakehouse.cycle.display import Display, make_console
from lakehouse.cycle.summary import DatasetCount, FactDay, Failure, Link, RunSummary, StepTime

LIBRARY = Path(__file__).parents[2] / "glue_jobs"
ESCAPE = "\x1b"
ORDERS = DatasetCount("erp", "erp_orders", landed=1320, quarantined=12, ignored=8, inserted=1290, updated=10)
EVENTS = DatasetCount("web", "web_events", landed=700, quarantined=4, ignored=6, inserted=690)
RUN = RunSummary(
    run_id="run",
    started_at=datetime(2026, 11, 23, tzinfo=UTC),
    delivery="samples",
    lake="local_output",
    seconds=62.4,
    steps=(StepTime("ingest_erp", 1.2, "done"), StepTime("transform_marts", 9.4, "nothing new")),
    datasets=(ORDERS, EVENTS),
    fact=(FactDay(date(2026, 11, 2), "S001", 3, Decimal("1000.50"), Decimal(400), 10, None),),
    fact_rows=1,
    warnings=("notes.txt matches no contract",),
    links=(Link("Data Docs", "curated/docs/data_docs/index.html"),),
)

TALKATIVE = """
import subprocess, sys, time
from lakehouse.cycle.display import Display
with Display(total=1) as progress, progress.step("ingest_erp", "erp_orders") as step:
    words = "for i in 1 2 3 4 5; do echo child-$i >&2; sleep 0.1; done; sleep 1; echo late >&2"
    child = subprocess.Popen(["sh", "-c", words])
    for i in range(5):
        print(f"log-{i}", file=sys.stderr)
        time.sleep(0.12)
    step.note("erp_orders", "320 rows")
print("after", file=sys.stderr)
child.wait()
time.sleep(0.2)
"""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def run_steps(console: Console) -> Display:
    with Display(total=3, console=console) as progress:
        with progress.step("ingest_erp", "erp_orders") as step:
            step.note("erp_orders", "320 rows")
        with progress.step("transform_erp") as step:
            step.end("nothing new")
        with pytest.raises(ValueError, match="bad"), progress.step("ingest_web", "web_events"):
            raise ValueError("web_events.json:\x1b[2J\nbad [line]")
    return progress


def screen(recorded: str) -> str:
    """What a terminal shows after these bytes, of the few control codes that the display uses."""
    lines, row, column = [""], 0, 0
    for part in pieces(recorded):
        if part == "\r":
            column = 0
        elif part == "\n":
            row, column = row + 1, 0
            lines += [""] * (row + 1 - len(lines))
        elif part.startswith(ESCAPE):
            if part.endswith("A"):
                row -= int(part[2:-1] or 1)
            elif part.endswith("K"):
                lines[row] = ""
        else:
            lines[row] = lines[row].ljust(column)[:column] + part + lines[row][column + len(part) :]
            column += len(part)
    return "\n".join(line.rstrip() for line in lines)


def pieces(recorded: str) -> list[str]:
    return [part for part in re.split(r"(\x1b\[[?0-9;]*[A-Za-z]|\r|\n)", recorded) if part]


def test_a_pipe_gets_plain_lines():
    file = io.StringIO()
    progress = run_steps(make_console(file))
    assert [line.split("  ")[0] for line in file.getvalue().splitlines()] == [
        "ingest_erp",
        "transform_erp",
        "ingest_web",
    ]
    assert [line.split() for line in file.getvalue().splitlines()][:2] == [
        ["ingest_erp", "erp_orders", "320", "rows", "0.0", "s"],
        ["transform_erp", "nothing", "new", "0.0", "s"],
    ]
    assert r"failed: web_events.json:\x1b[2J\nbad [line]" in file.getvalue()
    assert ESCAPE not in file.getvalue()
    assert [(time.name, time.state) for time in progress.times] == [
        ("ingest_erp", "done"),
        ("transform_erp", "nothing new"),
        ("ingest_web", "failed"),
    ]


def test_each_dataset_of_a_step_gets_its_line():
    file = io.StringIO()
    with Display(console=make_console(file)) as progress, progress.step("ingest_all") as step:
        step.note("erp_orders", "320 rows")
        step.note("crm_leads", "200 rows")
    assert [line.split()[1:3] for line in file.getvalue().splitlines()] == [["erp_orders", "320"], ["crm_leads", "200"]]


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_a_terminal_that_wants_no_colour_gets_plain_lines(monkeypatch: pytest.MonkeyPatch, name: str, value: str):
    monkeypatch.setenv(name, value)
    file = Terminal()
    console = make_console(file)
    run_steps(console)
    print_summary(RUN, console)
    assert "ingest_erp" in file.getvalue()
    assert ESCAPE not in file.getvalue()


def test_a_pipe_stays_plain_even_when_colours_are_forced(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    file = io.StringIO()
    console = make_console(file)
    run_steps(console)
    print_summary(RUN, console)
    assert ESCAPE not in file.getvalue()


def test_a_terminal_gets_a_live_display():
    file = io.StringIO()
    console = Console(file=file, force_terminal=True, no_color=False, width=100, _environ={"TERM": "xterm-256color"})
    run_steps(console)
    assert f"{ESCAPE}[?25l" in file.getvalue()
    shown = screen(file.getvalue())
    assert [line.split()[:2] for line in shown.splitlines() if line] == [
        ["✓", "ingest_erp"],
        ["·", "transform_erp"],
        ["✗", "ingest_web"],
    ]
    assert "3/3" in pieces(file.getvalue())


def test_lines_on_standard_error_do_not_garble_the_display():
    pid, terminal = pty.fork()
    if pid == 0:
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(LIBRARY), "TERM": "xterm", "COLUMNS": "100"}
        os.execve(sys.executable, [sys.executable, "-c", TALKATIVE], environment)
    recorded = b""
    while True:
        try:
            chunk = os.read(terminal, 4096)
        except OSError:
            break
        if not chunk:
            break
        recorded += chunk
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    os.close(terminal)
    shown = [line for line in screen(recorded.decode()).splitlines() if line]
    assert sorted(line for line in shown if line.startswith(("log", "child"))) == [
        *(f"child-{i}" for i in range(1, 6)),
        *(f"log-{i}" for i in range(5)),
    ]
    assert [line for line in shown if not line.startswith(("log", "child"))][-2:] == ["after", "late"]
    assert sum("erp_orders" in line for line in shown) == 1
    assert not [line for line in shown if "steps" in line]


def test_standard_error_of_a_pipe_is_left_alone():
    done = subprocess.run(
        [sys.executable, "-c", TALKATIVE],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(LIBRARY)},
    )
    assert done.stdout.split() == ["ingest_erp", "erp_orders", "320", "rows", *done.stdout.split()[4:]]
    assert len(done.stderr.splitlines()) == 12
    assert ESCAPE not in done.stdout + done.stderr


def closing(run: RunSummary) -> str:
    file = io.StringIO()
    print_summary(run, make_console(file))
    return file.getvalue()


def test_the_closing_table_has_the_numbers_of_the_summary():
    words = [line.split() for line in closing(RUN).splitlines()]
    assert ["dataset", "landed", "quarantined", "ignored", "merged"] in words
    assert ["erp_orders", "1,320", "12", "8", "1,300"] in words
    assert ["total", "2,020", "16", "14", "1,990"] in words
    assert ["fct_daily_store_metrics", "1", "row,", "1", "day,", "1", "store,", "net", "revenue", "€1,000.50"] in words
    assert ["seconds", "ingest", "transform"] in words
    assert ["erp", "1.2"] in words
    assert ["marts", "9.4"] in words
    assert ["total", "62", "s"] in words
    assert ["report", "local_output/report.html"] in words
    assert ["Data", "Docs", "local_output/curated/docs/data_docs/index.html"] in words
    assert ["warning", "notes.txt", "matches", "no", "contract"] in words


def test_held_rows_have_a_column_only_when_there_are_any():
    assert "held" not in closing(RUN)
    held = replace(ORDERS, ignored=0, held=1308, inserted=0, updated=0)
    assert ["erp_orders", "1,320", "12", "0", "1,308", "0"] in [
        line.split() for line in closing(replace(RUN, datasets=(held,))).splitlines()
    ]


def test_failures_are_the_last_lines_whole_and_as_they_are():
    long = "samples/erp_orders.csv: the column [bold]unit_price[/bold] is missing " + "which the contract requires " * 9
    run = replace(RUN, failures=(Failure("erp", long), Failure("web", "web_events.json:\x1b[2J\nline 3")))
    assert closing(run).splitlines()[-2:] == [
        f"failed  erp: {long.rstrip()}",
        r"failed  web: web_events.json:\x1b[2J\nline 3",
    ]
    assert not [line for line in closing(RUN).splitlines() if line.startswith("failed")]


def test_a_lake_elsewhere_is_named_in_the_example():
    assert 'lakehouse query "select' in closing(RUN)
    assert "lakehouse query --lake '/data/my lake' \"select" in closing(replace(RUN, lake="/data/my lake"))


def test_nothing_new_is_one_line():
    text = closing(replace(RUN, datasets=(DatasetCount("erp", "erp_orders"),)))
    assert "no new rows" in text
    assert "quarantined" not in text


def test_a_terminal_gets_colours():
    file = io.StringIO()
    environment = {"TERM": "xterm-256color"}
    print_summary(RUN, Console(file=file, force_terminal=True, width=80, no_color=False, _environ=environment))
    assert ESCAPE in file.getvalue()
