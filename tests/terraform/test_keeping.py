"""Old raw files are removed where a contract says days of raw, by maintenance alone; people are told by one topic."""

from __future__ import annotations

from typing import Any

from tests.terraform.growing import longest_domain
from tests.terraform.test_policies import REGION, s3
from tools.policy.calls import ACCOUNT
from tools.policy.iam import Call, is_allowed

MAINTAIN = "maintain_lakehouse"


def may(applied: Any, role: str, action: str, resource: str, **context: str) -> bool:
    return is_allowed(applied.policy(role), Call.of(action, resource, **context))


def test_maintenance_removes_raw_files_of_domains_that_keep_them_for_days(grown: Any) -> None:
    own, other = (s3(grown, "raw", f"raw/{domain}/day/file.csv") for domain in ("erp", longest_domain(0)))
    assert may(grown, MAINTAIN, "s3:DeleteObject", own)
    assert may(grown, MAINTAIN, "s3:ListBucket", s3(grown, "raw"), s3_prefix="raw/erp/")
    assert not may(grown, MAINTAIN, "s3:DeleteObject", other)
    assert not may(grown, MAINTAIN, "s3:ListBucket", s3(grown, "raw"), s3_prefix=f"raw/{longest_domain(0)}/")
    for action in ("s3:GetObject", "s3:PutObject", "s3:DeleteObjectVersion"):
        assert not may(grown, MAINTAIN, action, own)
    assert [role for role in grown.policies if may(grown, role, "s3:DeleteObject", own)] == [MAINTAIN]


def test_the_job_that_builds_the_site_and_airflow_publish_to_the_topic_of_operations_alone(applied: Any) -> None:
    (topic,) = {policy["arn"] for policy in applied.of_type("aws_sns_topic_policy")}
    assert {role for role in applied.policies if may(applied, role, "sns:Publish", topic)} == {
        "publish_marts",
        "airflow",
    }
    another = f"arn:aws:sns:{REGION}:{ACCOUNT}:another"
    assert not [role for role in applied.policies if may(applied, role, "sns:Publish", another)]
    given = {name: job["default_arguments"].get("--sns_topic") for name, job in applied.jobs.items()}
    assert given == {name: topic if name == "publish_marts" else None for name in applied.jobs}


def test_the_site_is_written_by_one_job(applied: Any) -> None:
    page = s3(applied, "curated", "curated/docs/site/index.html")
    writers = {role for role in applied.policies if may(applied, role, "s3:PutObject", page)}
    assert writers == {"publish_marts", "airflow"}, "Airflow copies docs within the bucket"
