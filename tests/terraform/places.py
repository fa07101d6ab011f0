"""What the contracts and views name, and the ARNs of one environment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lakehouse.contracts.dbt_files import mart_names
from lakehouse.contracts.reader import load_contracts
from tests.terraform.conftest import ROOT
from tools.policy.calls import ACCOUNT, REGION
from tools.policy.iam import Call

CONTRACTS = load_contracts(ROOT / "contracts")
MARTS = mart_names(ROOT / "dbt")
HERE = f"{REGION}:{ACCOUNT}"
GLUE = f"arn:aws:glue:{HERE}"
VIEWS = {
    file.stem: re.sub(r"--.*", "", file.read_text(encoding="utf-8")).replace('"', "")
    for file in sorted((ROOT / "dbt/athena_views").glob("*.sql"))
}
TABLES_OF_VIEWS = sorted({pair for sql in VIEWS.values() for pair in re.findall(r"\b(silver|marts|ops)\.(\w+)", sql)})
# Tables without personal data and deleted rows, whose files analysts may read.
OPEN_TABLES = {dataset.name for dataset in CONTRACTS.datasets if not dataset.pii_columns and not dataset.delete_flag}


class Places:
    """The names of one environment: buckets, key, workgroups."""

    def __init__(self, applied: Any) -> None:
        self.name: str = applied.outputs["airflow_environment"]
        self.key: str = applied.outputs["kms_key_arn"]
        self.topic: str = applied.outputs["operations_topic_arn"]
        self._outputs = applied.outputs

    def object(self, bucket: str, key: str = "") -> str:
        """ARN of a bucket, or of an object in it."""
        return f"arn:aws:s3:::{self._outputs[f'{bucket}_bucket']}" + (f"/{key}" if key else "")

    def listing(self, bucket: str, prefix: str) -> Call:
        """The question what lies under a prefix."""
        return Call.of("s3:ListBucket", self.object(bucket), s3_prefix=prefix)

    def workgroup(self, who: str) -> str:
        """ARN of a workgroup."""
        return f"arn:aws:athena:{HERE}:workgroup/{self.name}-{who}"

    def log_group(self, name: str) -> str:
        """ARN of a group of logs."""
        return f"arn:aws:logs:{HERE}:log-group:{name}"


def each(actions: str, *resources: str, **context: str) -> Iterator[Call]:
    for action in actions.split():
        for resource in resources:
            yield Call.of(action, resource, **context)
