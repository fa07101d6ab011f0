"""The reference of configuration: environment variables, Airflow's Variables, and variables of make."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml

from lakehouse.airflow import names
from tools.docs.markdown import code, page, table

TEXTS = Path(__file__).parent / "configuration.yaml"
_OURS = re.compile(r"\bLAKEHOUSE_[A-Z][A-Z_]*\b")
_SHELL = ("spark_local.sh", "Makefile", "tools")
_INTERNAL = frozenset({"LAKEHOUSE_DATA_DOCS_DIR", "LAKEHOUSE_LAKE_ROOT", "LAKEHOUSE_RAW_ROOT", "LAKEHOUSE_PLAN"})
"""Set by the project for itself, or the end of an Airflow Variable's name; nobody else sets them."""


def page_of_configuration(root: Path) -> str:
    """The whole page."""
    texts = described()
    return page(
        "Configuration",
        "What a run does follows from the contracts; the variables below say where and with what. Options of commands "
        "and jobs are in [commands](commands.md), those of an environment in AWS in "
        "[Terraform variables](terraform-variables.md), those of a dataset in "
        "[contract properties](contract-properties.md).",
        "## Environment variables",
        table(("variable", "default", "meaning"), _rows(texts["environment"])),
        "## Variables of make",
        "`make TARGET NAME=value`, or exported in the shell.",
        table(("variable", "default"), _of_make(root / "Makefile")),
        "## Airflow Variables",
        "Terraform sets them in MWAA; elsewhere they are set in Airflow.",
        table(("Variable", "default", "meaning"), _rows(texts["variables"])),
        "The Airflow connection that `slack_webhook_conn_id` names is the only one; credentials for AWS are the "
        "machine's role.",
    )


def described() -> dict[str, list[dict[str, str]]]:
    """The names with default and meaning."""
    found: dict[str, list[dict[str, str]]] = yaml.safe_load(TEXTS.read_text(encoding="utf-8"))
    return found


def names_described(group: str) -> set[str]:
    """The names of a group of the page."""
    return {known["name"] for known in described()[group]}


def environment_names(root: Path) -> set[str]:
    """Every environment variable that library, DAGs, scripts and tools read and that a person can set."""
    found = {name for folder in ("glue_jobs", "dags") for file in _python(root / folder) for name in _read_in(file)}
    for place in (*(root / name for name in _SHELL), root / "glue_jobs", root / "dags"):
        for file in (place, *place.rglob("*")) if place.is_dir() else (place,):
            if file.suffix in ("", ".py", ".sh") and file.is_file():
                found |= set(_OURS.findall(file.read_text(encoding="utf-8")))
    return found - _INTERNAL


def airflow_names() -> set[str]:
    """Airflow's Variables that the DAGs read."""
    return {value for name, value in vars(names).items() if name.isupper() and isinstance(value, str)}


def _python(folder: Path) -> Iterable[Path]:
    return sorted(folder.rglob("*.py"))


def _read_in(file: Path) -> Iterator[str]:
    """The constant names that a module takes from `os.environ`."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("os.environ.get", "os.getenv") and node.args:
            yield from _constant(node.args[0])
        elif isinstance(node, ast.Subscript) and ast.unparse(node.value) == "os.environ":
            if isinstance(node.ctx, ast.Load):
                yield from _constant(node.slice)
        elif isinstance(node, ast.Compare) and ast.unparse(node.comparators[0]) == "os.environ":
            yield from _constant(node.left)


def _constant(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


def _rows(texts: Iterable[dict[str, str]]) -> Iterator[tuple[str, str, str]]:
    for known in texts:
        default = known["default"]
        yield code(known["name"]), code(default) if default.isupper() else default, known["meaning"]


def _of_make(makefile: Path) -> Iterator[tuple[str, str]]:
    for name, default in re.findall(r"^([A-Z_]+) \?= ?(.*)$", makefile.read_text(encoding="utf-8"), re.MULTILINE):
        yield code(name), code(default) or "none"
