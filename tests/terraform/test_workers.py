"""How many workers a job gets: by what its domain's contract says of a delivery, within the environment's bound."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

MOST = 10


def say_volumes(repository: Path, volumes: dict[str, tuple[float, str]]) -> None:
    """Let these contracts say these volumes; the others say none."""
    for file in (repository / "contracts").glob("*.yaml"):
        kept = file.read_text(encoding="utf-8").split("  - property: volume\n")
        text = kept[0] if len(kept) == 1 else kept[0] + "schema:\n" + kept[1].split("schema:\n", 1)[1]
        if file.stem in volumes:
            value, unit = volumes[file.stem]
            text = text.replace(
                "slaProperties:\n", f"slaProperties:\n  - {{property: volume, value: {value}, unit: {unit}}}\n"
            )
        file.write_text(text, encoding="utf-8")


def workers(applied: Any) -> dict[str, int]:
    return {name: int(job["number_of_workers"]) for name, job in applied.jobs.items()}


def test_a_domain_gets_the_workers_of_its_volume(
    apply: Callable[..., Any], copy_of_repository: Callable[[], Path]
) -> None:
    repository = copy_of_repository()
    say_volumes(repository, {"web": (5, "GB"), "erp": (400, "MB"), "crm": (1, "TB")})
    found = workers(apply(repository, "prod", "-var=worker_type=G.2X"))
    assert {found[f"{step}_web"] for step in ("ingest", "validate", "transform", "publish")} == {3}, "4 GB a worker"
    assert found["ingest_erp"] == 2, "the driver and one more"
    assert found["ingest_crm"] == MOST, "the environment's bound"
    assert found["ingest_products"] == found["transform_marts"] == found["maintain_lakehouse"] == MOST


def test_each_environment_bounds_every_job(environments: Callable[[str], Any]) -> None:
    assert set(workers(environments("dev")).values()) == {2}
    found = workers(environments("prod"))
    assert [found[f"ingest_{domain}"] for domain in ("web", "erp", "crm")] == [4, 2, MOST]
