"""Places in a YAML file that know their file and line, so that each error can name them."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from lakehouse.errors import LakehouseError, nearest

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same in C, which is ten times as fast


class ContractError(LakehouseError):
    """A contract that cannot be read: names file, line, field and what to do."""

    def __init__(self, file: str, line: int, field: str, problem: str) -> None:
        self.file, self.line, self.field, self.problem = file, line, field, problem
        super().__init__(f"{file}:{line}: {field}: {problem}")


class Place:
    """One node of a YAML file with its file, its line and the field it stands for."""

    def __init__(self, file: str, node: yaml.Node, field: str = "") -> None:
        self.file, self.node, self.field = file, node, field

    @property
    def value(self) -> Any:
        """The value as plain Python."""
        return yaml.SafeLoader("").construct_object(self.node, deep=True)

    @property
    def line(self) -> int:
        """The line of the file, from 1."""
        return int(self.node.start_mark.line) + 1

    @property
    def text_as_written(self) -> str:
        """A scalar as it stands in the file, so that 007 keeps its zeros."""
        return str(self.node.value)

    @property
    def is_mapping(self) -> bool:
        """True for a mapping, false for a list or scalar."""
        return isinstance(self.node, yaml.MappingNode)

    @property
    def is_scalar(self) -> bool:
        """True for a text, number or flag, false for a list or mapping."""
        return isinstance(self.node, yaml.ScalarNode)

    def with_value(self, text: str) -> Place:
        """The same place with another scalar value, given as it would be written in YAML."""
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        assert node is not None, "a value is written"
        node.start_mark, node.end_mark = self.node.start_mark, self.node.end_mark
        return Place(self.file, node, self.field)

    def error(self, problem: str, field: str = "") -> ContractError:
        """The error about this place or a field of it."""
        path = ".".join(part for part in (self.field, field) if part) or "contract"
        return ContractError(self.file, self.line, path, problem)

    def find(self, name: str) -> Place | None:
        """The place under a key, None where the key is missing."""
        if not self.is_mapping:
            raise self.error(f"must be a mapping that holds '{name}'.")
        for key, value in self.node.value:
            if key.value == name:
                return Place(self.file, value, ".".join(part for part in (self.field, name) if part))
        return None

    def need(self, name: str) -> Place:
        """The place under a key; its absence is an error."""
        found = self.find(name)
        if found is None:
            keys = [key.value for key, _ in self.node.value]
            close = nearest(name, keys) if any(_near(name, key) for key in keys) else ""
            raise self.error(f"is missing; add it.{close.replace('Did you mean', 'Found instead:')}", name)
        return found

    def text(self, name: str, default: str | None = None) -> str:
        """A text under a key."""
        found = self.find(name) if default is not None else self.need(name)
        if found is None:
            return default or ""
        if not isinstance(found.value, str) or not found.value.strip():
            raise found.error(f"must be a text, found {found.value!r}.")
        return found.value

    def flag(self, name: str) -> bool:
        """A true or false under a key, false where it is missing."""
        found = self.find(name)
        if found is not None and not isinstance(found.value, bool):
            raise found.error(f"must be true or false, found {found.value!r}.")
        return bool(found and found.value)

    def items(self, wanted: str = "") -> list[Place]:
        """The places of a list; wanted: what it must hold at least one of."""
        if not isinstance(self.node, yaml.SequenceNode):
            raise self.error("must be a list.")
        if wanted and not self.node.value:
            raise self.error(f"is empty; describe at least one {wanted}.")
        return [Place(self.file, item, f"{self.field}[{i}]") for i, item in enumerate(self.node.value)]

    def entries(self) -> list[tuple[str, Place]]:
        """The keys of a mapping with their places."""
        if not self.is_mapping:
            raise self.error("must be a mapping.")
        return [(key.value, self.need(key.value)) for key, _ in self.node.value]

    def properties(self) -> dict[str, Place]:
        """The values of its custom properties by their names; one that is given twice is an error."""
        found: dict[str, Place] = {}
        listed = self.find("customProperties")
        for item in listed.items() if listed else ():
            name = item.text("property")
            if name in found:
                raise item.error(f"property '{name}' is given twice; remove one.")
            found[name] = item.need("value").named(f"{self.field}.{name}".lstrip("."))
        return found

    def at(self, path: Iterable[str | int]) -> Place:
        """The place at a path of keys and positions, as far as it exists."""
        node = self.node
        for part in path:
            if isinstance(node, yaml.SequenceNode) and isinstance(part, int):
                node = node.value[part]
            elif isinstance(node, yaml.MappingNode):
                node = next((value for key, value in node.value if key.value == part), node)
        return Place(self.file, node, self.field)

    def named(self, name: str) -> Place:
        """The same place under another name, the one that an error shows."""
        return Place(self.file, self.node, name)


def _near(word: str, other: str) -> bool:
    return "Did you mean" in nearest(word, [other])


def read_yaml(file: Path) -> Place:
    """The root of a YAML file; raises ContractError where it cannot be read or a key is written twice."""
    try:
        return _root(str(file), file.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        line = file.read_bytes().count(b"\n", 0, error.start) + 1
        raise ContractError(str(file), line, "YAML", f"{error.reason} of UTF-8; save the file as UTF-8.") from None


@lru_cache(maxsize=256)
def _root(file: str, text: str) -> Place:
    """Many checks read the same files, and parsing them takes most of the time of `lakehouse check`."""
    try:
        node = composed(text)
        if node is not None:
            yaml.SafeLoader("").construct_object(node, deep=True)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ContractError(file, line, "YAML", f"{error.problem}; fix the syntax.") from None
    except (yaml.YAMLError, ValueError) as error:  # a character that YAML has not, no such day
        raise ContractError(file, 1, "YAML", f"{' '.join(str(error).split())}; fix it.") from None
    start = yaml.Mark("", 0, 0, 0, "", 0)
    root = Place(file, node if node is not None else yaml.MappingNode("map", [], start))
    _refuse_repeated_keys(root)
    return root


def plain_yaml(text: str) -> Any:
    """The values of a text of YAML, for the caller to change; raises YAMLError."""
    node = composed(text)
    return None if node is None else yaml.SafeLoader("").construct_document(node)


@lru_cache(maxsize=256)
def composed(text: str) -> yaml.Node | None:
    """The nodes of a text, which none may change; what the loader in C refuses is read by Python's, which says more."""
    if "\t" not in text:  # where C takes a tab, Python refuses it
        with suppress(yaml.YAMLError):
            return yaml.compose(text, Loader=_LOADER)
    return yaml.compose(text, Loader=yaml.SafeLoader)


def _refuse_repeated_keys(root: Place) -> None:
    """YAML itself takes the last of two values with one key, in silence."""
    waiting = [root.node]
    while waiting:
        node = waiting.pop()
        if isinstance(node, yaml.SequenceNode):
            waiting += node.value
        if not isinstance(node, yaml.MappingNode):
            continue
        seen: dict[str, yaml.Node] = {}
        for key, value in node.value:
            if key.value in seen:
                first = seen[key.value].start_mark.line + 1
                raise Place(root.file, key).error(f"is there twice, first in line {first}; remove one.", str(key.value))
            seen[str(key.value)] = key
            waiting.append(value)
