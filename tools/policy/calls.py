"""What a request to AWS asks for, in the words of IAM: action, resource, circumstances."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

from tools.policy.iam import Call

ACCOUNT, REGION = "123456789012", "eu-west-1"
_HERE = f"{REGION}:{ACCOUNT}"


@dataclass(frozen=True)
class Request:
    """A request as it went over the wire."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


def calls_of(request: Request) -> list[Call]:
    """The calls that a request stands for; raises KeyError for one that nobody has described here yet."""
    target = request.headers.get("X-Amz-Target", "")
    if target:
        service, action = target.split(".", 1)
        return list(_JSON[service.split("_")[0]](action, json.loads(request.body or b"{}")))
    if "/monitoring/" in request.headers.get("Authorization", ""):
        return [_metric(request)]
    if "/sns/" in request.headers.get("Authorization", ""):
        return [_sns(request)]
    return list(_s3(request))


def implied(call: Call, key_arn: str) -> Iterator[Call]:
    """What S3 asks of the key in the caller's name, which no request shows."""
    words = {"s3:GetObject": ("kms:Decrypt",), "s3:PutObject": ("kms:GenerateDataKey", "kms:Decrypt")}
    for action in words.get(call.action, ()):
        yield Call.of(action, key_arn, kms_ViaService=f"s3.{REGION}.amazonaws.com")


# ---- S3, addressed by path


def _s3(request: Request) -> Iterator[Call]:
    bucket, _, key = unquote(request.path).lstrip("/").partition("/")
    query = dict(parse_qsl(request.query, keep_blank_values=True))
    arn = f"arn:aws:s3:::{bucket}"
    if key:
        yield from _object(request, query, f"{arn}/{key}")
    elif request.method == "POST" and "delete" in query:
        for name in re.findall(rb"<Key>(.*?)</Key>", request.body):
            yield Call.of("s3:DeleteObject", f"{arn}/{name.decode()}")
    else:
        yield _bucket(request.method, query, arn)


def _bucket(method: str, query: Mapping[str, str], arn: str) -> Call:
    if method == "HEAD":
        return Call.of("s3:ListBucket", arn)
    if method == "GET" and "location" in query:
        return Call.of("s3:GetBucketLocation", arn)
    if method == "GET" and "uploads" in query:
        return Call.of("s3:ListBucketMultipartUploads", arn)
    if method == "GET" and not {"versions", "versioning", "policy", "acl"} & set(query):
        return Call.of("s3:ListBucket", arn, s3_prefix=query.get("prefix", ""))
    raise KeyError(f"a request that has no name here yet: {method} {arn} {dict(query)}")


def _object(request: Request, query: Mapping[str, str], arn: str) -> Iterator[Call]:
    if request.method in ("GET", "HEAD"):
        yield Call.of("s3:GetObject", arn)
    elif request.method == "DELETE":
        yield Call.of("s3:AbortMultipartUpload" if "uploadId" in query else "s3:DeleteObject", arn)
    elif request.method in ("PUT", "POST"):
        if source := request.headers.get("X-Amz-Copy-Source"):
            yield Call.of("s3:GetObject", f"arn:aws:s3:::{unquote(source).lstrip('/').split('?')[0]}")
        yield Call.of("s3:PutObject", arn)
    else:
        raise KeyError(f"a request that has no name here yet: {request.method} {arn}")


# ---- services that speak JSON


def _glue(action: str, body: Mapping[str, Any]) -> Iterator[Call]:
    arn, name = f"arn:aws:glue:{_HERE}", f"glue:{action}"
    if "DatabaseName" in body or action == "GetDatabase":
        database = body.get("DatabaseName") or body["Name"]
        table = body["TableInput"]["Name"] if "TableInput" in body else body.get("Name", "*")
        yield Call.of(name, f"{arn}:catalog")
        yield Call.of(name, f"{arn}:database/{database}")
        if action != "GetDatabase":
            yield Call.of(name, f"{arn}:table/{database}/{table}")
    elif "Crawler" in action:
        yield Call.of(name, f"{arn}:crawler/{body['Name']}")
    else:
        yield Call.of(name, f"{arn}:job/{body['JobName']}")


def _athena(action: str, body: Mapping[str, Any]) -> Iterator[Call]:
    # A query is asked about by its number alone, and belongs to the workgroup in which it was started.
    yield Call.of(f"athena:{action}", f"arn:aws:athena:{_HERE}:workgroup/{body.get('WorkGroup', 'OF_THE_QUERY')}")


def _ssm(action: str, body: Mapping[str, Any]) -> Iterator[Call]:
    yield Call.of(f"ssm:{action}", f"arn:aws:ssm:{_HERE}:parameter{body['Name']}")


def _cloudwatch(action: str, body: Mapping[str, Any]) -> Iterator[Call]:
    yield Call.of(f"cloudwatch:{action}", "*", cloudwatch_namespace=body["Namespace"])


def _metric(request: Request) -> Call:
    """CloudWatch in its older forms: a form, or CBOR, in which the words are plain text."""
    words = dict(parse_qsl(request.body.decode("latin-1")))
    named = words.get("Namespace") or re.sub(
        r"[^A-Za-z/].*", "", request.body.split(b"Namespace")[1][1:].decode("latin-1")
    )
    return Call.of("cloudwatch:PutMetricData", "*", cloudwatch_namespace=named)


def _sns(request: Request) -> Call:
    words = dict(parse_qsl(request.body.decode()))
    return Call.of(f"sns:{words['Action']}", words["TopicArn"])


_JSON = {"AWSGlue": _glue, "AmazonAthena": _athena, "AmazonSSM": _ssm, "GraniteServiceVersion20100801": _cloudwatch}
