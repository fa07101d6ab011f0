"""What the twin is made of: the state that Terraform reaches with this repository, read from its JSON.

`terraform show -json` of an account will do (LAKEHOUSE_PLAN names the file); without one it is computed offline by the
provider beside the repository, and kept until a file that Terraform reads changes.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from lakehouse.errors import LakehouseError
from tools.twin import offline
from tools.twin.offline import ROOT

NAMED = "LAKEHOUSE_PLAN"


class PlanMissingError(LakehouseError):
    """There is no state of Terraform to be made from."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(
            f"The twin is made from what Terraform has made, and {reason}. Write it into a file with "
            f"`terraform -chdir=terraform show -json` and name that file in {NAMED}."
        )


@dataclass(frozen=True)
class Plan:
    """The resources of one environment, by type, and Terraform's outputs."""

    resources: Mapping[str, tuple[Mapping[str, Any], ...]]
    outputs: Mapping[str, Any]

    @classmethod
    def of(cls, shown: Mapping[str, Any]) -> Plan:
        """The plan in what `terraform show -json` prints."""
        state = shown["values"]
        found: dict[str, list[Mapping[str, Any]]] = {}
        for resource in _resources(state["root_module"]):
            if resource["mode"] == "managed":
                found.setdefault(resource["type"], []).append(resource["values"])
        outputs = {name: output["value"] for name, output in state["outputs"].items()}
        return cls({kind: tuple(values) for kind, values in found.items()}, outputs)

    def of_type(self, kind: str) -> tuple[Mapping[str, Any], ...]:
        """The values of all resources of a type."""
        return self.resources.get(kind, ())

    @property
    def name(self) -> str:
        """Project and environment, with which the names of roles and workgroups begin."""
        return str(self.outputs["airflow_environment"])

    @property
    def region(self) -> str:
        """The region."""
        return str(self.outputs["region"])

    @cached_property
    def jobs(self) -> Mapping[str, Mapping[str, Any]]:
        """The Glue jobs by name."""
        return {job["name"]: job for job in self.of_type("aws_glue_job")}

    @cached_property
    def policies(self) -> Mapping[str, list[dict[str, Any]]]:
        """The statements of each role; a job's and a crawler's is named as these are."""
        prefix = f"{self.name}-"
        documents = {policy["arn"]: policy["policy"] for policy in self.of_type("aws_iam_policy")}
        attached = (
            {**link, "policy": documents[link["policy_arn"]]} for link in self.of_type("aws_iam_role_policy_attachment")
        )
        found: dict[str, list[dict[str, Any]]] = {}
        for role in (*self.of_type("aws_iam_role_policy"), *attached):
            found.setdefault(role["role"].removeprefix(prefix), []).extend(json.loads(role["policy"])["Statement"])
        return found

    def bucket(self, kind: str) -> str:
        """The name of the bucket raw, curated, artefacts or logs."""
        return str(self.outputs[f"{kind}_bucket"])


def _resources(module: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from module.get("resources", ())
    for child in module.get("child_modules", ()):
        yield from _resources(child)


def find_plan(environment: str, cache: Path, root: Path = ROOT) -> Plan:
    """The plan of the file that LAKEHOUSE_PLAN names, else of this repository; raises PlanMissingError."""
    named = os.environ.get(NAMED)
    return _read(Path(named) if named else computed(environment, cache, root))


def computed(environment: str, cache: Path, root: Path = ROOT) -> Path:
    """The file with what `terraform show -json` prints of an environment of a repository; raises PlanMissingError."""
    kept = cache / f"{environment}-{digest(root)}.json"
    if not kept.is_file():
        text = _shown(environment, root)
        cache.mkdir(parents=True, exist_ok=True)
        for old in cache.glob(f"{environment}-*.json"):
            old.unlink(missing_ok=True)
        part = kept.with_suffix(f".{os.getpid()}.part")
        part.write_text(text, encoding="utf-8")
        part.replace(kept)
    return kept


def _read(file: Path) -> Plan:
    try:
        return Plan.of(json.loads(file.read_text(encoding="utf-8")))
    except OSError:
        raise PlanMissingError(f"there is no file {file}") from None
    except (ValueError, KeyError):
        raise PlanMissingError(f"{file} is not what `terraform show -json` prints of an applied state") from None


def digest(root: Path) -> str:
    """A digest of all that Terraform reads, and of the provider that answers it."""
    found = hashlib.sha256()
    provider = (file for file in offline.CHECK.parent.rglob("*") if file.is_file())
    for folder, files in ((root, _inputs(root)), (offline.CHECK.parent, provider)):
        for file in sorted(files):
            name = file.relative_to(folder).as_posix()
            found.update(f"{name} ".encode() + hashlib.sha256(file.read_bytes()).digest())
    return found.hexdigest()[:16]


def _inputs(root: Path) -> Iterator[Path]:
    for folder in offline.FOLDERS:
        for file in (root / folder).rglob("*"):
            hidden = {".terraform", "__pycache__"} & set(file.parts) or ".auto." in file.name
            if file.is_file() and not file.is_symlink() and not hidden and "tfstate" not in file.name:
                yield file
    yield from (root / name for name in offline.FILES)


def _shown(environment: str, root: Path) -> str:
    """What terraform shows of an environment after it was applied, offline, into a throw-away state."""
    if lacking := offline.missing():
        raise PlanMissingError(f"offline that needs {lacking}")
    with tempfile.TemporaryDirectory(prefix="twin-plan-") as copied:
        offline.copy(root, Path(copied))
        done = offline.run(Path(copied), "show", offline.values_of(environment))
    if done.returncode:
        reason = next((line for line in done.stderr.splitlines() if "Error: " in line), f"exit {done.returncode}")
        raise PlanMissingError(f"terraform refused {environment}: {reason.strip(' │')}")
    return done.stdout
