"""The help of every command: plain in a pipe and with NO_COLOR, panels on a terminal, an example that parses."""

from __future__ import annotations

import os
import pty
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from lakehouse.cli.main import app, main

ROOT = Path(__file__).parents[2]
LAKEHOUSE = get_command(app)


def every(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each command with the words that call it, the whole one and the hidden ones included."""
    yield words, command
    for name, below in getattr(command, "commands", {}).items():
        yield from every(below, (*words, name))


COMMANDS = dict(every(LAKEHOUSE))


def named(words: tuple[str, ...]) -> str:
    return " ".join(words) or "lakehouse"


@pytest.mark.parametrize("words", COMMANDS, ids=named)
def test_help_in_a_pipe_is_plain_and_teaches(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*words, "--help"]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert "\x1b" not in printed.out
    assert "╭" not in printed.out
    assert printed.out.startswith(f"Usage: {' '.join(('lakehouse', *words))} ")
    assert printed.out.splitlines()[-1].startswith("Example: lakehouse ")
    assert main([*words, "-h"]) == 0
    assert capsys.readouterr().out == printed.out


@pytest.mark.parametrize("words", COMMANDS, ids=named)
def test_every_command_and_parameter_is_a_sentence(words: tuple[str, ...]) -> None:
    command = COMMANDS[words]
    first = command.help.split("\n\n")[0]
    assert first[0].isupper()
    assert first.endswith(".")
    texts = [param.help for param in command.params if not param.name.endswith("_completion")]
    assert [text for text in texts if not text or not text[0].isupper() or not text.endswith((".", ")"))] == []


@pytest.mark.parametrize("words", COMMANDS, ids=named)
def test_the_example_parses(words: tuple[str, ...]) -> None:
    line = COMMANDS[words].epilog.removeprefix("Example: ")
    program, *given = shlex.split(line)
    assert program == "lakehouse"
    command: Any = LAKEHOUSE
    while getattr(command, "commands", None):
        command = command.commands[given.pop(0)]
    command.make_context("example", given)


def test_commands_are_in_groups(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--help"])
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line in ("Run:", "Query:", "Check:", "Fix:", "Layout:", "Commands:")] == [
        "Run:", "Query:", "Check:", "Fix:", "Layout:"
    ]  # fmt: skip


def test_the_former_name_of_retry_works_and_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    main(["quarantine", "--help"])
    assert "  replay" not in capsys.readouterr().out
    assert main(["quarantine", "replay", "erp_orders", "--why", "x"]) == 2
    assert "Name rows as BATCH:NUMBER" in capsys.readouterr().err


def on_a_terminal(*words: str, **environment: str) -> str:
    """What a command prints on a terminal."""
    outside = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TERM", "COLUMNS")}
    reader, writer = pty.openpty()
    command = [sys.executable, "-m", "lakehouse", *words]
    with subprocess.Popen(
        command, stdin=writer, stdout=writer, stderr=writer, cwd=ROOT, env={**outside, "TERM": "xterm", **environment}
    ) as running:
        os.close(writer)
        printed = b"".join(iter(lambda: _read(reader), b""))
        running.wait(60)
    os.close(reader)
    return printed.decode()


def _read(reader: int) -> bytes:
    try:
        return os.read(reader, 4096)
    except OSError:  # the other end of the terminal is closed
        return b""


def test_a_terminal_gets_panels_and_colours() -> None:
    shown = on_a_terminal("--help")
    assert "\x1b[" in shown
    assert all(f" {panel} " in shown for panel in ("Run", "Query", "Check", "Fix", "Layout"))
    assert "╭" in shown


def test_no_color_is_plain_on_a_terminal_too() -> None:
    assert "\x1b" not in on_a_terminal("--help", NO_COLOR="1")
    assert on_a_terminal("qurey", NO_COLOR="1").strip() == "error: There is no command 'qurey'. Did you mean 'query'?"
    assert "\x1b[" in on_a_terminal("qurey")
