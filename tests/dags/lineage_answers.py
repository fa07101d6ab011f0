"""Prints what a Glue run and an Athena view are told or tell of lineage, as JSON, in a process of its own."""

from __future__ import annotations

import json
import sys

sys.path.insert(0, sys.argv[1])

from lakehouse_factory.lineage import lineage_is_on, with_listener
from lakehouse_factory.views import ViewQuery

OWN = "a=1 --conf b=2"
JAR = "s3://code/jars/openlineage-spark_2.13-1.53.0.jar"


def view(lake_root: str) -> list[list[str]]:
    """What a view reads and is, as its query's lineage has it: namespaces and names."""
    query = ViewQuery(
        task_id="query_v", view="v", reads=["silver.products"], also_views=["u"], lake_root=lake_root,
        aws_conn_id=None, region_name="eu-west-1",
    )  # fmt: skip
    facets = query.get_openlineage_facets_on_complete(None)
    return [[dataset.namespace, dataset.name] for dataset in (*facets.inputs, *facets.outputs)]


print(
    json.dumps(
        {
            "on": lineage_is_on(),
            "with_jar": with_listener({"--x": "1"}, {"--conf": OWN, "--extra-jars": JAR}),
            "without_jar": with_listener({"--x": "1"}, {"--conf": OWN}),
            "nothing": with_listener({"--x": "1"}, {}),
            "on_s3": view("s3://retail-curated"),
            "on_s3a": view("s3a://retail-curated"),
            "on_disk": view("/lake/"),
        }
    )
)
