"""Two processes that merge into the same partitions at the same moment lose no row and double none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lakehouse.delta_log import commits_since, progress
from rivals.deliveries import assert_holds
from rivals.driver import MergingProcess, started

pytestmark = pytest.mark.rivals

# What the two are told in a round. The older batch of `passed over` was never merged and has news for the same keys.
SAME, PASSED_OVER, OLDER, COMPACTED = "the same batch", "an older batch passed over", "an older batch", "OPTIMIZE"
ROUNDS = (SAME, PASSED_OVER, COMPACTED, SAME, PASSED_OVER, PASSED_OVER, SAME, OLDER, SAME, PASSED_OVER) * 2


def commands(kind: str, done: int) -> tuple[str, str]:
    """What to tell the two, when batches up to one are merged."""
    if kind == SAME:
        return f"merge {done + 1}", f"merge {done + 1}"
    if kind == PASSED_OVER:
        return f"merge {done + 2}", f"replay {done + 1}"
    return f"merge {done + 1}", f"replay {done}" if kind == OLDER else "optimize"


def at_once(processes: list[MergingProcess], told: tuple[str, str]) -> list[dict[str, Any]]:
    """Give each its command at the same moment, and wait for both."""
    for process, command in zip(processes, told, strict=True):
        process.tell(command)
    return [process.wait_for("done") for process in processes]


def check_answers(path: str, kind: str, answers: list[dict[str, Any]]) -> None:
    """Who says that it merged has a commit of its own; of two merges of one batch one is skipped."""
    versions = {commit["version"]: commit for commit in commits_since(path, -1)}
    merged = [answer for answer in answers if "version" in answer and not answer["skipped"]]
    assert len({answer["version"] for answer in merged}) == len(merged)
    for answer in merged:
        assert versions[answer["version"]]["lakehouse"]["batch_id"] == int(answer["command"].split()[1]), answer
    failed = [answer for answer in answers if "error" in answer]
    assert all(answer["command"] == "optimize" for answer in failed), failed
    assert len(merged) == {SAME: 1, COMPACTED: 1}.get(kind, 2), answers


def show(number: int, kind: str, answers: list[dict[str, Any]]) -> str:
    """One line for a round."""
    words = []
    for answer in answers:
        fate = answer.get("error") or ("skipped" if answer.get("skipped") else f"version {answer.get('version', '')}")
        rivals = ", ".join(f"{rival} at {version}" for rival, version in answer["rivals"])
        words.append(f"{answer['command']}: {fate}, {answer['seconds']:.1f} s" + (f" after {rivals}" if rivals else ""))
    return f"round {number:2} ({kind}): {'; '.join(words)}"


@pytest.mark.timeout(600)
def test_twenty_rounds(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    path, done, counted, lines = str(tmp_path / "orders"), 2, Counter[str](), []
    with started(path, 2) as processes:
        for number in (1, 2):
            processes[0].tell(f"merge {number}")
            processes[0].wait_for("done")
        for number, kind in enumerate(ROUNDS, start=1):
            order = processes if number % 2 else processes[::-1]
            answers = at_once(order, commands(kind, done))
            lines.append(show(number, kind, answers))
            print(lines[-1], flush=True)
            done += 2 if kind == PASSED_OVER else 1
            check_answers(path, kind, answers)
            assert_holds(path, range(1, done + 1))
            assert progress(path, "merge") == done
            counted["conflicts"] += sum(len(answer["rivals"]) for answer in answers)
            counted["skipped"] += sum(bool(answer.get("skipped")) for answer in answers)
            counted["rounds that collided"] += any(answer["rivals"] or answer.get("error") for answer in answers)
    print(f"{len(ROUNDS)} rounds: {dict(counted)}")
    record_property("rivals", dict(counted))
    assert counted["skipped"] == ROUNDS.count(SAME)
    assert counted["rounds that collided"] >= len(ROUNDS) // 4, "\n".join(lines)
