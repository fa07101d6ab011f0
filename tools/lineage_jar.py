"""Fetches OpenLineage's listener for Spark into `.cache/lineage`, once, with Spark's own resolver."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from lakehouse.java import find_java
from lakehouse.project import find_project
from lakehouse.spark import LINEAGE_PACKAGE, listener_jar


def main() -> int:
    """Fetch the jar if it is not there; the listener is one jar with all that it needs."""
    project = find_project()
    jar = listener_jar(project)
    if jar.is_file():
        return 0
    with tempfile.TemporaryDirectory() as folder:
        done = _resolve(find_java(project.cache), Path(folder))
        found = next(Path(folder).rglob(f"*{jar.name}"), None)
        if done.returncode or found is None:
            reason = next((line for line in done.stderr.splitlines() if "UNRESOLVED" in line or "Error" in line), "")
            print(
                f"error: {LINEAGE_PACKAGE} could not be fetched ({reason.strip(': ')[:160] or 'no jar arrived'}). "
                "Check that Maven Central, or the mirror in your Ivy settings, can be reached.",
                file=sys.stderr,
            )
            return 75
        jar.parent.mkdir(exist_ok=True)
        shutil.copy2(found, jar)
    return 0


def _resolve(java: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    import pyspark

    script = folder / "nothing.py"
    script.write_text("")
    command = [str(Path(pyspark.__file__).parent / "bin/spark-submit"), "--master", "local[1]"]
    command += ["--packages", LINEAGE_PACKAGE, "--conf", f"spark.jars.ivy={folder / 'ivy'}", str(script)]
    env = {**os.environ, "JAVA_HOME": str(java), "PYSPARK_PYTHON": sys.executable}
    return subprocess.run(command, capture_output=True, text=True, env=env, check=False)


if __name__ == "__main__":
    sys.exit(main())
