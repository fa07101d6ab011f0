"""Runs one Glue job by spark-submit, on this machine or on the cluster that `--master` names: `./spark_local.sh`."""

from __future__ import annotations

import hashlib
import io
import os
import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from lakehouse.contracts.plan import MAINTAIN, STEPS
from lakehouse.contracts.project import Project, find_project
from lakehouse.errors import EXIT_USAGE, LakehouseError, UsageError, nearest
from lakehouse.lake.paths import Lake
from lakehouse.runtime.java import find_java
from lakehouse.runtime.session import cores_here, lake_is_small, lake_on_s3, require_jars
from lakehouse.runtime.spark_settings import INTERPRETED, few_tasks, laptop_settings, listener_jar
from lakehouse.say import visible

JOBS = (*STEPS, MAINTAIN)
USAGE = f"""usage: ./spark_local.sh [--master URL] [--conf NAME=VALUE] … JOB [--help] --lake_root PATH …
JOB is one of: {" ".join(JOBS)}; './spark_local.sh JOB --help' shows its options.
What stands before JOB is an option of spark-submit; without --master the job runs on this machine.
"""
_FLAGS = ("--verbose", "-v", "--supervise")
_ONLY_HERE = ("spark.master", "spark.driver.host", "spark.driver.bindAddress", "spark.sql.warehouse.dir", *few_tasks(1))


def submit_settings(project: Project, lake: Lake | None, on_cluster: bool = False) -> dict[str, str]:
    """The settings of a session that spark-submit starts with this project's jars.

    lake: decides about S3 and the size; None for a large lake on a disk. on_cluster: executors are processes of their
    own, which get the jars from the driver.
    """
    small = lake is not None and not on_cluster and lake_is_small(lake)
    settings = laptop_settings(project, cores_here(), lake is not None and lake_on_s3(lake), small)
    jars = [*settings["spark.driver.extraClassPath"].split(":"), str(listener_jar(project))]
    jars = [jar for jar in jars if Path(jar).is_file()]
    settings["spark.driver.extraClassPath"] = ":".join(jars)
    if not on_cluster:
        return {**settings, **(INTERPRETED if small else {})}
    own = {"spark.jars": ",".join(jars), "spark.executor.extraJavaOptions": "-Duser.timezone=UTC"}
    return {name: value for name, value in settings.items() if name not in _ONLY_HERE} | own


def properties(settings: Mapping[str, str]) -> str:
    """Settings as the text of a properties file, which spark-submit reads with --properties-file."""
    return "".join(f"{name} {_escaped(value)}\n" for name, value in settings.items())


def _escaped(value: str) -> str:
    """A value in which the reader of Java's properties finds no escape of its own."""
    return value.replace("\\", "\\\\")


def command(project: Project, argv: Sequence[str]) -> list[str]:
    """The command line for these words; raises UsageError for a job that does not exist."""
    own, job, words = split(argv)
    script = str(project.root / "glue_jobs" / f"{job}.py")
    if {"--help", "-h"} & set(words):
        return [sys.executable, script, *words]
    import pyspark

    lake = _lake(words)
    on_cluster = not master(own).startswith("local")
    require_jars(project, find_java(project.cache), lake is not None and lake_on_s3(lake))
    folder = project.cache / "submit"
    file = _kept(folder, "properties", properties(submit_settings(project, lake, on_cluster)).encode())
    code = ["--py-files", str(library(folder))] if on_cluster else []
    spark_submit = str(Path(pyspark.__file__).parent / "bin" / "spark-submit")
    return [spark_submit, "--properties-file", str(file), *code, *own, script, *words]


def split(argv: Sequence[str]) -> tuple[list[str], str, list[str]]:
    """spark-submit's own options, the job, and the job's words."""
    at = 0
    while at < len(argv) and argv[at].startswith("-"):
        at += 1 if argv[at] in _FLAGS or "=" in argv[at] else 2
    if at >= len(argv):
        raise UsageError(f"No job is named. Known: {', '.join(JOBS)}.")
    if argv[at] not in JOBS:
        raise UsageError(f"There is no job '{argv[at]}'.{nearest(argv[at], JOBS)}")
    return list(argv[:at]), argv[at], list(argv[at + 1 :])


def master(own: Sequence[str]) -> str:
    """The master among spark-submit's options; `local` if there is none."""
    found = "local"
    for name, value in _options(own):
        if name == "--master":
            found = value
        elif name == "--conf" and value.startswith("spark.master="):
            found = value.removeprefix("spark.master=")
    return found


def _lake(words: Sequence[str]) -> Lake | None:
    """The lake that a job's words name; None if they name none, which the job itself reports."""
    named = dict(_options(words))
    root = named.get("--lake_root")
    return Lake.at(root, named.get("--raw_root")) if root else None


def _options(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each word with the value that it has behind `=`, or in the next word."""
    for word, following in zip(words, [*words[1:], ""], strict=False):
        name, has_value, value = word.partition("=")
        yield name, value if has_value else following


def library(folder: Path) -> Path:
    """The library as an archive for executors, which unpickle functions by their names; made once per content."""
    root = Path(__file__).parents[2]
    files = sorted(file for file in Path(__file__).parents[1].rglob("*") if file.is_file() and file.suffix != ".pyc")
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for file in files:
            # A fixed time, so that the same files are the same bytes.
            archive.writestr(zipfile.ZipInfo(file.relative_to(root).as_posix()), file.read_bytes())
    return _kept(folder, "zip", stream.getvalue())


def _kept(folder: Path, suffix: str, content: bytes) -> Path:
    """A file named by its content, so that two runs at once never change each other's."""
    file = folder / f"{hashlib.sha256(content).hexdigest()[:16]}.{suffix}"
    folder.mkdir(parents=True, exist_ok=True)
    new = file.with_suffix(f".{os.getpid()}")
    new.write_bytes(content)
    new.replace(file)
    return file


def main(argv: Sequence[str]) -> int:
    """Replace this process by spark-submit; returns the exit code where there is nothing to start."""
    if not argv or argv[0] in ("-h", "--help"):
        print(USAGE, end="")
        return 0 if argv else EXIT_USAGE
    try:
        project = find_project()
        words = command(project, argv)
        java = find_java(project.cache)
    except LakehouseError as error:
        print(f"error: {visible(str(error))}", file=sys.stderr)
        return error.exit_code
    os.environ |= {"JAVA_HOME": str(java), "PYSPARK_PYTHON": sys.executable, "PYSPARK_DRIVER_PYTHON": sys.executable}
    os.environ.pop("SPARK_HOME", None)  # else the launcher would start another Spark than the one of this Python
    os.execv(words[0], words)
    raise AssertionError("exec does not return")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
