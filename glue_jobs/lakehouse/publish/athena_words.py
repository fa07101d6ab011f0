"""The words of a query that are not Athena's, found before it is given to an engine, and what to write instead.

sqlglot reads the syntax and functions of other engines too, and DuckDB runs most of them; Athena refuses them.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources

import yaml
from sqlglot import exp
from sqlglot.tokenizer_core import Token, TokenType

from lakehouse.publish.parsed import tokens_of

_NAMES = frozenset({
    TokenType.VAR, TokenType.LEFT, TokenType.RIGHT, TokenType.FIRST, TokenType.RANGE, TokenType.ISNULL,
})  # fmt: skip
"""The tokens that are the name of a function where a bracket follows."""

Fault = tuple[str, str]
"""What was found, and what to write in its place."""

_UNITS = frozenset({"year", "month", "day", "hour", "minute", "second"})
_FIELDS = frozenset({
    "year", "quarter", "month", "week", "day", "day_of_month", "day_of_week", "dow", "day_of_year", "doy",
    "year_of_week", "yow", "hour", "minute", "second", "timezone_minute", "timezone_hour",
})  # fmt: skip
_FIELD_OF = {"epoch": "to_unixtime(x)", "isodow": "day_of_week(x)", "isoyear": "year_of_week(x)"}
_TYPES = frozenset({
    "boolean", "tinyint", "smallint", "integer", "int", "bigint", "real", "double", "decimal", "varchar", "char",
    "varbinary", "date", "timestamp", "json",
})  # fmt: skip
_SIGNS = {
    "::": "CAST(… AS …)", "==": "=", "^": "power(a, b)", "{": "row(…) or map(array[…], array[…])",
}  # fmt: skip


def faults_of_words(query: exp.Expr, text: str) -> Iterator[Fault]:
    """What a query in Athena's SQL has that Athena refuses, by its tree and by the text that it was parsed from."""
    tokens = tokens_of(text)
    yield from _of_tree(query)
    yield from _of_functions(query, tokens)
    yield from _of_types(tokens)
    yield from _of_limits(tokens)
    for number, token in enumerate(tokens):
        if token.text in _SIGNS and token.token_type not in (TokenType.STRING, TokenType.IDENTIFIER):
            yield f"it has {token.text}, which is another engine's", f"write {_SIGNS[token.text]}"
        if token.token_type is TokenType.INTERVAL and number + 1 < len(tokens):
            unit = tokens[number + 2].text if number + 2 < len(tokens) else ""
            yield from _of_interval(tokens[number + 1], unit)


def _of_tree(query: exp.Expr) -> Iterator[Fault]:
    for group in query.find_all(exp.Group):
        if group.args.get("all") or any(_is_all(item) for item in group.expressions):
            yield "it has GROUP BY ALL, which is DuckDB's", "name the columns or their numbers, as in GROUP BY 1, 2"
    for order in query.find_all(exp.Order):
        if any(_is_all(item) for item in order.expressions):
            yield "it has ORDER BY ALL, which is DuckDB's", "name the columns or their numbers, as in ORDER BY 1, 2"
    for star in query.find_all(exp.Star):
        if star.args.get("except_") or star.args.get("replace") or star.args.get("except"):
            yield "it has * EXCLUDE or REPLACE, which are DuckDB's", "name the columns"
    for _ in query.find_all(exp.Version):
        instead = "pin it by lakehouse publish TABLE --as-of …, and select from pinned.…"
        yield "it asks for an earlier version, which Athena reads of no Delta table", instead
    for node in query.find_all(exp.ILike):
        text = node.this.sql(dialect="athena")
        yield "it has ILIKE, which Athena lacks", f"write lower({text}) LIKE '…' in small letters"
    for distinct in query.find_all(exp.Distinct):
        if distinct.args.get("on"):
            instead = "number the rows by row_number() over (partition by … order by …), and take those with 1"
            yield "it has DISTINCT ON, which Athena lacks", instead
    for select in query.find_all(exp.Select):
        if select.args.get("qualify"):
            yield "it has QUALIFY, which Athena lacks", "select from a subquery, with the condition in its WHERE"
        if select.args.get("sample"):
            yield "it has USING SAMPLE, which is DuckDB's", "write FROM … TABLESAMPLE BERNOULLI (10)"
    for join in query.find_all(exp.Join):
        if str(join.args.get("kind") or "").upper() in ("SEMI", "ANTI"):
            yield f"it has a {join.args['kind']} JOIN, which Athena lacks", "write WHERE EXISTS (…) or NOT EXISTS (…)"
    for extract in query.find_all(exp.Extract):
        field = extract.this.name.lower()
        if field not in _FIELDS:
            instead = _FIELD_OF.get(field, "one of its own, as in EXTRACT(day FROM x)")
            yield f"Athena has no field {field} in EXTRACT", f"write {instead}"


def _is_all(item: exp.Expr) -> bool:
    column = item.this if isinstance(item, exp.Ordered) else item
    return isinstance(column, exp.Column) and not column.table and column.name.lower() == "all"


