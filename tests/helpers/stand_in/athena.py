"""Athena's protocol in front of Trino, so that the real client of boto3 talks to a real engine."""

from __future__ import annotations

import json
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.helpers.stand_in.trino import Result, Trino


class Athena:
    """An endpoint for AWS_ENDPOINT_URL_ATHENA."""

    def __init__(self, trino: Trino) -> None:
        results: dict[str, Result] = {}

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                name = self.headers["X-Amz-Target"].rsplit(".", 1)[1]
                answer = json.dumps(_ANSWERS[name](trino, results, body)).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/x-amz-json-1.1")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """End the endpoint."""
        self._server.shutdown()


def _start(trino: Trino, results: dict[str, Result], body: dict[str, Any]) -> dict[str, Any]:
    query = str(uuid.uuid4())
    results[query] = trino.run(body["QueryString"], body["QueryExecutionContext"]["Database"])
    return {"QueryExecutionId": query}


def _execution(_: Trino, results: dict[str, Result], body: dict[str, Any]) -> dict[str, Any]:
    result = results[body["QueryExecutionId"]]
    status = {"State": "FAILED", "StateChangeReason": result.error} if result.error else {"State": "SUCCEEDED"}
    return {"QueryExecution": {"Status": status, "Statistics": {"DataScannedInBytes": result.bytes_read}}}


def _rows(_: Trino, results: dict[str, Result], body: dict[str, Any]) -> dict[str, Any]:
    result = results[body["QueryExecutionId"]]
    info = [{"Name": name, "Type": kind.split("(")[0]} for name, kind in result.columns]
    rows = [[name for name, _ in result.columns], *result.rows]
    return {
        "ResultSet": {"ResultSetMetadata": {"ColumnInfo": info}, "Rows": [{"Data": [*map(_cell, r)]} for r in rows]}
    }


def _cell(value: Any) -> dict[str, str]:
    if value is None:
        return {}
    return {"VarCharValue": str(value).lower() if isinstance(value, bool) else str(value)}


_ANSWERS = {"StartQueryExecution": _start, "GetQueryExecution": _execution, "GetQueryResults": _rows}
