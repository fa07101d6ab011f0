"""What Athena answers: pages of text become rows with their types, what is null stays so, and a query has its price."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError, NoCredentialsError
from botocore.stub import Stubber

from lakehouse.contracts.contract import Contracts
from lakehouse.errors import LakehouseError
from lakehouse.lake.paths import Lake
from lakehouse.publish.athena import Athena, AthenaBusyError, AthenaError, Cost
from lakehouse.publish.athena_account import AthenaThrottledError, refusals
from lakehouse.publish.athena_query import query_athena

TYPES = {"id": "bigint", "is_new": "boolean", "day": "date", "at": "timestamp", "amount": "decimal", "share": "double",
         "name": "varchar"}  # fmt: skip
FIRST = ("1", "true", "2026-03-01", "2026-03-01 12:00:00.000", "1.50", "0.5", "a")
SECOND = ("2", "false", None, None, None, None, "")


def page(*rows: tuple[str | None, ...], token: str | None = None) -> dict[str, Any]:
    columns = [{"Name": name, "Type": kind} for name, kind in TYPES.items()]
    shown = [{"Data": [{} if cell is None else {"VarCharValue": cell} for cell in row]} for row in rows]
    more = {} if token is None else {"NextToken": token}
    return {"ResultSet": {"Rows": shown, "ResultSetMetadata": {"ColumnInfo": columns}}, **more}


def test_rows_of_all_pages_have_their_types_and_the_names_are_no_row(capsys: pytest.CaptureFixture[str]) -> None:
    client = boto3.client("athena", region_name="eu-central-1", aws_access_key_id="x", aws_secret_access_key="x")
    done = {"QueryExecution": {"Status": {"State": "SUCCEEDED"}, "Statistics": {"DataScannedInBytes": 2 * 10**12}}}
    with Stubber(client) as answers:
        answers.add_response("start_query_execution", {"QueryExecutionId": "1"})
        answers.add_response("get_query_execution", done)
        answers.add_response("get_query_results", page(tuple(TYPES), FIRST, token="more"))
        answers.add_response("get_query_results", page(SECOND))
        found = query_athena(Athena(client, "s3://lake/results/", "primary"), Contracts(()), "SELECT * FROM silver.t")
    assert (found.types, found.result.columns) == (tuple(TYPES.values()), tuple(TYPES))
    assert found.result.rows == [
        (1, True, date(2026, 3, 1), datetime(2026, 3, 1, 12), Decimal("1.50"), 0.5, "a"),
        (2, False, None, None, None, None, ""),
    ]
    assert "about $10.000000" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("code", "exit_code", "says"),
    [
        ("AccessDeniedException", 3, "the role needs the rights of an analyst in the workgroup primary"),
        (
            "InvalidRequestException",
            3,
            "look at the workgroup primary (LAKEHOUSE_ATHENA_WORKGROUP)",
        ),
        ("ExpiredTokenException", 3, "sign in, or set AWS_PROFILE."),
        ("ThrottlingException", 75, "Try it again."),
    ],
)
def test_what_aws_refuses_is_one_line_with_its_cure(code: str, exit_code: int, says: str) -> None:
    client = boto3.client("athena", region_name="eu-central-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(client) as answers:
        answers.add_client_error("start_query_execution", code, "a value of a row")
        with pytest.raises(LakehouseError) as error:
            query_athena(Athena(client, "s3://lake/results/", "primary"), Contracts(()), "SELECT 1")
    assert error.value.exit_code == exit_code
    assert f"did not run the query: {code}" in str(error.value)
    assert says in str(error.value)
    assert "a value" not in str(error.value)


@pytest.mark.parametrize(
    ("set_to", "region"),
    [
        ({"AWS_REGION": "eu-west-1"}, "eu-west-1"),
        ({"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-1"),
        ({"AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-2"),
        ({"AWS_REGION": "", "AWS_DEFAULT_REGION": ""}, "us-east-1"),
    ],
)
def test_the_region_is_that_of_the_environment(
    set_to: dict[str, str], region: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    for name, value in set_to.items():
        monkeypatch.setenv(name, value)
    assert Athena.of(Lake.at("s3://lake")).client.meta.region_name == region


def test_without_credentials_or_a_profile_one_line_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(LakehouseError, match=r"ProfileNotFound; sign in, or set AWS_PROFILE"):
        Athena.of(Lake.at("s3://lake"))
    with (
        pytest.raises(LakehouseError, match=r"did not run: NoCredentialsError; sign in"),
        refusals("run"),
    ):
        raise NoCredentialsError


def test_a_service_that_does_not_answer_is_asked_again() -> None:
    with (
        pytest.raises(AthenaThrottledError, match=r"did not run: EndpointConnectionError. Try") as error,
        refusals("run"),
    ):
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:9")
    assert error.value.exit_code == 75


@pytest.mark.parametrize(
    ("scanned", "dollars"), [(0, 0.0), (1, 0.00005), (10**7, 0.00005), (2 * 10**7, 0.0001), (10**12, 5.0)]
)
def test_a_query_costs_at_least_ten_megabytes_unless_it_reads_nothing(
    scanned: int, dollars: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LAKEHOUSE_ATHENA_PRICE", raising=False)
    assert Cost(scanned, 1.0).dollars == pytest.approx(dollars)
    monkeypatch.setenv("LAKEHOUSE_ATHENA_PRICE", "9")
    assert Cost(scanned, 1.0).dollars == pytest.approx(dollars * 9 / 5)


@pytest.mark.parametrize(
    ("state", "reason", "error", "kind", "code"),
    [
        ("FAILED", "line 1:8: no such column", {}, AthenaError, 3),
        ("FAILED", "SYNTAX_ERROR", {"Retryable": False}, AthenaError, 3),
        ("FAILED", "GENERIC_INTERNAL_ERROR", {"Retryable": True}, AthenaBusyError, 75),
        ("CANCELLED", "", {}, AthenaBusyError, 75),
    ],
)
def test_a_statement_that_athena_refuses(state: str, reason: str, error: Any, kind: type[Any], code: int) -> None:
    client = boto3.client("athena", region_name="eu-central-1", aws_access_key_id="x", aws_secret_access_key="x")
    status = {"State": state, "AthenaError": error, **({"StateChangeReason": reason} if reason else {})}
    with Stubber(client) as answers:
        answers.add_response("start_query_execution", {"QueryExecutionId": "1"})
        answers.add_response("get_query_execution", {"QueryExecution": {"Status": status}})
        with pytest.raises(kind, match=f"Athena did not create the view daily: {state} ?{reason}") as caught:
            Athena(client, "s3://lake/results/", "primary").run("select 1", "create the view daily")
    assert (caught.value.exit_code, caught.value.state, caught.value.reason) == (code, state, reason)
