"""Writes docs/scale.md and its picture from the kept results."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.scale.model import (
    CORES_PER_DPU,
    DRIVER_MEMORY,
    FILES,
    LISTED,
    STORES,
    TB_A_DAY,
    YEARS,
    Checked,
    checked,
    files_until,
)
from benchmarks.scale.plot import Points, picture
from benchmarks.scale.results import ScaleResults, load
from benchmarks.shared import pages
from benchmarks.shared.pages import NOT_YET, bullets, markdown
from lakehouse.ingest.grouping import BATCH_BYTES

MB, GB = 1e6, 1e9
WORLD = f"{TB_A_DAY:g} TB a day and {STORES:,} stores, a file each a day, over {YEARS} years"


@dataclass(frozen=True)
class Modelled:
    """One figure, what it grows with, and how it is written. over: the same in the units of the page."""

    name: str
    over: str
    points: Points
    say: Callable[[float], str]

    @property
    def model(self) -> Checked:
        """The line, and how far it lies from the third point."""
        return checked(self.points)


def write(results: Path, docs: Path) -> list[Path]:
    """Write the page above the benchmarks' folder; returns what was written."""
    kept, template = load(results), Path(__file__).with_name("page.md")
    if kept is None:
        names = ("checked", "read", "first", "extrapolated", "missing")
        parts = {**dict.fromkeys(names, NOT_YET), "measured_on": NOT_YET, **_always()}
        return pages.write(docs.parent, {"scale.md": pages.fill(template, parts)})
    texts = {"scale.md": pages.fill(template, {**_parts(kept), **_always()}), "scale.svg": _picture(kept)}
    return pages.write(docs.parent, texts)


def _always() -> dict[str, str]:
    return {"world": WORLD, "batch": f"{BATCH_BYTES / (1 << 30):g} GiB"}


def _parts(kept: ScaleResults) -> dict[str, str]:
    of_files, of_logs, of_bytes = files_figures(kept), log_figures(kept), step_figures(kept)
    rows = [_row(one) for one in (*of_files, *of_logs, *of_bytes)]
    return {
        "measured_on": pages.measured_on([kept.measured], kept.machine, kept.versions),
        "checked": markdown(("figure", "over", "1×", "4×", "16×", "16× by the model", "off by"), rows),
        "extrapolated": _extrapolated(kept),
        "missing": bullets(_missing(kept)),
        "read": markdown(("figure", "over", "by the model"), _read(kept, of_files, of_logs, of_bytes)),
        "first": bullets(_first(of_files)),
    }


def _extrapolated(kept: ScaleResults) -> str:
    most = max(run.files for run in kept.known)
    said = f"Everything in this part is an extrapolation: at most {most:,} files were measured"
    if not kept.steps:
        return f"{said}."
    largest = max(run.delivered for run in kept.steps)
    return (
        f"{said}, and a delivery of {largest / MB:,.0f} MB, of which a day's terabyte is "
        f"{TB_A_DAY * 1e12 / largest:,.0f} times as much. One machine is no cluster: what tasks send to one another "
        "may grow faster, and Glue's start is left out."
    )


def _missing(kept: ScaleResults) -> list[str]:
    """What the model leaves out, by name."""
    steps = [] if kept.steps else ["seconds, DPU seconds and data files of ingest, validate, transform and publish"]
    return [*steps, "requests to S3 by step; [the year](benchmarks/year.md) counts those of whole runs",
            "tasks by step, and commit conflicts an hour", "anything on Glue itself"]  # fmt: skip


def files_figures(kept: ScaleResults) -> list[Modelled]:
    """What grows with the files that were ever delivered."""
    of = kept.known
    return [
        Modelled("look for new files, seconds", "files", [(k.files, k.seconds) for k in of], _seconds),
        Modelled("look for new files, memory of the driver", "files", [(k.files, k.memory) for k in of], _size),
        Modelled("batch log, bytes", "files", [(k.files, k.ledger) for k in of], _size),
        Modelled("list of landed files, bytes", "files", [(k.files, k.landed) for k in of], _size),
    ]


