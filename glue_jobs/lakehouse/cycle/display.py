"""Shows the steps of a run while it lasts; the table at its end is in `closing_table.py`.

On a terminal it is a live display; in a pipe, or with NO_COLOR set, plain lines without control codes.
"""

from __future__ import annotations

import io
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from typing import TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.text import Text

from lakehouse.cycle.summary import StepState, StepTime
from lakehouse.say import format_seconds, visible

PIPED_WIDTH = 120
REDRAW_SECONDS = 0.1
END = b"\x00end of the display\x00\n"
STYLES = {"done": "green", "nothing new": "dim", "skipped": "dim", "failed": "bold red"}
SIGNS = {"done": "✓", "nothing new": "·", "skipped": "–", "failed": "✗"}


def make_console(file: TextIO | None = None) -> Console:
    """A console on `file` (standard output); only a terminal without NO_COLOR gets colours and a live display."""
    target = file or sys.stdout
    if isinstance(target, io.TextIOWrapper):
        target.reconfigure(errors="replace")  # a euro sign must not end a run on an ASCII terminal
    if target.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb":
        return Console(file=target, highlight=False)
    width = None if target.isatty() else PIPED_WIDTH
    return Console(file=target, force_terminal=False, color_system=None, highlight=False, width=width)


def is_live(console: Console) -> bool:
    """Whether this console accepts colours and control codes."""
    return console.is_terminal and not console.is_dumb_terminal and not console.no_color


class StepDisplay:
    """One running step: the dataset it works on, and a note per finished dataset."""

    def __init__(self, name: str, dataset: str, show: Callable[[StepDisplay, str, str, float], None]) -> None:
        self.name, self.dataset, self._show = name, one_line(dataset), show
        self.state: StepState = "done"
        self.started = self._since = time.monotonic()
        self._noted: tuple[str, str] | None = None

    def at(self, dataset: str) -> None:
        """Set the dataset that the step works on now."""
        self.dataset = one_line(dataset)

    def note(self, dataset: str, text: str) -> None:
        """Note the result for a dataset, such as `320 rows`; several notes are shown one after the other."""
        self._flush()
        self.dataset, self._noted = one_line(dataset), (dataset, text)

    def end(self, state: StepState, text: str = "") -> None:
        """Set another state than `done`, and why."""
        self._flush()
        self.state, self._noted = state, (self.dataset, f"{state}: {text}" if text else state)

    def finish(self) -> StepTime:
        """Show the note that is still held, and return the step's time."""
        self._noted = self._noted or (self.dataset, self.state)
        self._flush()
        return StepTime(self.name, round(time.monotonic() - self.started, 3), self.state)

    def _flush(self) -> None:
        """Show the held note; a note is held until the next one, so that its seconds are those of its dataset."""
        now = time.monotonic()
        if self._noted:
            self._show(self, *self._noted, now - self._since)
            self._since, self._noted = now, None


class Display:
    """Shows the steps of a run while they run and keeps their times in `times`.

    with Display(total=17) as display, display.step("ingest_erp") as step:
        step.note("erp_orders", "320 rows")
    """

    def __init__(self, total: int | None = None, console: Console | None = None) -> None:
        self.console = console or make_console()
        self.total = total
        self.times: tuple[StepTime, ...] = ()
        self._display: _LiveDisplay | None = None
        self._stack = ExitStack()

    def __enter__(self) -> Display:
        if is_live(self.console):
            self._display = self._stack.enter_context(_LiveDisplay(self.console, self.total))
            if self.console.file.isatty() and sys.__stderr__ and sys.__stderr__.isatty():
                self._stack.enter_context(_stderr_above(self._display))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
        self._display = None

    @contextmanager
    def step(self, name: str, dataset: str | None = None) -> Iterator[StepDisplay]:
        """Show a step while it runs; an exception marks it as failed and is raised again."""
        step = StepDisplay(name, dataset or "", self._show)
        try:
            with self._display.running(step) if self._display else nullcontext():
                yield step
        except BaseException as error:
            step.end("failed", str(error) or type(error).__name__)
            raise
        finally:
            self.times = (*self.times, step.finish())

    def _show(self, step: StepDisplay, dataset: str, text: str, seconds: float) -> None:
        """Print one permanent line: step, dataset, note, seconds."""
        line = one_line(f"{step.name:<18}  {dataset:<12}  {text:<14}  {format_seconds(seconds):>7}")
        if self._display:
            style = STYLES[step.state]
            body = (line, "" if step.state == "done" else style)
            self._display.show(Text.assemble((f"{SIGNS[step.state]} ", style), body))
        else:  # one write per line, so that log lines in the same pipe never come in between
            self.console.file.write(f"{line}\n")
            self.console.file.flush()


