"""Prepares a laptop once: Java, Delta's jars, and a class-data archive that halves Spark's start-up time.

S3A's jars are downloaded when a lake on S3 is first used, because most laptops never need them.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import subprocess
import sys
from pathlib import Path

from lakehouse.contracts.project import Project, find_project
from lakehouse.errors import LakehouseError
from lakehouse.runtime.jars import SetupError, ensure_jars, only_process
from lakehouse.runtime.java import JavaNotFoundError, find_java
from lakehouse.runtime.session import local_session
from lakehouse.runtime.spark_settings import DELTA_PACKAGE


def main() -> int:
    """Run the steps that have not been done; a second call does nothing."""
    try:
        prepare(find_project())
    except LakehouseError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def prepare(project: Project) -> None:
    """Find or download Java, download the jars, create the class-data archive."""
    with only_process(project):
        java = ensure_java(project.cache)
        ensure_jars(project, java)
        ensure_class_archive(project, java)


def ensure_java(cache: Path) -> Path:
    """The home of a Java 17 or 21; downloaded with install-jdk if the machine has none."""
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


def ensure_class_archive(project: Project, java: Path) -> None:
    """Archive the classes that a short run loads, so that later JVMs map them instead of loading them one by one."""
    archive, stamp = project.cache / "spark.jsa", project.cache / "spark.jsa.for"
    identity = hashlib.sha256(f"{java}|{DELTA_PACKAGE}|{sys.prefix}|{_release(java)}".encode()).hexdigest()
    if archive.is_file() and stamp.is_file() and stamp.read_text() == identity:
        return
    print("setup: making Spark start quickly (once, about half a minute) …", flush=True)
    archive.unlink(missing_ok=True)
    options = shlex.join([f"-XX:ArchiveClassesAtExit={archive}", "-Xlog:disable"])
    env = {**os.environ, "LAKEHOUSE_JAVA_OPTIONS": options}
    command = [sys.executable, "-m", "lakehouse.runtime.local_setup", "warm-up"]
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
    """Use the parts of Spark and Delta that a run uses, so that the archive contains their classes."""
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
