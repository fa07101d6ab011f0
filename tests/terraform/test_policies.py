"""What each role may do: all that its job was seen to do, and nothing from a list of things it must not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lakehouse.contracts.plan import STEPS
from lakehouse.contracts.reader import load_contracts
from tests.terraform import recording
from tests.terraform.places import TABLES_OF_VIEWS
from tools.policy.calls import ACCOUNT, REGION
from tools.policy.iam import Call, is_allowed

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = load_contracts(ROOT / "contracts")
MOST_CHARACTERS = 10_240  # IAM's limit for the inline policies of a role, white space aside
MOST_CHARACTERS_ATTACHED = 6_144  # that of one attached policy
PERSONAL = {d.name: [c.name for c in d.columns if c.pii] for d in CONTRACTS.datasets if d.pii_columns}
DELETE_FLAGS = {d.name: d.delete_flag for d in CONTRACTS.datasets if d.delete_flag}
# Tables whose files analysts never read: with personal data, or with deleted rows where a view reads them.
FILTERED = {**{name: [] for _, name in TABLES_OF_VIEWS if name in DELETE_FLAGS}, **PERSONAL}


def s3(applied: Any, bucket: str, key: str = "") -> str:
    """ARN of one of the buckets, or of an object in it."""
    return f"arn:aws:s3:::{applied.outputs[f'{bucket}_bucket']}" + (f"/{key}" if key else "")


def glue(kind: str) -> str:
    """ARN of something of Glue's."""
    return f"arn:aws:glue:{REGION}:{ACCOUNT}:{kind}"


def test_actions_have_no_wild_card_and_resources_one_only_where_aws_has_nothing_narrower(applied: Any) -> None:
    wide: set[tuple[str, ...]] = set()
    assert len(applied.policies) == len(applied.jobs) + len(CONTRACTS.domains) + 2
    for role in applied.policies:
        for statement in applied.policy(role):
            assert not [action for action in statement["Action"] if "*" in action], role
            if "*" in statement["Resource"]:
                wide.add(tuple(sorted(statement["Action"])))
    # None of these knows a resource: see the Service Authorization Reference.
    assert wide == {
        ("cloudwatch:PutMetricData",),
        ("logs:DescribeLogGroups", "s3:GetAccountPublicAccessBlock"),
        ("athena:ListWorkGroups",),
    }


def test_each_wide_resource_has_its_reason_beside_it() -> None:
    found = 0
    for file in (ROOT / "terraform").rglob("*.tf"):
        above: list[str] = []
        for line in file.read_text(encoding="utf-8").splitlines():
            above.append(line)
            if re.search(r'resources\s+= \["\*"\]', line):
                found += 1
                block = next(n for n in range(len(above) - 1, 0, -1) if "statement" in above[n] and "{" in above[n])
                reason = above[block - 1].strip().startswith("#") or "checkov:skip=CKV_AWS_356" in "\n".join(above)
                assert reason, f"{file.name}:{len(above)}"
    assert found >= 5


def test_roles_are_taken_by_services_of_this_account_or_by_whom_its_policies_let(applied: Any) -> None:
    taken = {}
    for role in applied.of_type("aws_iam_role"):
        (trust,) = json.loads(role["assume_role_policy"])["Statement"]
        assert (trust["Effect"], trust["Action"]) == ("Allow", ["sts:AssumeRole"])
        ((kind, who),) = trust["Principal"].items()
        name = role["name"].removeprefix(applied.outputs["airflow_environment"] + "-")
        taken[name] = (kind, sorted(who), trust.get("Condition"))
    here = {"StringEquals": {"aws:SourceAccount": [ACCOUNT]}}
    glues = dict.fromkeys(set(applied.policies) - {"airflow", "analysts"}, ("Service", ["glue.amazonaws.com"], here))
    assert taken == glues | {
        "airflow": ("Service", ["airflow-env.amazonaws.com", "airflow.amazonaws.com"], here),
        "analysts": ("AWS", [f"arn:aws:iam::{ACCOUNT}:root"], None),
    }


