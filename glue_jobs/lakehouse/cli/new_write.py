"""Writes the files of a new dataset: all or none, none over another, and only what `lakehouse check` passes."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from lakehouse.cli.check import problems
from lakehouse.contracts.project import Project
from lakehouse.errors import LakehouseError


class FileExistsAlreadyError(LakehouseError):
    """A file of the new dataset is there already."""

    def __init__(self, file: Path) -> None:
        self.file = file
        super().__init__(f"{file} is there already, and nothing is overwritten; remove it, or give another --name.")


class ProjectNotRightError(LakehouseError):
    """`lakehouse check` finds something: before the new files, or because of them."""

    def __init__(self, what: str, found: list[str]) -> None:
        self.found = tuple(found)
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        super().__init__(f"Nothing was written, for lakehouse check finds in {what}: {found[0]}{more}")


def has_contract(project: Project) -> bool:
    """Whether the project has one already; `lakehouse check` finds none to be wrong."""
    return any((project.root / "contracts").glob("*.y*ml"))


def require_right(project: Project) -> None:
    """Raise ProjectNotRightError where the project is wrong already."""
    if found := problems(project):
        raise ProjectNotRightError("the project as it is", found)


def write_all(project: Project, texts: Mapping[Path, str | bytes], replaced: Path | None) -> None:
    """Write files by their paths in the project; raises FileExistsAlreadyError or ProjectNotRightError before any is.

    replaced: the one file that is there and gets another text, last.
    """
    for file in texts:
        if file != replaced and (project.root / file).exists():
            raise FileExistsAlreadyError(file)
    _require_right_with(project, texts)
    with _taken_back_on_error() as written:
        for file, text in sorted(texts.items(), key=lambda item: item[0].parts[0] == "contracts"):
            target = project.root / file
            target.parent.mkdir(parents=True, exist_ok=True)
            beside = target.with_name(f".{target.name}.new")
            try:
                beside.write_bytes(_in_utf8(text))
                if file == replaced:
                    shutil.copymode(target, beside)
                    beside.replace(target)
                else:
                    os.link(beside, target)  # fails where somebody wrote it in the meantime
                    written.append(target)
            finally:
                beside.unlink(missing_ok=True)


def _in_utf8(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


def _require_right_with(project: Project, texts: Mapping[Path, str | bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        copy = Project(Path(folder))
        shutil.copytree(project.root / "contracts", copy.root / "contracts")
        suites = copy.suites / "expectations"
        suites.mkdir(parents=True)  # a project without a dataset may have none
        for suite in (project.suites / "expectations").glob("*"):
            shutil.copy(suite, suites)
        copy.dbt.symlink_to(project.dbt.absolute())
        for file, text in texts.items():
            if file.parts[0] != "samples":
                (copy.root / file).write_bytes(_in_utf8(text))
        if found := problems(copy):
            if has_contract(project):
                require_right(project)
            raise ProjectNotRightError("what it would be", [line.replace(f"{folder}/", "") for line in found])


@contextlib.contextmanager
def _taken_back_on_error() -> Iterator[list[Path]]:
    """The files that were written so far, which an error, also Ctrl-C, removes."""
    written: list[Path] = []
    try:
        yield written
    except BaseException:
        for file in written:
            file.unlink(missing_ok=True)
        raise
