"""Kept results: one small JSON file per suite, a line per run, so that a difference shows what was measured again."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

Run = TypeVar("Run")


def read(path: Path) -> dict[str, Any] | None:
    """What a file of results holds; None before the first run."""
    if not path.is_file():
        return None
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def write(path: Path, head: Mapping[str, Any], runs: Mapping[str, Iterable[Any]], sort_keys: bool = False) -> None:
    """Write a file of results. runs: dataclasses, in lists by name."""
    text = json.dumps(head, indent=1, ensure_ascii=False, sort_keys=sort_keys).removesuffix("\n}")
    for name, members in runs.items():
        lines = ",\n  ".join(json.dumps(dataclasses.asdict(run), sort_keys=sort_keys) for run in members)
        text += f',\n "{name}": [\n  {lines}\n ]'
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{text}\n}}\n", encoding="utf-8")


def with_new(old: Iterable[Run], new: Sequence[Run], key: Callable[[Run], object]) -> tuple[Run, ...]:
    """Old runs and new ones; a run that was repeated is replaced."""
    repeated = {key(run) for run in new}
    return (*(run for run in old if key(run) not in repeated), *new)


def today() -> str:
    """The day on which something is measured, in UTC."""
    return time.strftime("%Y-%m-%d", time.gmtime())
