"""A lakehouse that has grown fits into an account: twenty datasets in a domain, sixty more views, a change log."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lakehouse.contracts.columns import DELETED_COLUMN
from tests.terraform.test_policies import MOST_CHARACTERS, MOST_CHARACTERS_ATTACHED, analysts_may, characters

DATASETS, VIEWS = 20, 60
MOST_ATTACHED = 10  # managed policies of a role, unless AWS raises the quota
LOG = "erp_orders_2"


def grow(repository: Path) -> None:
    """More datasets for one domain, one of them a change log; more views, one of which reads that."""
    erp = repository / "contracts/erp.yaml"
    head, dataset = erp.read_text(encoding="utf-8").split("schema:\n", 1)
    more = [dataset.replace("erp_orders", f"erp_orders_{number}") for number in range(2, DATASETS + 1)]
    operations = "{property: operations, value: {column: status, insert: [placed], delete: [cancelled]}}"
    more[0] = more[0].replace("{property: deleteFlag, value: is_deleted}", operations)
    more[0] = more[0][: more[0].index("      - name: is_deleted")]
    erp.write_text(f"{head}schema:\n{dataset}{''.join(more)}", encoding="utf-8")
    views = repository / "dbt/athena_views"
    view = (views / "dim_stores.sql").read_text(encoding="utf-8")
    for number in range(VIEWS):
        (views / f"dim_stores_of_region_{number}.sql").write_text(view, encoding="utf-8")
    (views / "changes.sql").write_text(re.sub(r"(?s)(--.*?\n)\w.*", rf"\1select * from silver.{LOG}\n", view, count=1))


@pytest.fixture(scope="module")
def grown(apply: Callable[..., Any], copy_of_repository: Callable[[], Path]) -> Any:
    """What Terraform makes of it."""
    repository = copy_of_repository()
    grow(repository)
    return apply(repository, "dev")


def test_every_policy_fits(grown: Any) -> None:
    assert len(grown.attached_policies) > 10
    for role, policy in grown.inline_policies.items():
        # What is inline hardly grows: the role of Airflow has the most, a line for each domain.
        assert characters(policy) <= MOST_CHARACTERS - 2000, role
    for role, policy in grown.attached_policies:
        assert characters(policy) <= MOST_CHARACTERS_ATTACHED, role
    roles = [role for role, _ in grown.attached_policies]
    assert max(map(roles.count, roles)) <= MOST_ATTACHED


def test_the_rows_that_a_change_log_deleted_are_hidden_too(grown: Any) -> None:
    assert not analysts_may(grown, "s3:GetObject", f"curated/silver/{LOG}/part-1.parquet")
    assert DELETED_COLUMN.name == "is_deleted", "Terraform names the column too"
