"""The models of a dbt project as its files describe them: SQL, the YAML beside it, and dbt_project.yml; without dbt.

What a macro reads is not seen here. A build compares with dbt's manifest, and refuses a model that reads more.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lakehouse.contracts.layers import MARTS
from lakehouse.contracts.mart_graph import PAGE, Mart, MartError, Model, whole_marts
from lakehouse.contracts.yaml_places import plain_yaml

GRAIN_TEST = "one_row_per"
"""The dbt test that refuses a null in a key and a second row of it."""

_CONFIG = re.compile(r"config\((.*?)\)\s*\}\}", re.DOTALL)
_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
_NAME = r"['\"]([\w-]+)['\"]"
_UNQUOTED = re.compile(r"\b(ref|source)\(\s*([A-Za-z_][\w.]*)\s*[,)]")
_BY_NAME = re.compile(
    r"(?:\bfrom|\bjoin|,)\s+`?((?:bronze|quarantine|silver|staging|marts|ops|analytics|delta)`?\s*\.\s*`?[\w/]+)",
    re.IGNORECASE,
)
_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|--[^\n]*", re.DOTALL)
_REF = re.compile(rf"\bref\(\s*(?:{_NAME}\s*,\s*)?{_NAME}")
_SOURCE = re.compile(rf"\bsource\(\s*{_NAME}\s*,\s*{_NAME}\s*\)")


def mart_problems(dbt: Path) -> list[str]:
    """What is wrong with the marts of a project, a line each; empty where each is declared whole."""
    marts, faulty = whole_marts(read_models(dbt))
    described = _described(dbt)[0]
    lacking = (_lacking(mart, described.get(mart.name) or {}) for mart in marts)
    return [_placed(dbt, fault) for fault in (*faulty, *filter(None, lacking))]


def _placed(dbt: Path, fault: MartError) -> str:
    """A fault with the line of its file that names what it is about, or in which the config begins."""
    file = dbt.parent / fault.file
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    words = [*re.findall(r"ref\('[\w-]+'\)|'[\w-]+'", fault.problem), "config("]
    named = [next((n for n, line in enumerate(lines, 1) if word.strip("'") in line), 0) for word in words]
    return f"{fault.file}:{next(filter(None, named), 1)}{str(fault).removeprefix(fault.file)}"


def _lacking(mart: Mart, described: Mapping[str, Any]) -> MartError | None:
    """What a mart's YAML lacks: its columns, which views and the catalogue know it by, and the test of its grain."""
    if not described.get("columns"):
        return MartError(
            mart.file, f"no YAML of dbt/models describes it; add {mart.name}.yml with description and columns ({PAGE})."
        )
    listed = (*(described.get("data_tests") or ()), *(described.get("tests") or ()))
    tests = [test.get(GRAIN_TEST) or {} for test in listed if isinstance(test, Mapping)]
    grains = [test.get("arguments") or test for test in tests]
    if not mart.keys or any(set(grain.get("columns") or ()) == set(mart.keys) for grain in grains):
        return None
    return MartError(
        mart.file,
        f"no test holds its grain, and a row with a null in its key would never be recomputed; add data_tests: "
        f"{GRAIN_TEST} with columns [{', '.join(mart.keys)}] to its YAML ({PAGE}).",
    )


def mart_names(dbt: Path) -> tuple[str, ...]:
    """The names of the marts, sorted."""
    return tuple(sorted(name for name, model in read_models(dbt).items() if model.is_table))


def project_settings(dbt: Path) -> dict[str, Any]:
    """What dbt_project.yml says."""
    settings: dict[str, Any] = plain_yaml((dbt / "dbt_project.yml").read_text(encoding="utf-8"))
    return settings


def project_name(dbt: Path) -> str:
    """The name of the dbt project, which is part of every model's ID."""
    return str(project_settings(dbt)["name"])


def read_marts(dbt: Path) -> tuple[Mart, ...]:
    """Every mart that is declared whole, those first that others read; `lakehouse check` names the others."""
    return whole_marts(read_models(dbt))[0]


def read_models(dbt: Path) -> dict[str, Model]:
    """Every model by its name; one that cannot be read has its fault: a config in Jinja, or an undeclared source."""
    described, schemas = _described(dbt)
    defaults = _defaults(dbt)
    files = sorted((dbt / "models").rglob("*.sql"))
    models = (_model(dbt, file, defaults, described.get(file.stem, {}), schemas) for file in files)
    return {model.name: model for model in models if model.config.get("enabled", True)}


def _model(
    dbt: Path, file: Path, defaults: Mapping[str, Any], described: Mapping[str, Any], schemas: Mapping[str, str]
) -> Model:
    where = f"{dbt.name}/{file.relative_to(dbt).as_posix()}"
    try:
        return _readable(dbt, file, where, defaults, described, schemas)
    except MartError as error:
        return Model(file.stem, where, "table", fault=error)  # it may be one, and must not grow old unseen


