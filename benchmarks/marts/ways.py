"""The ways to bring a mart up to date: changed keys, windows of dbt, every row; and the cells that are wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from benchmarks.marts.lakes import (
    CONTESTED,
    MICROBATCH,
    PEERS,
    WINDOW_DAYS,
    Silver,
    pass_tests,
    with_one_mart,
    with_peers,
)
from lakehouse.contracts.dbt_files import mart_names
from lakehouse.contracts.layers import MARTS
from lakehouse.contracts.project import Project
from lakehouse.lake.paths import delta_name
from lakehouse.runtime.context import Context
from lakehouse.runtime.dbt import register_silver, register_table, run_dbt
from lakehouse.transform.marts import MartBuild, build_marts

KEYS, FULL = "changed keys", "full refresh"
_STAGING = ["stg_erp_orders", "stg_products", "stg_crm_leads", "stg_web_events"]


@dataclass(frozen=True)
class Way:
    """One mart brought up to date in one way, in a lake of its own. first: its first build."""

    name: str
    mart: str
    context: Context
    first: Callable[[], object]
    update: Callable[[], MartBuild | None]

    @property
    def path(self) -> str:
        """Where the mart lies."""
        return self.context.lake.table(MARTS, self.mart if self.name in (KEYS, FULL) else self.name)


def ways_of(silver: Silver, project: Project, folder: Path) -> list[Way]:
    """Changed keys and every row for each mart, dbt's windows for one."""
    found = []
    for mart in mart_names(project.dbt):
        one = with_one_mart(project, mart, folder / f"project-{mart}")
        found += [_by_keys(silver.beside(one, folder / f"keys-{mart}"), mart)]
        found += [_full(silver.beside(one, folder / f"full-{mart}"), mart)]
    peers = with_peers(project, folder / "project-peers")
    return found + [_peer(silver.beside(peers, folder / peer), peer) for peer in PEERS]


def _by_keys(context: Context, mart: str) -> Way:
    def build() -> MartBuild | None:
        pass_tests(context)
        return build_marts(context).of(mart)

    return Way(KEYS, mart, context, build, build)


def _full(context: Context, mart: str) -> Way:
    def refresh() -> None:
        _dbt(context, mart, "--full-refresh")

    return Way(FULL, mart, context, lambda: None, refresh)


def _peer(context: Context, name: str) -> Way:
    def first() -> None:
        if name != MICROBATCH:
            _dbt(context, name, "--full-refresh")
            return
        # Its first run would be one query a day since the first; the rows are those of its neighbour.
        other = delta_name(str(Path(context.lake.root).with_name(PEERS[0]) / f"curated/marts/{PEERS[0]}"))
        path = delta_name(context.lake.table(MARTS, name))
        context.spark().sql(f"CREATE TABLE {path} USING delta PARTITIONED BY (dt) AS SELECT * FROM {other}")

    def update() -> None:
        _dbt(context, name, *(_last_days(context) if name == MICROBATCH else ()))

    return Way(name, CONTESTED, context, first, update)


def _last_days(context: Context) -> list[str]:
    orders = delta_name(context.lake.silver("erp_orders"))
    (last,) = context.spark().sql(f"SELECT max(dt) FROM {orders}").first() or (None,)
    days = last - timedelta(days=WINDOW_DAYS - 1), last + timedelta(days=1)
    return ["--event-time-start", str(days[0]), "--event-time-end", str(days[1])]


def _dbt(context: Context, model: str, *options: str) -> None:
    """Run dbt on one model, whose table and sources are those of its lake."""
    spark = context.spark()
    register_silver(spark, context.lake, context.contracts)
    for layer in (MARTS, "staging"):
        spark.sql(f"CREATE DATABASE IF NOT EXISTS {layer}")
    register_table(spark, MARTS, model, context.lake.table(MARTS, model))
    run_dbt(context, ["run", "--select", *_STAGING, model, *options])


def wrong_cells(way: Way, truth: Way) -> int:
    """The cells of a mart that differ from those of every row computed again; of a row too few or too many, all."""
    spark = way.context.spark()
    columns = spark.read.format("delta").load(truth.path).columns
    keys = ["dt", "product_id"]
    differ = " + ".join(f"cast(NOT (a.`{name}` <=> b.`{name}`) AS int)" for name in columns if name not in keys)
    sql = (
        f"SELECT coalesce(sum(CASE WHEN a.dt IS NULL OR b.dt IS NULL THEN {len(columns)} ELSE {differ} END), 0) "
        f"FROM {delta_name(way.path)} AS a FULL OUTER JOIN {delta_name(truth.path)} AS b "
        "ON a.dt = b.dt AND a.product_id = b.product_id"
    )
    (found,) = spark.sql(sql).first() or (0,)
    return int(found)
