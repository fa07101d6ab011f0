"""Which lists dbt's models take the elements of, by the text of their files; without dbt."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.dataset import exploded_lists
from lakehouse.errors import nearest

_NAME = r"['\"]([\w-]+)['\"]"
_LIST = re.compile(rf"\belements\(\s*{_NAME}\s*,\s*source\(\s*{_NAME}\s*,\s*{_NAME}\s*\)")


def unknown_lists(dbt: Path, contracts: Contracts) -> Iterator[str]:
    """A line for each model that asks for the elements of a list that no contract explodes, or of another dataset."""
    known = {elements.name: dataset.name for dataset, elements in exploded_lists(contracts.datasets)}
    for file in sorted((dbt / "models").rglob("*.sql")):
        sql = file.read_text(encoding="utf-8")
        for found in _LIST.finditer(sql):
            name, _, dataset = found.groups()
            where = f"{file}:{sql.count(chr(10), 0, found.start()) + 1}: elements('{name}', …)"
            if name not in known:
                yield f"{where}: no contract explodes a list of that name.{nearest(name, known)}"
            elif known[name] != dataset:
                yield f"{where} are those of {known[name]}, not of {dataset}; name {known[name]} as the source."
