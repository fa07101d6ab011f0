"""What is uploaded to AWS, as files of this repository: the jobs, their project archive, the DAGs, the docs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from lakehouse.contracts.project import ARCHIVE_NAME
from lakehouse.errors import LakehouseError
from tools.deploy.archives import by_content, packed
from tools.deploy.constraints import ON_GLUE, ON_MWAA, packages_version, pinned, pins_for
from tools.deploy.upload import Artifact

CODE, DAGS, MWAA = "glue_jobs", "dags", "mwaa"
LOG_STORE = "lakehouse-log-store"
# Where each part of MWAA unpacks plugins.zip before it installs the requirements; nothing promises that of the DAGs.
PLUGINS_ON_MWAA = "/usr/local/airflow/plugins"
_LEFT_OUT = {"__pycache__", "target", "logs", "uncommitted", ".user.yml", ".gitignore"}


class NotBuiltError(LakehouseError):
    """Something that is to be uploaded is not there yet."""

    def __init__(self, what: str, where: Path, cure: str) -> None:
        self.what, self.where, self.cure = what, where, cure
        super().__init__(f"There is no {what} in {where}; run `{cure}` first.")


def files_of_jobs(root: Path, jars: Iterable[str]) -> tuple[Artifact, ...]:
    """Wheel, requirements and jars first, then the scripts that need them."""
    wheel = find_wheel(root)
    scripts = sorted((root / "glue_jobs").glob("*.py"))
    return (
        _artifact(wheel, f"{CODE}/{wheel.name}"),
        Artifact(f"{CODE}/requirements.txt", f"# {packages_version(root)}\n{pins_for(root, ON_GLUE)}".encode()),
        *(_artifact(_jar(root, name), f"{CODE}/jars/{name}") for name in jars),
        *(_artifact(script, f"{CODE}/{script.name}") for script in scripts),
    )


def find_wheel(root: Path) -> Path:
    """The wheel of the library's present version; raises NotBuiltError."""
    wheel = root / "dist" / f"lakehouse-{find_version(root)}-py3-none-any.whl"
    if not wheel.is_file():
        raise NotBuiltError(f"wheel {wheel.name}", wheel.parent, "make package")
    return wheel


def find_version(root: Path) -> str:
    """The library's version."""
    return (root / "glue_jobs/lakehouse/VERSION").read_text().strip()


def _jar(root: Path, name: str) -> Path:
    """A jar by the name that the jobs know: the log store from its build, others from where they were fetched to."""
    if name.startswith(LOG_STORE):
        built = [jar for jar in (root / "jvm/target").glob(f"{LOG_STORE}*.jar") if "-sources" not in jar.name]
        if not built:
            raise NotBuiltError(f"jar of the log store ({LOG_STORE}*.jar)", root / "jvm/target", "make jar")
        return max(built)
    found = next((root / ".cache").rglob(name), None)
    if found is None:
        raise NotBuiltError(f"jar {name}", root / ".cache", "make lineage-jar")
    return found


def files_of_project(root: Path) -> tuple[Artifact, ...]:
    """The archive of contracts, suites and dbt project that a job unpacks, the same bytes for the same files."""
    files = [file for folder in ("contracts", "dbt", "great_expectations") for file in _files(root / folder)]
    named = [(file.relative_to(root).as_posix(), file.read_bytes()) for file in files]
    return (Artifact(f"{CODE}/{ARCHIVE_NAME}", packed(named)),)


def files_of_dags(root: Path) -> tuple[Artifact, ...]:
    """What the DAG file reads, then the DAG file, so that Airflow never meets one without the other."""
    beside = [("contracts", root / "contracts"), ("athena_views", root / "dbt/athena_views")]
    facts = [_artifact(file, f"{DAGS}/{name}/{file.name}") for name, folder in beside for file in _files(folder)]
    # Of dbt's project the models alone, from which follows what each mart reads.
    models = [root / "dbt/dbt_project.yml", *_files(root / "dbt/models")]
    facts += [_artifact(file, f"{DAGS}/{file.relative_to(root).as_posix()}") for file in models]
    code = _files(root / "dags")
    inner = [file for file in code if file.parent != root / "dags"]
    outer = [file for file in code if file.parent == root / "dags"]
    return (
        *facts,
        *(_artifact(file, f"{DAGS}/{file.relative_to(root / 'dags').as_posix()}") for file in (*inner, *outer)),
    )


def files_of_mwaa(root: Path) -> tuple[Artifact, ...]:
    """What MWAA installs, held to Airflow's own constraints, and runs when it starts."""
    wheel = by_content(find_wheel(root))
    requirements = f'--constraint "{constraint_of(root)}"\n{PLUGINS_ON_MWAA}/{wheel.key}\n{pins_for(root, ON_MWAA)}'
    startup = "#!/bin/sh\nexport GX_ANALYTICS_ENABLED=false\n"
    return (
        Artifact(f"{MWAA}/plugins.zip", packed([(wheel.key, wheel.body)])),
        Artifact(f"{MWAA}/requirements.txt", requirements.encode()),
        Artifact(f"{MWAA}/startup.sh", startup.encode()),
    )


def constraint_of(root: Path) -> str:
    """Where Airflow keeps the pins that a release was tested with, for MWAA's Python."""
    version = pinned(root, "apache-airflow")
    return f"https://raw.githubusercontent.com/apache/airflow/constraints-{version}/constraints-{ON_MWAA.python}.txt"


def files_of_docs(lake: Path) -> tuple[Artifact, ...]:
    """dbt's page, manifest and catalogue, as a run on this machine has built them; raises NotBuiltError."""
    page = lake / "curated/docs/dbt"
    built = {file.name: file for file in _files(page)} if page.is_dir() else {}
    for name in ("manifest.json", "catalog.json"):
        if (file := lake / ".dbt" / name).is_file():
            built.setdefault(name, file)
    if "index.html" not in built:
        raise NotBuiltError("index.html of dbt's docs", page, "make local-run")
    # The page last: who opens it finds what it speaks of.
    names = sorted(built, key=lambda name: (name == "index.html", name))
    return tuple(_artifact(built[name], f"curated/docs/dbt/{name}") for name in names)


def _artifact(file: Path, key: str) -> Artifact:
    return Artifact(key, file.read_bytes())


def _files(folder: Path) -> list[Path]:
    """Every file that belongs to the project, in a fixed order."""
    return sorted(
        file for file in folder.rglob("*") if file.is_file() and not _LEFT_OUT & {*file.relative_to(folder).parts}
    )
