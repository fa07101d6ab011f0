"""The marts of a dbt project: what each reads, and how a changed row of that reaches the mart's keys.

A mart is any model that is a table. What it reads follows from ref() and source(), through the models that are views;
how a change reaches it stands in its config as meta.reach. Checks and DAGs use it without dbt.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from lakehouse.contracts.durations import is_time_of_day
from lakehouse.contracts.layers import MARTS, SILVER
from lakehouse.errors import LakehouseError, nearest

DIRECT, WHOLE = "direct", "whole"
CHANGED = "changed"
"""The name by which a query of a reach reads the changed rows of its source, old and new images alike."""
STRATEGY = "replace_changed"
PAGE = "docs/how-to/write-a-mart.md"
_TABLES = ("table", "incremental")
_QUERIES = ("select", "with")
_OTHERS = re.compile(r"(?:\b(?:from|join)\s+`?\w+|\b(?:silver|staging|marts))`?\s*\.", re.IGNORECASE)


class MartError(LakehouseError):
    """A model that is a table lacks what keeps it exact: names its file, what is missing and what to add."""

    def __init__(self, file: str, problem: str) -> None:
        self.file, self.problem = file, problem
        super().__init__(f"{file}: cannot be kept exact: {problem}")


@dataclass(frozen=True)
class Model:
    """A dbt model as its files or dbt's manifest have it. sources: as schema.table. fault: why it cannot be read."""

    name: str
    file: str
    materialized: str
    schema: str = MARTS
    refs: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    config: Mapping[str, Any] = field(default_factory=dict)
    fault: MartError | None = None

    @property
    def is_table(self) -> bool:
        """Whether it holds rows of its own, which grow old; a view does not."""
        return self.materialized in _TABLES

    @property
    def keys(self) -> tuple[str, ...]:
        """Its unique_key, one name or several."""
        given = self.config.get("unique_key") or ()
        return (given,) if isinstance(given, str) else tuple(given)


@dataclass(frozen=True)
class Reach:
    """How a changed row reaches a mart. query: over `changed`; None where any change recomputes everything."""

    query: str | None

    @property
    def reads_others(self) -> bool:
        """Whether the query joins the changed rows with other tables, which may have changed as well."""
        return self.query is not None and _OTHERS.search(self.query) is not None


@dataclass(frozen=True)
class Mart:
    """One mart. reads: silver.<dataset> and marts.<mart>. keys: its grain; none where it is always built whole.

    deadline: its own, HH:MM in UTC; None where it is due with what it reads.
    """

    name: str
    file: str
    keys: tuple[str, ...]
    reads: tuple[str, ...]
    reach: Mapping[str, Reach]
    amounts: Mapping[str, str] = field(default_factory=dict)
    views: tuple[str, ...] = ()
    deadline: str | None = None

    @property
    def full_name(self) -> str:
        """Layer and name."""
        return f"{MARTS}.{self.name}"

    @property
    def is_in_parts(self) -> bool:
        """Whether a changed row recomputes its keys alone, and not the whole."""
        return any(one.query for one in self.reach.values())

    @property
    def marts_read(self) -> tuple[str, ...]:
        """The names of the marts that it reads."""
        return tuple(name.split(".")[1] for name in self.reads if name.startswith(f"{MARTS}."))


def find_marts(models: Mapping[str, Model]) -> tuple[Mart, ...]:
    """Every mart, those first that others read; raises MartError for the first that is not declared whole."""
    marts = [mart_of(model, models) for model in models.values() if model.is_table]
    return tuple(sorted(marts, key=lambda mart: (level_of(mart, marts), mart.name)))


def whole_marts(models: Mapping[str, Model]) -> tuple[tuple[Mart, ...], list[MartError]]:
    """The marts that are declared whole, those first that others read, and the first fault of each other."""
    marts: list[Mart] = []
    faults: dict[str, MartError] = {}  # of a view that two marts read it is one
    for model in models.values():
        try:
            if model.is_table:
                _refuse_circle(model, models)
                marts.append(mart_of(model, models))
        except MartError as error:
            faults.setdefault(str(error), error)
    return tuple(sorted(marts, key=lambda mart: (level_of(mart, marts), mart.name))), list(faults.values())


def _refuse_circle(model: Model, models: Mapping[str, Model]) -> None:
    """Raise MartError for a model that reads itself, through others or not."""
    waiting: list[tuple[str, tuple[str, ...]]] = [(name, (model.name, name)) for name in model.refs]
    seen = {model.name}
    while waiting:
        name, way = waiting.pop()
        if name == model.name:
            raise MartError(model.file, f"reads itself through {' → '.join(way)}; remove the circle.")
        if name in models and name not in seen:
            seen.add(name)
            waiting += [(other, (*way, other)) for other in models[name].refs]


