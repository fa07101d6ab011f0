"""A value that no folder can be named after is quarantined and blocks no later run (case B24 and its kind)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pyspark.sql import SparkSession

from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.project import Project
from lakehouse.ingest.partitions import NULL_NAME, partition_misfits
from lakehouse.lake import tables
from lakehouse.lake.delta_log import Commit
from lakehouse.runtime.context import Context
from tests.helpers.lakes import rows
from tests.helpers.quality_deliveries import deliver, run_jobs

HEADER = "product_id,name,category,list_price,unit_cost,is_active,updated_at"
LONGEST = 255 - len("category=")
GOOD = [
    None, "Toys", "a&b/c%d'e=f\\g h", "Äpfel", "L" * LONGEST, "ä" * (LONGEST // 2), "%" * (LONGEST // 3), "a:b*c?",
]  # fmt: skip
BAD = [
    "L" * 300, "L" * (LONGEST + 1), "ä" * (LONGEST // 2 + 1), "%" * (LONGEST // 3 + 1), "a\tb", "a\x00b", "a\nb",
    "\x7f", NULL_NAME,
]  # fmt: skip


def product(number: int, category: str, day: int = 3) -> str:
    return f"P{number},Thing,{category},30.00,14.00,true,2026-11-0{day}T08:00:00Z"


def by_category(project: Project) -> Project:
    """The project with the products partitioned by their category."""
    changed = Project(project.root)
    products = replace(project.contracts.dataset("products"), partition_by=("category",))
    contracts = [
        replace(contract, datasets=(products,)) if contract.domain == "products" else contract
        for contract in project.contracts
    ]
    changed.__dict__["contracts"] = Contracts(tuple(contracts))
    return changed


def test_every_value_that_fits_can_be_stored_and_read_back(
    spark: SparkSession, project: Project, tmp_path: Path
) -> None:
    products = by_category(project).contracts.dataset("products")
    values = [(value,) for value in (*GOOD, *BAD)]
    (misfit,) = partition_misfits(products)
    judged = spark.createDataFrame(values, "category string").select("category", misfit.alias("rule"))
    assert [row["category"] for row in judged.collect() if row["rule"]] == BAD
    path = str(tmp_path / "table")
    stored = judged.where("rule is null").selectExpr("category", "1 AS number")  # a table is more than its partitions
    tables.append(stored, path, Commit("test", 1), ["category"])
    found = {row["category"] for row in tables.read(spark, path).collect()}
    assert found == set(GOOD)


def test_rows_that_cannot_be_stored_block_no_later_run(context: Context, project: Project) -> None:
    """A name that is too long for a folder, and a character that none can have."""
    long, odd = "L" * 300, "a\x00b"
    here = replace(context, project=by_category(project))
    ten = [product(number, "Games") for number in range(10)]
    deliver(here, "products", "products_1.csv", HEADER, *ten, product(9400, long), product(9402, odd))
    for _ in range(2):
        run_jobs(here, "products")
    deliver(here, "products", "products_2.csv", HEADER, product(9401, "Toys", 4))
    run_jobs(here, "products")
    sql = "select category, count(*) from silver.products group by all order by all"
    assert rows(here.lake, here.contracts, sql) == [("Games", 10), ("Toys", 1)]
    kept = "select product_id, category, _broken_rules from quarantine.products order by product_id"
    assert rows(here.lake, here.contracts, kept) == [
        ("P9400", long, ["category_fits_a_partition"]),
        ("P9402", odd, ["category_fits_a_partition"]),
    ]
