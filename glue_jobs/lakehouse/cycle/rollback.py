"""Restores a table to an earlier version and rebuilds everything that depends on it: fact, catalogue and views."""

from __future__ import annotations

import json
from dataclasses import dataclass

from lakehouse import log
from lakehouse.contracts.layers import SILVER
from lakehouse.contracts.marts import find_table
from lakehouse.errors import UsageError
from lakehouse.lake.decisions import Signature
from lakehouse.lake.delta_log import table_version
from lakehouse.lake.paths import delta_name
from lakehouse.lake.published import record_rollback
from lakehouse.lake.tables import USER_METADATA, session_settings
from lakehouse.lake.taken_back import take_back
from lakehouse.publish.parity import require_parity
from lakehouse.publish.pins import open_as_of
from lakehouse.publish.publish import publish_domain, publish_marts
from lakehouse.runtime.context import Context
from lakehouse.transform.marts import build_marts
from lakehouse.transform.table_difference import TableDifference, table_difference
from lakehouse.transform.transform import build_domain


class RollbackError(UsageError):
    """The version is not earlier than the table's current one."""

    def __init__(self, table: str, version: int) -> None:
        self.table, self.version = table, version
        super().__init__(f"{table}: is at version {version}; name an earlier one with --to.")


@dataclass(frozen=True)
class RollbackPlan:
    """A rollback that can be done: the table is at `from_version` and gets the rows of `to_version`."""

    layer: str
    name: str
    from_version: int
    to_version: int

    @property
    def table(self) -> str:
        """The table's name with its layer."""
        return f"{self.layer}.{self.name}"


def plan_rollback(context: Context, wanted: str, to_version: int) -> RollbackPlan:
    """Verify that a table can be restored to a version; raises RollbackError, VersionError, or what parity finds."""
    layer, name = find_table(context.project, wanted)
    plan = RollbackPlan(layer, name, table_version(context.lake.table(layer, name)), to_version)
    if to_version >= plan.from_version:
        raise RollbackError(plan.table, plan.from_version)
    require_parity(f"{plan.table} as of version {to_version}", open_as_of(context.lake, layer, name, str(to_version)))
    return plan


def difference_of(context: Context, plan: RollbackPlan) -> TableDifference:
    """What a rollback changes in its table; nothing is written."""
    path, reader = context.lake.table(plan.layer, plan.name), context.spark().read.format("delta")
    return table_difference(reader.load(path), reader.option("versionAsOf", plan.to_version).load(path))


def roll_back(context: Context, plan: RollbackPlan, by: Signature) -> int:
    """Restore a table, rebuild the marts from it, and publish both; a later run resumes each step.

    The restore is a commit like any other, and the versions between are kept, so a rollback is undone by a rollback to
    the version before it. Returns the version that the restore made.
    """
    path, versions = context.lake.table(plan.layer, plan.name), (plan.from_version, plan.to_version)
    about = {"from_version": plan.from_version, "to_version": plan.to_version}
    note = {"rollback": {**about, "run": log.current("run"), "who": by.who, "why": by.why}}
    with session_settings(context.spark(), {USER_METADATA: json.dumps(note)}):
        context.spark().sql(f"RESTORE TABLE {delta_name(path)} TO VERSION AS OF {plan.to_version}").collect()
    version = table_version(path)
    if plan.layer == SILVER:
        take_back(path, *versions)
    record_rollback(context.lake, plan.layer, plan.name, versions, version, by)
    log.info("rolled back", table=plan.table, **about, version=version)
    _rebuild_dependents(context, plan.layer, plan.name)
    return version


def _rebuild_dependents(context: Context, layer: str, name: str) -> None:
    """Rebuild and republish the tables and views that depend on the table, as the next run would."""
    if layer == SILVER:
        contract = context.contracts.of(context.contracts.dataset(name).domain)
        build_domain(context, contract)
        build_marts(context)
        publish_domain(context, contract)
    publish_marts(context)