def _readable(
    dbt: Path,
    file: Path,
    where: str,
    defaults: Mapping[str, Any],
    described: Mapping[str, Any],
    schemas: Mapping[str, str],
) -> Model:
    sql = _COMMENT.sub("", file.read_text(encoding="utf-8"))
    _refuse_unseen(where, sql)
    folders = file.relative_to(dbt / "models").parts[:-1]
    given = (_of_folders(defaults, folders), _of_yaml(described), _of_sql(where, sql))
    config = {name: value for level in given for name, value in level.items()}
    config["meta"] = {name: value for level in given for name, value in (level.get("meta") or {}).items()}
    return Model(
        name=file.stem,
        file=where,
        materialized=str(config.get("materialized", "view")),
        schema=str(config.get("schema") or MARTS),
        refs=refs_in(sql),
        sources=tuple(dict.fromkeys(_source(where, name, table, schemas) for name, table in sources_in(sql))),
        config=config,
    )


def _refuse_unseen(where: str, sql: str) -> None:
    """Raise MartError for a table that a model reads and that neither dbt nor a build would know of."""
    if unquoted := _UNQUOTED.search(sql):
        word, name = unquoted.groups()
        raise MartError(where, f"{word}({name}) must name it in quotes, as in {word}('{name}').")
    if named := _BY_NAME.search(_JINJA.sub(" ", sql)):
        name = re.sub(r"[`\s]", "", named[1])
        raise MartError(where, f"reads {name} by its name, and no build would see its changes; take ref() or source().")


def refs_in(sql: str) -> tuple[str, ...]:
    """The models that a text refers to."""
    return tuple(dict.fromkeys(found[1] for found in _REF.findall(sql)))


def sources_in(sql: str) -> tuple[tuple[str, str], ...]:
    """The source tables that a text refers to, each with the name of its source."""
    return tuple(dict.fromkeys(_SOURCE.findall(sql)))


def _source(where: str, name: str, table: str, schemas: Mapping[str, str]) -> str:
    if f"{name}.{table}" not in schemas:
        raise MartError(
            where,
            f"reads source('{name}', '{table}'), which no YAML of dbt/models declares; add it under sources, with "
            "schema: silver, as dbt/models/staging/erp/_sources.yml does.",
        )
    return f"{schemas[f'{name}.{table}']}.{table}"


def _defaults(dbt: Path) -> dict[str, Any]:
    """The settings of a project's models by folder; none where dbt would not find a project."""
    project = project_settings(dbt) if (dbt / "dbt_project.yml").is_file() else {}
    return (project.get("models") or {}).get(project.get("name")) or {}


def _described(dbt: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """What the YAML files say of each model, and the schema of each source table, by name.table."""
    models: dict[str, Any] = {}
    schemas: dict[str, str] = {}
    for file in sorted((dbt / "models").rglob("*.y*ml")):
        content = plain_yaml(file.read_text(encoding="utf-8")) or {}
        models |= {str(model["name"]): model for model in content.get("models") or () if "name" in model}
        schemas |= dict(_schemas(content))
    return models, schemas


def _schemas(content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for source in content.get("sources") or ():
        for table in source.get("tables") or ():
            yield f"{source['name']}.{table['name']}", str(source.get("schema") or source["name"])


def _of_folders(defaults: Mapping[str, Any], folders: tuple[str, ...]) -> dict[str, Any]:
    """The settings of dbt_project.yml for a folder: the inner ones count."""
    found: dict[str, Any] = {}
    level: Any = defaults
    for folder in ("", *folders):
        level = level.get(folder) or {} if folder else level
        found |= {name.removeprefix("+"): value for name, value in level.items() if name.startswith("+")}
    return found


def _of_yaml(described: Mapping[str, Any]) -> dict[str, Any]:
    config = dict(described.get("config") or {})
    return config if "meta" in config or "meta" not in described else {**config, "meta": described["meta"]}


def _of_sql(where: str, sql: str) -> dict[str, Any]:
    found = _CONFIG.search(sql)
    if not found:
        return {}
    try:
        return plain_words(found[1])
    except ValueError as error:
        raise MartError(where, f"its config must be plain words and lists, {error}.") from None


def plain_words(config: str) -> dict[str, Any]:
    """The words of a config(…) in Jinja; raises ValueError for what only dbt could compute."""
    try:
        call = ast.parse(f"config({config})", mode="eval").body
    except SyntaxError as error:
        raise ValueError(str(error.msg)) from None
    assert isinstance(call, ast.Call)
    return {word.arg: _plain(word.arg, word.value) for word in call.keywords if word.arg}


class _Constants(ast.NodeTransformer):
    """Jinja's own words for what Python writes with a capital."""

    def visit_Name(self, node: ast.Name) -> ast.expr:
        known = {"true": True, "false": False, "none": None}
        return ast.Constant(known[node.id]) if node.id in known else node


def _plain(name: str, value: ast.expr) -> Any:
    try:
        return ast.literal_eval(_Constants().visit(value))
    except ValueError:
        raise ValueError(f"found {name}={ast.unparse(value)}") from None
