"""Mutations of SQL, made on its tokens; what is Jinja's in a model of dbt, comments and descriptions are left alone."""

from __future__ import annotations

import re

from sqlglot.dialects import Trino
from sqlglot.tokens import Token, TokenType

from tools.mutants.operators import Mutation

_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.S)
_OTHER = {
    TokenType.EQ: ("another comparison", "<>"),
    TokenType.NEQ: ("another comparison", "="),
    TokenType.LT: ("another comparison", "<="),
    TokenType.LTE: ("another comparison", "<"),
    TokenType.GT: ("another comparison", ">="),
    TokenType.GTE: ("another comparison", ">"),
    TokenType.AND: ("and for or", "or"),
    TokenType.OR: ("and for or", "and"),
    TokenType.NOT: ("not is left out", ""),
    TokenType.PLUS: ("another operator", "-"),
    TokenType.DASH: ("another operator", "+"),
    TokenType.SLASH: ("another operator", "*"),
    TokenType.WHERE: ("a condition is left out", "where true or"),
    TokenType.LEFT: ("another join", ""),
    TokenType.FULL: ("another join", "left"),
    TokenType.DISTINCT: ("each row counts", ""),
}
_FUNCTIONS = {"sum": "max", "min": "max", "max": "min", "avg": "max", "lag": "lead", "lead": "lag"}
_JOINED_ALREADY = {TokenType.LEFT, TokenType.RIGHT, TokenType.FULL, TokenType.OUTER, TokenType.CROSS, TokenType.INNER}


def sql_mutations(text: str) -> list[Mutation]:
    """All mutations of a query or a model."""
    tokens = Trino().tokenize(_JINJA.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text))
    found = []
    for number, token in enumerate(tokens):
        before = tokens[number - 1] if number else None
        after = tokens[number + 1] if number + 1 < len(tokens) else None
        if (other := _other(token, before, after)) is not None:
            operator, new = other
            start, end = (len(text[:place].encode()) for place in (token.start, token.end + 1))
            found.append(Mutation(operator, start, end, new, (token.line, token.line), (token.line, token.line)))
    return found


def _other(token: Token, before: Token | None, after: Token | None) -> tuple[str, str] | None:
    """What a token becomes, and the operator's name."""
    if token.token_type in _OTHER:
        return _OTHER[token.token_type]
    if token.token_type is TokenType.JOIN and (before is None or before.token_type not in _JOINED_ALREADY):
        return "another join", "left join"
    if token.token_type is TokenType.NUMBER and token.text.isdecimal():
        return "another number", str(int(token.text) + 1)
    if token.token_type is TokenType.STRING and " " not in token.text:
        return "another text", f"'{int(token.text) + 1 if token.text.isdecimal() else f'XX{token.text}'}'"
    is_call = after is not None and after.token_type is TokenType.L_PAREN
    if is_call and token.text.lower() in _FUNCTIONS:
        return "another function", _FUNCTIONS[token.text.lower()]
    return None
