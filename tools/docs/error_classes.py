"""The reference of errors: an anchor per class with its message, cause, exit code and what to do.

The class says the cause in its docstring and the message in its call of `super().__init__`; what to do stands in the
rows of docs/how-to/when-a-run-fails.md that have the message, so that each fact has one place.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.docs.markdown import code, codes, one_line, page

RUN_BOOK = "docs/how-to/when-a-run-fails.md"
_EXIT_CODES = {"LakehouseError": 3, "TransientError": 75, "UsageError": 2}
_NO_TEXT = "(its callers write the text)"


@dataclass(frozen=True)
class ErrorClass:
    """One class of error. messages: its fixed texts, with … for what differs from run to run."""

    name: str
    module: str
    bases: tuple[str, ...]
    cause: str
    messages: tuple[str, ...]
    phrases: tuple[str, ...]


def page_of_errors(root: Path) -> str:
    """The whole page."""
    every, rows = all_classes(root), run_book_rows(root)
    found = [error for error in every if error.messages]
    bases = {error.name: error.bases for error in every}
    rooms = sorted({error.module.split("/")[0] for error in found})
    parts = [part for room in rooms for part in (f"## {room}", *_of_room(room, found, bases, rows))]
    return page(
        "Errors",
        "Every class of error that the project raises on purpose. A message is one line: what was found, what was "
        "wanted, what to do; `…` stands for names and numbers. To look a message up, search this page or "
        "[when a run fails](../how-to/when-a-run-fails.md) for a few of its words. [Exit codes](exit-codes.md) says "
        "how a run ends.",
        *parts,
    )


def all_classes(root: Path) -> list[ErrorClass]:
    """Every class of error by its name, those included that only gather others and write no message."""
    library, dags = root / "glue_jobs" / "lakehouse", root / "dags" / "lakehouse_factory"
    found: list[ErrorClass] = []
    for folder, prefix in ((library, ""), (dags, "dags/")):
        for file in sorted(folder.rglob("*.py")):
            module = prefix + file.relative_to(folder).as_posix()
            found += _classes(ast.parse(file.read_text(encoding="utf-8")), module)
    return sorted(found, key=lambda one: one.name)


def _classes(tree: ast.Module, module: str) -> Iterator[ErrorClass]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name.endswith("Error"):
            calls = [call for call in ast.walk(node) if isinstance(call, ast.Call) and _is_super_init(call)]
            bases = tuple(ast.unparse(base) for base in node.bases)
            messages = tuple(text for call in calls if (text := _message(call)))
            phrases = tuple(phrase for call in calls for phrase in _phrases(call))
            yield ErrorClass(node.name, module, bases, ast.get_docstring(node) or "", messages, phrases)


def _is_super_init(call: ast.Call) -> bool:
    return ast.unparse(call.func) == "super().__init__"


def _message(call: ast.Call) -> str:
    """The message's text: constants as they are, … for what is put in."""
    if not call.args:
        return ""
    text = re.sub(r"…(\s*…)+", "…", "".join(_pieces(call.args[0]))).strip()
    return one_line(text) if re.search(r"\w\w", text) else _NO_TEXT


def _pieces(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant):
        yield str(node.value)
    elif isinstance(node, ast.JoinedStr):
        for part in node.values:
            yield from _pieces(part)
    elif isinstance(node, ast.BinOp):
        yield from _pieces(node.left)
        yield from _pieces(node.right)
    else:
        yield "…"


def _phrases(call: ast.Call) -> Iterator[str]:
    """Four words in a row of the message's fixed text, or all of them where there are fewer."""
    for text in ast.walk(call):
        if isinstance(text, ast.Constant) and isinstance(text.value, str) and re.search(r"\w\w", text.value):
            words = text.value.split()
            size = min(4, len(words))
            yield from (" ".join(words[at : at + size]) for at in range(len(words) - size + 1))


def run_book_rows(root: Path) -> list[tuple[str, str]]:
    """The messages and the last cell, what to do, of each row of the run book's tables."""
    rows = []
    for line in (root / RUN_BOOK).read_text(encoding="utf-8").splitlines():
        cells = re.split(r"(?<!\\)\s\|\s", line.strip().strip("|").strip())
        if line.startswith("| ") and len(cells) > 1 and "`" in cells[0]:
            rows.append((" ".join(re.findall(r"`([^`]+)`", cells[0])), cells[-1]))
    return rows


def _of_room(
    room: str, found: list[ErrorClass], bases: Mapping[str, tuple[str, ...]], rows: list[tuple[str, str]]
) -> Iterator[str]:
    for error in found:
        if error.module.split("/")[0] == room:
            yield f"### {error.name}"
            yield "\n".join(_lines(error, bases, rows))


def _lines(error: ErrorClass, bases: Mapping[str, tuple[str, ...]], rows: list[tuple[str, str]]) -> Iterator[str]:
    yield f"- Message: {codes(error.messages)}"
    yield f"- Cause: {one_line(error.cause)}"
    actions = dict.fromkeys(map(_linked, _actions(error, rows)))
    if actions:
        yield f"- What to do: {'; or '.join(actions)}"
    yield f"- Exit code {_exit_code(error.bases, bases)}; {code(error.module)}"


def _actions(error: ErrorClass, rows: list[tuple[str, str]]) -> list[str]:
    """What to do by the rows that have most of the message; messages of several classes share phrases."""
    phrases = {phrase for phrase in error.phrases if phrase.count(" ") >= 2}
    counted = [(sum(phrase in shown for phrase in phrases), action) for shown, action in rows]
    most = max((count for count, _ in counted), default=0)
    return [action for count, action in counted if count == most > 0]


def _linked(action: str) -> str:
    """What to do, with the links of its page as this page has them."""
    action = re.sub(r"\]\(#", "](../how-to/when-a-run-fails.md#", action)
    return re.sub(r"\]\((?!\.\./|https?:)([\w-]+\.md)", r"](../how-to/\1", action)


def _exit_code(own: tuple[str, ...], bases: Mapping[str, tuple[str, ...]]) -> int:
    """The exit code of the nearest base that fixes one; 1 for an error that no run ends with by design."""
    for base in own:
        if base in _EXIT_CODES:
            return _EXIT_CODES[base]
        if base in bases:
            return _exit_code(bases[base], bases)
    return 1