class _LiveDisplay:
    """The moving part on a terminal: a spinner per running step above one bar for all steps.

    Rich works out how far to go up before it writes, and holds no lock in between: of two threads that draw at a time,
    one wipes out the other's line. So each drawing waits for the last one, and rich takes over no stream by itself.
    """

    def __init__(self, console: Console, total: int | None) -> None:
        name = TextColumn("{task.fields[step].name}", markup=False, style="bold")
        dataset = TextColumn("{task.fields[step].dataset}", markup=False)
        overall = (
            BarColumn(complete_style="cyan", finished_style="green"),
            MofNCompleteColumn(),
            TextColumn("steps"),
            TimeElapsedColumn(),
        )
        self._steps = Bars(SpinnerColumn(), name, dataset, TimeElapsedColumn(), console=console)
        self._all = Bars(*overall, console=console)
        self._task = self._all.add_task("", total=total)
        self._console = console
        self._live = Live(
            Group(self._steps, self._all),
            console=console,
            transient=True,
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._drawing, self._ended = threading.Lock(), threading.Event()

    def __enter__(self) -> _LiveDisplay:
        self._live.start()
        threading.Thread(target=self._redraw, name="redraws the display", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        with self._drawing:
            self._live.stop()

    def show(self, line: Text) -> None:
        """Print a line above the moving part."""
        with self._drawing:
            self._console.print(line, soft_wrap=True)

    def _redraw(self) -> None:
        while not self._ended.wait(REDRAW_SECONDS):
            with self._drawing:
                if not self._ended.is_set():  # nothing is drawn over what follows the display
                    self._live.refresh()

    @contextmanager
    def running(self, step: StepDisplay) -> Iterator[None]:
        """Show this step as running."""
        task = self._steps.add_task("", total=None, step=step)
        try:
            yield
        finally:
            self._steps.remove_task(task)
            self._all.advance(self._task)


@contextmanager
def _stderr_above(display: _LiveDisplay) -> Iterator[None]:
    """Show whatever is written to standard error, also by the JVM and other children, above the live display.

    A child that outlives the display still writes into the pipe, so the pump keeps running and passes its lines to the
    real standard error.
    """
    real = os.dup(2)
    reading, writing = os.pipe()
    os.dup2(writing, 2)
    os.close(writing)
    is_shown, drained = threading.Event(), threading.Event()
    is_shown.set()

    def pump() -> None:
        with os.fdopen(reading, "rb") as lines:
            for line in lines:
                if line == END:
                    drained.set()
                elif is_shown.is_set():
                    shown = one_line(line.decode(errors="replace").rstrip("\r\n").expandtabs(4))
                    display.show(Text(shown))
                else:
                    os.write(real, line)

    threading.Thread(target=pump, name="stderr above the display", daemon=True).start()
    try:
        yield
    finally:
        sys.stderr.flush()
        os.write(2, END)
        drained.wait(timeout=1)
        is_shown.clear()
        os.dup2(real, 2)


def one_line(text: str) -> str:
    """The text with line breaks and control codes shown, whatever a file's name may hold."""
    return visible(text).rstrip()
