"""A copy of the project in a folder of its own, in which a bug can be planted and tests run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.mutants.planted import ROOT, Mutant

_BESIDE = "shared"
"""The folder beside the project that the tests of Terraform look into; without it they skip, and find nothing."""
_SHARED = (".venv", ".cache", "jvm/target")
"""What is made and not kept in git, is large, and no bug is planted in."""


@dataclass(frozen=True)
class Copy:
    """A copy of the project's files as they are now."""

    root: Path

    @contextmanager
    def with_bug(self, mutant: Mutant) -> Iterator[None]:
        """Plant a bug, and take it out in the end."""
        file = self.root / mutant.file
        text = file.read_text(encoding="utf-8")
        file.write_text(mutant.planted(text), encoding="utf-8")
        try:
            yield
        finally:
            file.write_text(text, encoding="utf-8")

    def run_tests(self, tests: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run tests until one fails; slow suites too, where a test names one."""
        environment = {**self.environment(), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-m", "", "-p", "no:cacheprovider", *tests]
        return subprocess.run(command, cwd=self.root, env=environment, capture_output=True, text=True)

    def environment(self) -> dict[str, str]:
        """For processes that import the copy: an editable install names the original, so the copy must come first."""
        return {**os.environ, "PYTHONPATH": f"{self.root / 'glue_jobs'}{os.pathsep}{self.root}"}


@contextmanager
def copied(folder: Path) -> Iterator[Copy]:
    """Copy the project, without what git ignores, and remove the copy in the end."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    for name in _SHARED:
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).symlink_to(ROOT / name, target_is_directory=True)
    if (beside := ROOT.parent / _BESIDE).is_dir():
        (folder.parent / _BESIDE).symlink_to(beside, target_is_directory=True)
    try:
        yield Copy(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
