"""What the docs say is true: commands run as they stand and print what is shown, links lead somewhere.

Each page is worked through from top to bottom in a copy of the project with a lake of the first delivery, the tutorial
in one copy from its first page to its last (`tests/helpers/pages.py`).
"""

from __future__ import annotations

import ast
import re
import shutil
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest
import yaml

from lakehouse.contracts.project import Project
from lakehouse.lake.paths import Lake
from lakehouse.publish.engine import tables_of
from tests.helpers.lakes import rows
from tests.helpers.pages import Checkout, matches, steps_of

pytestmark = pytest.mark.timeout(900)

ROOT = Path(__file__).parents[2]
LIBRARY = ROOT / "glue_jobs" / "lakehouse"
HOW_TO = ROOT / "docs" / "how-to"
RUN_BOOK = HOW_TO / "when-a-run-fails.md"
TUTORIAL = ROOT / "docs" / "tutorial"
PAGES = [ROOT / "README.md", *sorted(HOW_TO.glob("*.md"))]
IN_SEQUENCE = sorted(TUTORIAL.glob("[0-9]*.md"))
NEW_DATASET = HOW_TO / "add-a-dataset.md"
NOT_COPIED = {".venv", ".cache", ".git", "local_output", "spark-warehouse", "tests", "terraform", "build", "dist"}
MARKDOWN = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]


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
def test_the_tutorial_does_in_sequence_what_its_pages_say(checkout: Checkout, tmp_path: Path) -> None:
    mine = checkout.copy(tmp_path / "project")
    pages = [steps_of(page) for page in IN_SEQUENCE]
    assert len(pages) == 5
    assert all("make clean local-run" in [step.command for step in steps] for steps in pages[1:])
    for step in chain.from_iterable(pages):
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
