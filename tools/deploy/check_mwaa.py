"""Verifies, without an account, that MWAA can install and parse what `upload-dags` uploads.

What it installs resolves under MWAA's pins on its Python, and with that set alone every DAG imports, no Spark among it.
The pins are the file that MWAA_CONSTRAINTS names, else Airflow's own, fetched once. PYTHON312 names a Python 3.12 that
is not on the PATH.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

from lakehouse.errors import LakehouseError, TransientError
from tools.deploy import artifacts
from tools.deploy.constraints import ON_MWAA, pinned

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / ".cache" / "mwaa"
PYTHON = ON_MWAA.python
NOT_THERE = re.compile(r"^(pyspark|delta-spark|great-expectations|dbt-.*)==", re.MULTILINE)


class NoConstraintsError(TransientError):
    """The pins that MWAA holds requirements to are not at hand."""

    def __init__(self, place: str, reason: str) -> None:
        self.place, self.reason = place, reason
        super().__init__(f"MWAA's pins are not in {place} ({reason}); name a file that holds them in MWAA_CONSTRAINTS.")


class NoPythonError(LakehouseError):
    """MWAA's Python is not on this machine."""

    def __init__(self, searched: tuple[str, ...]) -> None:
        self.searched = searched
        super().__init__(f"No Python {PYTHON} among {', '.join(searched)}; name one in PYTHON312.")


class NotInstallableError(LakehouseError):
    """What is uploaded cannot be installed as MWAA installs it."""

    def __init__(self, step: str, reason: str) -> None:
        self.step, self.reason = step, reason
        super().__init__(f"MWAA could not {step}: {reason} Fix requirements.txt or tools/deploy/constraints.py.")


def main() -> int:
    """Lay out the bucket in a folder, resolve, install, import."""
    try:
        python = find_python()
        resolved = resolve(python, lay_out(WORK), find_constraints())
        own = install(python, resolved)
    except LakehouseError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    names = resolved.read_text().count("==")
    print(f"MWAA's Python {PYTHON}: {names} packages resolve under its pins, no Spark among them", flush=True)
    # Alone: neither this project's environment nor its folders are on the path.
    env = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "PYTHON", "LAKEHOUSE"))}
    report = [str(own), "-I", str(ROOT / "tools" / "airflow" / "dag_report.py"), str(WORK / "dags")]
    return subprocess.run(report, env=env, cwd=WORK, check=False).returncode


def lay_out(folder: Path) -> Path:
    """Lay out what the bucket would hold; returns the requirements, which name the wheel where it lies here."""
    for name in (artifacts.DAGS, "plugins"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for artifact in (*artifacts.files_of_dags(ROOT), *artifacts.files_of_mwaa(ROOT)):
        file = folder / artifact.key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(artifact.body)
    with zipfile.ZipFile(folder / artifacts.MWAA / "plugins.zip") as plugins:
        plugins.extractall(folder / "plugins")
    uploaded = (folder / artifacts.MWAA / "requirements.txt").read_text()
    here = uploaded.replace(artifacts.PLUGINS_ON_MWAA, str(folder / "plugins"))
    asked = "\n".join(line for line in here.splitlines() if not line.startswith("--constraint"))
    requirements = folder / "asked.txt"
    requirements.write_text(f"apache-airflow=={pinned(ROOT, 'apache-airflow')}\n{asked}\n")
    return requirements


def find_constraints() -> Path:
    """The file of MWAA's pins; raises NoConstraintsError."""
    named = os.environ.get("MWAA_CONSTRAINTS")
    if named:
        if not Path(named).is_file():
            raise NoConstraintsError(named, "there is no such file")
        return Path(named)
    address = artifacts.constraint_of(ROOT)
    kept = WORK / f"constraints-{pinned(ROOT, 'apache-airflow')}-{PYTHON}.txt"
    if not kept.is_file():
        try:
            with urllib.request.urlopen(address, timeout=30) as answer:
                kept.write_bytes(answer.read())
        except OSError as error:
            raise NoConstraintsError(address, str(error)) from None
    return kept


def find_python() -> Path:
    """A Python as MWAA's: PYTHON312, the PATH's, or one of pyenv's; raises NoPythonError."""
    places = tuple(_pythons())
    for place in places:
        asked = [place, "-c", "import sys; print('%d.%d' % sys.version_info[:2], sys.executable)"]
        try:
            done = subprocess.run(asked, capture_output=True, text=True, check=False)
        except OSError:
            continue
        version, _, executable = done.stdout.strip().partition(" ")
        if done.returncode == 0 and version == PYTHON:
            return Path(executable)
    raise NoPythonError(places)


def _pythons() -> Iterator[str]:
    if named := os.environ.get("PYTHON312"):
        yield named
    yield f"python{PYTHON}"
    if shutil.which("pyenv"):
        root = subprocess.run(["pyenv", "root"], capture_output=True, text=True, check=False).stdout.strip()
        yield from (str(found) for found in sorted(Path(root or ".").glob(f"versions/{PYTHON}*/bin/python{PYTHON}")))


def resolve(python: Path, requirements: Path, constraints: Path) -> Path:
    """Every package that MWAA would have, by version; raises NotInstallableError."""
    resolved = WORK / "resolved.txt"
    words = ["pip", "compile", str(requirements), "--constraint", str(constraints), "--python", str(python)]
    _uv("resolve the requirements", *words, "--no-header", "--no-annotate", "--output-file", str(resolved))
    engines = NOT_THERE.findall(resolved.read_text())
    if engines:
        raise NotInstallableError("stay without Spark", f"it would install {', '.join(engines)}.")
    return resolved


def install(python: Path, resolved: Path) -> Path:
    """An environment that holds the resolved packages and nothing else; returns its Python."""
    environment = WORK / "venv"
    own = environment / "bin" / "python"
    if not own.is_file():
        _uv("make an environment", "venv", "--quiet", "--clear", "--python", str(python), str(environment))
    _uv("install the packages", "pip", "sync", "--reinstall-package", "lakehouse", "--python", str(own), str(resolved))
    return own


def _uv(step: str, *words: str) -> None:
    done = subprocess.run([str(_uv_here()), *words], capture_output=True, text=True, env=_with_index(), check=False)
    if done.returncode:
        raise NotInstallableError(step, " ".join(done.stderr.split())[-600:])


def _uv_here() -> Path:
    return Path(sys.executable).parent / "uv"


def _with_index() -> dict[str, str]:
    """The environment, with pip's own index handed over: uv does not read pip's settings."""
    asked = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    found = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    index = os.environ.get("PIP_INDEX_URL") or found
    return {**({"UV_DEFAULT_INDEX": index} if index else {}), **os.environ}


if __name__ == "__main__":
    sys.exit(main())