def log_figures(kept: ScaleResults) -> list[Modelled]:
    """What grows with a table's data files."""
    points = [(log.files, log.checkpoint) for log in kept.logs]
    return [Modelled("checkpoint of a table, bytes", "data files", points, _size)]


def step_figures(kept: ScaleResults) -> list[Modelled]:
    """What grows with the bytes of a delivery: the seconds of each step."""
    of: dict[str, list[tuple[float, float]]] = {}
    for run in kept.steps:
        of.setdefault(run.step, []).append((run.delivered / MB, run.seconds))
    return [Modelled(f"{step}, seconds", "MB", points, _seconds) for step, points in sorted(of.items())]


def _row(one: Modelled) -> tuple[str, ...]:
    found = one.model
    seen = [one.say(y) for _, y in sorted(one.points)]
    return (one.name, one.over, *seen, one.say(found.line.at(found.until)), f"{found.error:+.0%}")


def _read(
    kept: ScaleResults, of_files: Iterable[Modelled], of_logs: Iterable[Modelled], of_bytes: Iterable[Modelled]
) -> list[tuple[str, ...]]:
    rows = [(one.name, f"{FILES:,} files", one.say(one.model.line.at(FILES))) for one in of_files]
    rows.append(("requests of one listing of raw", f"{FILES:,} files", f"{FILES / LISTED:,.0f}"))
    if kept.written:
        data_files = FILES / STORES * _bytes_a_day(kept, "silver") / (128 << 20)
        over = f"{data_files:,.0f} data files of 128 MiB"
        rows += [(one.name, over, one.say(one.model.line.at(data_files))) for one in of_logs]
    for one in of_bytes:
        core_seconds = one.model.line.at(TB_A_DAY * 1e6) * kept.cores
        name = one.name.replace(", seconds", ", DPU hours a day")
        rows.append((name, f"{TB_A_DAY:g} TB", f"{core_seconds / CORES_PER_DPU / 3600:,.1f}"))
    return rows


def _bytes_a_day(kept: ScaleResults, layer: str) -> float:
    """Bytes that a day adds to a layer, by what the largest delivery added."""
    largest = max((one for one in kept.written if one.layer == layer), key=lambda one: one.delivered)
    return largest.bytes / largest.delivered * TB_A_DAY * 1e12


def _first(of_files: list[Modelled]) -> list[str]:
    seconds, memory = of_files[0].model, of_files[1].model
    last = files_until(memory.line)
    days = last / STORES
    landed = of_files[3].model.line.at(last)
    return [
        f"The driver's memory, in ingest's look for new files: {DRIVER_MEMORY >> 30} GiB are full at {last:,.0f} "
        f"files, after {days / 365:.1f} years. Python's objects alone are counted; the JVM's memory comes on top.",
        f"Before that it is slow: at {last:,.0f} files each run would look for {_seconds(seconds.line.at(last))}, list "
        f"raw with {last / LISTED:,.0f} requests, and write a list of {_size(landed)} for Airflow.",
        "This is not changed: raw keeps every file that was ever delivered, and ingest compares all of them. Until raw "
        "is divided by time, files have to be delivered in fewer, larger ones, or those that are done be moved away.",
    ]


def _picture(kept: ScaleResults) -> str:
    seconds, memory = files_figures(kept)[:2]
    megabytes = [(x, y / MB) for x, y in memory.points]
    lines = {"memory, MB": (megabytes, checked(megabytes)), "seconds": (seconds.points, seconds.model)}
    said = "Memory and seconds of ingest's look for new files over the files delivered so far, and the driver's memory."
    title = "Look for new files, over the files ever delivered: dots measured, dashes extrapolated"
    return picture(said, title, lines, FILES, (f"{DRIVER_MEMORY >> 30} GiB in MB", DRIVER_MEMORY / MB))


def _seconds(value: float) -> str:
    return f"{value:,.2f} s" if value < 100 else f"{value:,.0f} s"


def _size(value: float) -> str:
    return f"{value / GB:,.1f} GB" if value >= GB else f"{value / MB:,.1f} MB"
