"""Uploads the project to AWS: `python -m tools.deploy.deploy upload-jobs --environment dev [--dry-run]`.

Where to is read from Terraform's outputs, or from the file that LAKEHOUSE_OUTPUTS names. Each target may be repeated:
what is there already, by content, is left alone.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from lakehouse.contracts.project import Project
from lakehouse.errors import LakehouseError, TransientError
from lakehouse.runtime.outputs import AccountError, NotAppliedError, terraform_outputs
from tools.deploy import artifacts, mwaa
from tools.deploy.upload import Artifact, Upload, Uploaded, upload

ROOT = Path(__file__).resolve().parents[2]
# Errors that may not come again when the same call is repeated.
_TEMPORARY = {"RequestTimeout", "ServiceUnavailable", "SlowDown", "Throttling", "ThrottlingException", "InternalError"}


class RefusedError(LakehouseError):
    """AWS refused a call, and will again."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"AWS refused: {reason}. Look at the credentials (AWS_PROFILE), the account and the region.")


class UnavailableError(TransientError):
    """AWS did not answer."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"AWS did not answer: {reason}. What was uploaded is whole; run the same again.")


@dataclass(frozen=True)
class Deployment:
    """Where the files of a target go, and whether they are really uploaded."""

    outputs: Mapping[str, Any]
    s3: Any
    dry_run: bool
    lake: Path
    root: Path = ROOT
    mwaa: Any = None

    def send(self, bucket: str, files: tuple[Artifact, ...], owned: str | None = None) -> Uploaded:
        """Upload to one of Terraform's buckets and say what was done."""
        done = upload(self.s3, Upload(self.outputs[bucket], files, owned), print, self.dry_run)
        words = f"{len(done.written)} to write" if self.dry_run else f"{len(done.written)} written"
        print(f"{self.outputs[bucket]}: {words}, {len(done.same)} as they were, {len(done.removed)} removed")
        return done


def upload_jobs(to: Deployment) -> None:
    """Scripts, wheel, requirements and jars of the Glue jobs."""
    to.send("artefacts_bucket", artifacts.files_of_jobs(to.root, to.outputs["jars"]))


def package_dbt(to: Deployment) -> None:
    """The archive of contracts, suites and dbt project."""
    files = artifacts.files_of_project(to.root)
    if not to.dry_run:
        (to.root / "dist").mkdir(exist_ok=True)
        (to.root / "dist" / artifacts.ARCHIVE_NAME).write_bytes(files[0].body)
    to.send("artefacts_bucket", files)


def upload_dags(to: Deployment) -> None:
    """DAGs with contracts and views; then what MWAA installs, which it takes by an update."""
    to.send("artefacts_bucket", artifacts.files_of_dags(to.root), owned=f"{artifacts.DAGS}/")
    changed = to.send("artefacts_bucket", artifacts.files_of_mwaa(to.root)).written
    if to.dry_run:
        return
    if to.mwaa is not None:
        mwaa.update(to.mwaa, to.outputs["airflow_environment"], _versions(to), print)
    elif changed:
        print(
            "MWAA takes new requirements, plug-ins and start-up scripts when it is updated (10 to 30 minutes). When "
            f"that suits:\n  {mwaa.as_command(to.outputs['airflow_environment'], _versions(to))}"
        )


def update_airflow(to: Deployment) -> None:
    """Let MWAA take the uploaded files, and wait until it has; nothing where it runs with them."""
    name = to.outputs["airflow_environment"]
    if to.dry_run:
        print(f"would update  {name}, where it runs with other files, and wait until it is AVAILABLE")
    else:
        mwaa.settle(to.mwaa, name, _versions(to), print, time.sleep)


def _versions(to: Deployment) -> dict[str, str]:
    return mwaa.uploaded(to.s3, to.outputs["artefacts_bucket"], artifacts.MWAA)


def upload_dbt_docs(to: Deployment) -> None:
    """dbt's docs, manifest and catalogue of the lake on this machine."""
    to.send("curated_bucket", artifacts.files_of_docs(to.lake))


TARGETS = {
    "upload-jobs": upload_jobs,
    "package-dbt": package_dbt,
    "upload-dags": upload_dags,
    "upload-dbt-docs": upload_dbt_docs,
    "update-airflow": update_airflow,
}


def outputs_of(environment: str, dry_run: bool) -> Mapping[str, Any]:
    """Terraform's outputs; in a dry run without any, names in angle brackets."""
    try:
        return terraform_outputs(Project(ROOT), environment, dry_run)
    except (NotAppliedError, AccountError):
        if dry_run:
            return _Unknown()
        raise


class _Unknown(dict[str, Any]):
    """Outputs that a dry run has not got: no jars, and names that say what they stand for."""

    def __missing__(self, name: str) -> Any:
        return () if name == "jars" else f"<{name}>"


def main(argv: list[str] | None = None) -> int:
    """Run one target and return its exit code."""
    options = argparse.ArgumentParser(prog="python -m tools.deploy.deploy", description=__doc__, allow_abbrev=False)
    options.add_argument("target", choices=sorted(TARGETS))
    options.add_argument("--environment", default="dev", help="folder of terraform/environments (default: %(default)s)")
    options.add_argument("--lake", type=Path, default=Path("local_output"), help="lake of this machine, for the docs")
    options.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    given = options.parse_args(argv)
    try:
        outputs = outputs_of(given.environment, given.dry_run)
        s3, airflow = (_client(outputs, service) for service in ("s3", "mwaa"))
        TARGETS[given.target](Deployment(outputs, s3, given.dry_run, given.lake, mwaa=airflow))
    except ClientError as error:
        return _stop(_of_client(error))
    except BotoCoreError as error:
        return _stop(RefusedError(str(error)) if "credentials" in str(error) else UnavailableError(str(error)))
    except artifacts.NotBuiltError as error:
        if not given.dry_run:
            return _stop(error)
        print(f"would upload  {error.what}, which is not built yet")
    except LakehouseError as error:
        return _stop(error)
    return 0


def _client(outputs: Mapping[str, Any], service: str) -> Any:
    if isinstance(outputs, _Unknown):
        return None
    import boto3

    return boto3.client(service, region_name=outputs.get("region"))


def _of_client(error: ClientError) -> LakehouseError:
    code = str(error.response["Error"]["Code"])
    return UnavailableError(str(error)) if code in _TEMPORARY else RefusedError(str(error))


def _stop(error: LakehouseError) -> int:
    print(f"error: {error}", file=sys.stderr)
    return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
