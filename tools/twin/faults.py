"""Faults on demand: what an account does on a bad day, until it is over or so many times."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from lakehouse.errors import UsageError, nearest
from tools.twin.calls import OPERATOR, Asked, AwsError

ALWAYS = -1
SLOW_SECONDS = 0.5
KNOWN: Mapping[str, tuple[int, str]] = {
    "s3-slow": (ALWAYS, f"S3 takes {SLOW_SECONDS} s more for each answer"),
    "s3-down": (ALWAYS, "S3 answers 503 to everybody but the operator"),
    "glue-throttled": (20, "Glue refuses the next 20 calls with ThrottlingException"),
    "job-killed": (1, "the next job is killed while it runs"),
    "query-failed": (1, "the next Athena query fails"),
    "slack-down": (ALWAYS, "Slack answers 500"),
}
"""How often each strikes where nobody says it, and what it does."""


@dataclass
class Faults:
    """The faults that are on, with how often each still strikes."""

    left: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, name: str, times: int | None = None) -> None:
        """Turn a fault on; raises UsageError for one that nobody knows."""
        if name not in KNOWN:
            raise UsageError(f"There is no fault {name}.{nearest(name, KNOWN)} There are {', '.join(KNOWN)}.")
        with self._lock:
            self.left[name] = KNOWN[name][0] if times is None else times

    def end(self, name: str | None = None) -> None:
        """Turn a fault off, or all of them."""
        with self._lock:
            for known in [name] if name else list(self.left):
                self.left.pop(known, None)

    def strikes(self, name: str) -> bool:
        """Whether a fault is on; one that is counted has struck once more."""
        with self._lock:
            left = self.left.get(name, 0)
            if left > 0:
                self.left[name] = left - 1
            if left == 1:
                del self.left[name]
            return left != 0

    def before(self, asked: Asked) -> None:
        """What befalls a call on its way; raises AwsError."""
        if asked.caller is None or asked.caller.role == OPERATOR:
            return
        if asked.service == "s3" and self.strikes("s3-slow"):
            time.sleep(SLOW_SECONDS)
        if asked.service == "s3" and self.strikes("s3-down"):
            raise AwsError("ServiceUnavailable", "Reduce your request rate.", 503)
        if asked.service == "glue" and self.strikes("glue-throttled"):
            raise AwsError("ThrottlingException", "Rate exceeded")
