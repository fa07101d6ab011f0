"""What the figures say, in sentences made from them alone."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.merge.names import COPY_ON_WRITE, DELETION_VECTORS, OURS, OURS_STILL
from benchmarks.merge.page_tables import say_size, total_seconds
from benchmarks.merge.results import Results, Run, medians
from benchmarks.shared.spread import Spread, spread


def growth(results: Results) -> list[str]:
    """How long each engine took at the smallest and at the greatest history that it was run at."""
    said = []
    for engine in results.engines:
        points = medians(results, engine, lambda run: run.seconds)
        if len(points) < 2:
            continue
        (small, before), (great, after) = points[0], points[-1]
        said.append(
            f"`{engine}`: {before:.2f} s at {say_size(results, small)}, {after:.2f} s at {say_size(results, great)}: "
            f"{after / before:.2f} times the time for {great / small:g} times the rows."
        )
    return said


def against_ours(results: Results) -> list[str]:
    """Each peer's time beside ours, at the greatest history that both were run at."""
    said = []
    for engine in results.engines:
        shared = [size for size in results.sizes if results.of(engine, size) and results.of(OURS, size)]
        own = _seconds(results, OURS, shared[-1]) if shared else None
        other = _seconds(results, engine, shared[-1]) if shared else None
        if engine == OURS or own is None or other is None:
            continue
        said.append(
            f"At {say_size(results, shared[-1])} `{engine}` takes {other.median / own.median:.2f} times the time of "
            f"`{OURS}`: {other.median:.2f} s against {own.median:.2f} s."
        )
    return said


def slower(results: Results, ours: str = OURS) -> list[str]:
    """Where the median of ours is above a peer's, from the largest gap; says whether the ranges overlap."""
    gaps = []
    for size in results.sizes:
        own = _seconds(results, ours, size)
        for engine in results.engines:
            other = _seconds(results, engine, size)
            if engine in (OURS, OURS_STILL) or own is None or other is None or own.median <= other.median:
                continue
            overlap = "; their ranges overlap" if own.low <= other.high else ""
            words = (
                f"`{ours}` is slower than `{engine}` at {say_size(results, size)}: {own.median:.2f} s against "
                f"{other.median:.2f} s, {own.median / other.median:.2f} times{overlap}."
            )
            gaps.append((own.median / other.median, words))
    if not gaps:
        return [f"At no size was an alternative quicker than `{ours}`."] if ours in results.engines else []
    return [words for _, words in sorted(gaps, reverse=True)]


def wrong(results: Results) -> list[str]:
    """Which engines left keys twice or another wrong table, and where."""
    said = []
    for engine in results.engines:
        runs = [run for run in results.runs if run.engine == engine and not run.right]
        places = ", ".join(say_size(results, size) for size in sorted({run.size for run in runs}))
        if runs and not max(run.doubled for run in runs):
            said.append(f"`{engine}` left a table with other rows than the expected ones at {places}.")
        elif runs:
            keys = sorted({run.doubled for run in runs})
            most = f"{keys[0]:,}" if len(keys) == 1 else f"{keys[0]:,} to {keys[-1]:,}"
            said.append(f"`{engine}` left {most} keys of the batch twice at {places}.")
    return said or ["Every engine left exactly the expected rows."]


def given_up(results: Results) -> list[str]:
    """The peers that were not run any more, and why."""
    return [
        f"`{note.engine}` was given up from {say_size(results, note.size)} on: {note.reason}."
        if not note.reason.startswith("took")
        else f"`{note.engine}` was not run at larger sizes: it {note.reason}."
        for note in results.given_up
    ]


def repeats(results: Results) -> list[str]:
    """What the second delivery of the same batch rewrote."""
    said = []
    for engine in results.engines:
        files = sorted({run.files_rewritten for run in results.runs if run.engine == engine})
        number = f"{files[0]:,}" if len(files) == 1 else f"{files[0]:,} to {files[-1]:,}"
        said.append(f"`{engine}` rewrote {number if files[-1] else 'no'} files for a batch that it had already.")
    return said


def modes(results: Results) -> list[str]:
    """Which merge mode takes less time for the merge with its five reads, and what the merge alone takes."""
    said = []
    for size in results.sizes:
        pairs = [(name, results.of(name, size)) for name in (COPY_ON_WRITE, DELETION_VECTORS)]
        both = [(name, _middle(runs, total=True), _middle(runs, total=False)) for name, runs in pairs if runs]
        if len(both) < 2:
            continue
        (quick, least, quick_merge), (slow, most, slow_merge) = sorted(both, key=lambda found: found[1])
        said.append(
            f"With {size:g} % of the rows changed, `{quick}` takes less for a merge and five reads: {least:.2f} s "
            f"against {most:.2f} s by `{slow}`. The merges alone: {quick_merge:.2f} s and {slow_merge:.2f} s."
        )
    return said


def _middle(runs: Sequence[Run], total: bool) -> float:
    found = spread(total_seconds(run) if total else run.seconds for run in runs)
    assert found is not None  # each run has both
    return found.median


def _seconds(results: Results, engine: str, size: float) -> Spread | None:
    return spread(run.seconds for run in results.of(engine, size))
