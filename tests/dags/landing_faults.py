"""Tells how the sensor of the landing ends when something fails, as JSON: by a skip, or by which error."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

sys.path.insert(0, sys.argv[1])

from botocore.exceptions import ClientError
from landing_answers import new_sensor


def ending(work: Callable[[], Any]) -> str:
    """The name of the error that the work ends with."""
    try:
        work()
    except Exception as error:
        return type(error).__name__
    return "success"


def resumed(waited: timedelta, method: str, words: dict[str, Any]) -> str:
    """How the sensor ends when it is woken like this after so long."""
    context: Any = {"ti": SimpleNamespace(start_date=datetime.now(UTC) - waited)}
    return ending(lambda: new_sensor().resume_execution(method, words, context))


def denied() -> str:
    """How the sensor ends when it may not look."""
    sensor: Any = new_sensor()

    def poke(context: Any) -> bool:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "ListObjectsV2")

    sensor.poke = poke
    context: Any = {"ti": SimpleNamespace(start_date=datetime.now(UTC))}
    return ending(lambda: sensor.resume_execution("execute_complete", {}, context))


def main() -> None:
    """Try each fault."""
    early, late = timedelta(minutes=5), timedelta(minutes=65)
    faults = ("Trigger failure", "Trigger timeout")
    found = {fault: resumed(early, "__fail__", {"error": fault, "traceback": []}) for fault in faults}
    found |= {"AccessDenied": denied(), "time over": resumed(late, "execute_complete", {})}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
