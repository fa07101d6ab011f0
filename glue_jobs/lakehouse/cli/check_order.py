"""What takes one of several rows that nothing tells apart: a build and a rebuild may each take another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from sqlglot import exp

from lakehouse.cli.key_nodes import own_nodes, text_of
from lakehouse.cli.row_keys import Given, RowKeys, Rows
from lakehouse.contracts.mart_graph import PAGE

_BY_ROW = (exp.RowNumber, exp.Ntile, exp.Lag, exp.Lead)
_OF_A_ROW = (exp.FirstValue, exp.LastValue, exp.First, exp.Last, exp.NthValue, exp.AnyValue, exp.ArrayAgg)
_ANY: Mapping[type[exp.Expr], str] = {
    exp.First: "min_by({x}, …)", exp.FirstValue: "min_by({x}, …)", exp.Last: "max_by({x}, …)",
    exp.LastValue: "max_by({x}, …)", exp.AnyValue: "min({x}), or max_by({x}, …)",
    exp.ArrayAgg: "array_sort(collect_list({x}))", exp.ArrayUniqueAgg: "array_sort(collect_set({x}))",
    exp.GroupConcat: "array_join(array_sort(collect_list({x})), ',')", exp.Mode: "mode({x}, true)",
    exp.ApproxQuantile: "percentile({x}, …)",
}  # fmt: skip
_OTHER_NAMES: Mapping[type[exp.Expr], tuple[str, ...]] = {
    exp.ArrayAgg: ("array_agg",), exp.GroupConcat: ("string_agg",), exp.ApproxQuantile: ("approx_percentile",),
}  # fmt: skip
_LISTS = (exp.ArrayAgg, exp.ArrayUniqueAgg)
_SORTING = (exp.ArraySort, exp.ArraySize, exp.ArrayContains, exp.ArrayMax, exp.ArrayMin)
_SORTING_BY_NAME = frozenset({"cardinality", "array_size", "exists", "forall"})
_ANOTHER = "and a build may take another one than a rebuild"
Fault = tuple[tuple[str, ...], str]
"""The words by which it is found in a file, and the sentence."""


def order_faults(tree: exp.Expr, table_key: Callable[[str], Given], *, is_cut: bool) -> list[Fault]:
    """What in a query hangs on an order of rows that is not told.

    table_key: what each table that it names gives. is_cut: whether a LIMIT of the whole query is of interest.
    """
    found: list[Fault] = []

    def look(rows: Rows) -> None:
        found.extend(_of_select(rows))
        if is_cut or rows.select.node is not tree:
            found.extend(_of_limit(rows))

    RowKeys(table_key, look).of_query(tree, {})
    return list(dict.fromkeys(found))


def _of_select(rows: Rows) -> Iterator[Fault]:
    node = rows.select.node
    named = {one.name.lower(): one for one in node.args.get("windows") or ()}
    own = [*node.expressions, *(node.args.get(word) for word in ("where", "having", "qualify", "order"))]
    for window in own_nodes(own, exp.Window):
        yield from _of_window(rows, window, named.get(window.alias.lower(), window))
    for call in own_nodes(own, tuple(_ANY)):  # type: ignore[arg-type]
        if not isinstance(_user(call), exp.Window):
            yield from _of_aggregate(rows, call)
    for call in own_nodes(own, (exp.ArgMax, exp.ArgMin)):  # type: ignore[arg-type]
        yield from _of_choice(rows, call)


def _of_limit(rows: Rows) -> Iterator[Fault]:
    node = rows.select.node
    if node.args.get("limit") and (lacking := rows.lacking(_ordered(node))):
        yield (
            ("limit",),
            f"LIMIT takes some of the rows that ORDER BY does not tell apart, {_ANOTHER}; {_add(lacking)}.",
        )


def _of_window(rows: Rows, window: exp.Expr, of: exp.Expr) -> Iterator[Fault]:
    call = _called(window)
    parts, order = list(of.args.get("partition_by") or ()), _ordered(of)
    spec = of.args.get("spec")
    is_by_rows = spec is not None and str(spec.args.get("kind")).upper() == "ROWS" and not _is_whole(spec)
    if isinstance(call, (exp.ArrayUniqueAgg, exp.ArrayAgg, exp.GroupConcat)) and _is_sorted(window) and not is_by_rows:
        return
    if not isinstance(call, (*_BY_ROW, *_OF_A_ROW, exp.ArrayUniqueAgg, exp.GroupConcat)) and not is_by_rows:
        return
    if isinstance(call, _OF_A_ROW) and not is_by_rows and rows.decides([*parts, *order], call.this):
        return
    if lacking := rows.lacking([*parts, *order]):
        yield (
            _words(call),
            f"{text_of(window)} hangs on the order of rows that its ORDER BY does not tell apart, {_ANOTHER}; "
            f"{_add(lacking)}.",
        )


def _of_aggregate(rows: Rows, call: exp.Expr) -> Iterator[Fault]:
    if isinstance(call, exp.Mode) and call.args.get("deterministic"):
        return
    if isinstance(call, _LISTS) and _is_sorted(call):
        return
    if isinstance(call.parent, exp.WithinGroup) or isinstance(call.this, exp.Order):
        return
    value = call.this
    if not isinstance(value, exp.Expr) or rows.decides(list(rows.groups), value):
        return
    wanted = _ANY[type(call)].format(x=text_of(value))
    takes = "differs by the order in which rows are read"
    yield _words(call), f"{text_of(call)} {takes}, {_ANOTHER}; write {wanted} ({PAGE})."


def _of_choice(rows: Rows, call: exp.Expr) -> Iterator[Fault]:
    """max_by and min_by, whose second argument several rows may share."""
    decided = [*rows.groups, call.expression]
    if rows.decides(decided, call.this):
        return
    if lacking := rows.lacking_of_rows(decided):
        yield (
            _words(call),
            f"{text_of(call)} takes one of the rows with the same {text_of(call.expression)}, {_ANOTHER}; write "
            f"struct({text_of(call.expression)}, {_listed(lacking)}) there ({PAGE}).",
        )


def _user(call: exp.Expr) -> exp.Expr | None:
    """What a call stands in, without words that belong to it."""
    parent = call.parent
    while isinstance(parent, (exp.IgnoreNulls, exp.RespectNulls, exp.Filter)):
        parent = parent.parent
    return parent


def _called(window: exp.Expr) -> exp.Expr:
    call: exp.Expr = window.this
    while isinstance(call, (exp.IgnoreNulls, exp.RespectNulls, exp.Filter)):
        call = call.this
    return call


def _is_sorted(call: exp.Expr) -> bool:
    """Whether a list is put in order, or asked what its order does not change, where it is made."""
    parent = call.parent
    while parent is not None and not isinstance(parent, exp.Query):
        if isinstance(parent, _SORTING) or (
            isinstance(parent, exp.Anonymous) and parent.name.lower() in _SORTING_BY_NAME
        ):
            return True
        parent = parent.parent
    return False


def _is_whole(spec: exp.Expr) -> bool:
    return spec.args.get("start") == "UNBOUNDED" and spec.args.get("end") == "UNBOUNDED"


def _ordered(node: exp.Expr) -> list[exp.Expr]:
    order = node.args.get("order")
    return [one.this for one in order.expressions] if order is not None else []


def _words(call: exp.Expr) -> tuple[str, ...]:
    """The names under which a function may stand in a file."""
    return (text_of(call).partition("(")[0], *_OTHER_NAMES.get(type(call), ()))


def _add(lacking: frozenset[str]) -> str:
    return f"add {_listed(lacking)} to its ORDER BY ({PAGE})"


def _listed(lacking: frozenset[str]) -> str:
    return ", ".join(sorted(one.rpartition(".")[2] for one in lacking))