def _of_functions(query: exp.Expr, tokens: Sequence[Token]) -> Iterator[Fault]:
    aliases = {alias.name.lower() for alias in query.find_all(exp.TableAlias)}
    for number, token in enumerate(tokens[:-1]):
        name = token.text.lower()
        is_call = token.token_type in _NAMES
        if not is_call or tokens[number + 1].token_type is not TokenType.L_PAREN:
            continue
        is_group = name == "group" and number > 0 and tokens[number - 1].text.lower() == "within"
        if name not in aliases and name not in athena_functions() and not is_group:
            yield f"Athena has no function {name}()", instead_of(name)
        if name == "typeof":
            yield (
                "typeof() gives DuckDB's names of types here",
                "ask `lakehouse describe` for them, run it with --athena",
            )


def instead_of(name: str) -> str:
    """What to write for a function that Athena lacks: its own for the same, else that of the nearest name."""
    known = other_engines()["functions"].get(name)
    if known:
        return f"write {known}"
    near = difflib.get_close_matches(name, athena_functions(), 1, cutoff=0.75)
    return f"did you mean {near[0]}()" if near else "use one of Athena's"


def _of_types(tokens: Sequence[Token]) -> Iterator[Fault]:
    """The types of casts that Athena does not know; an AS elsewhere names a column."""
    opened: list[bool] = []
    for number, token in enumerate(tokens[:-1]):
        if token.token_type is TokenType.L_PAREN:
            opened.append(number > 0 and tokens[number - 1].text.lower() in ("cast", "try_cast"))
        elif token.token_type is TokenType.R_PAREN and opened:
            opened.pop()
        elif token.token_type is TokenType.ALIAS and opened and opened[-1]:
            kind = tokens[number + 1].text.lower()
            if kind in other_engines()["types"]:
                yield f"Athena has no type {kind}", f"write {other_engines()['types'][kind]}"


def type_fault(kind: str) -> str | None:
    """What is wrong with a type that a column is cast to, as `decimal(18,2)`; None where Athena takes it."""
    name, _, size = kind.partition("(")
    if name not in _TYPES:
        known = other_engines()["types"].get(name)
        near = difflib.get_close_matches(name, sorted(_TYPES), 1, cutoff=0.6)
        wanted = f"write {known or near[0]}" if known or near else f"Known: {', '.join(sorted(_TYPES))}"
        return f"Athena has no type {name}; {wanted}."
    numbers = [int(part) for part in size.rstrip(")").split(",") if part.strip()]
    if name == "decimal" and numbers and not (1 <= numbers[0] <= 38 and (numbers[1:] or [0])[0] <= numbers[0]):
        return f"{kind} does not exist; a decimal has 1 to 38 digits, and no more of them behind the point."
    return None


def _of_limits(tokens: Sequence[Token]) -> Iterator[Fault]:
    """A LIMIT before the OFFSET of the same query; Athena takes them the other way round."""
    limited = [False]
    for number, token in enumerate(tokens):
        if token.token_type is TokenType.L_PAREN:
            limited.append(False)
        elif token.token_type is TokenType.R_PAREN and len(limited) > 1:
            limited.pop()
        elif token.token_type is TokenType.LIMIT:
            limited[-1] = True
        elif token.token_type is TokenType.OFFSET and limited[-1] and tokens[number + 1 : number + 2]:
            yield "it has OFFSET after LIMIT", f"write OFFSET {tokens[number + 1].text} before the LIMIT"
        elif token.token_type in (TokenType.SELECT, TokenType.UNION, TokenType.SEMICOLON):
            limited[-1] = False


def _of_interval(amount: Token, unit: str) -> Iterator[Fault]:
    if amount.token_type is TokenType.NUMBER:
        yield f"it has INTERVAL {amount.text} without quotes", f"write INTERVAL '{amount.text}' {_unit(unit)}"
    elif amount.token_type is TokenType.STRING and unit.lower() not in _UNITS:
        count, _, inner = amount.text.strip().partition(" ")
        shown = f"INTERVAL '{amount.text}'" + (f" {unit}" if not inner else "")
        kind = _unit(inner or unit)
        if kind == "week" and count.lstrip("-").isdigit():
            count, kind = str(7 * int(count)), "day"
        elif kind == "quarter" and count.lstrip("-").isdigit():
            count, kind = str(3 * int(count)), "month"
        yield f"Athena does not read {shown}", f"write INTERVAL '{count}' {kind if kind in _UNITS else 'day'}"


def _unit(word: str) -> str:
    return word.strip().lower().removesuffix("s")


@cache
def athena_functions() -> frozenset[str]:
    """The functions of the Trino that Athena is, with those that are part of its language."""
    text = resources.files("lakehouse.publish").joinpath("athena_functions.txt").read_text("utf-8")
    return frozenset(text.split())


@cache
def other_engines() -> Mapping[str, Mapping[str, str]]:
    """The functions and types of other engines, with Athena's way to write each."""
    text = resources.files("lakehouse.publish").joinpath("other_engines.yaml").read_text("utf-8")
    found: Mapping[str, Mapping[str, str]] = yaml.safe_load(text)
    return found
