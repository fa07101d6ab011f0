"""What the docs say is true: commands run as they stand and print what is shown, links lead somewhere.

In a `console` block a line that begins with `$` is a command and what follows is its output, in which `…` stands for
anything; in a `sh` block every line is a command. "Write `path`:" before a block makes it a file. Each page is worked
through from top to bottom in a copy of the project with a lake of the first delivery. Of make's targets the one that
runs the lakehouse is run, the others are only looked up, for one of them runs this test.
"""

from __future__ import annotations

import ast
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from lakehouse.contracts.project import Project, find_project
from lakehouse.lake.paths import Lake
from lakehouse.publish.engine import tables_of
from tests.helpers.lakes import rows

pytestmark = pytest.mark.timeout(600)

ROOT = Path(__file__).parents[2]
LIBRARY = ROOT / "glue_jobs" / "lakehouse"
HOW_TO = ROOT / "docs" / "how-to"
RUN_BOOK = HOW_TO / "when-a-run-fails.md"
TUTORIAL = ROOT / "docs" / "tutorial"
PAGES = [ROOT / "README.md", *sorted(HOW_TO.glob("*.md")), *sorted(TUTORIAL.glob("[0-9]*.md"))]
NEW_DATASET = HOW_TO / "add-a-dataset.md"
NOT_COPIED = {".venv", ".cache", ".git", "local_output", "spark-warehouse", "tests", "terraform", "build", "dist"}
MARKDOWN = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]

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
        return self._shell(f"export {given}; {cycle}")

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


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A copy of the project in which `make local-run` was run once."""
    folder = tmp_path_factory.mktemp("checkout") / "project"
    shutil.copytree(ROOT, folder, ignore=_not_copied)
    checkout = Checkout(folder)
    checkout.done["make local-run"] = checkout.run("make local-run")
    assert checkout.done["make local-run"].exit_code == 0, checkout.done
    return checkout


def _not_copied(folder: str, names: list[str]) -> list[str]:
    left_out = {"__pycache__", *(NOT_COPIED if Path(folder) == ROOT else ())}
    return [name for name in names if name in left_out or name.endswith("_cache")]


def in_its_suite(page: Path) -> object:
    """A page whose commands take minutes is followed by the suite of its own part."""
    mark = pytest.mark.quality if page.stem == "repair-quarantine" else pytest.mark.docs
    return pytest.param(page, marks=mark, id=page.stem)


@pytest.mark.parametrize("page", [in_its_suite(page) for page in PAGES if page != NEW_DATASET])
def test_every_command_of_a_page_does_what_the_page_says(page: Path, checkout: Checkout, tmp_path: Path) -> None:
    steps = steps_of(page)
    assert steps
    mine = checkout.copy(tmp_path / "project")
    for step in steps:
        mine.follow(step)


@pytest.mark.docs
def test_a_dataset_is_added_and_taken_away_as_the_page_says(
    checkout: Checkout, tmp_path: Path, project: Project
) -> None:
    mine = checkout.copy(tmp_path / "project")
    before = mine.folder / "contracts", mine.folder / "great_expectations" / "expectations", mine.folder / "samples"
    files = [sorted(path.iterdir()) for path in before]
    for step in steps_of(NEW_DATASET):
        mine.follow(step)
    assert [sorted(path.iterdir()) for path in before] == files
    lake = Lake.at(str(mine.folder / "local_output"))
    # Its rows are on the page; in the end it is dropped.
    assert [name for _, name in tables_of(lake) if "stock" in name] == []
    root = Path(lake.curated)
    left = [path for path in root.rglob("*") if "stock" in path.name or (path.name == "index.html" and "stock" in
            path.read_text(encoding="utf-8"))]  # fmt: skip
    assert left == []
    assert rows(lake, project.contracts, "select state from ops.dataset_changes order by entry") == [
        ("started",), ("done",)
    ]  # fmt: skip
    assert rows(lake, project.contracts, "select count(*) from silver.erp_orders") == [(570,)]


def test_the_new_dataset_is_written_whole() -> None:
    """Three files and a run: were a block not recognised as a file, the page could still pass by luck."""
    delivered, *files = [step.file for step in steps_of(NEW_DATASET) if step.file]
    assert delivered == "returns_2026-10-18.csv"
    assert files == [
        "contracts/stock.yaml", "great_expectations/expectations/stock_counts.json", "samples/stock_counts.csv"
    ]  # fmt: skip


def test_output_is_compared_with_what_is_shown() -> None:
    assert matches("…\n a  1 \n…", "before\n a 1\nafter\n")
    assert matches("a … c", "a b\nb c\n")
    assert not matches("a 1", "a 2")
    assert not matches("a 1", "a 1\nmore")
    assert not matches("…\na 1", "a 1\nmore")


@pytest.mark.parametrize("page", MARKDOWN, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), f"{page.name}: {target}"
        assert not anchor or anchor in _anchors(found), f"{page.name}: {target}"


def _links(page: Path) -> list[Path]:
    targets = re.findall(r"\]\(([^)\s#]+)", page.read_text(encoding="utf-8"))
    return [(page.parent / target).resolve() for target in targets if "://" not in target]


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_page_is_reached_from_the_readme() -> None:
    reached, waiting = set[Path](), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page not in reached:
            reached.add(page)
            waiting += [link for link in _links(page) if link.suffix == ".md"]
    assert [page.relative_to(ROOT).as_posix() for page in MARKDOWN if page not in reached] == []
    index = (ROOT / "docs" / "adr" / "README.md").read_text(encoding="utf-8")
    assert [page.name for page in (ROOT / "docs" / "adr").glob("0*.md") if page.name not in index] == []


def test_the_run_book_has_every_error() -> None:
    found = re.findall(r"``(.+?)``|`([^`]+)`", RUN_BOOK.read_text(encoding="utf-8"))
    spans = " ".join(double or single for double, single in found)
    book = " ".join(spans.split())
    texts = dict(_error_texts())
    assert len(texts) > 50
    unknown = [name for name, phrases in texts.items() if phrases and not any(phrase in book for phrase in phrases)]
    assert unknown == [], "write a line for each into docs/how-to/when-a-run-fails.md"
    without_words = {name for name, phrases in texts.items() if not phrases}
    assert without_words == {"ContractError", "ViewError"}, "their callers write the text"


def _error_texts() -> Iterator[tuple[str, list[str]]]:
    """Each class of error with the phrases of four words, or of all where there are fewer, of its fixed text."""
    for file in sorted((*LIBRARY.rglob("*.py"), *ROOT.glob("dags/lakehouse_factory/*.py"))):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and node.name.endswith("Error"):
                yield from ((node.name, _phrases(call)) for call in ast.walk(node) if _is_super_init(call))


def _is_super_init(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "super().__init__"


def _phrases(call: ast.AST) -> list[str]:
    found = []
    for text in ast.walk(call):
        if isinstance(text, ast.Constant) and isinstance(text.value, str) and re.search(r"\w\w", text.value):
            words = text.value.split()
            size = min(4, len(words))
            found += [" ".join(words[at : at + size]) for at in range(len(words) - size + 1)]
    return found


def test_ci_calls_the_targets_that_the_readme_names() -> None:
    flow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))
    job = flow["jobs"]["test"]
    assert job["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]
    assert [step["run"] for step in job["steps"] if "run" in step] == [
        "make check", ".venv/bin/lakehouse check --against HEAD^1", "make check-terraform SKIP_TESTS=1", "make test",
        "make test-docs",
    ]  # fmt: skip
