"""Tries what a job needs before any data is at stake: packages, Spark's commits, and delta-rs reading them."""

from __future__ import annotations

import importlib
import uuid
from collections.abc import Sequence

from lakehouse import log
from lakehouse.errors import LakehouseError
from lakehouse.lake.delta_log import read_rows, table_version
from lakehouse.lake.files import remove_tree
from lakehouse.lake.paths import for_spark
from lakehouse.runtime.context import Context

PLACE = "_smoke"
"""Below `ops`, where each job may write; every try has a folder of its own there, and removes it."""
PACKAGES = (
    "dbt.version", "deltalake", "duckdb", "great_expectations", "jsonschema", "sqlglot",
    # Glue brings these, and an environment of packages of our own must still show them.
    "boto3", "numpy", "pandas", "pyarrow",
)  # fmt: skip


class SmokeError(LakehouseError):
    """Something that each run needs does not work in this place."""

    def __init__(self, what: str, found: str, wanted: str) -> None:
        self.what, self.found = what, found
        super().__init__(f"The try of {what} found {found}, wanted {wanted}; run `lakehouse doctor --environment …`.")


def smoke(context: Context, packages: Sequence[str] = PACKAGES) -> None:
    """Import the packages, commit twice to a table of its own, read it by delta-rs; raises SmokeError."""
    missing = [name for name in packages if not _imports(name)]
    if missing:
        raise SmokeError("packages", f"{', '.join(missing)} missing", "those of requirements.txt")
    path = context.lake.ops(f"{PLACE}/{uuid.uuid4().hex}")
    try:
        for mode in ("errorifexists", "append"):
            context.spark().range(1).write.format("delta").mode(mode).save(for_spark(path))
        found = (table_version(path), len(read_rows(path)))
        if found != (1, 2):
            raise SmokeError("two commits", f"version {found[0]} with {found[1]} rows", "version 1 with 2 rows")
    finally:
        remove_tree(path)
    log.info("smoke: packages, two commits and their reading by delta-rs work")


def _imports(name: str) -> bool:
    try:
        importlib.import_module(name)
    except ImportError:
        return False
    return True
