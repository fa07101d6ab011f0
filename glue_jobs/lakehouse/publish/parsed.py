"""Queries that are parsed once: checks ask for the same text again and again, and a copy takes a quarter as long."""

from __future__ import annotations

from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.tokenizer_core import Token


def parse_all(text: str, dialect: str) -> list[exp.Expr | None]:
    """The statements of a text, for the caller to change; raises as sqlglot does."""
    return [None if tree is None else tree.copy() for tree in _trees(text, dialect)]


def parse_query(text: str, dialect: str) -> exp.Expr:
    """The one statement of a text, for the caller to change; as `sqlglot.parse_one` where there is another number."""
    found = parse_all(text, dialect)
    return found[0] if len(found) == 1 and found[0] is not None else sqlglot.parse_one(text, dialect=dialect)


@lru_cache(maxsize=512)
def _trees(text: str, dialect: str) -> tuple[exp.Expr | None, ...]:
    return tuple(sqlglot.parse(text, dialect=dialect))


@lru_cache(maxsize=64)
def tokens_of(text: str) -> tuple[Token, ...]:
    """The tokens of a text in Athena's SQL."""
    return tuple(sqlglot.tokenize(text, read="trino"))
