"""Where the contracts lie: named by the environment, or beside or above the DAGs."""

from __future__ import annotations

import os
from pathlib import Path

from lakehouse.errors import LakehouseError

VARIABLE = "LAKEHOUSE_CONTRACTS"
DAGS_FOLDER = Path(__file__).resolve().parents[1]


class ContractsNotFoundError(LakehouseError):
    """No folder of contracts was found; Airflow shows this text as the import error."""

    def __init__(self, searched: tuple[Path, ...]) -> None:
        self.searched = searched
        places = " or ".join(str(place) for place in searched)
        super().__init__(f"There is no folder {places}; copy contracts/ there or name it in {VARIABLE}.")


def find_contracts(dags: Path = DAGS_FOLDER) -> Path:
    """Return the folder of the contracts; raises ContractsNotFoundError with the places searched."""
    named = os.environ.get(VARIABLE)
    places = (Path(named),) if named else (dags / "contracts", dags.parent / "contracts")
    for place in places:
        if place.is_dir():
            return place
    raise ContractsNotFoundError(places)
