"""A checkout whose files are uploaded to buckets of moto, with what a build would have made."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.deploy import artifacts, deploy

ROOT = Path(__file__).resolve().parents[2]
PAGES = {"index.html": "<html>", "manifest.json": "{}", "catalog.json": "{}"}


@dataclass(frozen=True)
class Checkout:
    """The files of a repository that are uploaded, with a wheel and dbt's docs as they would have been built."""

    root: Path
    lake: Path
    outputs: dict[str, Any]
    s3: Any

    def run(self, target: str, dry_run: bool = False) -> None:
        """Run one of the Makefile's targets."""
        deploy.TARGETS[target](deploy.Deployment(self.outputs, self.s3, dry_run, self.lake, self.root))

    def keys(self, bucket: str) -> dict[str, Any]:
        """The objects of a bucket with their times."""
        listed = self.s3.list_objects_v2(Bucket=self.outputs[bucket]).get("Contents", ())
        return {item["Key"]: item["LastModified"] for item in listed}


def write_wheel(root: Path, code: str) -> None:
    """Put a wheel of the library's version into dist/, with one module and what an installer asks of a wheel."""
    version = artifacts.find_version(root)
    info = f"lakehouse-{version}.dist-info"
    (root / "dist").mkdir(exist_ok=True)
    with zipfile.ZipFile(root / f"dist/lakehouse-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr("lakehouse/__init__.py", code)
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: lakehouse\nVersion: {version}\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", f"{info}/RECORD,,\n")
