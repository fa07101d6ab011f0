"""Plants each bug of the kept lists, runs its tests and prints which bugs survived; exit code 1 where one did."""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tools.mutants.copied import Copy, copied
from tools.mutants.planted import Mutant, mutants_of, rooms

State = Literal["killed", "survived", "not run"]
_FAILED, _PASSED = 1, 0  # pytest's exit codes


@dataclass(frozen=True)
class Outcome:
    """What became of a planted bug; test: the one that found it."""

    mutant: Mutant
    state: State
    seconds: float
    test: str

    def __str__(self) -> str:
        return f"{self.state:<9}{self.seconds:5.0f} s  {self.mutant.room:<11}{self.mutant.bug}  {self.test}".rstrip()


def try_mutant(copy: Copy, mutant: Mutant) -> Outcome:
    """Plant a bug and run its tests; `not run` where the tests end as neither passed nor failed."""
    start = time.monotonic()
    with copy.with_bug(mutant):
        done = copy.run_tests(mutant.tests)
    failed = re.search(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.M)
    states: dict[int, State] = {_FAILED: "killed", _PASSED: "survived"}
    state = states.get(done.returncode, "not run")
    return Outcome(mutant, state, time.monotonic() - start, failed[1] if failed and state == "killed" else "")


def require_passing(copy: Copy, mutants: Sequence[Mutant]) -> None:
    """End the process unless all tests pass without a bug: only then does a failure say that a bug was found."""
    done = copy.run_tests(sorted({test for mutant in mutants for test in mutant.tests}))
    if done.returncode != _PASSED:
        sys.exit(f"The tests fail without a bug, so they cannot tell any:\n{done.stdout[-3000:]}{done.stderr[-1000:]}")


def main() -> int:
    """Run the chosen lists."""
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("rooms", nargs="*", metavar="ROOM", help=f"of {', '.join(rooms())}; all if none is named")
    parser.add_argument("--bug", default="", help="only bugs whose description contains this")
    words = parser.parse_args()
    if unknown := sorted(set(words.rooms) - set(rooms())):
        parser.error(f"there is no list for {', '.join(unknown)}; there are {', '.join(rooms())}")
    mutants = [mutant for mutant in mutants_of(words.rooms or rooms()) if words.bug in mutant.bug]
    outcomes = []
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder, copied(Path(folder) / "project") as copy:
        require_passing(copy, mutants)
        for mutant in mutants:
            outcomes.append(try_mutant(copy, mutant))
            print(outcomes[-1], flush=True)
    killed = sum(outcome.state == "killed" for outcome in outcomes)
    print(f"{killed} of {len(outcomes)} planted bugs killed")
    return int(killed < len(outcomes))


if __name__ == "__main__":
    sys.exit(main())
