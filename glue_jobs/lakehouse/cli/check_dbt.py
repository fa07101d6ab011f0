"""Reads the files of the dbt project as dbt does, before it is started: what it refuses, and what it would pass over.

dbt ignores a word that it does not know, so that a typo in a model's YAML would have no effect and no message.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import jinja2

from lakehouse.cli.jinja_words import of_macros, parsed
from lakehouse.contracts.property_names import KNOWN
from lakehouse.contracts.yaml_places import ContractError, Place, read_yaml
from lakehouse.errors import nearest

_TOP = frozenset({
    "version", "models", "sources", "exposures", "seeds", "snapshots", "macros", "analyses", "metrics", "groups",
    "semantic_models", "saved_queries", "unit_tests", "data_tests", "tests", "functions", "anchors",
})  # fmt: skip
_COMMON = frozenset({
    "name", "description", "config", "meta", "tags", "docs", "data_tests", "tests", "columns", "constraints",
})  # fmt: skip
_MODEL = _COMMON | frozenset({
    "access", "group", "latest_version", "versions", "deprecation_date", "time_spine", "freshness", "alias",
    "identifier", "label", "type", "maturity", "depends_on", "owner", "url", "arguments", "model", "given", "expect",
    "overrides", "loader", "database", "schema", "tables", "quoting", "loaded_at_field", "loaded_at_query", "external",
})  # fmt: skip
_COLUMN = _COMMON | frozenset({"data_type", "quote", "policy_tags", "granularity", "dimension", "entity"})
_META = frozenset({"reach", "amounts", "deadline", "amounts_in", "date_zone"})
_CONFIG = frozenset({
    "materialized", "incremental_strategy", "unique_key", "file_format", "tblproperties", "partition_by", "enabled",
    "on_schema_change", "tags", "meta", "schema", "alias", "database", "full_refresh", "grants", "docs", "contract",
    "group", "persist_docs", "pre_hook", "post_hook", "where", "severity", "store_failures", "error_if", "warn_if",
    "limit", "location_root", "clustered_by", "buckets", "access", "event_time",
})  # fmt: skip
_LEVELS = {"": _TOP, "model": _MODEL, "column": _COLUMN, "config": _CONFIG, "meta": _META}
_WHERE = {"config": "under config", "meta": "under config: meta"}
_LISTS = ("models", "sources", "exposures", "seeds", "snapshots", "unit_tests")
_NEAR = 0.75
_TESTS: Mapping[str, frozenset[str]] = {
    "unique": frozenset(), "not_null": frozenset(), "accepted_values": frozenset({"values", "quote"}),
    "relationships": frozenset({"to", "field"}),
}  # fmt: skip
_OF_A_TEST = frozenset({"name", "config", "arguments", "description", "test_name", "where", "severity", "tags", "meta"})
_TEST = re.compile(r"\{%-?\s*test\s+(\w+)\s*\(([^)]*)\)")
_NO_SQL = re.compile(r"\{#.*?#\}|\{\{-?\s*config\(.*?\)\s*-?\}\}|--[^\n]*|/\*.*?\*/", re.DOTALL)


def unreadable_dbt(dbt: Path) -> list[str]:
    """A line for each file that cannot be read, or whose words dbt would refuse or pass over."""
    found = [*_of_project(dbt), *_of_text(dbt)]
    roots: list[Place] = []
    for file in sorted((dbt / "models").rglob("*.y*ml")):
        try:
            roots.append(read_yaml(file))
            _require_shape(roots[-1])
        except ContractError as error:
            found.append(str(error))
    tests = _known_tests(dbt)
    return found or [str(error) for root in roots for error in _of_words(root, tests)]


def _of_project(dbt: Path) -> Iterator[str]:
    """dbt_project.yml, and the folders in which no model or view is looked for."""
    file, models = dbt / "dbt_project.yml", dbt / "models"
    if file.is_file():
        try:
            read_yaml(file).text("name")
        except ContractError as error:
            yield str(error)
    elif any(models.rglob("*.sql")):
        yield f"{file}:1: is missing, and without it dbt finds no model; add it."
    for other in sorted([*models.rglob("*"), *(dbt / "athena_views").rglob("*")]):
        is_view = not other.is_relative_to(models)
        if other.suffix.lower() == ".sql" and other.suffix != ".sql":
            yield f"{other}:1: is not looked at for its name; end it in .sql."
        elif other.suffix == ".sql" and is_view and other.parent != dbt / "athena_views":
            yield f"{other}:1: is not looked at; views lie in {dbt.name}/athena_views itself, in no folder of it."
        elif other.suffix == ".py" and not is_view:
            yield f"{other}:1: is a model in Python, which is not built here; write it in SQL."


def _of_text(dbt: Path) -> Iterator[str]:
    folders = ("models", "macros", "tests", "athena_views")
    for file in sorted(file for folder in folders for file in (dbt / folder).rglob("*.*ml") if file.is_file()):
        yield from _of_bytes(file)
    for file in sorted(file for folder in folders for file in (dbt / folder).rglob("*.sql")):
        refused = list(_of_bytes(file))
        yield from refused
        is_model = not refused and file.is_relative_to(dbt / "models")
        if is_model and not _NO_SQL.sub("", file.read_text(encoding="utf-8")).strip():
            yield f"{file}:1: holds no query; write its SELECT, or remove the file."
        if not refused and not file.is_relative_to(dbt / "athena_views"):
            yield from _of_jinja(file)


def _of_bytes(file: Path) -> Iterator[str]:
    content = file.read_bytes()
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        if file.suffix == ".sql":  # read_yaml says it of a YAML file
            line = content.count(b"\n", 0, error.start) + 1
            yield f"{file}:{line}: {error.reason} of UTF-8; save the file as UTF-8."
    if content.startswith(b"\xef\xbb\xbf"):
        yield f"{file}:1: begins with a byte-order mark, which SQL does not know; save it as UTF-8 without one."


def _of_jinja(file: Path) -> Iterator[str]:
    try:
        parsed(of_macros(file.read_text(encoding="utf-8")))
    except jinja2.TemplateSyntaxError as error:
        yield f"{file}:{error.lineno}: Jinja: {' '.join(str(error.message).split())}"


def _require_shape(root: Place) -> None:
    """Raise ContractError where a list of named things is something else."""
    for word in _LISTS:
        for item in _named(root, word):
            for column in _named(item, "columns"):
                _require_tests(column)
            _require_tests(item)
            for table in _named(item, "tables"):
                _named(table, "columns")
            amounts = item.at(("config", "meta")).find("amounts") if _has(item, "config", "meta") else None
            if amounts is not None and not amounts.is_mapping:
                raise amounts.error("must be a mapping of columns, each with the dataset of its values.")


def _named(place: Place, word: str) -> list[Place]:
    """The items of a list under a word, each a mapping with a name."""
    found = place.find(word)
    items = [] if found is None or found.value is None else found.items()
    for item in items:
        if not item.is_mapping:
            raise item.error(f"must be a mapping with a name, as in - name: {item.value}.")
        item.text("name")
    return items


def _require_tests(place: Place) -> None:
    for word in ("data_tests", "tests"):
        found = place.find(word)
        if found is not None and found.value is not None:
            found.items()


def _has(place: Place, *path: str) -> bool:
    found: Place | None = place
    for word in path:
        found = found.find(word) if found is not None and found.is_mapping else None
    return found is not None and found.is_mapping


def _of_words(root: Place, tests: Mapping[str, frozenset[str]]) -> Iterator[ContractError]:
    """An error for each word that is a typo of a known one, or stands at another level."""
    if root.is_mapping:
        yield from _strange(root, "")
    for word in _LISTS:
        for item in _named(root, word):
            yield from _strange(item, "model")
            yield from _of_config(item)
            yield from _of_tests(item, tests)
            for column in _named(item, "columns"):
                yield from _strange(column, "column")
                yield from _of_tests(column, tests)


def _of_config(item: Place) -> Iterator[ContractError]:
    config, meta = item.find("config"), item.find("meta")
    if config is not None and config.is_mapping:
        yield from _strange(config, "config")
        meta = config.find("meta") or meta
    if meta is not None and meta.is_mapping:
        yield from _strange(meta, "meta")


def _strange(place: Place, level: str) -> Iterator[ContractError]:
    for key in place.node.value:
        word = str(key[0].value)
        here = _LEVELS[level]
        if word in here:
            continue
        at = Place(place.file, key[0], place.field)
        other = next((name for name in _WHERE if word in _LEVELS[name] and name != level), None)
        near = difflib.get_close_matches(word.lstrip("+"), sorted(here), n=1, cutoff=_NEAR)
        if word in _META and other:
            yield at.error(f"has no effect here; write it {_WHERE[other]}.", word)
        elif word in KNOWN and level in ("model", "config", "meta") and word not in _CONFIG:
            yield at.error("is a property of contracts, and has no effect on a model; remove it.", word)
        elif near:
            yield at.error(f"is no word that dbt knows here.{nearest(word, near)}", word)


def _known_tests(dbt: Path) -> Mapping[str, frozenset[str]]:
    """The generic tests of dbt and of the project, with their arguments."""
    found = dict(_TESTS)
    for file in sorted(file for folder in ("tests", "macros") for file in (dbt / folder).rglob("*.sql")):
        for name, arguments in _TEST.findall(file.read_text(encoding="utf-8", errors="replace")):
            names = [argument.partition("=")[0].strip() for argument in arguments.split(",")]
            found[name] = frozenset(names) - {"model", "column_name"}
    return found


def _of_tests(place: Place, tests: Mapping[str, frozenset[str]]) -> Iterator[ContractError]:
    for word in ("data_tests", "tests"):
        listed = place.find(word)
        for item in listed.items() if listed is not None and listed.value else ():
            given = item.value if isinstance(item.value, dict) else {item.value: {}}
            for name, said in given.items():
                if name in tests:
                    yield from _of_arguments(item, str(name), said or {}, tests[name])
                elif "." not in str(name) and name not in _OF_A_TEST:
                    yield item.error(f"'{name}' is no test.{nearest(str(name), tests)}")


def _of_arguments(item: Place, name: str, said: Any, known: Collection[str]) -> Iterator[ContractError]:
    given = {**said, **(said.get("arguments") or {})} if isinstance(said, dict) else {}
    for word in given:
        if word not in known and word not in _OF_A_TEST and known:
            yield item.error(f"{name} has no argument '{word}'.{nearest(str(word), known)}")


def described_twice(dbt: Path) -> Iterator[str]:
    """A line for each model that two files describe, and for each that is described and not there."""
    names, seen = {file.stem for file in (dbt / "models").rglob("*.sql")}, {}  # type: set[str], dict[str, str]
    for file in sorted((dbt / "models").rglob("*.y*ml")):
        for item in _named(read_yaml(file), "models"):
            name = item.need("name").named("name")
            if str(name.value) in seen:
                yield str(name.error(f"'{name.value}' is described twice, first in {seen[str(name.value)]}."))
            elif str(name.value) not in names:
                yield str(name.error(f"'{name.value}' is no model.{nearest(str(name.value), names)}"))
            seen.setdefault(str(name.value), f"{file}:{name.line}")
