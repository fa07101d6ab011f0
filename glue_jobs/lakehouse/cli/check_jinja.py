"""Names in a model's Jinja, and in macros that it calls, by which a build is another one at another time or place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from jinja2 import nodes

from lakehouse.cli.model_jinja import OWN, ProjectJinja, forms_of
from lakehouse.contracts.mart_graph import PAGE, Model
from lakehouse.errors import nearest

DIFFERS_AT_EACH_BUILD = (
    " differs at each build, so that old rows differ from a full rebuild; let a view of dbt/athena_views compute it."
)
_AT_EACH_BUILD = frozenset({
    "run_started_at", "invocation_id", "thread_id", "flags", "invocation_args_dict", "selected_resources",
    "should_full_refresh", "current_timestamp", "current_timestamp_in_utc", "snapshot_get_time", "context", "random",
})  # fmt: skip
_AT_EACH_PLACE = frozenset({"env_var", "target", "dbt_metadata_envs", "dbt_version"})
_OF_THE_CLOCK = frozenset({"now", "utcnow", "today"})
_ASKING = frozenset({"run_query", "statement", "load_result", "load_relation"})
_VARS = frozenset({"changed", "elements", "marts_root", "lookback_days"})
_OF_DBT = frozenset({
    "config", "ref", "source", "var", "is_incremental", "return", "log", "print", "zip", "zip_strict", "set",
    "set_strict", "range", "dict", "namespace", "cycler", "joiner", "fromjson", "tojson", "fromyaml", "toyaml",
    "local_md5", "caller", "doc", "any_value", "array_append", "array_concat", "array_construct", "bool_or", "cast",
    "cast_bool_to_text", "concat", "date", "date_spine", "date_trunc", "dateadd", "datediff", "equals",
    "escape_single_quotes", "except", "generate_series", "hash", "intersect", "last_day", "length", "listagg",
    "position", "replace", "right", "safe_cast", "split_part", "string_literal", "type_bigint", "type_boolean",
    "type_float", "type_int", "type_numeric", "type_string", "type_timestamp",
})  # fmt: skip
_SPACES = frozenset({
    "dbt", "dbt_spark", "adapter", "api", "exceptions", "modules", "config", "loop", "model", "graph", *_AT_EACH_PLACE,
    *_AT_EACH_BUILD, "this",
})  # fmt: skip


@dataclass(frozen=True)
class _Use:
    """A name with its place; that of a call which is not known ends in (). macro: in which it stands, if in one."""

    name: str
    place: str
    macro: str = ""


def jinja_faults(jinja: ProjectJinja, model: Model, *, is_in_parts: bool) -> Iterator[str]:
    """A line for each name that a model, or a macro that it calls, must not ask.

    is_in_parts: whether the model is a mart of which changed keys alone are recomputed.
    """
    for use in dict.fromkeys(_uses(jinja, jinja.tree(model), model.file, set())):
        if fault := _fault(jinja, use.name, is_in_parts=is_in_parts):
            of = f" in the macro {use.macro}()" if use.macro else ""
            yield f"{use.place}: {fault[0]}{of}{fault[1]}"


def _fault(jinja: ProjectJinja, name: str, *, is_in_parts: bool) -> tuple[str, str] | None:
    """What is wrong with a name: the words before and behind where it stands."""
    if name == "this" and is_in_parts:
        wanted = f"limit it by {{{{ in_changed() }}}} alone ({PAGE})"
        return "reads {{ this }}", f", and rows that it leaves out then are deleted; {wanted}."
    if name == "this":
        return (
            "reads {{ this }}",
            f", and a full rebuild has no rows of an earlier build; read other models alone ({PAGE}).",
        )
    if name.removesuffix("()") in _AT_EACH_BUILD | _OF_THE_CLOCK:
        return name, DIFFERS_AT_EACH_BUILD
    if name in _AT_EACH_PLACE:
        wanted = "write the value itself, or a var of dbt_project.yml"
        return name, f" differs from machine to machine, so that old rows differ from a rebuild elsewhere; {wanted}."
    if name in _ASKING and is_in_parts:
        return name, " asks tables while dbt writes the SQL, and no build sees them change; write a subquery or a join."
    if name.startswith("var('"):
        return name, " is what each run sets for the macros of this project, and differs from run to run; leave it out."
    if name.endswith("()") and name[:-2] not in _OF_DBT | _ASKING | _AT_EACH_PLACE:
        where = f"which is in no file of {jinja.dbt.name}/macros"
        hint = nearest(name[:-2], {*jinja.macros, *OWN})
        near = hint if "mean" in hint else ""
        return (
            f"calls {name}",
            f", {where}, so that nobody sees what it writes in a build of changes; write it there.{near}",
        )
    return None


def _uses(jinja: ProjectJinja, root: nodes.Node, file: str, seen: set[str], macro: str = "") -> Iterator[_Use]:
    """The names that a part of Jinja asks, also in the macros of the project that it calls."""
    own = _own_names(root)
    for node in root.find_all((nodes.Name, nodes.Getattr, nodes.Call, nodes.Filter)):
        for name in _names(jinja, node, own):
            if name not in jinja.macros:
                yield _Use(name, f"{file}:{node.lineno}", macro)
            elif name not in OWN and name not in seen:
                seen.add(name)
                written = jinja.macros[name]
                yield from _uses(jinja, written.node, written.file, seen, name)


def _names(jinja: ProjectJinja, node: nodes.Node, own: frozenset[str]) -> Iterator[str]:
    if isinstance(node, nodes.Name):
        yield from () if node.ctx != "load" or node.name in own else (node.name,)
    elif isinstance(node, nodes.Getattr):
        yield from (node.attr,) if node.attr in _OF_THE_CLOCK | _AT_EACH_BUILD else ()
    elif isinstance(node, nodes.Filter):
        yield from ("random",) if node.name == "random" else ()
    elif isinstance(node, nodes.Call):
        yield from _of_call(jinja, node, own)


def _of_call(jinja: ProjectJinja, node: nodes.Call, own: frozenset[str]) -> Iterator[str]:
    called, first = node.node, next((one.value for one in node.args if isinstance(one, nodes.Const)), None)
    if isinstance(called, nodes.Name):
        is_known = called.name in own or called.name in jinja.macros or called.name in OWN
        yield from () if is_known else (f"{called.name}()",)
        yield from (f"var('{first}')",) if called.name == "var" and first in _VARS else ()
    elif isinstance(called, nodes.Getattr) and isinstance(called.node, nodes.Name):
        space = called.node.name
        if space == jinja.project:
            yield called.attr if called.attr in jinja.macros else f"{space}.{called.attr}()"
        elif (space, called.attr) == ("adapter", "dispatch"):
            yield from (form for form in forms_of(str(first)) if form in jinja.macros)
        elif space not in own | _SPACES:
            yield f"{space}.{called.attr}()"


def _own_names(root: nodes.Node) -> frozenset[str]:
    """The names that a part of Jinja gives values itself."""
    names = {one.name for one in root.find_all(nodes.Name) if one.ctx in ("store", "param")}
    again = {
        given.target.name
        for given in root.find_all(nodes.Assign)
        if isinstance(given.target, nodes.Name)
        and any(one.ctx == "load" and one.name == given.target.name for one in given.node.find_all(nodes.Name))
    }
    return frozenset(names - again)
