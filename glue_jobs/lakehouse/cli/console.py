"""How every command of ours speaks to a person: one line for an error, and an exit code that means something."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from lakehouse.errors import EXIT_USAGE, LakehouseError, nearest


def console(work: Callable[[], int]) -> int:
    """Do the work; an error for a person becomes one line on standard error and its exit code."""
    try:
        return work()
    except LakehouseError as error:
        say_error(str(error))
        return error.exit_code
    except BrokenPipeError:
        return 0
    except KeyboardInterrupt:
        say_error("interrupted; the next run takes up where this one stopped.")
        return 130


def say_error(text: str) -> None:
    """Print one error line, red on a terminal."""
    from rich.console import Console
    from rich.text import Text

    Console(stderr=True, soft_wrap=True, highlight=False).print(Text("error: ", style="bold red") + Text(text))


def ask_nicely(parser: argparse.ArgumentParser, argv: list[str]) -> argparse.Namespace | int:
    """Parse the words; on a wrong one print one line with the nearest known word and return the exit code."""
    known = [w for each in _with_subcommands(parser) for action in each._actions for w in action.option_strings]
    try:
        with _quiet(parser):
            return parser.parse_args(argv)
    except _WrongWordsError as error:
        strange = [word.split("=")[0] for word in argv if word.startswith("--") and word.split("=")[0] not in known]
        hint = nearest(strange[0], [word for word in known if word.startswith("--")]) if strange else ""
        say_error(f"{error}.{hint} See --help.")
        return EXIT_USAGE
    except SystemExit as done:
        return int(done.code or 0)


def _with_subcommands(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    """A parser and those of its subcommands, at any depth."""
    found = [parser]
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            found += [below for choice in action.choices.values() for below in _with_subcommands(choice)]
    return found


class _WrongWordsError(Exception):
    pass


class _quiet:  # noqa: N801 (used like a function)
    """Let a parser raise instead of printing its usage, its own and its subcommands'."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self.parsers = _with_subcommands(parser)

    def __enter__(self) -> None:
        for parser in self.parsers:
            parser.error = self._raise  # type: ignore[method-assign,assignment]

    def __exit__(self, *_: object) -> None:
        for parser in self.parsers:
            del parser.error  # type: ignore[attr-defined]

    @staticmethod
    def _raise(message: str) -> None:
        raise _WrongWordsError(message)
