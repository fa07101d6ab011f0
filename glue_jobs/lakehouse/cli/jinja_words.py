"""Jinja as dbt has it, with a word for what only dbt knows."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Any

import jinja2
from jinja2 import nodes

from lakehouse.cli.model_sql import MACRO

_BLOCKS = re.compile(r"\{%(-?)\s*(?:test|data_test|materialization|snapshot|docs)\b(?:(?!%\}).)*?(-?)%\}", re.DOTALL)
_ENDS = re.compile(r"\bend(?:test|data_test|materialization|snapshot|docs)\b")
_AS = ("as_bool", "as_native", "as_number", "as_text")


class Untold(jinja2.ChainableUndefined):
    """What only dbt knows: the word of a macro in the SQL, false as a condition, nothing as a list."""

    def __str__(self) -> str:
        return f" {MACRO} "


def _itself(this: Any, *_: Any, **__: Any) -> Any:
    return this


def _no(*_: Any, **__: Any) -> bool:
    return False


# jinja2 raises in each of them, and types them so.
for _name in ("call", "add", "radd", "sub", "rsub", "mul", "rmul", "truediv", "mod", "neg"):
    setattr(Untold, f"__{_name}__", _itself)
for _name in ("lt", "le", "gt", "ge", "contains"):
    setattr(Untold, f"__{_name}__", _no)


@cache
def _environment() -> jinja2.Environment:
    found = jinja2.Environment(extensions=["jinja2.ext.do"], undefined=Untold)
    found.filters |= {name: (lambda value, *_: value) for name in _AS}
    return found


@lru_cache(maxsize=512)
def parsed(text: str) -> nodes.Template:
    """The Jinja of a text, parsed once for all who read it, and none may change it; raises TemplateSyntaxError."""
    return _environment().parse(text)


@lru_cache(maxsize=512)
def template(text: str) -> jinja2.Template:
    """The Jinja of a text, ready to run; raises TemplateError."""
    return _environment().from_string(text)


def of_macros(text: str) -> str:
    """A file of macros with dbt's own kinds of block as macros, which Jinja knows."""
    return _ENDS.sub("endmacro", _BLOCKS.sub(r"{%\1 macro block() \2%}", text))
