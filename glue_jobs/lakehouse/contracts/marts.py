"""The layout of a mart as its dbt config declares it, read from the model's SQL without starting dbt."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from lakehouse.contracts.dbt_files import mart_names, plain_words
from lakehouse.contracts.layers import MARTS, SILVER
from lakehouse.contracts.layout import CLUSTER_BY, CUT_BY, STATISTICS, TARGET, Layout, layout_of_table, parsed_size
from lakehouse.contracts.layout_reader import overlap
from lakehouse.contracts.project import Project
from lakehouse.contracts.yaml_places import plain_yaml
from lakehouse.errors import LakehouseError, UnknownNameError, nearest

FACT = "fct_daily_store_metrics"
FACT_SOURCES = ("erp_orders", "crm_leads", "web_events", "products")
"""What the fact reads, for the report's picture; a test compares it with the model."""

WHOLE = "(whole)"
"""The setting of an error about a config that cannot be read at all."""
_CONFIG = re.compile(r"config\((.*?)\)\s*\}\}", re.DOTALL)


class MartLayoutError(LakehouseError):
    """A mart declares an impossible layout: names model, setting and what to do."""

    def __init__(self, file: Path, setting: str, problem: str) -> None:
        self.file, self.setting, self.problem = file, setting, problem
        super().__init__(f"{file}: config {setting}: {problem}")


@dataclass(frozen=True)
class MartLayout:
    """What a model's config says, with all its table properties."""

    layout: Layout
    properties: dict[str, str]


def model_file(dbt: Path, name: str) -> Path | None:
    """The SQL of a mart's model; None where there is none of that name."""
    return next((dbt / "models" / "marts").rglob(f"{name}.sql"), None)


def declared_by_model(file: Path, columns: Sequence[str]) -> MartLayout | None:
    """The layout in a model's config; None where it declares none. Raises MartLayoutError."""
    found = _CONFIG.search(file.read_text(encoding="utf-8"))
    config = _config(file, found[1]) if found else {}
    properties = {str(name): str(value) for name, value in (config.get("tblproperties") or {}).items()}
    given = config.get("partition_by") or []
    partition_by = [given] if isinstance(given, str) else list(given)
    layout = layout_of_table(partition_by, properties)
    if layout is None:
        return None
    _check(file, layout, properties, columns)
    return MartLayout(layout, properties)


def _config(file: Path, words: str) -> dict[str, Any]:
    try:
        return plain_words(words)
    except ValueError as error:
        raise MartLayoutError(file, WHOLE, f"must be plain words and lists, {error}.") from None


def _check(file: Path, layout: Layout, properties: dict[str, str], columns: Sequence[str]) -> None:
    problem = overlap(layout.partition_by, layout.cluster_by)
    if problem:
        raise MartLayoutError(file, CLUSTER_BY, problem)
    for setting, names in (("partition_by", layout.partition_by), (CLUSTER_BY, layout.cluster_by)):
        for name in names:
            if name not in columns:
                raise MartLayoutError(file, setting, f"unknown column '{name}'.{nearest(name, columns)}")
    strange = [name for name in layout.cut_by if name not in layout.cluster_by]
    if strange:
        raise MartLayoutError(file, CUT_BY, f"'{strange[0]}' is no cluster column; cut by one or two of those.")
    if TARGET in properties and parsed_size(properties[TARGET]) is None:
        raise MartLayoutError(file, TARGET, f"must be a size such as 128MB, found '{properties[TARGET]}'.")
    bounded = [name.strip() for name in properties.get(STATISTICS, "").split(",")]
    lacking = [name for name in layout.cluster_by if name not in bounded]
    if lacking:
        raise MartLayoutError(
            file, STATISTICS, f"lacks '{lacking[0]}', so that its files could not be skipped; add it to the list."
        )


@cache
def models(dbt: Path) -> dict[str, Described]:
    """The marts as their dbt YAML describes them."""
    found: dict[str, Described] = {}
    for file in sorted((dbt / "models" / "marts").rglob("*.yml")):
        content: dict[str, Any] = plain_yaml(file.read_text(encoding="utf-8")) or {}
        for model in content.get("models", ()):
            columns = {str(c["name"]): _text(c) for c in model.get("columns", ())}
            if columns:
                found[str(model["name"])] = Described(_text(model), columns)
    return found


def _text(item: dict[str, Any]) -> str:
    return " ".join(str(item.get("description", "")).split())


@dataclass(frozen=True)
class Described:
    """A table's description, and the comments of the columns that have one."""

    description: str = ""
    comments: Mapping[str, str] = field(default_factory=dict)


NOT_DESCRIBED = Described()


def find_table(project: Project, wanted: str) -> tuple[str, str]:
    """Layer and name of a table that can be rolled back or pinned; raises UnknownNameError."""
    known = {dataset.name: SILVER for dataset in project.contracts.datasets}
    known |= dict.fromkeys(mart_names(project.dbt), MARTS)
    layer, _, name = wanted.rpartition(".")
    if name not in known or layer not in ("", known[name]):
        raise UnknownNameError("table", wanted, [f"{layer}.{name}" for name, layer in known.items()])
    return known[name], name
