"""A request to the twin: who sends it, to which service; and how AWS answers it, or refuses it."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

KEY = "twin"
OPERATOR = "operator"
"""Who holds the account: deploys, delivers and looks; every right is his."""
SECRET = "twin"
_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/[^/]*/[^/]*/([^/]*)/aws4_request")


@dataclass(frozen=True)
class Caller:
    """Who calls, by the access key: a role of the plan, or the operator; about: the run or query it works for."""

    role: str
    about: str = ""

    @property
    def key(self) -> str:
        """The access key that says so."""
        return ".".join(word for word in (KEY, self.role, self.about) if word)

    @classmethod
    def of_key(cls, key: str) -> Caller | None:
        """Who has an access key; None for a key that is not the twin's."""
        parts = key.split(".")
        return cls(parts[1], ".".join(parts[2:])) if parts[0] == KEY and len(parts) > 1 else None


class AwsError(Exception):
    """An answer of AWS that is an error."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        self.code, self.message, self.status = code, message, status
        super().__init__(f"{code}: {message}")


@dataclass(frozen=True)
class Asked:
    """A request, read whole."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    caller: Caller | None
    service: str

    @property
    def action(self) -> str:
        """The action of a service that speaks JSON, as in StartJobRun."""
        return self.headers.get("X-Amz-Target", "").rsplit(".", 1)[-1]

    @property
    def words(self) -> dict[str, Any]:
        """The JSON of the body."""
        found: dict[str, Any] = json.loads(self.body or b"{}")
        return found


def read(environ: dict[str, Any]) -> Asked:
    """Read a request, so that whoever answers it can read it once more."""
    stream = environ["wsgi.input"]
    body = stream.read(int(environ["CONTENT_LENGTH"])) if environ.get("CONTENT_LENGTH") else b""
    if environ.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked":
        body = stream.read()
        environ["CONTENT_LENGTH"] = str(len(body))
        environ.pop("HTTP_TRANSFER_ENCODING", None)
    environ["wsgi.input"] = io.BytesIO(body)
    headers = {name[5:].replace("_", "-").title(): value for name, value in environ.items() if name.startswith("HTTP_")}
    path = environ.get("RAW_URI", environ.get("PATH_INFO", "")).split("?")[0]
    query = environ.get("QUERY_STRING", "")
    signed = _CREDENTIAL.search(headers.get("Authorization", ""))
    caller, service = (Caller.of_key(signed[1]), signed[2]) if signed else (None, "")
    return Asked(environ["REQUEST_METHOD"], path, query, headers, body, caller, service)


def answer(start_response: Any, words: Mapping[str, Any] | None, status: str = "200 OK") -> Iterable[bytes]:
    """Answer in the JSON of AWS."""
    body = json.dumps(words or {}).encode()
    headers = [("Content-Type", "application/x-amz-json-1.1"), ("Content-Length", str(len(body)))]
    start_response(status, headers)
    return [body]


def refuse(asked: Asked, start_response: Any, error: AwsError) -> Iterable[bytes]:
    """Answer with an error, in the form of the service."""
    line = f"{error.status} {error.code}"
    if asked.service != "s3":
        return answer(start_response, {"__type": error.code, "message": error.message}, line)
    text = f"<?xml version='1.0'?><Error><Code>{error.code}</Code><Message>{error.message}</Message></Error>"
    body = b"" if asked.method == "HEAD" else text.encode()
    start_response(line, [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
    return [body]
