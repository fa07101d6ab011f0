"""Lets MWAA take what was uploaded: asks for the update where it runs with other files, and waits for its end."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from lakehouse.errors import LakehouseError, TransientError

MINUTES = 90
_BUSY = frozenset({"CREATING", "CREATING_SNAPSHOT", "MAINTENANCE", "PENDING", "ROLLING_BACK", "UPDATING"})
_FILES = {"Requirements": "requirements.txt", "StartupScript": "startup.sh", "Plugins": "plugins.zip"}

Say = Callable[[str], None]


class AirflowFailedError(LakehouseError):
    """MWAA could not take what was uploaded."""

    def __init__(self, name: str, state: str, reason: str) -> None:
        self.name, self.state = name, state
        super().__init__(
            f"MWAA's environment {name} is {state} ({reason or 'it gives no reason'}), wanted AVAILABLE; look into its "
            "log groups, put right what they name, and run the same again."
        )


class AirflowBusyError(TransientError):
    """MWAA has not come to an end yet."""

    def __init__(self, name: str, state: str, minutes: int) -> None:
        self.name, self.state = name, state
        super().__init__(f"MWAA's environment {name} is still {state} after {minutes} minutes; run the same again.")


def uploaded(s3: Any, bucket: str, folder: str) -> dict[str, str]:
    """The versions of the files that MWAA is to run with, in the words of its interface."""
    words = {}
    for kind, name in _FILES.items():
        key = f"{folder}/{name}"
        words[f"{kind}S3Path"] = key
        words[f"{kind}S3ObjectVersion"] = s3.head_object(Bucket=bucket, Key=key).get("VersionId", "null")
    return words


def as_command(name: str, wanted: Mapping[str, str]) -> str:
    """The command that asks for the same update."""
    options = (("requirements", "Requirements"), ("startup-script", "StartupScript"), ("plugins", "Plugins"))
    versions = " ".join(f"--{word}-s3-object-version {wanted[f'{kind}S3ObjectVersion']}" for word, kind in options)
    return f"aws mwaa update-environment --name {name} {versions}"


def differing(found: Mapping[str, Any], wanted: Mapping[str, str]) -> list[str]:
    """The files of which the environment runs with another version."""
    return [file for kind, file in _FILES.items() if found.get(key := f"{kind}S3ObjectVersion") != wanted[key]]


def update(client: Any, name: str, wanted: Mapping[str, str], say: Say) -> bool:
    """Ask for the update; False where the environment runs with these files, or is too busy to be asked."""
    found = client.get_environment(Name=name)["Environment"]
    other = differing(found, wanted)
    if not other:
        say(f"{name}: runs with the uploaded files")
        return False
    if found["Status"] in _BUSY:
        say(f"{name}: is {found['Status']} and takes no update now; `make update-airflow` waits and asks for it")
        return False
    # Tasks that run are let end; a worker takes no new ones meanwhile.
    client.update_environment(Name=name, WorkerReplacementStrategy="GRACEFUL", **wanted)
    say(f"{name}: takes {', '.join(other)} (10 to 30 minutes; `make update-airflow` waits for its end)")
    return True


def settle(client: Any, name: str, wanted: Mapping[str, str], say: Say, sleep: Callable[[float], None]) -> None:
    """Wait until the environment is free, update it, wait again; raises AirflowFailedError, AirflowBusyError."""
    wait(client, name, say, sleep, fresh=False)
    if update(client, name, wanted, say):
        wait(client, name, say, sleep, fresh=True)


def wait(client: Any, name: str, say: Say, sleep: Callable[[float], None] = time.sleep, fresh: bool = True) -> None:
    """Wait until the environment is available, and show each state.

    fresh: an update was asked for just now, so that a failure of the last one is its failure.
    """
    shown = ""
    for _ in range(MINUTES * 2):
        found = client.get_environment(Name=name)["Environment"]
        state = str(found["Status"])
        if state != shown:
            say(f"{name}: {state}")
            shown = state
        if state not in _BUSY:
            break
        sleep(30)
    last = found.get("LastUpdate", {})
    failed = fresh and last.get("Status") == "FAILED"
    if state in _BUSY:
        raise AirflowBusyError(name, state, MINUTES)
    if state not in ("AVAILABLE", "UPDATE_FAILED") or failed:
        reason = str(last.get("Error", {}).get("ErrorMessage", ""))
        raise AirflowFailedError(name, state if state != "AVAILABLE" else "back at the files of before", reason)
