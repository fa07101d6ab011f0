"""Pages as a person follows them: the commands and files of a page, run in a copy of the project.

In a `console` block a line that begins with `$` is a command and what follows is its output, in which `…` stands for
anything; in a `sh` block every line is a command. "Write `path`:" before a block makes it a file. Of make's targets
the one that runs the lakehouse is run, and `clean` before it; the others are only looked up, for one of them runs the
tests.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lakehouse.contracts.project import find_project

BLOCK = re.compile(r"(?:^Write `(?P<file>[^`]+)`:\n\n)?^```(?P<kind>\w*)\n(?P<body>.*?)^```$", re.M | re.S)
FAILS = re.compile(r"^(error:|failed )", re.M)


@dataclass(frozen=True)
class Step:
    """One thing that a page asks its reader to do: run a command, or write a file."""

    place: str
    command: str
    output: str | None = None
    file: str | None = None
    content: str = ""


def steps_of(page: Path) -> list[Step]:
    """The steps of a page in their order."""
    text, steps = page.read_text(encoding="utf-8"), []
    for block in BLOCK.finditer(text):
        line = text.count("\n", 0, block.start("body")) + 1
        if block["file"]:
            steps.append(Step(f"{page.name}:{line}", "", file=block["file"], content=block["body"]))
        elif block["kind"] == "sh":
            steps += [Step(f"{page.name}:{line}", command) for command in block["body"].splitlines()]
        elif block["kind"] == "console":
            steps += _dialogue(f"{page.name}:{line}", block["body"])
    return steps


def _dialogue(place: str, body: str) -> Iterator[Step]:
    for part in re.split(r"^\$ ", body, flags=re.M)[1:]:
        lines = part.splitlines()
        length = 1
        while "\n".join(lines[:length]).count('"') % 2:
            length += 1
        yield Step(place, "\n".join(lines[:length]), "\n".join(lines[length:]))


@dataclass(frozen=True)
class Done:
    """How a command ended and what it printed; a target that was only looked up printed nothing."""

    exit_code: int
    printed: str
    only_looked_up: bool = False


@dataclass(frozen=True)
class Checkout:
    """A copy of the project, and the commands that were run in it before a page begins."""

    folder: Path
    done: dict[str, Done] = field(default_factory=dict)

    def follow(self, step: Step) -> None:
        """Do what a page asks for, and compare what comes of it with what the page shows."""
        if step.file is not None:
            (self.folder / step.file).write_text(step.content, encoding="utf-8")
            return
        done = self.done.pop(step.command, None) or self.run(step.command)
        told = f"{step.place}: $ {step.command}\n{done.printed}"
        assert (done.exit_code != 0) == bool(FAILS.search(step.output or "")), f"{told}\nexit code {done.exit_code}"
        if step.output is not None and not done.only_looked_up:
            assert matches(step.output, done.printed), told

    def run(self, command: str) -> Done:
        """Run a command in the copy, as a person there would."""
        if not command.startswith("make "):
            return self._shell(command)
        recipe = self._shell(command.replace("make ", "make --dry-run ", 1))
        assert recipe.exit_code == 0, recipe.printed
        lines = [line for line in recipe.printed.splitlines() if "tools/setup.sh" not in line]
        assert lines, f"{command} does nothing"
        cycle = next((line for line in lines if "local_runner.py" in line), None)
        if cycle is None:
            return Done(0, "", only_looked_up=True)
        # make hands its variables to the recipe by the environment: those of its file, then those of the command.
        makefile = (self.folder / "Makefile").read_text(encoding="utf-8")
        variables = dict(re.findall(r"^(OUTPUT_DIR|LANDING_DIR) \?= (.*)$", makefile, re.MULTILINE))
        variables |= dict(word.split("=", 1) for word in shlex.split(command) if "=" in word)
        given = " ".join(f"{name}={shlex.quote(value)}" for name, value in variables.items())
        cleaned = [line for line in lines[: lines.index(cycle)] if line.startswith("rm ")]
        return self._shell(f"export {given}; {'; '.join([*cleaned, cycle])}")

    def _shell(self, command: str) -> Done:
        here = Path(sys.executable).parent
        # Started by make, a make below would speak of levels and directories.
        outside = {
            name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")
        }
        environment = {
            **outside,
            "PATH": f"{here}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(self.folder / "glue_jobs"),
            "LAKEHOUSE_PROJECT": str(self.folder),
            "LAKEHOUSE_CACHE": str(find_project().cache),
            "LAKEHOUSE_PYTHON": sys.executable,
            "NO_COLOR": "1",
            "COLUMNS": "80",
        }
        done = subprocess.run(
            ["bash", "-c", command.replace(".venv/bin/", f"{here}/")],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=self.folder, env=environment, timeout=400,
        )  # fmt: skip
        return Done(done.returncode, done.stdout)

    def copy(self, folder: Path) -> Checkout:
        """The same checkout elsewhere; files keep their times, by which raw files are known."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return Checkout(folder, dict(self.done))


def matches(shown: str, printed: str) -> bool:
    """Whether a command printed what a page shows; any white space is as good as any other."""
    parts = (r"\s+".join(re.escape(word) for word in part.split()) for part in shown.split("…"))
    return bool(re.fullmatch(r".*?".join(rf"\s*{part}\s*" for part in parts), printed, re.S))
