"""Runs a command for a person: one line for an error, and an exit code that says whether to retry."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TextIO

import typer
from typer.main import get_command

from lakehouse.errors import EXIT_USAGE, LakehouseError, nearest
from lakehouse.say import visible


def run_app(app: typer.Typer, name: str, argv: Sequence[str]) -> int:
    """Run the command that the arguments name and return its exit code."""
    command = get_command(app)
    if os.environ.get(f"_{name.upper()}_COMPLETE"):
        return int(command.main(args=argv, prog_name=name) or 0)  # a shell asks for completions
    return console(lambda: _invoke(command, name, argv))


def console(work: Callable[[], int]) -> int:
    """Do the work; an error becomes one line on standard error and its exit code."""
    _show_what_it_cannot_write(sys.stdout)
    try:
        code = work()
        sys.stdout.flush()
        return code
    except LakehouseError as error:
        say_error(str(error))
        return error.exit_code
    except typer.TyperException as error:
        say_error(_invalid(error))
        return EXIT_USAGE
    except BrokenPipeError:
        _forget_output()
        return 0
    except Exception as error:
        from lakehouse.runtime.machine import foreseen

        refused = foreseen(error)
        if refused is None:
            raise
        say_error(str(refused))
        return refused.exit_code
    except KeyboardInterrupt:
        say_error("interrupted; the next run resumes where this one stopped.")
        return 130


def say_error(text: str) -> None:
    """Print one error line, red on a terminal."""
    text = visible(text)
    if not has_colours(sys.stderr):
        print(f"error: {text}", file=sys.stderr)
        return
    from rich.console import Console
    from rich.text import Text

    Console(stderr=True, soft_wrap=True, highlight=False).print(Text("error: ", style="bold red") + Text(text))


def has_colours(stream: TextIO) -> bool:
    """Whether a stream is a terminal that wants colours; anything else gets plain text without control codes."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _invoke(command: Any, name: str, argv: Sequence[str]) -> int:
    # Typer's own `main` would print errors in a frame and end a broken pipe with 1.
    try:
        with command.make_context(name, list(argv)) as context:
            return command.invoke(context) or 0
    except typer.Exit as done:
        return done.exit_code
    except SystemExit as done:  # of the options that install or show the completion
        return int(done.code or 0)


def _show_what_it_cannot_write(stream: TextIO) -> None:
    """Let a terminal that has no letter for a character show its number, where Python would raise."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")


def _forget_output() -> None:
    """Let Python end in peace: at its exit it would write once more to the reader that has gone."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError:
        return


def _invalid(error: typer.TyperException) -> str:
    """What is wrong with the arguments, the nearest known option, and where to read on."""
    context, option = getattr(error, "ctx", None), getattr(error, "option_name", "")
    text = error.format_message()
    if context and option and hasattr(error, "possibilities"):
        text = f"There is no option '{option}'{_belongs(option, context.command)}"
    sentence = " ".join(text.split())
    end = "" if sentence.endswith((".", "?")) else "."
    return f"{sentence}{end} See {f'{context.command_path} ' if context else ''}--help."


def _belongs(option: str, command: Any) -> str:
    """Where an unknown option belongs: to a command of this group, or it is a known one misspelt."""
    if any(option in _options(below) for below in getattr(command, "commands", {}).values()):
        return " here; write it after the command."
    own = {known for known in _own_options(command) if known.startswith("--")} | {"--help"}
    begun = {known for known in own if known.startswith(option)}  # --env is --environment, however far they are apart
    return "." + nearest(min(begun, default=option), own)


def _options(command: Any) -> Iterator[str]:
    yield from _own_options(command)
    for below in getattr(command, "commands", {}).values():
        yield from _options(below)


def _own_options(command: Any) -> Iterator[str]:
    for param in command.params:
        if not getattr(param, "hidden", False):
            yield from (*param.opts, *param.secondary_opts)
