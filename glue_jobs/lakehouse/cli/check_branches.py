"""A build of changes is a full one of fewer keys: what else `is_incremental()` changes in a mart's SQL is refused."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from sqlglot import exp

from lakehouse.cli.model_jinja import ProjectJinja
from lakehouse.cli.model_sql import LIMIT, WITHIN, query_in
from lakehouse.contracts.mart_graph import PAGE, Model

_OF_CHANGES = frozenset({LIMIT, WITHIN})
_CONDITIONS = (exp.Where, exp.Having, exp.Qualify)
_ALONE = f"write {{{{ {LIMIT}() }}}} or {{{{ {WITHIN}(…) }}}} there alone"
_MOST = 90


def branch_faults(jinja: ProjectJinja, model: Model) -> Iterator[str]:
    """A line for each is_incremental() that changes more than which keys a mart reads."""
    places = jinja.places(model)
    full, changes = jinja.full(model), jinja.rendered(model, places)
    if full is None or changes is None:
        if places_of_model := [place for place in places if place.startswith(f"{model.file}:")]:
            yield (
                f"{places_of_model[0]}: nobody can tell without dbt what its Jinja writes in a build of changes; make "
                f"it plainer: {_ALONE} ({PAGE})."
            )
        return
    if named := re.search(rf"\b({LIMIT}|{WITHIN})\(", full):
        yield (
            f"{jinja.place_of(model, named[1])}: {named[1]}() stands outside of {{% if is_incremental() %}}, and a "
            f"full build would leave rows out; put it into one ({PAGE})."
        )
        return
    plain = _without(full)
    if _without(changes) == plain:
        return
    alone = [place for place in places if _without(jinja.rendered(model, [place]) or "") != plain]
    for place in alone or places[:1]:
        other = _without(jinja.rendered(model, [place] if alone else places) or "")
        yield (
            f"{place}: is_incremental() changes more here than which keys are read, {_difference(plain, other)}, so "
            f"that a build of changes is no full one of fewer keys; {_ALONE}, and what holds for both outside of it "
            f"({PAGE})."
        )


def _without(sql: str) -> str:
    """A query in one form, without its conditions on changed keys; its text where it cannot be read."""
    tree = query_in(sql)
    if tree is None:
        return " ".join(re.sub(rf"\b(?:where|and|having)\s+(?:{LIMIT}|{WITHIN})\([^\n]*?\)\s", " ", sql).split())
    for node in list(tree.find_all(*_CONDITIONS, exp.Join)):
        word = "on" if isinstance(node, exp.Join) else "this"
        condition = node.args.get(word)
        kept = [part for part in _parts(condition) if not _is_of_changes(part)] if condition is not None else []
        if kept:
            node.set(word, exp.and_(*kept, copy=False))
        elif word == "this":
            node.pop()
    return str(tree.sql(dialect="spark", comments=False))


def _parts(condition: exp.Expr) -> list[exp.Expr]:
    """The conditions that all hold where one does."""
    condition = condition.unnest()
    return (
        [one for part in condition.flatten() for one in _parts(part)] if isinstance(condition, exp.And) else [condition]
    )


def _is_of_changes(node: exp.Expr) -> bool:
    return isinstance(node, exp.Anonymous) and node.name in _OF_CHANGES


def _difference(full: str, other: str) -> str:
    """The first words that one has and the other has not."""
    before, after = full.split(), other.split()
    codes = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    (_, start, end, first, last) = next(code for code in codes if code[0] != "equal")
    said = (("without", before[start:end]), ("with", after[first:last]))
    return " and ".join(f"{word} `{_short(' '.join(words))}`" for word, words in said if words)


def _short(text: str) -> str:
    return text if len(text) <= _MOST else f"{text[: _MOST - 2]} …"
