"""Reads the contract property `explode`, or reports file, line, field and what was wanted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from lakehouse.contracts.columns import MAP, Column
from lakehouse.contracts.columns_reader import LONGEST_NAME, NAME, read_name
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.element_rows import own_columns, parent_columns
from lakehouse.contracts.elements import POSITION, Elements
from lakehouse.contracts.roles import KEY_TYPES
from lakehouse.contracts.rule_words import in_name, named_apart, quoted, rows_where
from lakehouse.contracts.suite import OnFailure, Rule
from lakehouse.contracts.yaml_places import ContractError, Place
from lakehouse.errors import nearest
from lakehouse.say import with_article

WORDS = ("path", "name", "with", "prefix", POSITION, "key")


def with_elements(dataset: Dataset, node: Place | None) -> Dataset:
    """The dataset with what its contract explodes, and the rules that this promises; raises ContractError."""
    if node is None:
        return dataset
    if personal := sorted({*dataset.key} & dataset.pii_columns):
        raise node.error(
            f"each element has its parent's key, and '{personal[0]}' is personal data, which views do not show; read "
            "the list by UNNEST."
        )
    places = [node] if node.is_scalar or isinstance(node.value, dict) else node.items("list")
    found = tuple(_elements(place.named(node.field), dataset) for place in places)
    names = [elements.name for elements in found]
    for place, name in zip(places, names, strict=True):
        if names.count(name) > 1:
            raise place.named(node.field).error(f"'{name}' is described twice; give each list a name of its own.")
    rules = [rule for elements in found for rule in _key_rule(elements)]
    return replace(dataset, elements=found, rules=named_apart((*dataset.rules, *rules)))


def _elements(node: Place, dataset: Dataset) -> Elements:
    """One list: its path alone, or a mapping that says more."""
    words = {"path": node} if node.is_scalar else dict(node.entries())
    for word, place in words.items():
        if word not in WORDS:
            raise place.error(f"unknown field '{word}'.{nearest(word, WORDS)}")
    path = words.get("path") or node.need("path")
    listed, prefix = _list_at(path, dataset), _prefix(words.get("prefix"))
    assert listed.element is not None, "it is an array or a map"
    found = Elements(
        name=read_name(words["name"]) if "name" in words else f"{dataset.name}_{in_name(str(path.value))}",
        path=str(path.value),
        element=listed.element,
        takes=tuple(_taken(words.get("with"), dataset, path)),
        prefix=prefix,
        position=read_name(words[POSITION]) if POSITION in words else f"{prefix}{POSITION}",
        key=tuple(_key(words.get("key"), listed, path)),
    )
    _refuse_shared_names(node, dataset, found)
    return found


def _list_at(path: Place, dataset: Dataset) -> Column:
    """The array or map at a path."""
    if not isinstance(path.value, str) or not path.value:
        raise path.error(f"must be the name of an array or a map, in structs as basket.lines, found {path.value!r}.")
    columns: Iterable[Column] = dataset.columns
    column: Column | None = None
    for part in path.value.split("."):
        if column is not None and column.items is not None:
            raise path.error(f"'{path.value}' lies inside the {column.type} '{column.name}'; explode that one.")
        known = {field.name: field for field in columns}
        if part not in known:
            raise path.error(f"unknown column '{path.value}'.{nearest(part, known)}")
        column = known[part]
        columns = column.fields
    assert column is not None, "a path has a part"
    if column.element is None:
        kind = with_article(column.type)
        raise path.error(f"'{path.value}' is {kind}, which has no elements; name an array or a map.")
    root = path.value.split(".")[0]
    if root in dataset.pii_columns:
        raise path.error(f"'{root}' holds personal data, which views do not show; read the list by UNNEST.")
    return column


def _prefix(node: Place | None) -> str:
    if node is None:
        return ""
    if not isinstance(node.value, str) or not re.fullmatch(NAME[1:-1], node.value):
        raise node.error(f"must begin names: lower_case letters, digits and _, found {node.value!r}.")
    return node.value


def _taken(node: Place | None, dataset: Dataset, path: Place) -> Iterator[str]:
    """The columns of the parent that rows have beside its key."""
    root, silver = str(path.value).split(".")[0], dataset.silver_column_names
    for item in _names(node):
        if item.value not in silver:
            raise item.error(f"unknown column '{item.value}'.{nearest(str(item.value), silver)}")
        if item.value == root:
            raise item.error(f"'{root}' holds the list itself; each row would repeat it.")
        if item.value in dataset.pii_columns:
            raise item.error(f"'{item.value}' is personal data, which views do not show; leave it out.")
        yield str(item.value)


def _key(node: Place | None, listed: Column, path: Place) -> Iterator[str]:
    """The fields that tell an element within its list; the keys of a map do so by themselves."""
    if node is not None and listed.type == MAP:
        raise node.error(f"'{path.value}' is a map, whose keys are each there once; remove it.")
    element = listed.element
    fields = {field.name: field for field in (element.fields or (element,))} if element else {}
    for item in _names(node):
        if item.value not in fields:
            raise item.error(f"unknown field '{item.value}' of {path.value}.{nearest(str(item.value), fields)}")
        kind = fields[str(item.value)].type.split("(")[0]
        if kind not in KEY_TYPES:
            wanted = f"which cannot be a key; take {', '.join(KEY_TYPES)}"
            raise item.error(f"'{item.value}' is {with_article(kind)}, {wanted}.")
        yield str(item.value)


def _names(node: Place | None) -> list[Place]:
    """The names of a list, each once."""
    found = [item.named(node.field) for item in node.items("column")] if node else []
    seen: set[str] = set()
    for item in found:
        if item.text_as_written in seen:
            raise item.error(f"'{item.value}' is there twice; remove one.")
        seen.add(item.text_as_written)
    return found


def _refuse_shared_names(node: Place, dataset: Dataset, elements: Elements) -> None:
    """Each column of the rows has a name of its own, that engines take."""
    seen: Mapping[str, str] = {column.name: "the parent" for column in parent_columns(dataset, elements)}
    for column in own_columns(elements):
        if column.name in seen:
            raise node.error(
                f"'{column.name}' would be a column of {seen[column.name]} and of the element; add a prefix such as "
                f"{elements.path.rpartition('.')[2].rstrip('s')}_, or name the {POSITION}."
            )
        if len(column.name) > LONGEST_NAME:
            raise node.error(f"'{column.name}' has more than {LONGEST_NAME} characters; shorten the prefix.")
        seen = {**seen, column.name: "the position" if column.name == elements.position else "another field"}


def shared_names(datasets: Sequence[tuple[Place, Dataset]]) -> Iterator[ContractError]:
    """The elements of a list are a dataset to those who query, so no other may have their name."""
    taken = {dataset.name: dataset.name for _, dataset in datasets}
    for place, dataset in datasets:
        for elements in dataset.elements:
            if elements.name in taken:
                found = f"'{elements.name}' is also the name of {taken[elements.name]}"
                yield place.named(dataset.name).error(f"{found}; give the elements another name.", "explode")
            taken.setdefault(elements.name, f"the elements of {dataset.name}.{elements.path}")


def _key_rule(elements: Elements) -> Iterator[Rule]:
    """A row whose list has a key twice, or an element without one, is quarantined whole, as one that does not fit."""
    if not elements.key:
        return
    listed = quoted(elements.path)
    values = [f"element.`{name}`" if elements.element.fields else "element" for name in elements.key]
    missing = " OR ".join(f"{value} IS NULL" for value in values)
    different = f"size(array_distinct(transform({listed}, element -> struct({', '.join(values)}))))"
    condition = f"(size({listed}) <> {different} OR exists({listed}, element -> {missing}))"
    sentence = f"Each element of {elements.path} has its own {' and '.join(elements.key)}."
    yield rows_where(f"{in_name(elements.path)}_key_unique", sentence, OnFailure.QUARANTINE, condition)
