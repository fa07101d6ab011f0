"""Reads each query of a mart's meta.reach as a run will ask it: one that finds too few keys is a wrong mart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError

from lakehouse.cli.check_keys import KeyCheck
from lakehouse.cli.model_jinja import ProjectJinja
from lakehouse.cli.model_sql import clock_words
from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.dataset_views import is_view_of
from lakehouse.contracts.mart_graph import CHANGED, PAGE, Mart, Model
from lakehouse.contracts.yaml_places import Place, read_yaml
from lakehouse.errors import nearest
from lakehouse.publish.column_check import TableColumns, column_faults, line_of, selected, table_name, tables_in
from lakehouse.publish.parsed import parse_all

IMAGE = "_image"
_IMAGES = frozenset({"old", "new"})
_TOO_FEW = "a key too few is a wrong mart"


def reach_problems(
    jinja: ProjectJinja, marts: Iterable[Mart], contracts: Contracts, columns: TableColumns
) -> Iterator[str]:
    """A line for each query of a reach that cannot be run, or that forgets keys. columns: as far as they are known."""
    dbt, keys = jinja.dbt, KeyCheck(jinja, contracts, columns)
    for mart in marts:
        found = [line for table in mart.reach for line in _lines(dbt, mart, table, keys)]
        behind = dict.fromkeys([*keys.limit_faults(mart), *keys.span_faults(mart)]) if not found else ()
        yield from found or (f"{mart.file}:1: {fault}" for fault in behind)
    for model in jinja.models.values():
        for dataset in contracts.datasets if model.fault is None else ():
            if is_view_of(model, dataset):
                for fault in keys.view_faults(model, dataset):
                    yield f"{_where(dbt, model, dataset.name).at(None)}: meta.reach.{dataset.name}: {fault}"


def _lines(dbt: Path, mart: Mart, table: str, keys: KeyCheck) -> Iterator[str]:
    query, name = mart.reach[table].query, table.partition(".")[2]
    faults = [*_Reach(mart, table, query, keys.jinja.models, keys.columns).faults()] if query else []
    for fault, line in faults or [(fault, None) for fault in keys.faults(mart, table)]:
        yield f"{_where(dbt, mart, name).at(line)}: meta.reach.{name}: {fault}"


@dataclass(frozen=True)
class _Where:
    """A text in a file: the line of its first line, and whether its lines are those of the file."""

    file: str
    line: int
    is_block: bool

    def at(self, line: int | None) -> str:
        return f"{self.file}:{self.line + (line - 1 if line and self.is_block else 0)}"


def _where(dbt: Path, mart: Mart | Model, name: str) -> _Where:
    """Where the entry for a table stands: in the YAML of the mart, else in its SQL."""
    for file in sorted((dbt / "models").rglob("*.y*ml")):
        listed = read_yaml(file).find("models")
        for model in listed.items() if listed and listed.value else ():
            found = _entry(model, name) if model.value.get("name") == mart.name else None
            if found:
                is_block = getattr(found.node, "style", None) in ("|", ">")
                return _Where(str(file), found.line + is_block, is_block)
    return _Where(str(dbt.parent / mart.file), 1, is_block=False)


def _entry(model: Place, name: str) -> Place | None:
    for path in (("config", "meta", "reach", name), ("meta", "reach", name)):
        place: Place | None = model
        for word in path:
            place = place.find(word) if place and place.is_mapping else None
        if place:
            return place
    return None


@dataclass(frozen=True)
class _Reach:
    """The query by which a changed row of a table reaches a mart. columns: those of each table that are known."""

    mart: Mart
    table: str
    query: str
    models: Mapping[str, Model]
    columns: TableColumns

    def faults(self) -> Iterator[tuple[str, int | None]]:
        """Each fault with its line in the query."""
        if "{{" in self.query or "{%" in self.query:
            yield "it is SQL without Jinja; name a view or table by its layer, as in staging.stg_erp_orders.", None
            return
        try:
            trees = parse_all(self.query, "spark")
        except ParseError as error:
            first = error.errors[0] if error.errors else {}
            yield f"{' '.join(str(first.get('description') or error).split())[:200]}.", first.get("line")
            return
        except SqlglotError as error:
            yield f"{' '.join(str(error).split())[:200]}.", None
            return
        if len(trees) != 1 or not isinstance(trees[0], exp.Query):
            yield f"it is {'no' if len(trees) == 1 else 'more than one'} SELECT; write one query ({PAGE}).", None
            return
        yield from self._of_tables(trees[0])
        yield from self._of_columns(trees[0])
        yield from _too_few(trees[0])

    def _of_tables(self, tree: exp.Expr) -> Iterator[tuple[str, int | None]]:
        views = {f"{self.models[name].schema}.{name}" for name in self.mart.views}
        readable = {name.lower(): name for name in (*views, *self.mart.reads, self.mart.full_name)}
        names = {table_name(node).lower() for node in tables_in(tree)}
        if CHANGED not in names and names <= {*readable}:
            yield f"it does not read `{CHANGED}`, the changed rows; select from it, or say whole ({PAGE}).", None
        for node in tables_in(tree):
            name = table_name(node)
            if name.lower() in (CHANGED, *readable):
                continue
            same = next((known for known in readable.values() if known.partition(".")[2] == name.lower()), None)
            if same:
                yield f"reads {name}; write it with its layer, {same}.", line_of(node)
            elif name.lower() in self.columns:
                why = "whose changes the mart would not see; join what the model reads"
                yield f"reads {name}, which {self.mart.name} does not read and {why}.", line_of(node)
            else:
                yield f"reads {name}, which is not there.{nearest(name, (CHANGED, *readable.values()))}", line_of(node)

    def _of_columns(self, tree: exp.Expr) -> Iterator[tuple[str, int | None]]:
        known = dict(self.columns)
        if self.table in known:
            known[CHANGED] = (*known[self.table], IMAGE)
        faults = list(column_faults(tree, known, by_alias=True))
        yield from ((fault, line_of(column)) for fault, column in faults)
        given = selected(tree, known)
        if given is None or faults:
            return
        for key in self.mart.keys:
            if key.lower() not in given:
                yield (
                    f"gives {', '.join(given)}, and no {key}, a key of {self.mart.name}; select it by that name.",
                    None,
                )


def _too_few(tree: exp.Expr) -> Iterator[tuple[str, int | None]]:
    """What makes a query leave out keys that a changed row reaches."""
    if tree.args.get("limit"):
        yield f"LIMIT leaves keys out, and {_TOO_FEW}; remove it.", None
    for word in clock_words(tree):
        yield f"{word} differs at each run, and {_TOO_FEW}; ask the rows alone.", None
    compared = [node for node in tree.find_all(exp.EQ, exp.NEQ, exp.In) if _names_image(node)]
    words = {word.name for node in compared for word in node.find_all(exp.Literal) if word.is_string}
    for strange in sorted(words - _IMAGES):
        yield f"{IMAGE} is old or new, found '{strange}'.{nearest(strange, _IMAGES)}", None
    if len(words) == 1 and words <= _IMAGES and any(_filters(node) for node in compared):
        yield (
            f"asks by {IMAGE} for one of the two, and a row that moves must be found where it was and where it is: "
            f"{_TOO_FEW}; leave the condition out.",
            None,
        )


def _names_image(node: exp.Expr) -> bool:
    return any(isinstance(part, exp.Column) and part.name.lower() == IMAGE for part in node.args.values())


def _filters(node: exp.Expr) -> bool:
    """Whether a comparison decides which rows are taken, and not what is computed of them."""
    return isinstance(node.find_ancestor(exp.Where, exp.Join, exp.Case, exp.AggFunc), (exp.Where, exp.Join))
