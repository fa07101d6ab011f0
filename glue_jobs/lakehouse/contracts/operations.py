"""The operations of a change log: the words by which a source says that a row came, changed, went or only was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lakehouse.contracts.yaml_places import Place
from lakehouse.errors import nearest

_KINDS = ("insert", "update", "delete", "ignore")
_FIELDS = ("column", *_KINDS)
_TYPES = ("string", "int", "bigint")


@dataclass(frozen=True)
class Operations:
    """The column that says what happened to a row, and its words.

    ignore: words of rows that change nothing, such as the image of a row before its update.
    """

    column: str
    insert: tuple[str, ...]
    update: tuple[str, ...]
    delete: tuple[str, ...]
    ignore: tuple[str, ...]

    @property
    def words(self) -> tuple[str, ...]:
        """Every word that a row may have."""
        return (*self.insert, *self.update, *self.delete, *self.ignore)

    def __str__(self) -> str:
        said = {kind: " ".join(getattr(self, kind)) for kind in _KINDS}
        return ", ".join((self.column, *(f"{kind} {words}" for kind, words in said.items() if words)))


def read_operations(node: Place | None, types: Mapping[str, str]) -> Operations | None:
    """The operations of a contract, None without any; raises ContractError.

    types: of the dataset's columns.
    """
    if node is None:
        return None
    for name, place in node.entries():
        if name not in _FIELDS:
            raise place.error(f"unknown field '{name}'.{nearest(name, _FIELDS)}")
    column = node.need("column")
    if column.value not in types:
        raise column.error(f"unknown value '{column.value}'.{nearest(str(column.value), types)}")
    kind = types[column.text_as_written]
    if kind not in _TYPES:
        raise column.error(f"'{column.value}' is a {kind}, and an operation is a word or a number; take {_or(_TYPES)}.")
    seen: dict[str, str] = {}
    words = {name: _words(node.find(name), name, kind, seen) for name in _KINDS}
    if not words["delete"]:
        raise node.error("no word deletes; name it under delete, or remove operations and take upsert alone.")
    if not words["insert"] and not words["update"]:
        raise node.error("no word brings a row; name those of inserts and updates.")
    return Operations(column.text_as_written, **words)


def _words(node: Place | None, name: str, kind: str, seen: dict[str, str]) -> tuple[str, ...]:
    """The words of one field; each word stands for one thing."""
    words = [item.named(node.field) for item in node.items("word")] if node else []
    for word in words:
        text = word.text_as_written
        if not word.is_scalar or (kind != "string" and not text.lstrip("-").isdecimal()):
            raise word.error(f"must be {'a word' if kind == 'string' else 'a whole number'}, found {word.value!r}.")
        if text in seen:
            raise word.error(f"'{text}' stands under {seen[text]} already; remove one.")
        seen[text] = name
    return tuple(word.text_as_written for word in words)


def _or(names: tuple[str, ...]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"
