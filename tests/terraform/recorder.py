"""A moto server that holds every request against the policy of a role, and keeps what it was asked.

A request that the role may not make is answered with 403, as AWS does, so that what runs to its end under the recorder
also does so with the role. So is one for an object that is not there, where the role may not list it.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

from tools.airflow.strict_aws import be_strict
from tools.policy.calls import Request, calls_of, implied
from tools.policy.iam import Call, Statement, is_allowed

CONTROL = "/__role__/"
_DENIED = b"<?xml version='1.0'?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"


class _Quiet(WSGIRequestHandler):
    """Answers without a line for each request."""

    protocol_version = "HTTP/1.1"

    def log_request(self, *_: Any) -> None:
        """Say nothing."""


@dataclass
class Recorder:
    """Calls by role. Who sends the requests names the role first, by a request to /__role__/<name>; none is nobody."""

    policies: Mapping[str, Sequence[Statement]]
    key_arn: str
    made: dict[str, set[Call]] = field(default_factory=dict)
    denied: dict[str, set[Call]] = field(default_factory=dict)
    role: str = ""
    enforces: bool = True

    def start(self) -> Callable[[], None]:
        """Serve in the background; returns what stops it. `address` is known afterwards."""
        be_strict()
        app = self._wrap(DomainDispatcherApplication(create_backend_app))
        server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
        self.address = f"http://127.0.0.1:{server.port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server.shutdown

    def _wrap(self, app: Any) -> Any:
        def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            path = environ.get("PATH_INFO", "")
            if path.startswith(CONTROL):
                self.role = path.removeprefix(CONTROL)
                start_response("204 No Content", [])
                return [b""]
            request = _request(environ) if self.role else None
            if request and not self._may(request) and self.enforces:
                return _refuse(environ, start_response)
            heard: list[Any] = []
            answered: Iterable[bytes] = app(environ, lambda *words: heard.append(words))
            if request and self.enforces and heard[0][0].startswith("404") and self._hides_what_is_missing(request):
                return _refuse(environ, start_response)
            start_response(*heard[0])
            return answered

        return answer

    def _hides_what_is_missing(self, request: Request) -> bool:
        """Whether S3 refuses a key that is not there: it does so to who may not list it, with the key as the prefix."""
        looked = [call.resource.split("/", 1) for call in calls_of(request) if call.action == "s3:GetObject"]
        listed = [Call.of("s3:ListBucket", bucket, s3_prefix=key) for bucket, key in looked]
        return not all(is_allowed(self.policies[self.role], call) for call in listed)

    def _may(self, request: Request) -> bool:
        role, statements, may = self.role, self.policies[self.role], True
        for call in calls_of(request):
            call = self._of_workgroup(call)
            for asked in (call, *implied(call, self.key_arn)):
                self.made.setdefault(role, set()).add(asked)
                if not is_allowed(statements, asked):
                    self.denied.setdefault(role, set()).add(asked)
                    may = False
        return may

    def _of_workgroup(self, call: Call) -> Call:
        """A question about a query, with the workgroup in which this role has started it."""
        if not call.resource.endswith("/OF_THE_QUERY"):
            return call
        started = {made.resource for made in self.made[self.role] if made.action == "athena:StartQueryExecution"}
        (workgroup,) = started
        return Call(call.action, workgroup, call.context)


def _refuse(environ: Mapping[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("403 Forbidden", [("Content-Type", "application/xml")])
    return [b"" if environ["REQUEST_METHOD"] == "HEAD" else _DENIED]


def _request(environ: dict[str, Any]) -> Request:
    # Werkzeug hands over a chunked body too; moto reads it again from here.
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])) if environ.get("CONTENT_LENGTH") else b""
    if environ.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked":
        body = environ["wsgi.input"].read()
        environ["CONTENT_LENGTH"] = str(len(body))
        environ.pop("HTTP_TRANSFER_ENCODING", None)
    environ["wsgi.input"] = io.BytesIO(body)
    headers = {name[5:].replace("_", "-").title(): value for name, value in environ.items() if name.startswith("HTTP_")}
    # The raw path keeps what werkzeug would decode twice.
    path = environ.get("RAW_URI", environ.get("PATH_INFO", "")).split("?")[0]
    return Request(environ["REQUEST_METHOD"], path, environ.get("QUERY_STRING", ""), headers, body)
