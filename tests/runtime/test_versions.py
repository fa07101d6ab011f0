"""A run names the code that it worked with, the same whether it was imported from a folder or out of its wheel."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

from lakehouse.runtime.versions import code_version

ROOT = Path(__file__).resolve().parents[2]
ASKS = "import lakehouse.runtime.versions as v; print(v.__file__, v.code_version())"


def packed(wheel: Path, changed: bytes = b"") -> Path:
    """The library as Glue has it: in an archive on the path, with one module changed."""
    with zipfile.ZipFile(wheel, "w") as archive:
        for file in sorted((ROOT / "glue_jobs/lakehouse").rglob("*")):
            if file.is_file() and file.suffix != ".pyc":
                more = changed if file.name == "log.py" else b""
                archive.writestr(file.relative_to(ROOT / "glue_jobs").as_posix(), file.read_bytes() + more)
    return wheel


def version_out_of(wheel: Path) -> str:
    code = f"import sys; sys.path.insert(0, {str(wheel)!r}); {ASKS}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=wheel.parent)
    place, version = done.stdout.split()
    assert place.startswith(str(wheel))
    return version


def test_the_code_in_a_wheel_has_the_version_of_the_same_code_in_a_folder(tmp_path: Path) -> None:
    assert version_out_of(packed(tmp_path / "a.whl")) == code_version()
    assert version_out_of(packed(tmp_path / "b.whl", b"\n# changed\n")) != code_version()
