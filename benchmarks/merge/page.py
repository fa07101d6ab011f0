"""Writes docs/benchmarks/merge.md and its plots from the kept results."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.merge import page_tables, readings
from benchmarks.merge.names import OURS_STILL
from benchmarks.merge.plots import Panel, panel_of, picture
from benchmarks.merge.results import SUITES, Results, Setting, load
from benchmarks.shared import pages
from benchmarks.shared.pages import NOT_YET, say_pairs

Kept = Mapping[str, Results]
Reading = Callable[[Results], list[str]]

_ALWAYS = (readings.against_ours, readings.slower, readings.wrong, readings.given_up)


@dataclass(frozen=True)
class Plot:
    """A picture of one suite. text: what it says to whoever does not see it."""

    file: str
    title: str
    text: str
    panels: Callable[[Results], tuple[Panel, ...]]


PLOTS = {
    "day": Plot(
        "day.svg",
        "Seconds and bytes of a day's batch by history and engine",
        "Seconds and bytes by history",
        lambda found: (
            panel_of(found, "Seconds for a day's batch, by history", "×", lambda run: run.seconds),
            panel_of(found, "MB that had to be opened, by history", "×", lambda run: _mega(run.bytes_scanned)),
        ),
    ),
    "scattered": Plot(
        "scattered.svg",
        "Seconds and bytes of scattered updates by merge mode",
        "Seconds and bytes by the share of rows changed",
        lambda found: (
            panel_of(found, "Seconds of a merge and five reads", " %", page_tables.total_seconds),
            panel_of(found, "MB written, by rows changed", " %", lambda run: _mega(run.bytes_written)),
        ),
    ),
}


def write(results: Path, docs: Path) -> list[Path]:
    """Write the page and its plots; returns what was written."""
    loaded = {suite: load(results, suite) for suite in SUITES}
    kept = {suite: found for suite, found in loaded.items() if found is not None}
    page = pages.fill(Path(__file__).with_name("page.md"), _parts(kept))
    return pages.write(docs, {"merge.md": page, **_plots(kept)})


def _parts(kept: Kept) -> dict[str, str]:
    """The parts of the page that come from the results, by their name in the template."""

    def of(suite: str, *parts: Reading) -> str:
        if suite not in kept:
            return ""
        said: Sequence[Reading] = [*parts, *_ALWAYS] if suite != "scattered" else parts
        return f"What they say:\n\n{pages.bullets(line for part in said for line in part(kept[suite]))}"

    def table(suite: str, draw: Callable[[Results], str], otherwise: str = NOT_YET) -> str:
        return draw(kept[suite]) if suite in kept else otherwise

    def plot(suite: str) -> str:
        return f"![{PLOTS[suite].text}]({PLOTS[suite].file})" if suite in kept else ""

    def still(results: Results) -> list[str]:
        return readings.slower(results, OURS_STILL)

    return {
        "measured_on": "\n".join(_setting(suite, kept[suite]) for suite in kept) or NOT_YET,
        "day_plot": plot("day"),
        "day_table": table("day", page_tables.delivery_table),
        "day_exponents": table("day", page_tables.exponent_table, ""),
        "day_reading": of("day", readings.growth),
        "redelivery_table": table("redelivery", page_tables.redelivery_table),
        "redelivery_reading": of("redelivery", readings.repeats),
        "random_table": table("random", page_tables.delivery_table),
        "random_exponents": table("random", page_tables.exponent_table, ""),
        "random_reading": of("random", still),
        "scattered_plot": plot("scattered"),
        "scattered_table": table("scattered", page_tables.scattered_table),
        "scattered_reading": of("scattered", readings.modes),
    }


def _setting(suite: str, results: Results) -> str:
    """One line on where and how a suite was measured."""
    setting: Setting = results.setting
    rows = setting.scale["per_day"] * setting.scale["days"]
    return (
        f"- **{suite}** on {', '.join(results.measured)}: {setting.rounds} rounds, 1× is {rows:,} rows "
        f"of {setting.scale['days']} days; {say_pairs(setting.machine)}; {say_pairs(setting.versions)}."
    )


def _plots(kept: Kept) -> dict[str, str]:
    """The plots of the suites that have results, by file name."""
    return {plot.file: picture(plot.title, plot.panels(kept[suite])) for suite, plot in PLOTS.items() if suite in kept}


def _mega(size: int | None) -> float | None:
    return None if size is None else size / page_tables.MEGABYTE
