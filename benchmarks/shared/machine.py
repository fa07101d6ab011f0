"""On what was measured: the machine, and the versions of everything that has a part in it."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

from pyspark.sql import SparkSession


def memory_bytes() -> int:
    """The machine's memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def machine() -> dict[str, str]:
    """Cores, memory, processor and system."""
    return {
        "cores": str(os.cpu_count()),
        "memory": f"{memory_bytes() / (1 << 30):.0f} GiB",
        "processor": _processor(),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
    }


def versions(spark: SparkSession) -> dict[str, str]:
    """Versions of the engines and of what they run on."""
    jvm = spark._jvm
    assert jvm is not None
    return {
        "Spark": spark.version,
        "Delta": version("delta-spark"),
        "deltalake": version("deltalake"),
        "DuckDB": version("duckdb"),
        "Python": platform.python_version(),
        "Java": str(jvm.System.getProperty("java.version")),
    }


def _processor() -> str:
    """The processor's name as the system gives it."""
    about = Path("/proc/cpuinfo")
    lines = about.read_text(encoding="utf-8").splitlines() if about.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
