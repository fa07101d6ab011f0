"""Which of the pinned packages go where: those that the jobs or the DAGs import, with all that these need."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


@dataclass(frozen=True)
class Target:
    """Where packages are installed: those to ask for by name, those that are there already, its Python."""

    roots: tuple[str, ...]
    brings: frozenset[str]
    python: str
    whole: bool = True


# Glue 6.0 has these in the versions that requirements.txt names, or takes them from AWS's own build.
ON_GLUE = Target(
    roots=(
        "great-expectations", "dbt-core", "dbt-spark[session]", "deltalake", "duckdb", "duckdb-extension-delta",
        "sqlglot", "open-data-contract-standard", "jsonschema", "pyyaml", "rich", "openpyxl", "fastavro",
        "jinja2", "leather",
    ),
    brings=frozenset({"pyspark", "pandas", "numpy", "pyarrow", "boto3", "botocore", "pip", "setuptools"}),
    python="3.13",
)  # fmt: skip
# MWAA resolves what is below by Airflow's own constraints, so only the names that the DAGs ask for are given.
ON_MWAA = Target(
    roots=(
        "apache-airflow-providers-amazon[aiobotocore]", "apache-airflow-providers-slack",
        "apache-airflow-providers-openlineage", "apache-airflow-providers-smtp", "open-data-contract-standard",
        "jsonschema", "pyyaml",
    ),
    brings=frozenset(),
    python="3.12",
    whole=False,
)  # fmt: skip


def pins_for(root: Path, target: Target) -> str:
    """The lines of requirements.txt that a target needs, sorted."""
    pins = _pins(root / "requirements.txt")
    names = _closure(target) if target.whole else {_name(word): word for word in target.roots}
    lines = [f"{word}=={pins[name]}" for name, word in sorted(names.items()) if name in pins]
    return "\n".join(lines) + "\n"


def packages_version(root: Path) -> str:
    """The word under which Glue keeps installed packages: another one for other pins, and for other roots of them."""
    whole = hashlib.sha256((root / "requirements.txt").read_bytes() + Path(__file__).read_bytes())
    return whole.hexdigest()[:16]


def pinned(root: Path, name: str) -> str:
    """The version of one package in requirements.txt."""
    return _pins(root / "requirements.txt")[name]


def _pins(file: Path) -> dict[str, str]:
    found = re.findall(r"^([A-Za-z0-9._-]+)==([^\s;]+)", file.read_text(encoding="utf-8"), re.MULTILINE)
    return {canonicalize_name(name): version for name, version in found}


def _closure(target: Target) -> dict[str, str]:
    """Every package below the roots, by name, as it is asked for."""
    found: dict[str, str] = {}
    todo = [Requirement(root) for root in target.roots]
    while todo:
        asked = todo.pop()
        name = _name(asked.name)
        if name in target.brings or (name in found and not asked.extras):
            continue
        found.setdefault(name, name)
        todo.extend(_needs(asked, target.python))
    return found


def _needs(asked: Requirement, python: str) -> Iterator[Requirement]:
    environment = {"python_version": python, "python_full_version": f"{python}.0", "sys_platform": "linux"}
    for line in requires(asked.name) or ():
        needed = Requirement(line)
        extras = asked.extras or {""}
        if needed.marker is None or any(needed.marker.evaluate({**environment, "extra": x}) for x in extras):
            yield needed


def _name(word: str) -> str:
    return canonicalize_name(Requirement(word).name)
