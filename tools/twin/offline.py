"""Terraform without AWS: an environment, applied into a throw-away state by the provider beside the repository.

Terraform writes a local state anew after each of its resources, which takes longer than all else together; here a
server of this process keeps the state, and is sent it once.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CHECK = ROOT.parent / "shared" / "terraform" / "check.sh"
TOOLS = ("terraform", "go", "git")
ACCOUNT = "123456789012"
# What the modules of Terraform read of the repository; nothing else is copied for it.
FOLDERS = ("terraform", "contracts", "dbt/athena_views", "dbt/models")
FILES = (
    "requirements.txt",
    "tools/deploy/constraints.py",
    *(
        f"glue_jobs/lakehouse/{name}"
        for name in (
            "VERSION", "contracts/classifications.json", "runtime/metrics.json", "runtime/spark_settings.json",
        )
    ),
)  # fmt: skip
_BESIDE = shutil.ignore_patterns(".terraform", "*.auto.*", ".terraform.lock.hcl", "terraform.tfstate*")
# Read after the file in which check.sh names a local state, so that this one holds.
_STATE = ("state_override.tf", 'terraform {\n  backend "http" {}\n}\n')
_SECONDS = 300


def missing() -> str | None:
    """What is not on this machine of what Terraform needs here."""
    if not CHECK.is_file():
        return str(CHECK)
    return next((tool for tool in TOOLS if shutil.which(tool) is None), None)


def copy(root: Path, target: Path) -> None:
    """Make a repository of only what Terraform reads, so that there is little to copy for each run."""
    for folder in FOLDERS:
        shutil.copytree(root / folder, target / folder, ignore=_BESIDE)
    for name in FILES:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / name, target / name)
    name, text = _STATE
    (target / "terraform" / name).write_text(text, encoding="utf-8")
    subprocess.run(["git", "init", "-q", str(target)], check=True)


def run(copied: Path, what: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Let check.sh validate, plan, apply or show a repository that was copied; each run begins with no state."""
    command = [str(CHECK), str(copied / "terraform"), what, *options]
    with _keeping_state() as address:
        # Memory is let go of less often than Go's habit is: a quarter of the time goes into looking for it.
        env = {"GOGC": "400", **os.environ, "TF_VAR_account_id": ACCOUNT, "TF_HTTP_ADDRESS": address}
        return subprocess.run(command, env=env, capture_output=True, text=True, timeout=_SECONDS, check=False)


def values_of(environment: str) -> str:
    """The option that names the values of an environment."""
    return f"-var-file=environments/{environment}/terraform.tfvars"


class _State(BaseHTTPRequestHandler):
    """The one state of a server, as Terraform's backend http asks for it."""

    server: _Server

    def do_GET(self) -> None:
        self._answer(200 if self.server.state else 404, self.server.state)

    def do_POST(self) -> None:
        self.server.state = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(200, b"")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    state = b""


@contextmanager
def _keeping_state() -> Iterator[str]:
    with _Server(("127.0.0.1", 0), _State) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
