"""A repository that has grown: more domains with long names, datasets, lists and views, one a view of a change log."""

from __future__ import annotations

import re
from pathlib import Path

from lakehouse.contracts.reader import LONGEST_DOMAIN

DATASETS, DOMAINS, VIEWS = 20, 2, 60
LOG, SNAPSHOTS, LISTS = "erp_orders_2", "erp_orders_4", "erp_orders_5"


def grow(repository: Path) -> None:
    """More domains; more datasets for one, one of them a change log; more views, one of which reads that."""
    contracts = repository / "contracts"
    text = (contracts / "erp.yaml").read_text(encoding="utf-8")
    for number in range(DOMAINS):
        named = text.replace("domain: erp\n", f"domain: {longest_domain(number)}\n")
        (contracts / f"more_{number}.yaml").write_text(named.replace("erp_orders", f"orders_of_{number}"), "utf-8")
    head, dataset = text.split("schema:\n", 1)
    more = [dataset.replace("erp_orders", f"erp_orders_{number}") for number in range(2, DATASETS + 1)]
    operations = "{property: operations, value: {column: status, insert: [placed], delete: [cancelled]}}"
    more[0] = more[0].replace("{property: deleteFlag, value: is_deleted}", operations)
    more[0] = more[0][: more[0].index("      - name: is_deleted")]
    drift = "      - {property: drift, value: "
    more[1] = more[1].replace(drift, f"      - {{property: keepDays, value: {{raw: 90}}}}\n{drift}", 1)
    more[2] = more[2].replace(
        "{property: deleteFlag, value: is_deleted}", "{property: snapshotShrinkLimitPercent, value: 5}"
    )
    lists = "      - {property: explode, value: [tags, {path: basket.lines}, {path: lines, name: order_lists}]}\n"
    more[3] = more[3].replace(drift, f"{lists}{drift}", 1)
    (contracts / "erp.yaml").write_text(f"{head}schema:\n{dataset}{''.join(more)}", encoding="utf-8")
    views = repository / "dbt/athena_views"
    view = (views / "dim_stores.sql").read_text(encoding="utf-8")
    for number in range(VIEWS):
        (views / f"dim_stores_of_region_{number}.sql").write_text(view, encoding="utf-8")
    changes = f"select * from silver.{LOG} union all select * from silver.{SNAPSHOTS}\n"
    (views / "changes.sql").write_text(re.sub(r"(?s)(--.*?\n)\w.*", rf"\1{changes}", view, count=1))


def longest_domain(number: int) -> str:
    """A domain whose name is as long as a contract may have it."""
    return f"domain_{number}".ljust(LONGEST_DOMAIN, "x")
