"""Prepares a laptop once: a Java, Delta's jars by path, and a class-data archive that halves Spark's start.

S3A's jars are fetched when a lake on S3 is first used, for most laptops never need them.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from lakehouse.errors import LakehouseError
from lakehouse.java import JavaNotFoundError, find_java
from lakehouse.project import Project, find_project
from lakehouse.spark import DELTA_PACKAGE, local_session

# Delta's catalogue for Unity and the kernel serve what this lakehouse does not use; 2 jars do in place of 20.
_NOT_NEEDED = (
    "io.delta:delta-kernel-api,io.delta:delta-kernel-defaults,io.delta:delta-kernel-unitycatalog,"
    "io.unitycatalog:unitycatalog-client,org.scala-lang:scala-library"
)

# S3A of the Hadoop that Spark 4.1.1 brings, with the single modules of its SDK 2 in place of the bundle of 600 MB.
_S3A_PACKAGES = (
    "org.apache.hadoop:hadoop-aws:3.4.2",
    "software.amazon.awssdk:s3-transfer-manager:2.29.52",
    "software.amazon.awssdk:sts:2.29.52",
    "software.amazon.awssdk:apache-client:2.29.52",
    "software.amazon.awssdk:netty-nio-client:2.29.52",
)
# The rest of what they ask for is among Spark's own jars.
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


class SetupError(LakehouseError):
    """A step of the set-up failed; says which and what to do."""

    def __init__(self, step: str, reason: str, cure: str) -> None:
        self.step, self.reason, self.cure = step, reason, cure
        super().__init__(f"Set-up stopped at {step}: {reason}. {cure}")


def main() -> int:
    """Run each step that has not been done; a second call does nothing."""
    try:
        prepare(find_project())
    except LakehouseError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def prepare(project: Project) -> None:
    """Find or fetch Java, resolve the jars, make the class-data archive."""
    with _alone(project):
        java = ensure_java(project.cache)
        ensure_jars(project, java)
        ensure_class_archive(project, java)


@contextlib.contextmanager
def _alone(project: Project) -> Iterator[None]:
    """Only one process at a time fills the cache; another waits, and then finds it filled."""
    project.cache.mkdir(parents=True, exist_ok=True)
    with (project.cache / "setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def ensure_java(cache: Path) -> Path:
    """Return a Java 17 or 21, fetched with install-jdk when the machine has none."""
    try:
        return find_java(cache)
    except JavaNotFoundError:
        print("setup: no Java 17 or 21 here, fetching one (once) …", flush=True)
    try:
        import jdk

        jdk.install("17", path=str(cache / "jdk"))
        return find_java(cache)
    except Exception as error:  # whatever the download of a third party may raise
        reason = f"Java 17 could not be fetched ({type(error).__name__}: {str(error).splitlines()[0][:120]})"
        cure = "Install Java 17 or 21 and set JAVA_HOME, then run `make setup` again."
        raise SetupError("Java", reason, cure) from None


def ensure_jars(project: Project, java: Path) -> None:
    """Resolve Delta's jars once into the cache, where every later start finds them by path."""
    _ensure(project, java, "jars", "Delta's jars", (DELTA_PACKAGE,), _NOT_NEEDED)


def ensure_s3a_jars(project: Project, java: Path) -> None:
    """Resolve the jars with which Spark reads and writes S3, once, 12 MB."""
    with _alone(project):
        _ensure(project, java, "jars-s3", "S3A's jars", _S3A_PACKAGES, _IN_SPARK)


