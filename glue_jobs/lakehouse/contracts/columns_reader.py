"""Reads the columns of a dataset and which of them are its key, or reports line, field and what was wanted."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lakehouse.contracts.classification import is_personal
from lakehouse.contracts.columns import ARRAY, COLLECTIONS, Column
from lakehouse.contracts.money import Money, check_money, read_money
from lakehouse.contracts.values_reader import read_values
from lakehouse.contracts.yaml_places import Place
from lakehouse.errors import LakehouseError, gathering, nearest, raise_first

TYPE = r"^(string|int|bigint|double|date|timestamp|boolean|struct|array|map|decimal\([0-9]{1,3},[0-9]{1,3}\))$"
_KNOWN_TYPES = (
    "string",
    "int",
    "bigint",
    "double",
    "date",
    "timestamp",
    "boolean",
    "struct",
    "array",
    "map",
    "decimal(12,2)",
)
NAME = "^[a-z][a-z0-9_]*$"
"""Both are regular expressions of ECMA-262 and of Python, for the reader and for editors."""
_MOST_DIGITS = 38
LONGEST_NAME = 255
"""What Glue's catalogue takes as the name of a column."""


def read_columns(node: Place) -> tuple[Column, ...]:
    """The columns of a dataset or the fields of a struct; raises ContractError."""
    errors: list[LakehouseError] = []
    columns: list[Column] = []
    for item in node.items("column"):
        with gathering(errors):
            columns.append(_column(item))
    raise_first(errors, ())
    names = [column.name for column in columns]
    for item, column in zip(node.items(), columns, strict=True):
        if names.count(column.name) > 1:
            raise item.error(f"column '{column.name}' is described twice.")
    _refuse_shared_names(node, columns)
    check_money(node, {column.name: column.money for column in columns}, {c.name: c.type for c in columns})
    return tuple(columns)


def _refuse_shared_names(node: Place, columns: Sequence[Column]) -> None:
    """A file's column is one column of the contract, by its name or its physical name."""
    for item, column in zip(node.items(), columns, strict=True):
        others = {name for other in columns if other is not column for name in (other.name, other.delivered_name)}
        if column.delivered_name in others:
            raise item.error(f"'{column.delivered_name}' is also another column's name.", "physicalName")


def _column(node: Place) -> Column:
    name = read_name(node.need("name"))
    type_ = _type(node, name)
    fields = _fields(node, name, type_)
    physical_name = node.text("physicalName", default=name)
    money = read_money(node, type_)
    return Column(
        name=name,
        type=type_,
        required=node.flag("required"),
        description=_description(node, money),
        pii=is_personal(node.text("classification", default="public")) or any(field.pii for field in fields),
        fields=fields,
        physical_name=physical_name if physical_name != name else None,
        values=read_values(node, type_),
        money=money,
        items=_items(node, name, type_),
    )


def _type(node: Place, name: str) -> str:
    type_ = node.text("physicalType")
    if not re.fullmatch(TYPE[1:-1], type_):
        raise node.need("physicalType").error(f"unknown type '{type_}' of {name}.{nearest(type_, _KNOWN_TYPES)}")
    if problem := _type_problem(type_):
        raise node.need("physicalType").error(f"{name}: {problem}")
    return type_


def _items(node: Place, name: str, type_: str) -> Column | None:
    """The elements of an array or the values of a map; either has some, and nothing else has."""
    inner = node.find("items")
    if type_ not in COLLECTIONS:
        if inner is not None:
            raise inner.error(f"{name} is a {type_}, which has no items; make its physicalType array or map.")
        return None
    if inner is None:
        wanted = "elements" if type_ == ARRAY else "values"
        raise node.error(f"the {type_} {name} does not say what its {wanted} are; describe them under items.", "items")
    own = inner.named(f"{node.field}.items")
    if own.flag("primaryKey"):
        raise own.error(f"the items of {name} cannot be a key; deliver it as a column of its own.", "primaryKey")
    kind = _type(own, f"the items of {name}")
    return Column(
        name="element" if type_ == ARRAY else "value",
        type=kind,
        required=own.flag("required"),
        description=own.text("description", default="An element." if type_ == ARRAY else "Its value."),
        fields=_fields(own, f"the items of {name}", kind),
        values=read_values(own, kind),
        items=_items(own, f"the items of {name}", kind),
    )


