"""moto's S3 at the end of a bad road: PUTs of commits are delayed, lost, doubled and overtaken; requests are counted.

    python tests/s3/faulty_s3.py BUCKET        # prints its address, serves until standard input ends

Under `/__faults` it is told what to do next (`POST {"seed": 7}`, `POST {"next": ["lost_answer"]}`) and says what it
saw (`GET`). A fault depends on the seed, the key and how often that key was put before, not on the moment.
moto checks `If-None-Match` and stores in two steps, between which another thread may store; S3 does it in one, so here
the PUTs of one key follow each other.
"""

from __future__ import annotations

import io
import json
import random
import re
import socket
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

COMMIT = re.compile(r"/_delta_log/\d{20}\.json$")
Environ = dict[str, Any]
Start = Callable[..., Any]

FAULTS = {
    "none": 50,
    "slow": 14,  # arrives late, and others overtake it
    "lost_answer": 10,  # is done, and nobody hears of it
    "lost_request": 6,  # never arrives
    "straggler": 6,  # the connection breaks first, and it is done a moment later
    "doubled": 6,  # is done twice, and the second answer is the one that is heard
    "error_after": 4,  # is done, and answered by 500
    "busy": 2,  # 503, not done
    "conflict": 2,  # 409, not done: another PUT of the key is under way
}
"""What happens to a PUT of a commit, and how often in a hundred. Asked for by name alone: `unanswered` is done and
`stuck` is not, and neither is answered for a minute."""


class Answer:
    """What the application answered: kept, so that it can be sent, dropped or asked for again."""

    def __init__(self, application: Callable[..., Iterable[bytes]], environ: Environ, body: bytes) -> None:
        self.status, self.headers = "", []
        environ = {**environ, "wsgi.input": io.BytesIO(body)}
        self.body = b"".join(application(environ, self._start))

    def _start(self, status: str, headers: list[tuple[str, str]], *_: Any) -> None:
        self.status, self.headers = status, headers

    def send(self, start: Start) -> list[bytes]:
        """Give it to the client."""
        start(self.status, self.headers)
        return [self.body]


class FaultyS3:
    """moto's application with a bad road before it; a WSGI application itself."""

    def __init__(self) -> None:
        self._s3 = DomainDispatcherApplication(create_backend_app)
        self._guard = threading.Lock()
        self._keys: dict[str, threading.Lock] = defaultdict(threading.Lock)
        self._puts: Counter[str] = Counter()
        self.seed: int | None = None
        self.next: list[str] = []
        self.mix = FAULTS
        self.counts: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()

    def __call__(self, environ: Environ, start: Start) -> Iterable[bytes]:
        """Answer one request."""
        path = environ["PATH_INFO"]
        if path == "/__faults":
            return self._told(environ, start)
        self._count(environ)
        if environ["REQUEST_METHOD"] not in ("PUT", "POST") or "/_delta_log/" not in path:
            return self._s3(environ, start)
        body = _body(environ)
        if environ["REQUEST_METHOD"] == "PUT" and COMMIT.search(path):
            return self._commit(environ, start, body)
        return self._do(environ, body).send(start)

    def _told(self, environ: Environ, start: Start) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "POST":
            words = json.loads(_body(environ))
            self.seed, self.next = words.get("seed"), list(words.get("next", ()))
            self.mix = words.get("mix", FAULTS)
            self.counts.clear()
            self.faults.clear()
        start("200 OK", [("Content-Type", "application/json")])
        return [json.dumps({"counts": self.counts, "faults": self.faults}).encode()]

    def _count(self, environ: Environ) -> None:
        method, query = environ["REQUEST_METHOD"], parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
        listing = method == "GET" and ("list-type" in query or "prefix" in query)
        kind = "LIST" if listing else "DELETE" if "delete" in query else method
        name = query.get("prefix", [environ["PATH_INFO"]])[0]
        place = "commit" if COMMIT.search(name) else "log" if "_delta_log" in name else "other"
        with self._guard:
            self.counts[f"{kind} {place}"] += 1

    def _fault(self, path: str) -> str:
        with self._guard:
            self._puts[path] += 1
            if self.next:
                return self.next.pop(0)
            if self.seed is None:
                return "none"
            # The key without its bucket and table, which are new in each run.
            rng = random.Random(f"{self.seed} {path.rsplit('/', 1)[-1]} {self._puts[path]}")
            return rng.choices([*self.mix], [*self.mix.values()])[0]

    def _do(self, environ: Environ, body: bytes) -> Answer:
        """Let S3 do it, alone on its key."""
        with self._guard:
            alone = self._keys[environ["PATH_INFO"]]
        with alone:
            return Answer(self._s3, environ, body)

    def _commit(self, environ: Environ, start: Start, body: bytes) -> Iterable[bytes]:
        fault = self._fault(environ["PATH_INFO"])
        with self._guard:
            self.faults[fault] += 1
        if fault == "slow":
            time.sleep(random.uniform(0.05, 0.4))
        if fault == "stuck":
            return _hang_up(environ, 60)
        if fault in ("busy", "conflict"):
            return _error(start, fault)
        if fault == "lost_request":
            return _hang_up(environ)
        if fault == "straggler":
            threading.Timer(random.uniform(0.05, 0.5), self._do, (environ, body)).start()
            return _hang_up(environ)
        answer = self._do(environ, body)
        if fault == "doubled":
            answer = self._do(environ, body)
        if fault in ("lost_answer", "unanswered"):
            return _hang_up(environ, 60 if fault == "unanswered" else 0)
        if fault == "error_after":
            return _error(start, fault)
        return answer.send(start)


def _body(environ: Environ) -> bytes:
    """The whole body: by its length, or in chunks as werkzeug hands them on."""
    length = environ.get("CONTENT_LENGTH")
    body: bytes = environ["wsgi.input"].read(int(length)) if length else b""
    if not length and environ.get("wsgi.input_terminated"):
        body = environ["wsgi.input"].read()
    return body


_ERRORS = {
    "busy": ("503 Slow Down", "SlowDown"),
    "conflict": ("409 Conflict", "ConditionalRequestConflict"),
    "error_after": ("500 Internal Server Error", "InternalError"),
}


def _error(start: Start, fault: str) -> list[bytes]:
    status, code = _ERRORS[fault]
    start(status, [("Content-Type", "application/xml")])
    return [f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{fault}</Message></Error>".encode()]


def _hang_up(environ: Environ, seconds: float = 0) -> list[bytes]:
    """Break the connection without a word, after some time."""
    time.sleep(seconds)
    environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    raise ConnectionAbortedError("a fault that was asked for")


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:
        """Say nothing, least of all of faults that were asked for."""


@contextmanager
def serving() -> Iterator[tuple[FaultyS3, str]]:
    """Serve on a free port; gives the application and its address."""
    application = FaultyS3()
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield application, f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()


def make_bucket(endpoint: str, bucket: str) -> None:
    """Make a bucket there."""
    import boto3

    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing", "region_name": "us-east-1"}
    boto3.client("s3", endpoint_url=endpoint, **keys).create_bucket(Bucket=bucket)


if __name__ == "__main__":
    with serving() as (_, address):
        make_bucket(address, sys.argv[1])
        print(address, flush=True)
        sys.stdin.read()
