"""Where arrays and maps cannot be: in files without them, as personal data, and what is not done inside of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lakehouse.contracts.choices import FileFormat
from lakehouse.contracts.classification import is_personal
from lakehouse.contracts.columns import Column
from lakehouse.contracts.money import MONEY_PROPERTIES
from lakehouse.contracts.yaml_places import ContractError, Place
from lakehouse.errors import raise_first

_FLAT = (FileFormat.CSV, FileFormat.XLSX)
_NOT_INSIDE = {
    "unicodeForm": "the Unicode form of what is inside an array or a map is not changed",
    **dict.fromkeys(MONEY_PROPERTIES, "amounts inside an array or a map are not added up by column"),
}


def check_shapes(properties: Place, columns: Sequence[Column], file_format: FileFormat) -> None:
    """Raise a ContractError for each array or map that cannot be one. properties: the list of columns."""
    dataset = properties.field.rpartition(".")[0]
    places = zip(properties.items(), columns, strict=True)
    found = [_of(node, column, file_format, f"{dataset}.{column.name}") for node, column in places]
    raise_first([error for errors in found for error in errors], ())


def _of(
    node: Place, column: Column, file_format: FileFormat, path: str, is_inside: bool = False
) -> Iterator[ContractError]:
    node = node.named(path)
    if column.items is not None and file_format in _FLAT:
        wanted = "deliver JSON, Parquet or Avro, or its elements as a dataset of their own"
        yield node.error(f"files in {file_format} have no {column.type}; {wanted}.", "physicalType")
    if (is_inside or column.items is not None) and is_personal(node.text("classification", default="public")):
        cure = "deliver it as a column of its own"
        yield node.error(
            f"personal data in an array or a map can neither be shown in part nor erased by itself; {cure}.",
            "classification",
        )
    for name, why in _NOT_INSIDE.items() if is_inside else ():
        if place := node.properties().get(name):
            yield place.error(f"{why}; remove it.")
    fields = node.find("properties")
    for inner, field in zip(fields.items() if fields else (), column.fields, strict=True):
        yield from _of(inner, field, file_format, f"{path}.{field.name}", is_inside)
    if column.items is not None:
        yield from _of(node.need("items"), column.items, file_format, f"{path}.items", True)