def test_policies_are_short_enough_for_iam(applied: Any) -> None:
    for role, policy in applied.inline_policies.items():
        assert characters(policy) <= MOST_CHARACTERS, role
    for role, policy in applied.attached_policies:
        assert characters(policy) <= MOST_CHARACTERS_ATTACHED, role


def characters(policy: str) -> int:
    return len(json.dumps(json.loads(policy), separators=(",", ":")))


def test_each_role_may_do_what_its_job_was_seen_to_do(applied: Any) -> None:
    recorded = recording.read()
    assert set(applied.jobs) <= set(recorded)
    assert "airflow" in recorded
    name = applied.outputs["airflow_environment"]
    for role, calls in recorded.items():
        assert len(calls) > 2, role
        for call in calls:
            here = Call(call.action, call.resource.replace("retail-lakehouse-dev", name), call.context)
            assert is_allowed(applied.policy(role), here), f"{role}: {here}"


def unlisted(statements: list[dict[str, Any]], calls: list[Call]) -> list[str]:
    """The objects that a role was seen to read but may not list: where one is missing, S3 answers 403 and not 404."""
    read = [call.resource for call in calls if call.action == "s3:GetObject"]
    split = [(name, *name.removeprefix("arn:aws:s3:::").split("/", 1)) for name in read]
    listed = [(name, Call.of("s3:ListBucket", f"arn:aws:s3:::{bucket}", s3_prefix=key)) for name, bucket, key in split]
    return [name for name, call in listed if not is_allowed(statements, call)]


def test_an_object_that_a_role_reads_is_missing_and_not_refused_where_it_is_not_there(applied_dev: Any) -> None:
    recorded = recording.read()
    assert {role: found for role in recorded if (found := unlisted(applied_dev.policy(role), recorded[role]))} == {}
    role = "transform_erp"
    without = [s for s in applied_dev.policy(role) if "s3:ListBucket" not in s["Action"]]
    assert any("/silver/" in name for name in unlisted(without, recorded[role]))


