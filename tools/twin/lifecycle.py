"""A twin's beginning and end: safe to start, one a folder, nothing left behind; and what other commands ask of it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

from lakehouse.errors import LakehouseError, UsageError
from tools.airflow.local import ROOT
from tools.twin import keeper
from tools.twin.calls import KEY
from tools.twin.keeper import state_of
from tools.twin.ports import free_port

HOME = ROOT / ".cache" / "twin"
FOREIGN = (
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_DEFAULT_PROFILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)  # fmt: skip


class ForeignCredentialsError(UsageError):
    """The environment names an account that is not the twin's."""

    def __init__(self, names: list[str]) -> None:
        self.names = tuple(names)
        super().__init__(
            f"{', '.join(names)} is set, so this shell speaks with an account; the twin takes no credentials but its "
            f"own. Leave them out: env {' '.join(f'-u {name}' for name in names)} make twin"
        )


class NoTwinError(LakehouseError):
    """There is no twin, or it is not ready."""

    def __init__(self, found: str) -> None:
        self.found = found
        super().__init__(f"There is no twin to ask: {found}. Start one with `make twin`.")


def up(environment: str, with_airflow: bool, port: int) -> int:
    """Start a twin and wait until it is ready; where one runs already, say where."""
    refuse_foreign(os.environ)
    HOME.parent.mkdir(parents=True, exist_ok=True)
    if words := running(HOME):
        print(f"The twin of this folder is up already ({words['stage']}).")
        print_places(words)
        return 0
    clean(HOME)
    try:
        HOME.mkdir()
    except FileExistsError:
        raise NoTwinError("another `up` is under way in this folder") from None
    keeper.begin(HOME, environment, with_airflow, port or free_port())
    words = wait_ready(HOME)
    print_places(words)
    return 0


def wait_ready(home: Path) -> dict[str, Any]:
    """Show each stage until the twin is ready; raises what stopped it."""
    shown, begun = "", time.monotonic()
    while True:
        words = state_of(home)
        stage = words.get("stage", "")
        if stage and stage != shown:
            print(f"twin: {time.monotonic() - begun:5.1f} s  {stage}", flush=True)
            shown = stage
        if stage == "ready":
            return words
        if stage == "failed":
            clean(home)
            raise LakehouseError(words["error"])
        if words and not lives(words["pid"]):
            log = (home / "keeper.log").read_text(errors="replace")[-400:] if home.is_dir() else ""
            raise NoTwinError(f"its process ended while it was {stage}: {' '.join(log.split())}")
        time.sleep(0.3)


def down() -> int:
    """End the twin and all that it has started; nothing is left."""
    words = state_of(HOME)
    if words and lives(words["pid"]):
        with contextlib.suppress(ProcessLookupError):
            os.kill(words["pid"], signal.SIGTERM)
        psutil.wait_procs([psutil.Process(words["pid"])] if lives(words["pid"]) else [], timeout=15)
    ended = clean(HOME)
    print("The twin is down." if words or ended else "There was no twin.")
    return 0


def refuse_foreign(env: Mapping[str, str]) -> None:
    """Raise ForeignCredentialsError where a shell has credentials that are not the twin's."""
    if env.get("AWS_ACCESS_KEY_ID", "").startswith(f"{KEY}."):
        return
    if names := [name for name in FOREIGN if env.get(name)]:
        raise ForeignCredentialsError(names)


def running(home: Path) -> dict[str, Any]:
    """The state of a twin whose process lives."""
    words = state_of(home)
    return words if words and lives(words["pid"]) else {}


def clean(home: Path) -> int:
    """End what is left of a twin and remove its folder; returns how many processes there were."""
    ended = keeper.end_all(home)
    shutil.rmtree(home, ignore_errors=True)
    return ended


def memory(home: Path) -> int:
    """The memory of all processes of a twin; what they share is counted once."""
    total, session = 0, int(state_of(home).get("pid", 0))
    for process in psutil.process_iter():
        if keeper.is_of(process, home, session):
            with contextlib.suppress(psutil.Error):
                found = process.memory_full_info()
                total += getattr(found, "pss", found.rss)
    return total


def ask(address: str, what: str, words: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Ask the twin itself."""
    body = None if words is None else json.dumps(words).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{address}/twin/{what}", body), timeout=30) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def print_places(words: Mapping[str, Any]) -> None:
    """Say where everything is."""
    if "airflow" in words:
        print(f"Airflow  {words['airflow']}")
    if "aws" in words:
        print(f'AWS      {words["aws"]}   eval "$({ENV})" leads a shell there')


ENV = "lakehouse twin env"


def lives(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def present() -> dict[str, Any]:
    """The state of the twin of this folder; raises NoTwinError."""
    if words := running(HOME):
        return words
    raise NoTwinError("none runs in this folder")


def ready() -> dict[str, Any]:
    """The state of a twin that is ready; raises NoTwinError."""
    words = present()
    if words["stage"] != "ready":
        raise NoTwinError(f"it is {words['stage']} and not ready yet")
    return words
