"""Write the sample deliveries: the same bytes every time, from fixed seeds and fixed dates.

    python -m tools.samples.generate             write every file anew, and the copies in dbt/seeds/
    python -m tools.samples.generate --check     write nothing; exit with 1 if a file differs

The rows come from the other modules of this folder, one per dataset; docs/samples.md says which row shows which case.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from tools.samples import catalogue, events, leads, order_cases, orders
from tools.samples.files import csv_bytes, json_lines_bytes

ROOT = Path(__file__).resolve().parents[2]
SEED_NAMES = ("erp_orders.csv", "crm_leads.csv", "web_events.json", "products.csv")


def first_delivery() -> dict[str, bytes]:
    """Return the two weeks of ordinary business, file name to content."""
    return {
        "erp_orders.csv": csv_bytes(orders.COLUMNS, order_cases.first_delivery()),
        "crm_leads.csv": csv_bytes(leads.COLUMNS, leads.first_delivery()),
        "web_events.json": json_lines_bytes(events.first_delivery()),
        "products.csv": csv_bytes(catalogue.COLUMNS, catalogue.first_delivery()),
    }


def second_delivery() -> dict[str, bytes]:
    """Return the later delivery of corrections, repeats and late rows; its leads have CRLF line ends."""
    return {
        "day2/erp_orders.csv": csv_bytes(orders.COLUMNS, order_cases.second_delivery()),
        "day2/crm_leads.csv": csv_bytes(leads.COLUMNS, leads.second_delivery(), line_end="\r\n"),
        "day2/web_events.json": json_lines_bytes(events.second_delivery()),
        "day2/products.csv": csv_bytes(catalogue.COLUMNS, catalogue.second_delivery()),
    }


def broken_delivery() -> dict[str, bytes]:
    """Return the delivery in which two domains must stop and two must go on."""
    without_price = [name for name in orders.COLUMNS if name != "unit_price"]
    return {
        "broken/erp_orders.csv": csv_bytes(without_price, orders.broken_delivery()),
        "broken/crm_leads.csv": leads.broken_delivery(),
        "broken/web_events.json": events.broken_delivery(),
        "broken/products.csv": b"",
    }


def all_files() -> dict[str, bytes]:
    """Return every generated file, path from the repository's root to content."""
    first = first_delivery()
    files = {**first, **second_delivery(), **broken_delivery()}
    written = {f"samples/{name}": content for name, content in files.items()}
    copies = {f"dbt/seeds/{name}": first[name] for name in SEED_NAMES}
    return {**written, **copies}


def write(root: Path, files: Mapping[str, bytes]) -> None:
    """Write the files below the root."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def differing(root: Path, files: Mapping[str, bytes]) -> list[str]:
    """Return the names of the files that are absent below the root or have other content."""
    return [name for name, content in files.items() if content_of(root / name) != content]


def content_of(path: Path) -> bytes | None:
    """Return the file's content, or None where there is no such file."""
    return path.read_bytes() if path.is_file() else None


def main(arguments: list[str]) -> int:
    """Run the command line and return its exit code."""
    parser = argparse.ArgumentParser(description="Write the sample deliveries, the same bytes every time.")
    parser.add_argument("--check", action="store_true", help="write nothing, fail if a file differs")
    parser.add_argument("--root", type=Path, default=ROOT, help="where samples/ and dbt/ are")
    options = parser.parse_args(arguments)
    files = all_files()
    if not options.check:
        write(options.root, files)
        return 0
    found = differing(options.root, files)
    if found:
        print(f"{', '.join(found)}: not as generated; run python -m tools.samples.generate", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