def _description(node: Place, money: Money | None) -> str:
    """What the contract says of a column, and of amounts what they are in: comments are read where no contract is."""
    text = node.text("description")
    return text if money is None else f"{text.rstrip('.')}. In {money}."


def _type_problem(type_: str) -> str | None:
    """Why a decimal cannot be; None for every other type."""
    numbers = [int(number) for number in re.findall(r"\d+", type_)]
    if numbers and not (1 <= numbers[0] <= _MOST_DIGITS and numbers[1] <= numbers[0]):
        return f"{type_} does not exist; a decimal has 1 to {_MOST_DIGITS} digits, of which at most all are decimals."
    return None


def _fields(node: Place, name: str, type_: str) -> tuple[Column, ...]:
    """The fields of a struct; a struct has some, and nothing else has."""
    inner = node.find("properties")
    if type_ != "struct" and inner is not None:
        raise inner.error(f"{name} is a {type_}, which has no fields; make its physicalType struct, or remove them.")
    if type_ == "struct" and inner is None:
        raise node.error(f"the struct {name} has no fields; describe them under properties.", "properties")
    return () if inner is None else read_columns(inner)


def refuse_key(node: Place) -> tuple[str, ...]:
    """No key; raises ContractError for a column that is marked as a part of one."""
    errors = [item.error(_NO_KEY, "primaryKey") for item in node.items() if item.flag("primaryKey")]
    raise_first(errors, ())
    _refuse_stray_marks(node)
    return ()


_NO_KEY = "with mergeStrategy append each delivered row is kept, whatever its key; remove it, or take upsert."


def read_key(node: Place) -> tuple[str, ...]:
    """The key columns by their positions, which count from 1 without a gap; raises ContractError."""
    _refuse_stray_marks(node)
    places: dict[int, Place] = {}
    names: dict[int, str] = {}
    for item in node.items():
        if item.flag("primaryKey"):
            place, position = _position(item)
            if position in names:
                raise place.error(f"must be a number of its own among the key columns, found {position!r}.")
            if not item.flag("required"):
                raise item.error("a key column must be required: true.", "required")
            places[position], names[position] = place, item.text("name")
    if not names:
        raise node.error("no column is marked primaryKey: true; mark the key's columns.")
    found = sorted(names)
    for wanted, position in enumerate(found, start=1):
        if position != wanted:
            listed = ", ".join(map(str, found))
            raise places[position].error(
                f"the key columns have the positions {listed}; count them from 1, without a gap."
            )
    return tuple(names[position] for position in found)


def _position(item: Place) -> tuple[Place, int]:
    place = item.need("primaryKeyPosition")
    if isinstance(place.value, bool) or not isinstance(place.value, int) or place.value < 1:
        raise place.error(f"must be a number of its own among the key columns, from 1, found {place.value!r}.")
    return place, place.value


def _refuse_stray_marks(columns: Place, inside: bool = False) -> None:
    """Marks of a key that would be passed over: a position of no key column, and a field of a struct."""
    for item in columns.items():
        if inside and item.flag("primaryKey"):
            raise item.error("a field of a struct cannot be a key; deliver it as a column of its own.", "primaryKey")
        position = item.find("primaryKeyPosition")
        if position is not None and not item.flag("primaryKey") and position.value != _NO_POSITION:
            raise position.error("the column is not in the key; add primaryKey: true, or remove the position.")
        held: Place | None = item
        while held is not None:
            if fields := held.find("properties"):
                _refuse_stray_marks(fields, inside=True)
            held = held.find("items")


_NO_POSITION = -1
"""The standard's value for a column outside the key."""


def read_name(node: Place, longest: int = LONGEST_NAME) -> str:
    """A name that every engine takes as it is; raises ContractError."""
    if not isinstance(node.value, str) or not re.fullmatch(NAME[1:-1], node.value):
        raise node.error(f"must be lower_case letters, digits and _, found {node.value!r}.")
    if len(node.value) > longest:
        raise node.error(f"has {len(node.value)} characters, and at most {longest} fit; shorten it.")
    return node.value
