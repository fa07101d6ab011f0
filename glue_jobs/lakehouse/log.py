"""Structured log lines: every one carries run, domain, dataset and batch."""

from __future__ import annotations

import contextlib
import contextvars
import logging
import sys
import time
import uuid
from collections.abc import Iterator

from lakehouse.say import visible

OF_FAILED_QUERIES = ("SQLQueryContextLogger", "DataFrameQueryContextLogger")
"""Loggers of PySpark that write stack trace and values of each failed query; ours says what may be shown of it."""

_FIELDS = ("run", "domain", "dataset", "batch")
_context: contextvars.ContextVar[dict[str, str] | None] = contextvars.ContextVar("lakehouse_log", default=None)


class _Line(logging.Formatter):
    """One line of key=value pairs; a value that contains white space is quoted, a control character is shown."""

    def format(self, record: logging.LogRecord) -> str:
        context = _context.get() or {}
        pairs = [f"{field}={context.get(field, '-')}" for field in _FIELDS]
        facts = getattr(record, "facts", {})
        pairs += [f"{name}={_quoted(value)}" for name, value in facts.items()]
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created))
        line = f"{stamp} {record.levelname} {' '.join(pairs)} {_quoted(record.getMessage(), 'message=')}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def _quoted(value: object, name: str = "") -> str:
    text = str(value)
    if name or not text.isprintable() or any(c.isspace() or c in '"=' for c in text):
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        text = f'"{visible(escaped)}"'
    return name + text


def configure(level: int = logging.INFO) -> None:
    """Send the library's log lines to standard error, once."""
    logger = logging.getLogger("lakehouse")
    logger.setLevel(level)
    logger.propagate = False
    hide_failed_queries()
    if not logger.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(_Line())
        logger.addHandler(handler)


def hide_failed_queries() -> None:
    """Turn off PySpark's own log of failed queries; it shows values of rows."""
    for name in OF_FAILED_QUERIES:
        logging.getLogger(name).disabled = True


def new_run_id() -> str:
    """A new run ID; IDs sort by time."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()) + "-" + uuid.uuid4().hex[:6]


@contextlib.contextmanager
def about(**fields: object) -> Iterator[None]:
    """Add run, domain, dataset or batch to every line logged inside."""
    merged = {**(_context.get() or {}), **{name: str(value) for name, value in fields.items()}}
    token = _context.set(merged)
    try:
        yield
    finally:
        _context.reset(token)


def current(field: str) -> str:
    """The value that `about` set for a field, '-' where it set none."""
    return (_context.get() or {}).get(field, "-")


def info(message: str, **facts: object) -> None:
    """Log one event; facts become key=value pairs."""
    logging.getLogger("lakehouse").info(message, extra={"facts": facts})


def warning(message: str, **facts: object) -> None:
    """Log something that somebody should look at, although the run continues."""
    logging.getLogger("lakehouse").warning(message, extra={"facts": facts})
