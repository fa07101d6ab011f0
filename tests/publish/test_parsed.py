"""A query is parsed once, and what one caller does with its tree no other sees."""

from __future__ import annotations

import pytest
import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError

from lakehouse.publish.column_check import line_of
from lakehouse.publish.parsed import parse_all, parse_query, tokens_of

SQL = "with a as (\n  select id, /* note */ n from shop.sales\n)\nselect id, sum(n) as n from a\ngroup by id"


def test_a_tree_that_is_changed_is_nobody_elses() -> None:
    fresh = sqlglot.parse_one(SQL, dialect="athena")
    for made in (parse_query(SQL, "athena"), *parse_all(SQL, "athena")):
        assert made is not None
        made.set("limit", exp.Limit(expression=exp.Literal.number(1)))
        for column in made.find_all(exp.Identifier):
            column.set("this", "other")
    again = parse_query(SQL, "athena")
    assert again == fresh
    assert again.sql(dialect="athena") == fresh.sql(dialect="athena")
    assert [line_of(one) for one in again.find_all(exp.Column)] == [line_of(one) for one in fresh.find_all(exp.Column)]
    assert {line_of(one) for one in again.find_all(exp.Column)} == {2, 4, 5}


def test_each_dialect_has_its_own_tree() -> None:
    assert parse_query('select "a"', "athena").find(exp.Column) is not None
    assert parse_query('select "a"', "spark").find(exp.Column) is None


@pytest.mark.parametrize("text", ["select from where (", "select 'open", ""])
def test_what_cannot_be_parsed_is_refused_each_time_in_the_same_words(text: str) -> None:
    said = set()
    for parse in (parse_query, parse_query, lambda sql, dialect: sqlglot.parse_one(sql, dialect=dialect)):
        with pytest.raises((ParseError, TokenError)) as refused:
            parse(text, "athena")
        said.add((type(refused.value), str(refused.value)))
    assert len(said) == 1


def test_several_statements_are_as_many_trees() -> None:
    assert [one and one.sql() for one in parse_all("select 1; select 2", "spark")] == ["SELECT 1", "SELECT 2"]
    assert isinstance(parse_query("select 1; select 2", "athena"), exp.Block)
    assert [token.text for token in tokens_of("select 1;")] == ["select", "1", ";"]
