"""Where Airflow runs in these tests: a home of its own, nothing of the developer's."""

from __future__ import annotations

import os
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
DAGS = ROOT / "dags"


def clean_environment(home: Path) -> dict[str, str]:
    """The environment without what a developer has set for Airflow and AWS, and with a home of its own."""
    left_out = ("AIRFLOW", "AWS_", "LAKEHOUSE_", "OPENLINEAGE_", "PYTHONDONTWRITEBYTECODE")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(left_out)}
    return kept | {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "PYTHONPATH": os.pathsep.join([str(ROOT / "glue_jobs"), os.environ.get("PYTHONPATH", "")]),
        # Compiling Airflow takes longer than any of these tests: what one process has compiled serves the next.
        "PYTHONPYCACHEPREFIX": str(ROOT / ".cache" / "compiled"),
    }
