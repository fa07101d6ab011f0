"""The real terraform, run offline on a copy of what it reads, with its applied state as the tests' evidence."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tests.terraform.checkout import PAGES, Checkout, write_wheel
from tests.terraform.growing import LOG, grow
from tools.twin import offline
from tools.twin.keeper import PLANS
from tools.twin.plan import computed

ROOT = Path(__file__).resolve().parents[2]
LINEAGE_SERVER = "https://lineage.example.com"


@dataclass(frozen=True)
class Applied:
    """One environment as terraform would make it."""

    resources: dict[str, dict[str, Any]]
    outputs: dict[str, Any]

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        """The values of all resources of a type."""
        return [values for address, values in self.resources.items() if f".{kind}." in f".{address}"]

    @property
    def jobs(self) -> dict[str, dict[str, Any]]:
        """The Glue jobs by name."""
        return {values["name"]: values for values in self.of_type("aws_glue_job")}

    @functools.cached_property
    def policies(self) -> dict[str, str]:
        """What each role may do as one document, by the role's name without project and environment."""
        merged = {role: json.loads(document) for role, document in self.inline_policies.items()}
        for role, document in self.attached_policies:
            merged[role]["Statement"] += json.loads(document)["Statement"]
        return {role: json.dumps(document) for role, document in merged.items()}

    @property
    def inline_policies(self) -> dict[str, str]:
        """The policy document that is part of each role."""
        prefix = self.outputs["airflow_environment"] + "-"
        return {v["role"].removeprefix(prefix): v["policy"] for v in self.of_type("aws_iam_role_policy")}

    @property
    def attached_policies(self) -> list[tuple[str, str]]:
        """The roles with each policy document that is attached to them."""
        prefix = self.outputs["airflow_environment"] + "-"
        documents = {v["arn"]: v["policy"] for v in self.of_type("aws_iam_policy")}
        attached = self.of_type("aws_iam_role_policy_attachment")
        return [(v["role"].removeprefix(prefix), documents[v["policy_arn"]]) for v in attached]

    def policy(self, role: str) -> list[dict[str, Any]]:
        """The statements of a role; a job's is named as the job."""
        return self.statements[role]

    @functools.cached_property
    def statements(self) -> dict[str, list[dict[str, Any]]]:
        """The statements of each role."""
        return {role: json.loads(document)["Statement"] for role, document in self.policies.items()}


Check = Callable[..., str]
Apply = Callable[..., Applied]


@pytest.fixture(scope="session")
def terraform() -> None:
    """Skips what needs terraform where a part of it is missing."""
    if lacking := offline.missing():
        pytest.skip(f"{lacking} is not here")


@pytest.fixture(scope="session")
def check(terraform: None) -> Check:
    """Runs the offline check on a repository's environment."""

    def run(repository: Path, environment: str, what: str, *options: str) -> str:
        # An option before the caller's own, so that a choice of a test wins over the environment's value.
        values = [] if what == "validate" else [offline.values_of(environment)]
        done = offline.run(repository, what, *values, *options)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout

    return run


@pytest.fixture(scope="session")
def copy_of_repository(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Makes a repository of only what terraform reads, so that the check has little to copy."""

    def copy() -> Path:
        target = tmp_path_factory.mktemp("repository")
        offline.copy(ROOT, target)
        return target

    return copy


@pytest.fixture(scope="session")
def apply(check: Check) -> Apply:
    """Applies an environment into a throw-away state and returns what came of it."""

    def run(repository: Path, environment: str, *options: str) -> Applied:
        return read(check(repository, environment, "show", *options))

    return run


def read(shown: str) -> Applied:
    """What `terraform show -json` has printed."""
    state = json.loads(shown)["values"]
    resources = {r["address"]: r["values"] for r in _resources(state["root_module"]) if r["mode"] == "managed"}
    return Applied(resources, {name: output["value"] for name, output in state["outputs"].items()})


def _resources(module: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from module.get("resources", ())
    for child in module.get("child_modules", ()):
        yield from _resources(child)


@pytest.fixture(scope="session")
def environments(terraform: None) -> Callable[[str], Applied]:
    """Applies an environment when it is first asked for, once until a file that terraform reads changes."""
    return functools.cache(lambda name: read(computed(name, PLANS).read_text(encoding="utf-8")))


@pytest.fixture(scope="session", params=["dev", "prod"])
def applied(request: pytest.FixtureRequest, environments: Callable[[str], Applied]) -> Applied:
    """Each environment."""
    return environments(request.param)


@pytest.fixture(scope="session")
def applied_dev(environments: Callable[[str], Applied]) -> Applied:
    """The small environment."""
    return environments("dev")


@pytest.fixture(scope="session")
def applied_with_choices(apply: Apply, copy_of_repository: Callable[[], Path]) -> Applied:
    """The small environment with a lineage server, a network that is there, and Lake Formation."""
    network = {"subnet_ids": ["subnet-1", "subnet-2"], "security_group_ids": ["sg-1"]}
    choices = [
        f"-var=openlineage_endpoint={LINEAGE_SERVER}",
        f"-var=existing_network={json.dumps(network)}",
        "-var=lake_formation=true",
    ]
    return apply(copy_of_repository(), "dev", *choices)


@pytest.fixture(scope="session")
def grown(apply: Apply, copy_of_repository: Callable[[], Path]) -> Applied:
    """The small environment of a lakehouse that has grown, with Lake Formation, which waits for one dataset."""
    repository = copy_of_repository()
    grow(repository)
    return apply(repository, "dev", "-var=lake_formation=true", f'-var=unpublished_datasets=["{LOG}"]')


@pytest.fixture
def checkout(applied_dev: Any, tmp_path: Path) -> Iterator[Checkout]:
    """A checkout whose repository is this one, but for what is built; and the buckets of dev in moto."""
    with checked_out(applied_dev, tmp_path) as made:
        yield made


@contextmanager
def checked_out(applied_dev: Any, folder: Path) -> Iterator[Checkout]:
    """The same for as long as it is asked for."""
    root, lake = folder / "repository", folder / "lake"
    root.mkdir()
    for name in ("contracts", "dags", "dbt", "glue_jobs", "great_expectations", "requirements.txt", "jvm"):
        if (ROOT / name).exists():
            (root / name).symlink_to(ROOT / name)
    write_wheel(root, "code = 1")
    (lake / "curated/docs/dbt").mkdir(parents=True)
    for name, text in PAGES.items():
        (lake / "curated/docs/dbt" / name).write_text(text)
    # The log store's jar is built by a target of its own; here only its place is looked at.
    outputs = {**applied_dev.outputs, "jars": []}
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        patch.delenv("AWS_ENDPOINT_URL", raising=False)
        s3 = boto3.client("s3", region_name="eu-west-1")
        for name, bucket in outputs.items():
            if name.endswith("_bucket"):
                s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
                s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        yield Checkout(root, lake, outputs, s3)
