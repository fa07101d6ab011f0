"""Two processes that merge into the same partitions at the same moment lose no row and double none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from lakehouse.lake.delta_log import commits_since, recorded
from tests.rivals.deliveries import assert_holds
from tests.rivals.driver import MergingProcess, started

pytestmark = pytest.mark.rivals

# What the two are told in a round. One that goes ahead merges the next batch while the other may still be at the first:
# an older batch that was passed over, with news for the same keys, or one that silver has.
SAME, AHEAD, PASSED_OVER, OLDER, COMPACTED = "same turn", "goes ahead", "passed over", "older again", "OPTIMIZE"
ROUNDS = (SAME, PASSED_OVER, COMPACTED, AHEAD, PASSED_OVER, AHEAD, SAME, OLDER, COMPACTED, PASSED_OVER) * 2

Told = tuple[list[str], list[str]]


def commands(kind: str, batch: int, turn: int) -> Told:
    """What to tell the two, from the next batch and the next turn on."""
    if kind == COMPACTED:
        return [f"merge {batch} {turn}"], ["optimize"]
    first = batch + 1 if kind == PASSED_OVER else batch
    then = {AHEAD: batch + 1, PASSED_OVER: batch, OLDER: batch - 2}.get(kind)
    both = f"merge {first} {turn}"
    return [both], [both] if then is None else [both, f"merge {then} {turn + 1}"]


def at_once(processes: Sequence[MergingProcess], told: Told) -> list[dict[str, Any]]:
    """Give both their commands at the same moment, and wait for all answers."""
    for process, words in zip(processes, told, strict=True):
        process.tell("\n".join(words))
    return [process.wait_for("done") for process, words in zip(processes, told, strict=True) for _ in words]


def check_answers(path: str, told: Told, answers: list[dict[str, Any]]) -> None:
    """Every turn is merged by one of the two, in a commit of its own, and skipped by the other."""
    versions = {commit["version"]: commit["lakehouse"] for commit in commits_since(path, -1)}
    merged = [answer for answer in answers if "version" in answer and not answer["skipped"]]
    done = [f"merge {said['batch_id']} {said['number']}" for said in (versions[answer["version"]] for answer in merged)]
    assert done == [answer["command"] for answer in merged]
    assert sorted(done) == sorted({word for words in told for word in words if word != "optimize"}), answers
    failed = [answer for answer in answers if "error" in answer]
    assert all(answer["command"] == "optimize" for answer in failed), failed


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
    path, batches, turn, counted, lines = str(tmp_path / "orders"), 2, 2, Counter[str](), []
    with started(path, 2) as processes:
        for number in (1, 2):
            processes[0].tell(f"merge {number} {number}")
            processes[0].wait_for("done")
        for number, kind in enumerate(ROUNDS, start=1):
            order = processes if number % 2 else processes[::-1]
            told = commands(kind, batches + 1, turn + 1)
            answers = at_once(order, told)
            lines.append(show(number, kind, answers))
            print(lines[-1], flush=True)
            batches += 2 if kind in (AHEAD, PASSED_OVER) else 1
            turn += 2 if kind in (AHEAD, PASSED_OVER, OLDER) else 1
            check_answers(path, told, answers)
            assert_holds(path, range(1, batches + 1))
            assert recorded(path, "merge") == turn
            counted["conflicts"] += sum(len(answer["rivals"]) for answer in answers)
            counted["skipped"] += sum(bool(answer.get("skipped")) for answer in answers)
            counted["rounds that collided"] += any(answer["rivals"] or answer.get("error") for answer in answers)
    print(f"{len(ROUNDS)} rounds: {dict(counted)}")
    record_property("rivals", dict(counted))
    assert counted["skipped"] == len(ROUNDS) - ROUNDS.count(COMPACTED)
    assert counted["rounds that collided"] >= len(ROUNDS) // 4, "\n".join(lines)
