"""How commands are declared: a sentence, an example, and a panel of the help; panels only on a terminal.

Into a pipe the help is plain text, which leaves out the import of rich as well.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

from lakehouse.cli.console import has_colours
from lakehouse.cli.values import plain
from lakehouse.errors import UnknownNameError

RUN, QUERY, CHECK, FIX, LAYOUT = "Run", "Query", "Check", "Fix", "Layout"
"""The panels of the help, in their order."""

Function = TypeVar("Function", bound=Callable[..., Any])


class Command(TyperCommand):
    """A command whose help ends with an example that can be copied."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **{**settings, "help": _flowing(settings.get("help"))})

    def get_params(self, ctx: Any) -> Any:
        """The parameters, of plain values."""
        return [plain(param) for param in super().get_params(ctx)]

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Print the help: with panels on a terminal, else plain."""
        self.rich_markup_mode = _markup()
        super().format_help(ctx, formatter)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the example on a line of its own, however long."""
        _write_epilog(self.epilog, formatter)


class Group(TyperGroup):
    """A command with subcommands, which names the nearest one for a word that it does not know."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{**settings, "help": _flowing(settings.get("help"))})

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the subcommand; raises UnknownNameError."""
        if not args[0].startswith("-") and args[0] not in self.commands and not ctx.resilient_parsing:
            raise UnknownNameError(
                "command", args[0], [name for name, found in self.commands.items() if not found.hidden]
            )
        return super().resolve_command(ctx, args)

    def get_params(self, ctx: Any) -> Any:
        """The parameters, of plain values."""
        return [plain(param) for param in super().get_params(ctx)]

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Print the help: with panels on a terminal, else plain."""
        self.rich_markup_mode = _markup()
        super().format_help(ctx, formatter)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the subcommands, a section per panel."""
        panels: dict[str, list[tuple[str, str]]] = {}
        for name, command in self.commands.items():
            if not command.hidden:
                panel = getattr(command, "rich_help_panel", None) or "Commands"
                panels.setdefault(panel, []).append((name, (command.help or "").split("\n\n")[0]))
        for panel, lines in panels.items():
            with formatter.section(panel):
                formatter.write_dl(lines)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the example on a line of its own, however long."""
        _write_epilog(self.epilog, formatter)


def new_app(text: str | None = None, example: str = "", completion: bool = False) -> typer.Typer:
    """An app: the whole command, a group of subcommands, or, without a text, the commands of one module."""
    return typer.Typer(
        cls=Group,
        help=text,
        epilog=_example(example),
        add_completion=completion,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def command(
    app: typer.Typer,
    name: str,
    example: str,
    panel: str | None = None,
    hidden: bool = False,
    hands_over: bool = False,
) -> Callable[[Function], Function]:
    """Declare a function as a command; its docstring is the help. hands_over: words after the first are not ours."""
    settings = {"allow_interspersed_args": False} if hands_over else None
    return app.command(
        name, cls=Command, epilog=_example(example), rich_help_panel=panel, hidden=hidden, context_settings=settings
    )


def _example(line: str) -> str | None:
    return f"Example: {line}" if line else None


def _markup() -> Any:
    return "rich" if has_colours(sys.stdout) else None


def _flowing(text: str | None) -> str | None:
    """Paragraphs without the line ends of the source, so that the terminal's width decides."""
    return text and "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def _write_epilog(epilog: str | None, formatter: Any) -> None:
    if epilog:
        formatter.write_paragraph()
        formatter.write(f"{epilog}\n")
