"""Which tests a change reaches: by imports, fixtures, scripts and folders, and no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.changed_tests import NEAR, Tree, reached_by

FILES = {
    "glue_jobs/lakehouse/__init__.py": "",
    "glue_jobs/lakehouse/paths.py": "",
    "glue_jobs/lakehouse/merge.py": "from lakehouse import paths",
    "glue_jobs/lakehouse/session.py": "",
    "dags/lakehouse_dags.py": "from factory import build",
    "dags/factory/build.py": "",
    "tests/conftest.py": """
from lakehouse.session import start
from lakehouse.merge import other
def begun():
    return start()
def spark(begun):
    return begun
def quiet():
    return other
""",
    "tests/lake/test_paths.py": "from lakehouse.paths import Lake",
    "tests/transform/test_merge.py": "def test_it(spark):\n    from lakehouse.merge import merge",
    "tests/dags/answers.py": "import lakehouse.paths",
    "tests/dags/test_run.py": "SCRIPT = 'answers.py'\nDAGS = 'dags'",
    "tests/terraform/test_applied.py": "ROOT = 'terraform'",
}
PATHS, MERGE = "tests/lake/test_paths.py", "tests/transform/test_merge.py"
RUN, APPLIED = "tests/dags/test_run.py", "tests/terraform/test_applied.py"


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return Tree(tmp_path)


@pytest.mark.parametrize(
    ("changed", "reached"),
    [
        ("glue_jobs/lakehouse/paths.py", {PATHS: 1, MERGE: 2, RUN: 2}),
        ("glue_jobs/lakehouse/merge.py", {MERGE: 1}),
        ("glue_jobs/lakehouse/session.py", {MERGE: 1}),
        ("dags/factory/build.py", {RUN: 2}),
        ("tests/dags/answers.py", {RUN: 1}),
        ("tests/conftest.py", {PATHS: 1, MERGE: 1, RUN: 1, APPLIED: 1}),
        ("tests/lake/test_paths.py", {PATHS: 0}),
        ("terraform/modules/job/main.tf", {APPLIED: 2}),
        ("docs/testing.md", {}),
    ],
)
def test_what_a_change_reaches(changed: str, reached: dict[str, int], tree: Tree) -> None:
    assert reached_by(tree, [changed]) == reached


def test_the_nearest_of_several_changes_counts(tree: Tree) -> None:
    both = reached_by(tree, ["glue_jobs/lakehouse/paths.py", "glue_jobs/lakehouse/merge.py"])
    assert both == {PATHS: 1, MERGE: 1, RUN: 2}


def test_the_tests_of_this_project_are_read_as_well() -> None:
    tree = Tree(Path(__file__).resolve().parents[2])
    near = tree.distances("tests/transform/test_merge.py")
    assert near["glue_jobs/lakehouse/transform/merge_plan.py"] <= NEAR, "by an import"
    assert near["glue_jobs/lakehouse/runtime/session.py"] <= NEAR, "by the fixture spark"
    far = tree.distances("tests/project/test_rooms.py")
    assert far.get("glue_jobs/lakehouse/runtime/session.py", NEAR + 1) > NEAR, "asks for no fixture of Spark's"
    assert "dags/lakehouse_factory/glue_run.py" in tree.distances("tests/dags/test_operators.py")
