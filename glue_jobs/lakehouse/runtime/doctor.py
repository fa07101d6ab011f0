"""What `lakehouse doctor` finds on a laptop: one line each of what was found, what was wanted, what to do."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata, resources
from pathlib import Path

from lakehouse.contracts.project import Project
from lakehouse.errors import LakehouseError
from lakehouse.runtime.java import find_java, java_version
from lakehouse.runtime.spark_settings import DELTA_PACKAGE, log_store_jar

PYTHONS = ("3.11", "3.12", "3.13")


@dataclass(frozen=True)
class Line:
    """One thing that was looked at; `cure` is what to do where it is not as wanted, empty where it is."""

    what: str
    found: str
    wanted: str = ""
    cure: str = ""

    @property
    def is_right(self) -> bool:
        """Whether nothing is to be done."""
        return not self.cure


def line(what: str, found: object, wanted: object, cure: str, right: bool | None = None) -> Line:
    """A line that is right where found and wanted are one, or where the caller says so."""
    ok = found == wanted if right is None else right
    return Line(what, str(found)) if ok else Line(what, str(found), str(wanted), cure)


def releases() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """What each release of Glue and MWAA brings and lacks, with where that was read, and when."""
    table: dict[str, dict[str, dict[str, str]]] = json.loads(
        resources.files("lakehouse.runtime").joinpath("releases.json").read_text("utf-8")
    )
    return table


def release_line(service: str, version: str) -> Line:
    """A release against the table: unknown, or lacking what the project uses."""
    known = releases()[service]
    whole = [name for name, row in known.items() if not row["lacks"]]
    row = known.get(version)
    lacks = "unknown here" if row is None else row["lacks"] and f"lacks {row['lacks']}"
    what = {"glue": "Glue release", "mwaa": "MWAA release"}[service]
    found = f"{version} ({lacks})" if lacks else version
    return line(what, found, " or ".join(whole), "name one that was tried, in Terraform's values", not lacks)


def laptop(project: Project, python: tuple[int, int] | None = None) -> Iterator[Line]:
    """Python, Java, jars and packages of this machine, against what the project and its releases want."""
    own = ".".join(map(str, python or sys.version_info[:2]))
    yield line("Python", own, " or ".join(PYTHONS), "run `make setup PYTHON=python3.11`", own in PYTHONS)
    yield _java(project)
    yield from _java_home()
    delta = _jars(project.cache)
    wanted = ":".join(DELTA_PACKAGE.split(":")[1:])
    yield line("Delta's jars", delta or "none", wanted, "run `make setup`", delta == wanted)
    store = log_store_jar(project)
    # Most laptops never write to S3, and a run that does says so itself.
    yield Line("log store for S3", store.name if store.is_file() else "not built; a lake on S3 needs it: `make jar`")
    yield _deploying()
    yield _packages(project.root / "requirements.txt", metadata.version)
    yield _glue_delta(DELTA_PACKAGE)


def _java(project: Project) -> Line:
    try:
        return Line("Java", str(find_java(project.cache)))
    except LakehouseError as error:
        return Line("Java", str(error).split("; ")[-1].split(". ")[0], "17 or 21", "set JAVA_HOME, or run `make setup`")


def _java_home() -> Iterator[Line]:
    """A JAVA_HOME without a Java: a run finds another one, and Maven does not."""
    home = os.environ.get("JAVA_HOME")
    if home and java_version(Path(home)) is None:
        yield Line("JAVA_HOME", f"{home}, where no Java is", "the home of one", "unset it, or set it to Java's home")


def _deploying() -> Line:
    """What only those need who deploy, so that its lack is no fault of the machine."""
    lacking = [name for name in ("terraform", "aws", "mvn") if shutil.which(name) is None]
    without = f"without {', '.join(lacking)}, which `make deploy` needs"
    return Line("programs to deploy with", without if lacking else "terraform, aws, mvn")


def _jars(cache: Path) -> str:
    """Name and version of Delta's jar among those that were downloaded."""
    names = sorted(jar.name for jar in cache.glob("jars*/**/*delta-spark_*.jar"))
    found = [match for name in names if (match := re.search(r"(delta-spark_[\d._]+)-([\d.]+)\.jar", name))]
    return f"{found[-1][1]}:{found[-1][2]}" if found else ""


def _packages(requirements: Path, version_of: Callable[[str], str]) -> Line:
    """The pinned packages, by how many are other than pinned."""
    pins = re.findall(r"^([A-Za-z0-9._-]+)==([^\s;]+)$", requirements.read_text("utf-8"), re.MULTILINE)
    other = [f"{name} {have or 'missing'}" for name, pin in pins if (have := _version(version_of, name)) != pin]
    found = f"{len(other)} other than pinned: {', '.join(other[:3])}" if other else f"{len(pins)} as pinned"
    return line("packages", found, f"{len(pins)} as pinned", "run `make setup`")


def _version(version_of: Callable[[str], str], name: str) -> str:
    try:
        return version_of(name)
    except metadata.PackageNotFoundError:
        return ""


def _glue_delta(package: str) -> Line:
    """Delta here against Delta on the release of Glue that the jobs run on."""
    here = package.rsplit(":", 1)[-1]
    (there,) = {row["delta"] for row in releases()["glue"].values() if not row["lacks"]}
    return line("Delta here and on Glue", here, there, "pin the version that Glue brings in spark_settings.json")


def report(lines: Iterator[Line], say: Callable[[str], None]) -> int:
    """Say each line as it comes; returns how many are not right."""
    wrong = 0
    for one in lines:
        wrong += not one.is_right
        end = "" if one.is_right else f"; wanted {one.wanted}; {one.cure}"
        say(f"{'ok' if one.is_right else 'no'}  {one.what}: {one.found}{end}")
    return wrong
