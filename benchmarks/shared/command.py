"""The command line that every benchmark has, the folders that follow from it, and the Spark session."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import SparkSession

from lakehouse.contracts.project import find_project
from lakehouse.runtime.session import local_session
from lakehouse.runtime.spark_settings import INTERPRETED

ROOT = Path(__file__).resolve().parents[2]
# A long run pays for the second compiler, and large tables want memory; a try wants neither.
JAVA = {"LAKEHOUSE_JAVA_OPTIONS": "-XX:TieredStopAtLevel=4", "LAKEHOUSE_DRIVER_MEMORY": "6g"}


@dataclass(frozen=True)
class Folders:
    """Where a benchmark works, where its results are kept, and where its page is written."""

    work: Path
    results: Path
    docs: Path


def parser(name: str, about: str | None, small: str) -> argparse.ArgumentParser:
    """The options that every benchmark has. small: what --small measures."""
    options = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}.run", description=about, allow_abbrev=False)
    options.add_argument("--small", action="store_true", help=f"{small}; touches no kept result")
    options.add_argument("--render", action="store_true", help="only write the page from the kept results")
    options.add_argument("--work", type=Path, default=ROOT / ".cache" / "benchmarks", help="folder of the tables")
    return options


def with_rounds(options: argparse.ArgumentParser, rounds: int) -> argparse.ArgumentParser:
    """The same with --rounds, for benchmarks that measure everything several times."""
    options.add_argument("--rounds", type=int, default=rounds, help="rounds that count (default: %(default)s)")
    return options


def folders(name: str, given: argparse.Namespace) -> Folders:
    """The folders of a benchmark; a try keeps all it writes to itself, so that it never replaces kept results."""
    work = given.work.resolve() / (f"{name}-small" if given.small else name)
    if given.small:
        return Folders(work, work / "results", work / "docs")
    return Folders(work, ROOT / "benchmarks" / "results", ROOT / "docs" / "benchmarks")


def start_spark(given: argparse.Namespace, work: Path, settings: Mapping[str, str] | None = None) -> SparkSession:
    """A session of its own; one for a try starts quickly, the other runs quickly."""
    for name, value in ({} if given.small else JAVA).items():
        os.environ.setdefault(name, value)
    own = {"spark.local.dir": str(work / "spark"), **(INTERPRETED if given.small else {}), **(settings or {})}
    return local_session(find_project(), own)


def run(
    name: str,
    given: argparse.Namespace,
    measure: Callable[[argparse.Namespace, Folders], None],
    write: Callable[[Path, Path], list[Path]],
) -> int:
    """Measure unless only the page is wanted, write the page, and say which files that are; the exit code."""
    own = folders(name, given)
    if not given.render:
        measure(given, own)
    print_written(write(own.results, own.docs))
    return 0


def print_written(paths: list[Path]) -> None:
    """Say which files were written, relative to the project where they lie in it."""
    for path in paths:
        print(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)