def forbidden(applied: Any) -> Iterator[tuple[str, Call]]:
    """What a role must not do, with the role."""
    domains = CONTRACTS.domains
    for contract in CONTRACTS:
        own = contract.datasets[0].name
        (other, *_) = (d for d in CONTRACTS.datasets if d.domain != contract.domain)
        curated = s3(applied, "curated", "curated")
        ingest, validate, transform, publish = (f"{step}_{contract.domain}" for step in STEPS)
        for role in (ingest, validate, transform, publish):
            for layer in ("bronze", "silver", "quarantine"):
                yield role, Call.of("s3:GetObject", f"{curated}/{layer}/{other.name}/file")
                yield role, Call.of("s3:PutObject", f"{curated}/{layer}/{other.name}/file")
                prefix = f"curated/{layer}/{other.name}/"
                yield role, Call.of("s3:ListBucket", s3(applied, "curated"), s3_prefix=prefix)
            yield role, Call.of("s3:GetObject", s3(applied, "raw", f"raw/{other.domain}/day/file.csv"))
            yield role, Call.of("s3:PutObject", s3(applied, "raw", f"raw/{contract.domain}/day/file.csv"))
            yield role, Call.of("s3:DeleteObject", s3(applied, "raw", f"raw/{contract.domain}/day/file.csv"))
            yield role, Call.of("s3:PutObject", f"{curated}/marts/fct_daily_store_metrics/file")
        yield ingest, Call.of("s3:PutObject", f"{curated}/silver/{own}/file")
        yield validate, Call.of("s3:PutObject", f"{curated}/bronze/{own}/file")
        yield validate, Call.of("s3:PutObject", f"{curated}/silver/{own}/file")
        yield transform, Call.of("s3:PutObject", f"{curated}/bronze/{own}/file")
        yield transform, Call.of("s3:PutObject", f"{curated}/quarantine/{own}/file")
        yield publish, Call.of("s3:PutObject", f"{curated}/silver/{own}/file")
        yield publish, Call.of("glue:UpdateTable", glue(f"table/silver/{other.name}"))
        yield publish, Call.of("glue:DeleteTable", glue(f"table/silver/{other.name}"))
        yield f"landing_{contract.domain}", Call.of("s3:GetObject", s3(applied, "raw", f"raw/{other.domain}/x/f.csv"))
        yield f"landing_{contract.domain}", Call.of("glue:UpdateTable", glue(f"table/silver/{own}"))
    for role in applied.policies:
        yield role, Call.of("s3:PutObject", s3(applied, "artefacts", "glue_jobs/ingest.py"))
        yield role, Call.of("s3:DeleteObject", s3(applied, "raw", f"raw/{domains[0]}/day/file.csv"))
        yield role, Call.of("s3:PutBucketPolicy", s3(applied, "curated"))
        yield role, Call.of("s3:GetObject", s3(applied, "logs", "access/log"))
        yield role, Call.of("kms:ScheduleKeyDeletion", applied.outputs["kms_key_arn"])
        yield role, Call.of("kms:Decrypt", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/another")
        yield role, Call.of("glue:DeleteDatabase", glue("database/silver"))
        yield role, Call.of("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/admin")
        yield (
            role,
            Call.of("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/admin", iam_PassedToService="glue.amazonaws.com"),
        )
        yield role, Call.of("cloudwatch:PutMetricData", "*", cloudwatch_namespace="AWS/Billing")
        if role != "airflow":
            yield role, Call.of("glue:StartJobRun", glue(f"job/ingest_{domains[0]}"))
    yield "transform_marts", Call.of("s3:PutObject", s3(applied, "curated", "curated/silver/erp_orders/file"))
    yield "transform_marts", Call.of("s3:GetObject", s3(applied, "curated", "curated/quarantine/crm_leads/file"))
    yield "publish_marts", Call.of("s3:PutObject", s3(applied, "curated", "curated/marts/fct_daily_store_metrics/file"))
    yield "maintain_lakehouse", Call.of("s3:PutObject", s3(applied, "curated", "curated/pinned/orders_v1/file"))
    yield "maintain_lakehouse", Call.of("s3:GetObject", s3(applied, "raw", "raw/erp/file"))
    yield from airflow_must_not(applied)


def airflow_must_not(applied: Any) -> Iterator[tuple[str, Call]]:
    """Airflow starts the lakehouse's jobs, and has no business with rows or other people's jobs."""
    yield "airflow", Call.of("glue:StartJobRun", glue("job/somebody_elses"))
    yield "airflow", Call.of("glue:UpdateJob", glue("job/ingest_erp"))
    yield "airflow", Call.of("glue:StartCrawler", glue("crawler/somebody_elses"))
    yield "airflow", Call.of("s3:GetObject", s3(applied, "raw", "raw/erp/day/erp_orders.csv"))
    yield "airflow", Call.of("s3:GetObject", s3(applied, "curated", "curated/silver/crm_leads/part-1.parquet"))
    yield "airflow", Call.of("s3:PutObject", s3(applied, "curated", "curated/marts/fct_daily_store_metrics/file"))
    job_role = f"arn:aws:iam::{ACCOUNT}:role/{applied.outputs['airflow_environment']}-ingest_erp"
    yield "airflow", Call.of("iam:PassRole", job_role, iam_PassedToService="lambda.amazonaws.com")
    secret = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/somebody/elses"
    yield "airflow", Call.of("ssm:GetParameter", secret)


def test_no_role_may_do_what_it_must_not(applied: Any) -> None:
    asked = list(forbidden(applied))
    assert len(asked) > 300
    assert not [(role, call) for role, call in asked if is_allowed(applied.policy(role), call)]


def analysts_may(applied: Any, action: str, key: str) -> bool:
    """Whether analysts may do this to an object of the curated bucket."""
    return is_allowed(applied.policy("analysts"), Call.of(action, s3(applied, "curated", key)))


def test_analysts_read_marts_and_no_personal_data(applied: Any) -> None:
    assert PERSONAL, "the samples hold personal data"
    assert analysts_may(applied, "s3:GetObject", "curated/marts/fct_daily_store_metrics/part-1.parquet")
    for layer in ("bronze", "quarantine"):
        for dataset in CONTRACTS.datasets:
            assert not analysts_may(applied, "s3:GetObject", f"curated/{layer}/{dataset.name}/part-1.parquet")
    for name in FILTERED:
        assert not analysts_may(applied, "s3:GetObject", f"curated/silver/{name}/part-1.parquet")
        assert not is_allowed(applied.policy("analysts"), Call.of("glue:GetTable", glue(f"table/silver/{name}")))
    assert not analysts_may(applied, "s3:GetObject", "curated/docs/data_docs/index.html")
    assert not analysts_may(applied, "s3:PutObject", "curated/marts/fct_daily_store_metrics/part-1.parquet")
    assert not analysts_may(applied, "s3:GetObject", "curated/athena_results/publish/result.csv")
    workgroups = f"arn:aws:athena:{REGION}:{ACCOUNT}:workgroup"
    start = Call.of("athena:StartQueryExecution", f"{workgroups}/{applied.outputs['analysts_workgroup']}")
    assert is_allowed(applied.policy("analysts"), start)
    assert not is_allowed(applied.policy("analysts"), Call.of(start.action, f"{workgroups}/primary"))
    assert not is_allowed(applied.policy("analysts"), Call.of("lakeformation:GetDataAccess", "*"))


def test_analysts_can_ask_every_view_without_personal_data(applied: Any) -> None:
    files = sorted((ROOT / "dbt/athena_views").glob("*.sql"))
    assert files
    for file in files:
        sql = re.sub(r"--.*", "", file.read_text(encoding="utf-8")).replace('"', "")
        view = glue(f"table/analytics/{file.stem}")
        assert is_allowed(applied.policy("analysts"), Call.of("glue:GetTable", view))
        for layer, name in re.findall(r"\b(silver|marts|ops)\.(\w+)", sql):
            expected = name not in FILTERED
            assert analysts_may(applied, "s3:GetObject", f"curated/{layer}/{name}/part-1.parquet") is expected, (
                file.name
            )


def test_with_lake_formation_personal_columns_and_deleted_rows_are_hidden(applied_with_choices: Any) -> None:
    applied = applied_with_choices
    given = applied.of_type("aws_lakeformation_permissions")
    grants = {grant["data_cells_filter"][0]["table_name"]: grant for grant in given if grant["data_cells_filter"]}
    filters = {
        found["table_data"][0]["table_name"]: found["table_data"][0]
        for found in applied.of_type("aws_lakeformation_data_cells_filter")
    }
    assert set(grants) == set(filters) == set(FILTERED)
    for name, grant in grants.items():
        (columns,), (rows,) = filters[name]["column_wildcard"], filters[name]["row_filter"]
        assert sorted(columns["excluded_column_names"]) == sorted(FILTERED[name])
        assert (grant["data_cells_filter"][0]["name"], grant["permissions"]) == (filters[name]["name"], ["SELECT"])
        flag = DELETE_FLAGS.get(name)
        assert rows["filter_expression"] == (f"{flag} = false OR {flag} IS NULL" if flag else None)
        assert bool(rows["all_rows_wildcard"]) is (flag is None)
        # The files have every column, so they stay closed: Lake Formation hands the rows out.
        assert not analysts_may(applied, "s3:GetObject", f"curated/silver/{name}/part-1.parquet")
        assert is_allowed(applied.policy("analysts"), Call.of("glue:GetTable", glue(f"table/silver/{name}")))
    assert is_allowed(applied.policy("analysts"), Call.of("lakeformation:GetDataAccess", "*"))
    assert all(place["hybrid_access_enabled"] for place in applied.of_type("aws_lakeformation_resource"))
