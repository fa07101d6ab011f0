"""The jars that Spark needs: their versions, and their download into the cache."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from lakehouse.contracts.project import Project, find_project
from lakehouse.errors import EXIT_USAGE, LakehouseError
from lakehouse.runtime.java import find_java
from lakehouse.runtime.spark_settings import DELTA_PACKAGE, LINEAGE_PACKAGE, listener_jar

# Unity Catalog and Delta Kernel are not used here; without them 2 jars are enough, instead of 20.
_NOT_NEEDED = (
    "io.delta:delta-kernel-api,io.delta:delta-kernel-defaults,io.delta:delta-kernel-unitycatalog,"
    "io.unitycatalog:unitycatalog-client,org.scala-lang:scala-library"
)
# S3A of the Hadoop version in Spark 4.1.1, with single modules of the AWS SDK 2 instead of its bundle of 600 MB.
_S3A_PACKAGES = (
    "org.apache.hadoop:hadoop-aws:3.4.2",
    "software.amazon.awssdk:s3-transfer-manager:2.29.52",
    "software.amazon.awssdk:sts:2.29.52",
    "software.amazon.awssdk:apache-client:2.29.52",
    "software.amazon.awssdk:netty-nio-client:2.29.52",
)
# Their other dependencies are among Spark's own jars.
_IN_SPARK = (
    "software.amazon.awssdk:bundle,org.wildfly.openssl:wildfly-openssl,org.slf4j:slf4j-api,commons-codec:commons-codec,"
    "commons-logging:commons-logging,org.apache.httpcomponents:httpclient,org.apache.httpcomponents:httpcore,"
    + ",".join(
        f"io.netty:netty-{part}"
        for part in (
            "buffer", "codec", "codec-http", "codec-http2", "common", "handler", "resolver", "transport",
            "transport-classes-epoll", "transport-native-unix-common",
        )
    )
)  # fmt: skip

_FIX = "Check that Maven Central, or the mirror in your Ivy settings, can be reached; then run `make setup`."


class SetupError(LakehouseError):
    """A step of the set-up failed."""

    def __init__(self, step: str, reason: str, cure: str) -> None:
        self.step, self.reason, self.cure = step, reason, cure
        super().__init__(f"Set-up stopped at {step}: {reason}. {cure}")


@contextlib.contextmanager
def only_process(project: Project) -> Iterator[None]:
    """Lock the cache: one process at a time fills it, others wait and then find it filled."""
    project.cache.mkdir(parents=True, exist_ok=True)
    with (project.cache / "setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def ensure_listener(project: Project) -> None:
    """Download OpenLineage's listener for Spark, once; one jar contains all of it. Raises SetupError."""
    jar = listener_jar(project)
    if jar.is_file():
        return
    with only_process(project):
        ivy = project.cache / "ivy-lineage"
        done = _run_spark_once(find_java(project.cache), ivy, (LINEAGE_PACKAGE,))
        found = next(ivy.rglob(f"*{jar.name}"), None)
        if done.returncode or found is None:
            raise SetupError("OpenLineage's listener", _reason(done), _FIX.replace("make setup", "make lineage-jar"))
        jar.parent.mkdir(exist_ok=True)
        shutil.copy2(found, jar)
        shutil.rmtree(ivy)


def ensure_jars(project: Project, java: Path) -> None:
    """Download Delta's jars into the cache, once; sessions use them by path."""
    _ensure(project, java, "jars", "Delta's jars", (DELTA_PACKAGE,), _NOT_NEEDED)


def ensure_s3a_jars(project: Project, java: Path) -> None:
    """Download the jars with which Spark reads and writes S3 (12 MB), once."""
    with only_process(project):
        _ensure(project, java, "jars-s3", "S3A's jars", _S3A_PACKAGES, _IN_SPARK)


def _ensure(project: Project, java: Path, folder: str, what: str, packages: tuple[str, ...], excluded: str) -> None:
    """Download packages into a folder of the cache; a marker file records which ones it has."""
    jars = project.cache / folder
    marker = jars / (packages[0].replace(":", "@") + ".done")
    wanted = "\n".join(packages) if len(packages) > 1 else ""
    if marker.is_file() and marker.read_text() == wanted:
        return
    print(f"setup: resolving {packages[0]} (once) …", file=sys.stderr, flush=True)
    ivy = project.cache / "ivy"
    done = _run_spark_once(java, ivy, packages, excluded)
    found = sorted((ivy / "jars").glob("*.jar"))
    if done.returncode != 0 or not found:
        raise SetupError(what, _reason(done), _FIX)
    shutil.rmtree(jars, ignore_errors=True)
    jars.mkdir(parents=True)
    for jar in found:
        shutil.copy2(jar, jars / jar.name)
    shutil.rmtree(ivy)
    marker.write_text(wanted)


def _reason(done: subprocess.CompletedProcess[str]) -> str:
    """Why the download failed: the resolver's first error line."""
    lines = [line for line in done.stderr.splitlines() if "UNRESOLVED" in line or "Error" in line]
    return (lines or ["no jar was downloaded"])[0].strip(": \t")[:160]


def _run_spark_once(
    java: Path, ivy: Path, packages: tuple[str, ...], excluded: str = ""
) -> subprocess.CompletedProcess[str]:
    """Download packages with Spark's own resolver, by an empty job."""
    import pyspark

    submit = Path(pyspark.__file__).parent / "bin" / "spark-submit"
    script = ivy.parent / "nothing.py"
    script.write_text("")
    command = [str(submit), "--master", "local[1]", "--packages", ",".join(packages)]
    command += ["--exclude-packages", excluded] if excluded else []
    command += ["--conf", f"spark.jars.ivy={ivy}", str(script)]
    env = {**os.environ, "JAVA_HOME": str(java), "PYSPARK_PYTHON": sys.executable}
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    script.unlink()
    return done


def main(argv: Sequence[str]) -> int:
    """`python -m lakehouse.runtime.jars lineage` downloads the listener; `make setup` downloads Delta's jars."""
    if list(argv) != ["lineage"]:
        print("usage: python -m lakehouse.runtime.jars lineage", file=sys.stderr)
        return EXIT_USAGE
    try:
        ensure_listener(find_project())
    except LakehouseError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
