"""Proves that a query only reads, and only the lake's own tables and views: one statement, by its parsed tree.

The engine has locks of its own (`query.lock`); this says first, and in one line, what is refused and why.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from lakehouse.contracts.layers import ANALYTICS, LAYERS, PINNED
from lakehouse.errors import UsageError

DATABASES = frozenset({*LAYERS, ANALYTICS, PINNED})

_READING = (exp.Query, exp.Values, exp.Describe)
# Whatever changes something, wherever it stands in the tree: a WITH can hold it too.
_WRITING = (exp.DML, exp.DDL, exp.Command, exp.Copy, exp.Set, exp.Pragma, exp.Attach, exp.Detach, exp.Drop, exp.Into)
# Functions that make rows of their arguments alone; every other one in FROM may open a file, an address or a setting.
_ROWS = (exp.GenerateSeries, exp.ExplodingGenerateSeries, exp.Unnest, exp.Explode)
_ROW_NAMES = frozenset({"range", "generate_series", "unnest", "sequence"})
_OPENING = re.compile(r"read_\w+|\w+_scan|scan_\w+|glob|sniff_\w+|query|query_table|parquet_\w+|getenv|external_query")
_LISTS = ("TABLES", "VIEWS", "DATABASES", "SCHEMAS")
_OPTIONS = re.compile(r"^(\s*(ANALYZE|VERBOSE)\b|\s*\(\s*(TYPE|FORMAT|ANALYZE)\b[^()]*\))*", re.IGNORECASE)


class NotAReadError(UsageError):
    """A query does more than read the lake's tables and views; nothing of it was run."""

    def __init__(self, found: str) -> None:
        self.found = found
        super().__init__(
            f"The query was not run: {found}. Wanted: one SELECT (or WITH, VALUES, DESCRIBE, SHOW, EXPLAIN) "
            f"of the lake's tables and views; `lakehouse tables` lists them."
        )


@dataclass(frozen=True)
class Read:
    """A query that only reads: the words of its EXPLAIN, and its tree; none for a SHOW."""

    explain: str
    tree: exp.Expr | None

    @property
    def tables(self) -> list[exp.Table]:
        """The tables and views that it names, its own common table expressions left out."""
        return list(_tables(self.tree)) if self.tree else []


def parse_read(sql: str, dialect: str) -> Read:
    """Parse one statement that reads nothing but the lake's databases; raises NotAReadError for anything else."""
    tokens = _tokens(sql, dialect)
    if not tokens:
        raise NotAReadError("it is empty")
    if tokens[0].text.upper() == "SHOW":
        _require_names(_tokens(sql[tokens[0].end + 1 :], dialect))
        return Read("", None)
    query = _without_explain(sql, tokens[0])
    tree = _tree(query, dialect)
    for fault in _faults(tree, tokens[0].text.upper()):
        raise NotAReadError(fault)
    return Read(sql.removesuffix(query), tree)


def _tokens(sql: str, dialect: str) -> list[Token]:
    try:
        # Athena's own words are Trino's and Hive's; sqlglot begins those of Hive with a word of its own.
        return sqlglot.tokenize(sql, read="trino" if dialect == "athena" else dialect)
    except SqlglotError:
        raise NotAReadError("it cannot be split into words; a quote may not be closed") from None


def _without_explain(sql: str, first: Token) -> str:
    """The query that is to be explained; sqlglot keeps it as one text."""
    return _OPTIONS.sub("", sql[first.end + 1 :]) if first.text.upper() == "EXPLAIN" else sql


def _tree(sql: str, dialect: str) -> exp.Expr:
    logging.getLogger("sqlglot").setLevel(logging.ERROR)  # it warns of each statement that it keeps as text
    try:
        trees = [tree for tree in sqlglot.parse(sql, read=dialect) if tree is not None]
    except SqlglotError as error:
        words = {"athena": "Athena's SQL", "duckdb": "DuckDB's SQL"}[dialect]
        raise NotAReadError(f"it cannot be parsed as {words} ({_reason(error)})") from None
    if len(trees) != 1:
        raise NotAReadError("it has more than one statement" if trees else "it has no statement")
    return trees[0]


def _reason(error: SqlglotError) -> str:
    """What the parser says, without the part of the text that it underlines with control codes."""
    first = (getattr(error, "errors", None) or [{}])[0]
    place = f", line {first['line']}, column {first['col']}" if first.get("line") else ""
    return f"{str(first.get('description') or 'unknown syntax').rstrip('.')}{place}"


def _faults(tree: exp.Expr, first_word: str) -> Iterator[str]:
    """What a statement does besides reading the lake's databases."""
    if not isinstance(tree, _READING):
        yield f"it begins with {first_word[:30]} and is no SELECT"
        return
    for node in tree.walk():
        if isinstance(node, _WRITING):
            yield f"it contains {node.key.upper()}, which does not only read"
        elif isinstance(node, exp.Func) and _OPENING.fullmatch(_function(node)) and not isinstance(node, exp.Glob):
            yield f"it calls {_function(node)}(), which can read what is no table of the lake"
        elif isinstance(node, exp.Lateral) and isinstance(node.this, exp.Func) and not _makes_rows(node.this):
            yield f"it reads from {_function(node.this)}(), which is no table of the lake"
    for table in _tables(tree):
        yield from _table_faults(table)


def _tables(tree: exp.Expr) -> Iterator[exp.Table]:
    own = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
    for table in tree.find_all(exp.Table):
        if not isinstance(table.this, exp.Identifier) or table.db or table.name.lower() not in own:
            yield table


def _table_faults(table: exp.Table) -> Iterator[str]:
    if not isinstance(table.this, exp.Identifier):
        if not _makes_rows(table.this):
            yield f"it reads from {_function(table.this)}(), which is no table of the lake"
    elif table.catalog and table.catalog.lower() != "awsdatacatalog":
        yield f"it reads from the catalogue '{table.catalog}', which is not the lake's"
    elif table.db and table.db.lower() not in DATABASES:
        yield f"it reads from '{table.db}', which is no layer of the lake"
    elif not re.fullmatch(r"\w+", table.name):
        yield f"it reads from '{table.name}', which is no table of the lake"


def _makes_rows(node: exp.Expr) -> bool:
    return isinstance(node, _ROWS) or (isinstance(node, exp.Anonymous) and _function(node) in _ROW_NAMES)


def _function(node: exp.Expr) -> str:
    name = node.name if isinstance(node, exp.Anonymous) else getattr(node, "sql_name", lambda: node.key)()
    return str(name).lower()


def _require_names(tokens: Sequence[Token]) -> None:
    """After SHOW: names, and a pattern; a name before a dot, or after IN for tables and views, is a layer."""
    tokens = tokens[:-1] if tokens and tokens[-1].token_type is TokenType.SEMICOLON else tokens
    words = [token.text for token in tokens]
    if not words:
        raise NotAReadError("its SHOW names nothing")
    for number, word in enumerate(words):
        follows = words[number + 1] if number + 1 < len(words) else ""
        before = words[number - 1].upper() if number else ""
        is_database = follows == "." or (before in ("IN", "FROM") and words[0].upper() in ("TABLES", "VIEWS"))
        if is_database and word.lower() not in DATABASES:
            raise NotAReadError(f"it shows '{word}', which is no layer of the lake")
        is_pattern = number > 0 and tokens[number].token_type is TokenType.STRING and words[0].upper() in _LISTS
        if not is_pattern and word != "." and not re.fullmatch(r"\w+", word):
            raise NotAReadError(f"it shows '{word}', which is no table of the lake")
