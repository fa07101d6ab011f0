"""Restores a table to an earlier version and rebuilds everything that depends on it: fact, catalogue and views."""

from __future__ import annotations

import json
from dataclasses import dataclass

from lakehouse import log
from lakehouse.contracts.layers import SILVER
from lakehouse.contracts.marts import find_table
from lakehouse.errors import UsageError
from lakehouse.lake.delta_log import table_version
from lakehouse.lake.paths import delta_name
from lakehouse.lake.published import record_rollback
from lakehouse.lake.tables import USER_METADATA, session_settings
from lakehouse.publish.parity import require_parity
from lakehouse.publish.pins import open_as_of
from lakehouse.publish.publish import publish_domain, publish_marts
from lakehouse.runtime.context import Context
from lakehouse.transform.marts import build_marts
from lakehouse.transform.transform import build_domain


class RollbackError(UsageError):
    """The version is not earlier than the table's current one."""

    def __init__(self, table: str, version: int) -> None:
        self.table, self.version = table, version
        super().__init__(f"{table}: is at version {version}; name an earlier one with --to.")


@dataclass(frozen=True)
class RollbackResult:
    """A rollback: the table was at `from_version`, now has the rows of `to_version`, and its log is at `version`."""

    layer: str
    name: str
    from_version: int
    to_version: int
    version: int


def roll_back(context: Context, wanted: str, to_version: int) -> RollbackResult:
    """Restore a table to a version, rebuild the fact from it, and publish both; a later run resumes each step.

    The version is verified to be readable first. The restore is a commit like any other, and the versions between are
    kept, so a rollback is undone by a rollback to the version before it.
    """
    layer, name = find_table(context.project, wanted)
    path = context.lake.table(layer, name)
    before = table_version(path)
    if to_version >= before:
        raise RollbackError(f"{layer}.{name}", before)
    require_parity(f"{layer}.{name} as of version {to_version}", open_as_of(context.lake, layer, name, str(to_version)))
    note = {"rollback": {"from_version": before, "to_version": to_version, "run": log.current("run")}}
    with session_settings(context.spark(), {USER_METADATA: json.dumps(note)}):
        context.spark().sql(f"RESTORE TABLE {delta_name(path)} TO VERSION AS OF {to_version}").collect()
    done = RollbackResult(layer, name, before, to_version, table_version(path))
    record_rollback(context.lake, layer, name, before, to_version, done.version)
    log.info("rolled back", table=f"{layer}.{name}", from_version=before, to_version=to_version, version=done.version)
    _rebuild_dependents(context, layer, name)
    return done


def _rebuild_dependents(context: Context, layer: str, name: str) -> None:
    """Rebuild and republish the tables and views that depend on the table, as the next run would."""
    if layer == SILVER:
        contract = context.contracts.of(context.contracts.dataset(name).domain)
        build_domain(context, contract)
        build_marts(context)
        publish_domain(context, contract)
    publish_marts(context)
