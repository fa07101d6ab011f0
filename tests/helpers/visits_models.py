"""A dbt project of a test's own models over the visits of a small project, with our macros."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

SOURCES = """version: 2
sources:
  - {name: silver_shop, description: Silver of the shop., schema: silver,
     tables: [{name: visits, description: Visits.}]}
"""
_NOT_OURS = shutil.ignore_patterns("models", "seeds", "athena_views", "target", "logs", "assert_*")


def write_models(dbt: Path, root: Path, models: Mapping[str, str]) -> None:
    """Write our dbt project below a root with these models, by their places below `models`, in place of ours."""
    shutil.copytree(dbt, root / "dbt", ignore=_NOT_OURS, dirs_exist_ok=True)
    for name, text in {"staging/_sources.yml": SOURCES, **models}.items():
        file = root / "dbt/models" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
