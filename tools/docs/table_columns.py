"""The reference of tables: the columns of each layer with types and comments, from the code that creates them."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pyarrow as pa

from lakehouse.contracts.columns import BATCH_ID, REPAIR_OF, RESCUED, ROW_ID, SOURCE_FILE
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.marts import models
from lakehouse.contracts.project import Project
from lakehouse.lake.paths import LEDGERS, PRIVATE_LEDGERS
from lakehouse.publish.descriptions import described, meanings
from lakehouse.publish.element_views import project_views
from tools.docs.markdown import code, page, table

_HEADS = ("column", "type", "meaning")
_ADDED_BY_BRONZE = (
    (RESCUED, "string", ""),
    (REPAIR_OF, "string", ""),
    (SOURCE_FILE, "string", ""),
    (BATCH_ID, "bigint", ""), (ROW_ID, "bigint", ""), ("_ingested_at", "timestamp", ""),
)  # fmt: skip
_ARROW = {"int64": "bigint", "bool": "boolean", "float": "double", "timestamp[us, tz=UTC]": "timestamp"}


def page_of_tables(root: Path) -> str:
    """The whole page."""
    project = Project(root)
    return page(
        "Tables",
        "Every column of every layer, for the contracts of this project. Types are Spark's in silver, bronze and "
        "quarantine, Athena's in views. `lakehouse describe TABLE` shows the same for one table of a lake, with the "
        "types of marts. [States](states.md) says what the states in them mean.",
        "## Silver",
        "The latest version of each key, or with `scd2` every version. Bronze has the delivered columns too.",
        *(part for dataset in project.contracts.datasets for part in _silver(dataset)),
        "## Bronze",
        "Each parseable row of each delivery, append only: the delivered columns of the dataset and these.",
        table(_HEADS, [_row(*known) for known in _ADDED_BY_BRONZE]),
        "## Quarantine",
        "The delivered columns as text, and these.",
        table(_HEADS, _quarantine(project)),
        "## Marts",
        *(part for name, known in sorted(models(project.dbt).items())
          for part in (f"### marts.{name}", known.description, _without_types(known.comments))),
        "## Analytics views",
        *(part for view in project_views(project) for part in (
            f"### analytics.{view.name}", view.description,
            table(_HEADS, [_row(c.name, c.type, c.comment) for c in view.columns]))),
        "## Ops",
        "One entry per row, append only. "
        + ", ".join(map(code, sorted(PRIVATE_LEDGERS)))
        + " are not published to analysts, because they name people.",
        *(part for name in sorted(LEDGERS) for part in _ops(project, name)),
    )  # fmt: skip


def ops_schemas(root: Path) -> dict[str, pa.Schema]:
    """The schema of each ops table by the constant of its name, wherever in the library that is."""
    found: dict[str, pa.Schema] = {}
    library = root / "glue_jobs" / "lakehouse"
    for file in sorted((*library.glob("lake/*.py"), *library.glob("quarantine/changes.py"))):
        module = ".".join(file.relative_to(root / "glue_jobs").with_suffix("").parts)
        if "pa.schema" in file.read_text(encoding="utf-8"):
            constants = vars(importlib.import_module(module))
            found |= {name.lower(): value for name, value in constants.items() if isinstance(value, pa.Schema)}
    return {name: schema for name in LEDGERS if (schema := found.get(_CONSTANT_OF.get(name, name)))}


_CONSTANT_OF = {"quarantine_changes": "changes"}
"""The constant of a ledger's schema, where it is not the ledger's name."""


def _silver(dataset: Dataset) -> tuple[str, ...]:
    rows = [
        _row(column.name, column.spark_type, _with_key(dataset, column.name, column.description))
        for column in dataset.silver_columns
    ]
    return f"### silver.{dataset.name}", dataset.description, table(_HEADS, rows)


def _with_key(dataset: Dataset, column: str, text: str) -> str:
    marks = [word for word, names in (("key", dataset.key), ("sequence", dataset.sequence_by),
                                      ("personal data", dataset.pii_columns)) if column in names]  # fmt: skip
    return f"{text} **{', '.join(marks).capitalize()}.**" if marks else text


def _quarantine(project: Project) -> Iterator[tuple[str, ...]]:
    first = project.contracts.datasets[0]
    types = {"_broken_rules": "array<string>", "_batch_id": "bigint", "_row_id": "bigint",
             "_quarantined_at": "timestamp"}  # fmt: skip
    for name, text in described(project, "quarantine", first.name).comments.items():
        if name not in first.column_names:
            yield _row(name, types.get(name, "string"), text)


def _ops(project: Project, name: str) -> Iterator[str]:
    schema = ops_schemas(project.root).get(name)
    about = described(project, "ops", name)
    if schema is not None:
        yield f"### ops.{name}"
        yield about.description
        yield table(
            _HEADS,
            [_row(field.name, _arrow(field.type), about.comments.get(field.name, "")) for field in schema],
        )


def _arrow(type_: pa.DataType) -> str:
    if pa.types.is_list(type_):
        return f"array<{_arrow(type_.value_type)}>"
    if pa.types.is_struct(type_):
        return f"struct<{', '.join(f'{field.name}: {_arrow(field.type)}' for field in type_)}>"
    return _ARROW.get(str(type_), str(type_))


def _row(name: str, type_: str, text: str) -> tuple[str, str, str]:
    return code(name), code(type_), text or meanings().get(name, "")


def _without_types(comments: Mapping[str, str]) -> str:
    rows: Iterable[tuple[str, str]] = ((code(name), text) for name, text in comments.items())
    return table(("column", "meaning"), rows)
