"""What a Glue run is given where Airflow sends lineage, and what a view's query tells; no event is sent here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from lakehouse.runtime.spark_settings import LINEAGE

DAGS = str(Path(__file__).resolve().parents[2] / "dags")
ATHENA = "awsathena://athena.eu-west-1.amazonaws.com"
VIEWS = [[ATHENA, "AwsDataCatalog.analytics.u"], [ATHENA, "AwsDataCatalog.analytics.v"]]


def test_what_lineage_adds(run_script: Callable[..., Any]) -> None:
    transport = {"AIRFLOW__OPENLINEAGE__TRANSPORT": '{"type": "console"}', "AIRFLOW__OPENLINEAGE__NAMESPACE": "retail"}
    answers = run_script("lineage_answers.py", DAGS, **transport)
    assert answers["on"]
    listener = {**LINEAGE, "spark.openlineage.namespace": "retail"}
    conf = " --conf ".join(["a=1", "b=2", *(f"{name}={value}" for name, value in listener.items())])
    assert answers["with_jar"] == {"--x": "1", "--conf": conf}
    assert answers["without_jar"] == {"--x": "1", "--conf": "a=1 --conf b=2"}, "Spark would not start without the jar"
    assert answers["nothing"] == {"--x": "1"}
    assert answers["on_s3"] == [["s3://retail-curated", "curated/silver/products"], *VIEWS]
    assert answers["on_s3a"] == answers["on_s3"], "one store, one name"
    assert answers["on_disk"] == [["file", "/lake/curated/silver/products"], *VIEWS]
