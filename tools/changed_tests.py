"""Runs the tests that a change reaches: by imports, by fixtures, and by the names of scripts and folders.

    python -m tools.changed_tests [--all] [--list] [words of pytest]        # make test-changed, ALL=1

A test file reaches what it imports, what those import, what the fixtures it asks for use in their conftest.py, the
scripts whose names it holds, and, of files that are no Python, those below a folder that it names. Without --all it
runs the tests that are at most NEAR steps away: the others stand on more than what has changed.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

NEAR = 2
# Where modules are found, as pytest, jobs and Airflow find them.
PATHS = ("", "glue_jobs", "dags")
FOLDERS = ("glue_jobs", "dags", "tools", "benchmarks", "tests")


class Tree:
    """The Python files of a project, and which of its files each reaches in one step."""

    def __init__(self, root: Path) -> None:
        self.root = root
        found = (path for folder in FOLDERS for path in (root / folder).rglob("*.py"))
        self.files = {path.relative_to(root).as_posix() for path in found}
        self._modules = {name: file for file in self.files for name in _module_names(file)}
        self._by_name: dict[str, list[str]] = {}
        for file in self.files:
            self._by_name.setdefault(file.rsplit("/", 1)[-1], []).append(file)
        self.parsed = cache(self._parsed)
        self.steps = cache(self._steps)

    def tests(self) -> list[str]:
        """The test files."""
        return sorted(file for file in self.files if file.startswith("tests/") and "/test_" in file)

    def distances(self, test: str) -> dict[str, int]:
        """What a test file reaches, and in how many steps."""
        found, edge = {test: 0}, [test]
        for distance in range(1, len(self.files)):
            edge = sorted({step for file in edge for step in self.steps(file)} - found.keys())
            if not edge:
                break
            found |= dict.fromkeys(edge, distance)
        return found

    def words(self, files: Iterable[str]) -> set[str]:
        """The words that files hold as texts, by which they name folders."""
        return {part for file in files for text in _texts(self.parsed(file)) for part in text.split("/")}

    def _parsed(self, file: str) -> ast.Module:
        return ast.parse((self.root / file).read_text(encoding="utf-8"))

    def _steps(self, file: str) -> frozenset[str]:
        tree = self.parsed(file)
        texts = _texts(tree)
        # Some modules are imported, or run, by their names as texts.
        names = {*_imported(tree).values(), *texts}
        reached = {self._modules[name] for name in names if name in self._modules}
        # A script beside the tests, or a job, which runs in a process of its own.
        for text in texts:
            reached.update(self._by_name.get(text.rsplit("/", 1)[-1], ()) if text.endswith(".py") else ())
        if "dags" in texts:
            reached.update(name for name in self.files if name.startswith("dags/") and name.count("/") == 1)
        if file.startswith("tests/"):
            reached |= self._by_fixtures(file, _arguments(tree))
        return frozenset(reached - {file})

    def _by_fixtures(self, file: str, asked: set[str]) -> set[str]:
        """The modules used by the fixtures that a file asks for, of its folder's conftest.py and those above."""
        reached: set[str] = set()
        for folder in Path(file).parents:
            conftest = (folder / "conftest.py").as_posix()
            if conftest not in self.files or conftest == file:
                continue
            tree = self.parsed(conftest)
            names = _used_names(tree, asked)
            modules = (module for name, module in _imported(tree).items() if name.split(" ")[0] in names)
            reached.update(self._modules[module] for module in modules if module in self._modules)
        return reached


def reached_by(tree: Tree, changed: Sequence[str]) -> dict[str, int]:
    """The test files that reach a changed file, with the steps to the nearest."""
    found: dict[str, int] = {}
    for test in tree.tests():
        near = tree.distances(test)
        steps = [near[file] for file in changed if file in near]
        folders = [file.removesuffix("conftest.py") for file in changed if file.endswith("conftest.py")]
        steps += [1 for folder in folders if test.startswith(folder)]
        others = [file for file in changed if not file.endswith((".py", ".md"))]
        if others:
            words = tree.words(name for name, distance in near.items() if distance <= 1)
            steps += [2 for file in others if file.split("/")[0] in words or file.rsplit("/", 1)[-1] in words]
        if steps:
            found[test] = min(steps)
    return found


def changed_files(root: Path) -> list[str]:
    """What differs from the last commit, new files too."""
    outputs = []
    for words in (("diff", "--name-only", "HEAD"), ("ls-files", "--others", "--exclude-standard")):
        done = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=True)
        outputs.append(done.stdout)
    return sorted({line for output in outputs for line in output.splitlines()})


def _module_names(file: str) -> Iterator[str]:
    for path in PATHS:
        if file.startswith(f"{path}/" if path else ""):
            yield file.removeprefix(f"{path}/").removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    yield Path(file).stem if file.startswith("tests/") else file  # scripts beside the tests import one another plainly


def _imported(tree: ast.Module) -> Mapping[str, str]:
    """The modules that a file imports, by the names it gives them; `from a import b` may mean the module a.b."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.asname or alias.name: alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                found[alias.asname or alias.name] = node.module
                found[f"{alias.asname or alias.name} as module"] = f"{node.module}.{alias.name}"
    return found


def _texts(tree: ast.Module) -> set[str]:
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def _arguments(tree: ast.AST) -> set[str]:
    """The names of all arguments, among them the fixtures that are asked for."""
    return {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)} | {
        text for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(text := node.value, str)
    }


def _used_names(tree: ast.Module, asked: set[str]) -> set[str]:
    """The names that the asked functions of a file use, and the functions that those use, and so on."""
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    found, edge = set(asked & functions.keys()), list(asked & functions.keys())
    while edge:
        node = functions.get(edge.pop())
        used = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)} | _arguments(node) if node else set()
        edge += sorted(used - found)
        found |= used
    return found


def main(words: Sequence[str]) -> int:
    """Run them, the nearest first; returns pytest's exit code, 0 where nothing is reached."""
    root = Path(__file__).resolve().parents[1]
    changed = changed_files(root)
    found = reached_by(Tree(root), changed)
    near = [test for test in found if "--all" in words or found[test] <= NEAR]
    chosen = sorted(near, key=lambda test: (found[test], test))
    print(
        f"{len(changed)} changed files; {len(found)} test files reach them, of which {len(chosen)} are run", flush=True
    )
    if "--list" in words or not chosen:
        print("\n".join(chosen))
        return 0
    rest = [word for word in words if word != "--all"]
    # 5: the chosen files hold none but slow tests.
    code = subprocess.run([sys.executable, "-m", "pytest", "-q", *rest, *chosen], cwd=root, check=False).returncode
    return 0 if code == 5 else code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
