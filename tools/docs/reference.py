"""Write docs/reference/ from the code, or say which pages are not what the code says.

python -m tools.docs.reference             write every generated page again
python -m tools.docs.reference --check     write nothing; exit with 1 if a page differs
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from tools.docs import (
    commands,
    configuration,
    contract_properties,
    error_classes,
    schedule,
    table_columns,
    terraform_files,
)

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "reference"
PAGES: Mapping[str, Callable[[Path], str]] = {
    "alarms.md": terraform_files.alarms_page,
    "commands.md": commands.page_of_commands,
    "configuration.md": configuration.page_of_configuration,
    "contract-properties.md": contract_properties.page_of_properties,
    "dags-and-schedule.md": schedule.page_of_dags,
    "errors.md": error_classes.page_of_errors,
    "tables.md": table_columns.page_of_tables,
    "terraform-variables.md": terraform_files.variables_page,
}


def stale_pages() -> list[str]:
    """The pages that the code would write otherwise, sorted."""
    return [name for name, write in PAGES.items() if _text(FOLDER / name) != write(ROOT)]


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.exists() else ""


def main(argv: list[str]) -> int:
    """Write the pages, or compare them."""
    if argv == ["--check"]:
        stale = stale_pages()
        for name in stale:
            print(f"docs/reference/{name} is not what the code says; run python -m tools.docs.reference")
        return 1 if stale else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, write in PAGES.items():
        (FOLDER / name).write_text(write(ROOT), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
