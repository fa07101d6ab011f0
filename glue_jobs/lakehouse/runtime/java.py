"""Finds a Java installation that Spark 4.1 supports."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from lakehouse.errors import LakehouseError

SUPPORTED = (17, 21)


class JavaNotFoundError(LakehouseError):
    """No Java 17 or 21 was found; the message lists the versions that were."""

    def __init__(self, found: dict[str, int]) -> None:
        self.found = found
        seen = ", ".join(f"Java {version} in {home}" for home, version in found.items()) or "no Java"
        super().__init__(
            f"Spark 4.1 needs Java 17 or 21; found {seen}. Set JAVA_HOME to one, or run `make setup` to download it."
        )


def find_java(cache: Path) -> Path:
    """The home of a Java 17 or 21: from JAVA_HOME, the PATH, or downloaded by the set-up."""
    found: dict[str, int] = {}
    for home in _candidates(cache):
        version = java_version(home)
        if version in SUPPORTED:
            return home
        if version is not None:
            found[str(home)] = version
    raise JavaNotFoundError(found)


def _candidates(cache: Path) -> Iterator[Path]:
    if os.environ.get("JAVA_HOME"):
        yield Path(os.environ["JAVA_HOME"])
    on_path = shutil.which("java")
    if on_path:
        yield Path(on_path).resolve().parents[1]
    yield from sorted(path.parents[1] for path in (cache / "jdk").glob("*/bin/java"))
    yield from sorted(path.parents[1] for path in (cache / "jdk").glob("*/Contents/Home/bin/java"))


def java_version(home: Path) -> int | None:
    """The major version of the Java in a home folder; None if none runs there."""
    try:
        release = (home / "release").read_text(encoding="utf-8")
    except OSError:
        release = _version_output(home)
    match = re.search(r'(?:JAVA_VERSION=|version )"(\d+)', release)
    return int(match[1]) if match else None


def _version_output(home: Path) -> str:
    try:
        answer = subprocess.run([home / "bin" / "java", "-version"], capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stderr
