"""Starts a job as Glue does: fetches script, wheel, jars and files in the role's name, then runs the script alone."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tools.twin.calls import SECRET, Caller
from tools.twin.glue import LaunchError, Run

RUNTIME = Path(__file__).with_name("glue_runtime.py")
ERROR_FILE = "ending.txt"
FILES, JARS, PACKAGES, WHEELS = "--extra-files", "--extra-jars", "--additional-python-modules", "--extra-py-files"


@dataclass(frozen=True)
class Machine:
    """What Glue's machines have and a laptop lends: where its own jars, its Java and the runs' folders are."""

    folder: Path
    jars: tuple[Path, ...]
    java: Path
    memory: str = "1g"


def surroundings(address: str, region: str, caller: Caller) -> dict[str, str]:
    """What leads a process to the twin, in a role's name, and to nothing else."""
    return {
        "AWS_ENDPOINT_URL": address,
        "AWS_ACCESS_KEY_ID": caller.key,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        # A server of this machine has one name, not one a service.
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
    }


def clean_environment() -> dict[str, str]:
    """The environment of this process without anything of AWS, Airflow, Spark or the lakehouse."""
    left_out = ("AWS_", "AIRFLOW", "LAKEHOUSE_", "SPARK_", "PYSPARK_", "OPENLINEAGE", "PYTHON", "JAVA_TOOL_OPTIONS")
    return {name: value for name, value in os.environ.items() if not name.startswith(left_out)}


