"""A lakehouse that has grown fits into an account: 16 domains, 20 datasets in one, 60 more views, a change log."""

from __future__ import annotations

from typing import Any

from lakehouse.contracts.columns import DELETED_COLUMN
from tests.terraform.growing import LOG
from tests.terraform.test_policies import MOST_CHARACTERS, MOST_CHARACTERS_ATTACHED, analysts_may, characters

MOST_ATTACHED = 10  # managed policies of a role, unless AWS raises the quota


def test_every_policy_fits(grown: Any) -> None:
    assert len(grown.attached_policies) > 10
    for role, policy in grown.inline_policies.items():
        # What is inline does not grow.
        assert characters(policy) <= MOST_CHARACTERS - 2000, role
    for role, policy in grown.attached_policies:
        assert characters(policy) <= MOST_CHARACTERS_ATTACHED, role
    roles = [role for role, _ in grown.attached_policies]
    assert max(map(roles.count, roles)) <= MOST_ATTACHED


def test_the_rows_that_a_change_log_deleted_are_hidden_too(grown: Any) -> None:
    assert not analysts_may(grown, "s3:GetObject", f"curated/silver/{LOG}/part-1.parquet")
    assert DELETED_COLUMN.name == "is_deleted", "Terraform names the column too"


def test_a_dataset_that_was_never_published_is_left_to_a_later_apply(grown: Any) -> None:
    filtered = {f["table_data"][0]["table_name"] for f in grown.of_type("aws_lakeformation_data_cells_filter")}
    assert "crm_leads" in filtered
    assert LOG not in filtered
    places = {place["arn"].rsplit("/", 1)[-1] for place in grown.of_type("aws_lakeformation_resource")}
    assert places == filtered
