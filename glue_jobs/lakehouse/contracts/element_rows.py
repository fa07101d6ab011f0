"""The rows that a list's elements are: their columns, and the query that reads them out of silver, for each engine.

They lie in no table: who reads them reads the parents as they are, so none is there twice, late, or without its parent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lakehouse.contracts.choices import MergeStrategy
from lakehouse.contracts.columns import VALIDITY_COLUMNS, Column
from lakehouse.contracts.dataset import Dataset, exploded_lists
from lakehouse.contracts.elements import Elements
from lakehouse.contracts.layers import SILVER

_ATHENA_NAMES = {"string": "varchar", "int": "integer", "timestamp": "timestamp(6)"}


def parent_columns(dataset: Dataset, elements: Elements) -> tuple[Column, ...]:
    """The columns that each row has of its parent: those that tell it, its day or time, and what the contract takes."""
    is_history = dataset.merge_strategy is MergeStrategy.SCD2
    of_day = ["dt"] if dataset.date_column else []
    times = [column.name for column in VALIDITY_COLUMNS] if is_history else of_day
    silver = {column.name: column for column in dataset.silver_columns}
    return tuple(silver[name] for name in dict.fromkeys((*dataset.identity, *times, *elements.takes)))


def own_columns(elements: Elements) -> tuple[Column, ...]:
    """The position, from 1, and what each element holds, under the names of the rows."""
    place = Column(elements.position, "bigint", True, f"Position in {elements.path}, from 1.")
    return (place, *(_renamed(column, f"{elements.prefix}{column.name}") for column in elements.fields))


def _renamed(column: Column, name: str) -> Column:
    # An element may itself be null, so none of its fields is certain to be there.
    return Column(name, column.type, False, column.description, fields=column.fields, items=column.items)


def query_of_athena(dataset: Dataset, elements: Elements) -> str:
    """The rows in Athena's SQL; whoever runs it leaves deleted parents out, as of each table of silver.

    An element is reached by its position: UNNEST of rows has a column for each of their fields, so a view by it would
    fail from the merge that adds one until the publish that names it.
    """
    listed, place = _path("parent", elements.path), f'"listed"."{elements.position}"'
    selected = ",\n    ".join(_selected(dataset, elements, f"{listed}[{place}]", place))
    return (
        f'select\n    {selected}\nfrom {SILVER}."{dataset.name}" as "parent"\n'
        f"cross join unnest(transform({listed}, element -> true)) with ordinality "
        f'as "listed"("is_there", "{elements.position}")'
    )


def queries_of_spark(datasets: Iterable[Dataset]) -> dict[str, dict[str, str]]:
    """What dbt's macro `elements` asks for by the name of a list: its dataset, and the query over `{table}`."""
    return {
        elements.name: {"dataset": dataset.name, "query": query_of_spark(dataset, elements, "{table}")}
        for dataset, elements in exploded_lists(datasets)
    }


def query_of_spark(dataset: Dataset, elements: Elements, table: str) -> str:
    """The rows in Spark's SQL, without those of deleted parents. table: how silver's table is named there."""
    place = "cast(`listed`.`place` + 1 as bigint)"
    selected = ", ".join(_selected(dataset, elements, '"listed"."element"', place)).replace('"', "`")
    shown = f" where not coalesce(`parent`.`{dataset.delete_flag}`, false)" if dataset.delete_flag else ""
    listed = _path("parent", elements.path).replace('"', "`")
    return (
        f"select {selected} from {table} as `parent` "
        f"lateral view posexplode({listed}) `listed` as `place`, `element`{shown}"
    )


def _selected(dataset: Dataset, elements: Elements, element: str, place: str) -> Iterator[str]:
    yield from (f'"parent"."{column.name}"' for column in parent_columns(dataset, elements))
    yield f'{place} as "{elements.position}"'
    for column in elements.fields:
        value = f'{element}."{column.name}"' if elements.element.fields else element
        yield f'{value} as "{elements.prefix}{column.name}"'


def _path(table: str, path: str) -> str:
    return ".".join(f'"{part}"' for part in (table, *path.split(".")))


def athena_type(column: Column) -> str:
    """The type of a column in Athena's words."""
    if column.element is not None:
        return f"array({athena_type(column.element)})"
    if column.fields:
        return "row(" + ", ".join(f'"{field.name}" {athena_type(field)}' for field in column.fields) + ")"
    return _ATHENA_NAMES.get(column.type, column.type)
