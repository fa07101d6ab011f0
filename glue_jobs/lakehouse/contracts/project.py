"""Where the project's own files are: contracts, suites, dbt project and the cache."""

from __future__ import annotations

import os
import tempfile
import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.reader import load_contracts
from lakehouse.errors import LakehouseError

ARCHIVE_NAME = "lakehouse_project.zip"


class ProjectNotFoundError(LakehouseError):
    """No folder with contracts/ was found near the job."""

    def __init__(self, searched: tuple[Path, ...]) -> None:
        self.searched = searched
        places = ", ".join(str(place) for place in searched)
        super().__init__(
            f"No folder with contracts/ in {places}; run from the project or set LAKEHOUSE_PROJECT to its folder."
        )


@dataclass(frozen=True)
class Project:
    """The root folder of the project, or its unpacked archive on Glue."""

    root: Path

    @cached_property
    def contracts(self) -> Contracts:
        """All contracts, read once."""
        return load_contracts(self.root / "contracts")

    @property
    def suites(self) -> Path:
        """Project folder of Great Expectations."""
        return self.root / "great_expectations"

    @property
    def dbt(self) -> Path:
        """Project folder of dbt."""
        return self.root / "dbt"

    @property
    def samples(self) -> Path:
        """The sample deliveries."""
        return self.root / "samples"

    @property
    def cache(self) -> Path:
        """What set-up fetched once: jars, a JDK, the class-data archive."""
        return Path(os.environ.get("LAKEHOUSE_CACHE") or self.root / ".cache")


def find_project() -> Project:
    """Return the project: LAKEHOUSE_PROJECT, the folder above this library, the working folder, or the archive."""
    named = os.environ.get("LAKEHOUSE_PROJECT")
    places = (Path(named),) if named else (Path(__file__).resolve().parents[3], Path.cwd())
    for place in places:
        if (place / "contracts").is_dir():
            return Project(place)
    archive = Path.cwd() / ARCHIVE_NAME
    if archive.is_file():
        return Project(_unpacked(archive))
    raise ProjectNotFoundError(places)


def _unpacked(archive: Path) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="lakehouse_project_"))
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder)
    return folder