def level_of(mart: Mart, marts: Iterable[Mart]) -> int:
    """How many marts lie one behind the other below it: 0 for one that reads silver alone."""
    known = {one.name: one for one in marts}
    return max((1 + level_of(known[name], known.values()) for name in mart.marts_read if name in known), default=0)


def mart_of(model: Model, models: Mapping[str, Model]) -> Mart:
    """A model that is a table, with all that it reads; raises MartError."""
    if model.fault:
        raise model.fault
    views: list[str] = []
    reads = tuple(sorted(set(_reads(model, models, views))))
    meta = model.config.get("meta") or {}
    if model.schema != MARTS:
        raise MartError(
            model.file, f"is a table in the schema '{model.schema}'; tables lie in '{MARTS}', so leave out its schema."
        )
    reach = _reach(model, model.keys, reads, meta.get("reach") or {})
    given = meta.get("amounts") or {}
    if not isinstance(given, Mapping):
        raise MartError(model.file, f"meta.amounts is {given!r}; name columns, each with its dataset ({PAGE}).")
    amounts = {str(column): str(words) for column, words in given.items()}
    deadline = _deadline(model, meta.get("deadline"))
    mart = Mart(model.name, model.file, model.keys, reads, reach, amounts, tuple(sorted(views)), deadline)
    if mart.is_in_parts:
        _require_strategy(model)
    return mart


def _deadline(model: Model, given: Any) -> str | None:
    if given is None or (isinstance(given, str) and is_time_of_day(given)):
        return given
    raise MartError(
        model.file, f'meta.deadline is {given!r}; write a time of day in UTC in quotes, such as "06:00" ({PAGE}).'
    )


def _reads(model: Model, models: Mapping[str, Model], views: list[str]) -> Iterator[str]:
    """The tables that a model reads, through views; the views' names are added to a list."""
    for source in model.sources:
        if not source.startswith(f"{SILVER}."):
            raise MartError(model.file, f"reads {source}; a mart reads tables of silver and other marts alone.")
        yield source
    for name in model.refs:
        other = models.get(name)
        if other is None:
            raise MartError(model.file, f"reads ref('{name}'), which is no model.{nearest(name, models)}")
        if other.fault:
            raise other.fault
        if other.is_table:
            yield f"{MARTS}.{name}"
        elif name not in views:
            views.append(name)
            yield from _reads(other, models, views)


def _reach(model: Model, keys: tuple[str, ...], reads: tuple[str, ...], given: Any) -> dict[str, Reach]:
    named = {name.split(".")[1]: name for name in reads}
    if not isinstance(given, Mapping):
        raise MartError(model.file, f"meta.reach is {given!r}; it names each table that the mart reads ({PAGE}).")
    for name in given:
        if name not in named:
            raise MartError(
                model.file, f"meta.reach names '{name}', which the mart does not read.{nearest(name, named)}"
            )
    for name, table in named.items():
        if name not in given:
            raise MartError(
                model.file,
                f"reads {table}, and does not say how a changed row of it reaches {model.name}; add to its config "
                f"meta.reach.{name}: direct, a query over the changed rows, or whole (see {PAGE}).",
            )
    return {table: Reach(_query(model, keys, name, given[name])) for name, table in named.items()}


def _query(model: Model, keys: tuple[str, ...], name: str, given: Any) -> str | None:
    """The query over `changed` that a reach stands for; None for `whole`."""
    if given == WHOLE:
        return None
    if given == DIRECT:
        given = {}
    if isinstance(given, Mapping):
        if strange := [column for column in given if column not in keys]:
            raise MartError(
                model.file, f"meta.reach.{name} names '{strange[0]}', no key of it.{nearest(strange[0], keys)}"
            )
        return direct_query(keys, given)
    if isinstance(given, str) and given.split(maxsplit=1)[:1] and given.split(maxsplit=1)[0].lower() in _QUERIES:
        return given.strip().rstrip(";")
    raise MartError(
        model.file, f"meta.reach.{name} is {given!r}; it is direct, whole, expressions by key, or a query ({PAGE})."
    )


def direct_query(keys: Iterable[str], expressions: Mapping[str, Any] = MappingProxyType({})) -> str:
    """The query of a reach by columns of its own: each key by its name, or by an expression."""
    columns = ", ".join(f"{expressions.get(key, f'`{key}`')} AS `{key}`" for key in keys)
    return f"SELECT {columns} FROM {CHANGED}"


def _require_strategy(model: Model) -> None:
    if not model.keys:
        raise MartError(model.file, "recomputes changed keys and names none; add unique_key, its grain, to its config.")
    found = (model.materialized, model.config.get("incremental_strategy"))
    if found != ("incremental", STRATEGY):
        raise MartError(
            model.file,
            f"recomputes changed keys, for which its config needs materialized='incremental' and "
            f"incremental_strategy='{STRATEGY}' (found {found[0]}, {found[1] or 'none'}); or say reach whole.",
        )
