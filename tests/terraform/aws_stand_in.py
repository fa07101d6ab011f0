"""An account for processes: moto in place of AWS, one Airflow environment beside it, and terraform's provider."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from moto.server import ThreadedMotoServer


class AirflowServer(ThreadingHTTPServer):
    """MWAA's interface for one environment, which takes an update at once and keeps what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.environment: dict[str, Any] = {"Status": "AVAILABLE", "AirflowVersion": "3.3.1"}
        super().__init__(("127.0.0.1", 0), _Airflow)

    @property
    def address(self) -> str:
        """Where it is asked."""
        return f"http://127.0.0.1:{self.server_port}"


class _Airflow(BaseHTTPRequestHandler):
    server: AirflowServer

    def do_GET(self) -> None:
        name = self.path.rsplit("/", 1)[-1]
        self._answer({"Environment": {"Name": name, **self.server.environment}})

    def do_PATCH(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(asked)
        self.server.environment |= {word: value for word, value in asked.items() if "S3" in word}
        self._answer({})

    def _answer(self, words: dict[str, Any]) -> None:
        body = json.dumps(words).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def account(folder: Path) -> Iterator[tuple[dict[str, str], AirflowServer]]:
    """The account's environment variables, for a process that knows of AWS no more than its credentials."""
    moto, airflow = ThreadedMotoServer("127.0.0.1", 0, verbose=False), AirflowServer()
    moto.start()
    threading.Thread(target=airflow.serve_forever, daemon=True).start()
    host, port = moto.get_host_and_port()
    # Accounts of one process share what moto has; a new one is empty.
    urlopen(Request(f"http://{host}:{port}/moto-api/reset", method="POST")).close()
    (folder / "terraformrc").write_text(
        f'provider_installation {{\n  filesystem_mirror {{ path = "{provider_mirror()}" }}\n}}\n'
    )
    try:
        yield (
            {
                "AWS_ACCESS_KEY_ID": "testing",
                "AWS_SECRET_ACCESS_KEY": "testing",
                "AWS_ENDPOINT_URL": f"http://{host}:{port}",
                "AWS_ENDPOINT_URL_MWAA": airflow.address,
                # A server of this machine has one name, not one a bucket or service.
                "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
                "TF_CLI_ARGS_init": "-backend-config=use_path_style=true",
                "TF_CLI_CONFIG_FILE": str(folder / "terraformrc"),
            },
            airflow,
        )
    finally:
        airflow.shutdown()
        airflow.server_close()
        moto.stop()


def provider_mirror() -> Path:
    """The folder of the provider that ../shared/terraform/check.sh has built last."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"), "awsplan")
    return max(cache.iterdir(), key=lambda folder: folder.stat().st_mtime)
