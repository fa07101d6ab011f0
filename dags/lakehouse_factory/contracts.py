"""Where the contracts, the views and the marts are: named by the environment, or next to or above the DAGs."""

from __future__ import annotations

import os
from pathlib import Path

from lakehouse.errors import LakehouseError

CONTRACTS, VIEWS, MODELS = "LAKEHOUSE_CONTRACTS", "LAKEHOUSE_VIEWS", "LAKEHOUSE_DBT"
DAGS_FOLDER = Path(__file__).resolve().parents[1]


class FolderNotFoundError(LakehouseError):
    """No folder of contracts or of views was found; Airflow shows this text as the import error."""

    def __init__(self, searched: tuple[Path, ...], what: str, variable: str) -> None:
        self.searched, self.what, self.variable = searched, what, variable
        places = " or ".join(str(place) for place in searched)
        super().__init__(f"There is no folder {places}; copy {what} there or name it in {variable}.")


def find_contracts(dags: Path = DAGS_FOLDER) -> Path:
    """Return the folder of the contracts; raises FolderNotFoundError with the places searched."""
    return _find(CONTRACTS, "contracts/", (dags / "contracts", dags.parent / "contracts"))


def find_views(dags: Path = DAGS_FOLDER) -> Path:
    """Return the folder of the Athena views; raises FolderNotFoundError with the places searched."""
    return _find(VIEWS, "dbt/athena_views/", (dags / "athena_views", dags.parent / "dbt" / "athena_views"))


def find_dbt(dags: Path = DAGS_FOLDER) -> Path:
    """Return the folder of dbt's project, of which the models are read; raises FolderNotFoundError."""
    return _find(MODELS, "dbt/", (dags / "dbt", dags.parent / "dbt"))


def _find(variable: str, what: str, places: tuple[Path, ...]) -> Path:
    named = os.environ.get(variable)
    places = (Path(named),) if named else places
    for place in places:
        if place.is_dir():
            return place
    raise FolderNotFoundError(places, what, variable)
