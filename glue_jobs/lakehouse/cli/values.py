"""Values of arguments, converted without pydantic: Typer's own way imports it, which takes longer than most commands.

Errors name the nearest known value.
"""

from __future__ import annotations

from typing import Any, get_args

import typer

from lakehouse.errors import nearest


class _Plain:
    """Converts what a person typed to the type that the command's function asks for."""

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """The value in its type; raises BadParameter."""
        if param.multiple or param.nargs == -1:
            (kind,) = get_args(param.type_descriptor.annotation)
            return [_converted(one, kind, param, ctx) for one in value or ()]
        return None if value is None else _converted(value, param.type_descriptor.annotation, param, ctx)


def plain(param: Any) -> Any:
    """Let a parameter convert its values here; no Python type in the help of an argument or a flag."""
    param.get_runtime_param = _Plain
    if param.param_type_name == "argument" or param.is_flag:
        param.display_type_rich = _no_type
    return param


def _no_type(ctx: Any) -> None:
    return None


def _converted(value: Any, kind: Any, param: Any, ctx: Any) -> Any:
    choices = param.type_descriptor.choices
    if choices is not None:
        return _chosen(value, choices, param, ctx)
    try:
        return value if kind is str else kind(value)
    except ValueError:
        raise typer.BadParameter(f"'{value}' is not a whole number.", ctx=ctx, param=param) from None


def _chosen(value: str, choices: tuple[str, ...], param: Any, ctx: Any) -> str:
    if value not in choices:
        raise typer.BadParameter(f"'{value}' is not known.{nearest(value, choices)}", ctx=ctx, param=param)
    return value
