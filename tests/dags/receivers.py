"""Small local servers in place of Slack, a mail server and a store of lineage; they keep what they got."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Receiver:
    """A web server that answers 200 (or another status) and keeps the JSON bodies that were posted to it."""

    def __init__(self, status: int = 200) -> None:
        self.bodies: list[Any] = []
        bodies = self.bodies

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                bodies.append(json.loads(body))
                self.send_response(status)
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *words: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def texts(self) -> list[str]:
        """The texts of what was posted to Slack."""
        return [body["text"] for body in self.bodies]

    @contextmanager
    def serving(self) -> Iterator[Receiver]:
        """Serve until the end of the block."""
        with _serving(self._server):
            yield self


class MailBox:
    """A mail server that speaks as much SMTP as a client needs, and keeps the messages."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        messages = self.messages

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self.wfile.write(b"220 mailbox\r\n")
                for line in self.rfile:
                    word = line[:4].upper()
                    if word == b"DATA":
                        self.wfile.write(b"354 go on\r\n")
                        body = b"".join(iter(self.rfile.readline, b".\r\n"))
                        message = message_from_bytes(body, policy=policy.default)
                        assert isinstance(message, EmailMessage)
                        messages.append(message)
                    self.wfile.write(b"250 fine\r\n" if word != b"QUIT" else b"221 bye\r\n")
                    if word == b"QUIT":
                        return

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.port = int(self._server.server_address[1])

    @contextmanager
    def serving(self) -> Iterator[MailBox]:
        """Serve until the end of the block."""
        with _serving(self._server):
            yield self


@contextmanager
def _serving(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield
    server.shutdown()
    server.server_close()


def told(slack: Receiver, mail: MailBox | None = None) -> dict[str, str]:
    """The environment in which Airflow finds Slack, and the mail server, as its Variables name them."""
    connection = {"conn_type": "slackwebhook", "host": f"{slack.address}/services", "password": "T0/B0/x"}
    variables = {"AIRFLOW_VAR_SLACK_WEBHOOK_CONN_ID": "slack_ops", "AIRFLOW_CONN_SLACK_OPS": json.dumps(connection)}
    if mail is None:
        return variables
    extra = {"disable_ssl": True, "disable_tls": True, "from_email": "lakehouse@retail.example"}
    smtp = {"conn_type": "smtp", "host": "127.0.0.1", "port": mail.port, "extra": json.dumps(extra)}
    return variables | {
        "AIRFLOW_VAR_OPS_EMAIL": "ops@retail.example, night@retail.example",
        "AIRFLOW_CONN_SMTP_DEFAULT": json.dumps(smtp),
    }