class JobProcess:
    """A running script with the processes that it started, in a session of its own."""

    def __init__(self, command: list[str], env: Mapping[str, str], folder: Path) -> None:
        self.folder = folder
        self._log = (folder / "log.txt").open("wb")
        self._process = subprocess.Popen(
            command, cwd=folder, env=dict(env), stdin=subprocess.DEVNULL, stdout=self._log, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip

    def wait(self, seconds: float) -> bool:
        """Wait for its end; False when the time is over first."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        self.kill()  # a JVM that outlives its script
        return True

    def kill(self) -> None:
        """End it and all that it started."""
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return

    def ending(self) -> str:
        """Why it failed, in the script's own words where it has left some; empty where it succeeded."""
        self._log.close()
        code = self._process.returncode
        if code == 0:
            return ""
        file = self.folder / ERROR_FILE
        # A process that was killed has said nothing; the shell's number for a signal is 128 and more.
        if file.is_file():
            return file.read_text()
        return f"Command failed with exit code {128 - code if code < 0 else code}"


@dataclass(frozen=True)
class Launcher:
    """Makes the process of a run."""

    address: str
    region: str
    machine: Machine
    client: Callable[[Caller], Any]

    def __call__(self, run: Run) -> JobProcess:
        """Fetch what the job needs and start it; raises LaunchError."""
        folder = self.machine.folder / run.id[:16]
        folder.mkdir(parents=True)
        caller, words = Caller(run.name, run.id[:16]), run.arguments
        fetch = _Fetch(self.client(caller), folder)
        script = fetch.file(run.job["command"][0]["script_location"])
        for url in _urls(words, FILES):
            fetch.file(url)
        packages = [_unpacked(fetch.file(url), self.machine.folder) for url in _urls(words, WHEELS)]
        for url in _urls(words, PACKAGES):
            require_packages(fetch.file(url).read_text(encoding="utf-8"))
        jars = [*self.machine.jars, *(fetch.file(url) for url in _urls(words, JARS))]
        command = [sys.executable, "-u", str(RUNTIME), str(script), *_argv(run)]
        path = os.pathsep.join(map(str, packages))
        return JobProcess(command, {**self._environment(caller, words, folder, jars), "PYTHONPATH": path}, folder)

    def _environment(self, caller: Caller, words: Mapping[str, str], folder: Path, jars: list[Path]) -> dict[str, str]:
        conf = {**_conf(words.get("--conf", "")), **platform(self.address, self.region, self.machine, jars)}
        given = " ".join(f"--conf {_quoted(f'{name}={value}')}" for name, value in conf.items())
        return {
            **clean_environment(),
            **surroundings(self.address, self.region, caller),
            "JAVA_HOME": str(self.machine.java),
            "PYSPARK_SUBMIT_ARGS": f"{given} pyspark-shell",
            "PYSPARK_PYTHON": sys.executable,
            "TMPDIR": str(folder),
            "TWIN_ENDING": str(folder / ERROR_FILE),
        }


@dataclass(frozen=True)
class _Fetch:
    """Downloads what a job names, as the job's role."""

    s3: Any
    folder: Path

    def file(self, url: str) -> Path:
        """Fetch one object; raises LaunchError with Glue's words."""
        bucket, _, key = url.removeprefix("s3://").partition("/")
        target = self.folder / key.rsplit("/", 1)[-1]
        try:
            target.write_bytes(self.s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        except (BotoCoreError, ClientError) as error:
            raise LaunchError(f"Error downloading from S3 for bucket: {bucket}, key: {key}: {error}") from None
        return target


def _urls(words: Mapping[str, str], name: str) -> list[str]:
    return [url for url in words.get(name, "").split(",") if url]


def _unpacked(wheel: Path, folder: Path) -> Path:
    """The files of a wheel, for one of pure Python is no more; in one place for all runs, which compile them once."""
    target = folder / f"wheel-{hashlib.sha256(wheel.read_bytes()).hexdigest()[:16]}"
    if not target.is_dir():
        part = Path(tempfile.mkdtemp(dir=folder))
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(part)
        try:
            part.rename(target)
        except OSError:  # another run was quicker
            shutil.rmtree(part)
    return target


def require_packages(pins: str) -> None:
    """Raise LaunchError for a package that this machine has not got; its versions are those of its own Python."""
    for line in filter(None, (line.split("#")[0].strip() for line in pins.splitlines())):
        name = line.split("==")[0].split("[")[0]
        try:
            version(name)
        except PackageNotFoundError:
            raise LaunchError(f"Python Module Installer: No matching distribution found for {line}") from None


def _argv(run: Run) -> list[str]:
    """The script's arguments: those of the job and the run that are not Glue's own, and Glue's two."""
    own = {name: value for name, value in run.arguments.items() if name not in GLUES_OWN}
    named = {"--JOB_ID": run.name, "--JOB_RUN_ID": run.id, "--JOB_NAME": run.name, **own}
    return [word for name, value in named.items() for word in (name, value)]


GLUES_OWN = frozenset({
    FILES, JARS, PACKAGES, WHEELS, "--conf", "--custom-logGroup-prefix", "--datalake-formats", "--enable-auto-scaling",
    "--enable-metrics", "--enable-observability-metrics", "--enable-spark-ui", "--job-language",
    "--python-modules-installer-option", "--python-virtual-env-storage-prefix", "--python-virtual-env-version",
    "--spark-event-logs-path",
})  # fmt: skip
"""Arguments that Glue acts on itself and does not hand to the script."""


def _conf(words: str) -> dict[str, str]:
    """Glue's one argument of settings: `a=1 --conf b=2`."""
    return dict(word.strip().split("=", 1) for word in words.split("--conf ") if "=" in word)


def platform(address: str, region: str, machine: Machine, jars: list[Path]) -> dict[str, str]:
    """Spark's settings that are Glue's own business: where it runs, its S3, its jars."""
    return {
        "spark.master": "local[2]",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.memory": machine.memory,
        "spark.driver.extraClassPath": ":".join(map(str, jars)),
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m -XX:+UseSerialGC",
        "spark.sql.shuffle.partitions": "2",
        "spark.databricks.delta.snapshotPartitions": "2",
        "spark.sql.sources.parallelPartitionDiscovery.parallelism": "2",
        "spark.ui.enabled": "false",
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        "spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
        "spark.hadoop.fs.s3a.aws.credentials.provider": (
            "software.amazon.awssdk.auth.credentials.EnvironmentVariableCredentialsProvider"
        ),
        "spark.hadoop.fs.s3a.endpoint": address,
        "spark.hadoop.fs.s3a.endpoint.region": region,
        "spark.hadoop.fs.s3a.path.style.access": "true",
    }


def _quoted(word: str) -> str:
    return json.dumps(word) if " " in word else word
