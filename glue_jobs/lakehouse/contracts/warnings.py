"""What a contract says without an effect here, a line each: nothing is wrong, but somebody may rely on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lakehouse.contracts.choices import MergeStrategy
from lakehouse.contracts.classification import is_known, known_words
from lakehouse.contracts.columns import Column
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.date_zone import day_of_evening_before
from lakehouse.contracts.money import MONEY_PROPERTIES
from lakehouse.contracts.property_names import outdated_properties, properties_of
from lakehouse.contracts.quality_reader import OF_COLUMNS, OF_TABLES, why_unused
from lakehouse.contracts.reader import read_contract
from lakehouse.contracts.root_warnings import root_warnings
from lakehouse.contracts.rule_words import FORMATS, ON_FAILURE, SEVERITIES
from lakehouse.contracts.rules_reader import has_effect
from lakehouse.contracts.values_reader import FORMAT, VALUE_PROPERTIES, ZONE, is_of_time
from lakehouse.contracts.yaml_places import ContractError, Place, read_yaml
from lakehouse.errors import nearest

_LOGICAL = {
    "string": ("string",),
    "int": ("integer",),
    "bigint": ("integer",),
    "double": ("number",),
    "decimal": ("number", "integer"),
    "date": ("date",),
    "timestamp": ("timestamp",),
    "boolean": ("boolean",),
    "struct": ("object",),
    "array": ("array",),
    "map": ("array",),  # the standard lets nothing else have items
}
_OF_COLUMNS = (ON_FAILURE, *VALUE_PROPERTIES, *MONEY_PROPERTIES)
_NOT_READ = {
    "partitioned": "the custom property partitionBy names the partitions",
    "partitionKeyPosition": "the custom property partitionBy names the partitions",
    "encryptedName": "nothing is encrypted by column",
    "transformLogic": "transformations are models of dbt",
    "relationships": "a reference to another table is a test of dbt",
}
"""Words of the standard for a dataset or column that promise something which is kept elsewhere or not at all."""


def contract_warnings(folder: Path) -> Iterator[str]:
    """The lines for the contracts of a folder, former names of properties first; none for one that cannot be read."""
    yield from outdated_properties(folder)
    for file in sorted((*folder.glob("*.yaml"), *folder.glob("*.yml"))):
        try:
            datasets = read_contract(file).datasets
        except ContractError:
            continue  # reported as an error, which is what to fix first
        root = read_yaml(file)
        for place, said in root_warnings(root, [dataset.name for dataset in datasets]):
            yield _line(place, said)
        for node, dataset in zip(root.need("schema").items(), datasets, strict=True):
            yield from _of_dataset(node.named(dataset.name), dataset)


def _line(node: Place, text: str) -> str:
    return f"{node.file}:{node.line}: {node.field}: {text}"


def _of_dataset(node: Place, dataset: Dataset) -> Iterator[str]:
    physical = node.find("physicalName")
    if physical is not None and physical.value != dataset.name:
        yield _line(physical, f"'{physical.value}' has no effect here; the tables are named {dataset.name}.")
    yield from _of_sequence(node, dataset)
    if said := day_of_evening_before(dataset):
        yield _line(properties_of(node)["dateColumn"].value, said)
    yield from _not_read(node)
    yield from _of_quality(node, OF_TABLES)
    for inner, column in zip(node.need("properties").items(), dataset.columns, strict=True):
        yield from _of_column(inner.named(f"{dataset.name}.{column.name}"), column)


def _of_sequence(node: Place, dataset: Dataset) -> Iterator[str]:
    if set(dataset.sequence_by) <= {*dataset.key} and dataset.merge_strategy is MergeStrategy.UPSERT:
        for name in dataset.sequence_by:
            value = properties_of(node)["sequenceBy"].value
            yield _line(
                value, f"'{name}' is in the key, so it orders no two versions of a row; the last to arrive stays."
            )


def _of_column(node: Place, column: Column, is_field: bool = False) -> Iterator[str]:
    yield from _not_read(node)
    yield from _of_type(node, column)
    yield from _of_classification(node)
    yield from _of_custom_properties(node)
    yield from _of_quality(node, OF_COLUMNS)
    if is_field:
        for word in ("unique", "physicalName"):
            value = node.find(word)
            if value is not None and value.value not in (False, column.name):
                yield _line(value, f"'{value.value}' has no effect on a field of a struct.")
    fields = node.find("properties")
    for inner, field in zip(fields.items() if fields else (), column.fields, strict=True):
        yield from _of_column(inner.named(f"{node.field}.{field.name}"), field, is_field=True)
    if column.items is not None:
        yield from _of_items(node.need("items").named(f"{node.field}.items"), column.items)


def _of_items(node: Place, column: Column) -> Iterator[str]:
    """Of what is inside an array or a map the type is read, how its text is read, and whether it may be null."""
    yield from _of_type(node, column, is_inside=True)
    yield from _of_classification(node)
    for word in ("unique", "physicalName", "quality"):
        if value := node.find(word):
            yield _line(value, "has no effect inside an array or a map.")
    properties = node.find("customProperties")
    for item in properties.items() if properties else ():
        if item.text("property") not in VALUE_PROPERTIES:
            yield _line(item, f"property '{item.text('property')}' has no effect inside an array or a map.")
    fields = node.find("properties")
    for inner, field in zip(fields.items() if fields else (), column.fields, strict=True):
        yield from _of_items(inner.named(f"{node.field}.{field.name}"), field)
    if column.items is not None:
        yield from _of_items(node.need("items").named(f"{node.field}.items"), column.items)


def _not_read(node: Place) -> Iterator[str]:
    for word, instead in _NOT_READ.items():
        if value := node.find(word):
            yield _line(value, f"has no effect here; {instead}.")


def logical_types(physical_type: str) -> tuple[str, ...]:
    """The logical types of the standard that say the same as a physical one; none where it is not known here."""
    return _LOGICAL.get(physical_type.split("(")[0].split("<")[0], ())


def _of_type(node: Place, column: Column, is_inside: bool = False) -> Iterator[str]:
    logical = node.find("logicalType")
    same = logical_types(column.type)
    if logical is not None and logical.value not in same:
        wanted = " or ".join(same)
        yield _line(
            logical, f"'{logical.value}' contradicts physicalType {column.type}, which is read; write {wanted}."
        )
    options = node.find("logicalTypeOptions")
    for option, value in options.entries() if options else ():
        if is_of_time(option, column.type):
            continue
        if is_inside:
            yield _line(value, f"'{value.value}' has no effect inside an array or a map.")
        elif not has_effect(option, value, column):
            known = f" Checked are {', '.join(FORMATS)}." if option == "format" and column.type == "string" else ""
            yield _line(value, f"'{value.value}' has no effect on a column of type {column.type}.{known}")


def _of_classification(node: Place) -> Iterator[str]:
    value = node.find("classification")
    if value is not None and not is_known(str(value.value)):
        every = [word for words in known_words().values() for word in words]
        yield _line(value, f"'{value.value}' is not known and is masked as personal data.{nearest(value.value, every)}")


def _of_custom_properties(node: Place) -> Iterator[str]:
    properties = node.find("customProperties")
    for item in properties.items() if properties else ():
        name = item.text("property")
        if name not in _OF_COLUMNS:
            yield _line(item, f"property '{name}' has no effect here.{_nearest_property(name)}")


def _nearest_property(name: str) -> str:
    if name.lower() in ("timezone", "format"):
        return f" Write logicalTypeOptions.{ZONE if name.lower() == 'timezone' else FORMAT}."
    return nearest(name, _OF_COLUMNS)


def _of_quality(node: Place, metrics: dict[str, str]) -> Iterator[str]:
    quality = node.find("quality")
    for entry in quality.items() if quality else ():
        entry = entry.named(f"{node.field}.quality")
        kind, severity = entry.find("type"), entry.find("severity")
        if kind is not None and kind.value == "text":
            continue  # written for people alone
        if why := why_unused(entry, metrics):
            yield _line(entry, f"has no effect: {why.rstrip('.')}.")
        elif severity is not None and severity.value not in SEVERITIES:
            known = f"{', '.join(SEVERITIES)} are"
            yield _line(severity, f"'{severity.value}' has no effect; {known} known, and the property {ON_FAILURE}.")
