"""A lakehouse that has grown fits into an account: 20 datasets in a domain, long names, 60 more views, a change log."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from lakehouse.contracts.columns import DELETED_COLUMN
from lakehouse.contracts.reader import LONGEST_DOMAIN
from tests.terraform.growing import LISTS, LOG, SNAPSHOTS, longest_domain
from tests.terraform.test_policies import MOST_CHARACTERS, MOST_CHARACTERS_ATTACHED, analysts_may, characters

ROOT = Path(__file__).resolve().parents[2]
MOST_ATTACHED = 10  # managed policies of a role, unless AWS raises the quota


def test_every_policy_fits(grown: Any) -> None:
    assert len(grown.attached_policies) > 10
    for role, policy in grown.inline_policies.items():
        # What is inline does not grow: no domain is named there.
        assert characters(policy) <= MOST_CHARACTERS - 2000, role
    for role, policy in grown.attached_policies:
        assert characters(policy) <= MOST_CHARACTERS_ATTACHED, role
    assert longest_domain(0) not in grown.inline_policies["airflow"]
    roles = [role for role, _ in grown.attached_policies]
    assert max(map(roles.count, roles)) <= MOST_ATTACHED


def test_pieces_of_what_airflow_may_start_fit_with_the_longest_names() -> None:
    text = (ROOT / "terraform/modules/airflow_role/main.tf").read_text("utf-8")
    most = {name: int(number) for name, number in re.findall(r"(\w+) += chunklist\(var\.\w+, (\d+)\)", text)}
    name, aws = "d" * LONGEST_DOMAIN, "arn:aws:glue:ap-southeast-2:123456789012"
    longest = {
        "jobs": [f"{aws}:job/transform_{name}"],
        "crawlers": [f"{aws}:crawler/landing_{name}", f"raw/{name}", f"raw/{name}/*"],
        "roles": [f"arn:aws:iam::123456789012:role/{'r' * 64}"],
    }
    assert most["landings"] == most["crawlers"], "one document has both"
    for kind, words in longest.items():
        around = 500  # actions, condition and brackets
        assert most[kind] * sum(len(word) + 3 for word in words) + around <= MOST_CHARACTERS_ATTACHED, kind


@pytest.mark.parametrize("table", [LOG, SNAPSHOTS])
def test_the_rows_that_a_change_log_or_a_snapshot_deleted_are_hidden_too(grown: Any, table: str) -> None:
    assert not analysts_may(grown, "s3:GetObject", f"curated/silver/{table}/part-1.parquet")
    assert DELETED_COLUMN.name == "is_deleted", "Terraform names the column too"


def test_the_views_of_lists_are_published_like_those_of_files(grown: Any) -> None:
    policies = [policy for role, policy in grown.attached_policies if "publish_marts" in role]
    for view in (f"{LISTS}_tags", f"{LISTS}_basket_lines", "order_lists", "dim_stores"):
        assert any(f"table/analytics/{view}" in str(policy) for policy in policies), view


def test_a_dataset_that_was_never_published_is_left_to_a_later_apply(grown: Any) -> None:
    filtered = {f["table_data"][0]["table_name"] for f in grown.of_type("aws_lakeformation_data_cells_filter")}
    assert "crm_leads" in filtered
    assert LOG not in filtered
    places = {place["arn"].rsplit("/", 1)[-1] for place in grown.of_type("aws_lakeformation_resource")}
    assert places == filtered
