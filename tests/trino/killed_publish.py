"""Publishes the lake of the tests and dies by SIGKILL at one of the points at which something is written.

    python killed_publish.py NUMBER

The points are counted from 1: every call that changes Glue or starts a query in Athena, and every entry into a ledger.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import botocore.client

from lakehouse.contracts.project import find_project
from lakehouse.lake import milestones, published
from lakehouse.publish import athena
from tests.helpers.stand_in.published import publish

WRITES = ("Create", "Update", "Delete", "Put", "Batch", "Start")


def main(number: int) -> None:
    """Publish; the process ends well when there are fewer points."""
    left = iter(range(number - 1, -1, -1))

    def counted(function: Callable[..., Any], changes: Callable[..., bool]) -> Callable[..., Any]:
        def call(*args: Any, **words: Any) -> Any:
            if changes(*args) and not next(left, -1):
                print("killed", flush=True)
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*args, **words)

        return call

    client = botocore.client.BaseClient
    client._make_api_call = counted(client._make_api_call, lambda _, operation, *__: operation.startswith(WRITES))
    for module in (published, milestones):
        module.append_once = counted(module.append_once, lambda *_: True)
    athena.POLL_SECONDS = 0.02
    publish(find_project())


if __name__ == "__main__":
    main(int(sys.argv[1]))