def _ensure(project: Project, java: Path, folder: str, what: str, packages: tuple[str, ...], excluded: str) -> None:
    """Let a folder of the cache hold the jars of some packages, and a mark that says which these are."""
    jars = project.cache / folder
    mark = jars / (packages[0].replace(":", "@") + ".done")
    wanted = "\n".join(packages) if len(packages) > 1 else ""
    if mark.is_file() and mark.read_text() == wanted:
        return
    print(f"setup: resolving {packages[0]} (once) …", file=sys.stderr, flush=True)
    ivy = project.cache / "ivy"
    done = _run_spark_once(java, ivy, packages, excluded)
    found = sorted((ivy / "jars").glob("*.jar"))
    if done.returncode != 0 or not found:
        lines = [line for line in done.stderr.splitlines() if "UNRESOLVED" in line or "Error" in line]
        reason = (lines or ["no jar arrived"])[0].strip(": \t")[:160]
        cure = "Check that Maven Central, or the mirror in your Ivy settings, can be reached; then run `make setup`."
        raise SetupError(what, reason, cure)
    shutil.rmtree(jars, ignore_errors=True)
    jars.mkdir(parents=True)
    for jar in found:
        shutil.copy2(jar, jars / jar.name)
    shutil.rmtree(ivy)
    mark.write_text(wanted)


def _run_spark_once(
    java: Path, ivy: Path, packages: tuple[str, ...], excluded: str
) -> subprocess.CompletedProcess[str]:
    """Let Spark's own resolver fetch the packages; the job itself does nothing."""
    import pyspark

    submit = Path(pyspark.__file__).parent / "bin" / "spark-submit"
    script = ivy.parent / "nothing.py"
    script.write_text("")
    command = [str(submit), "--master", "local[1]", "--packages", ",".join(packages), "--exclude-packages", excluded]
    command += ["--conf", f"spark.jars.ivy={ivy}", str(script)]
    env = {**os.environ, "JAVA_HOME": str(java), "PYSPARK_PYTHON": sys.executable}
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    script.unlink()
    return done


def ensure_class_archive(project: Project, java: Path) -> None:
    """Dump the classes that a short run loads, so that later JVMs map them instead of loading them one by one."""
    archive, stamp = project.cache / "spark.jsa", project.cache / "spark.jsa.for"
    identity = hashlib.sha256(f"{java}|{DELTA_PACKAGE}|{sys.prefix}|{_release(java)}".encode()).hexdigest()
    if archive.is_file() and stamp.is_file() and stamp.read_text() == identity:
        return
    print("setup: making Spark start quickly (once, about half a minute) …", flush=True)
    archive.unlink(missing_ok=True)
    env = {**os.environ, "LAKEHOUSE_JAVA_OPTIONS": f"-XX:ArchiveClassesAtExit={archive} -Xlog:disable"}
    command = [sys.executable, "-m", "lakehouse.local_setup", "warm-up"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, cwd=project.root)
    if done.returncode != 0 or not archive.is_file():
        print("setup: no class-data archive (runs will start more slowly): " + done.stderr.strip()[-200:], flush=True)
    stamp.write_text(identity)


def _release(java: Path) -> str:
    try:
        return (java / "release").read_text(encoding="utf-8")
    except OSError:
        return ""


def warm_up() -> None:
    """Use the parts of Spark and Delta that a run uses, so that the archive holds their classes."""
    import tempfile

    session = local_session(find_project())
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "in.csv").write_text('id,name\n1,"a, b"\n2,c\n')
        (Path(folder) / "in.json").write_text('{"id": 1, "device": {"os": "x"}}\n')
        rows = session.read.option("header", True).option("multiLine", True).csv(f"{folder}/in.csv")
        table = f"{folder}/table"
        rows.selectExpr("try_cast(id as int) id", "name").write.format("delta").save(table)
        session.sql(f"create table warm using delta location '{table}'")
        rows.selectExpr("cast(id as int) id", "upper(name) name").createOrReplaceTempView("news")
        session.sql(
            "merge into warm t using (select id, max(name) name from news group by id) s on t.id = s.id "
            "when matched and t.name <> s.name then update set * when not matched then insert *"
        ).collect()
        lines = session.read.text(f"{folder}/in.json").selectExpr("try_parse_json(value) v")
        lines.selectExpr("try_variant_get(v, '$.device.os', 'string') os").groupBy("os").count().collect()
        session.sql("describe history warm").collect()
        session.stop()


if __name__ == "__main__":
    if sys.argv[1:] == ["warm-up"]:
        warm_up()
    else:
        sys.exit(main())
