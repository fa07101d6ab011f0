"""Mutations of Python, made on its syntax tree: each is one small change that a slip of the hand could make."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst
from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper, PositionProvider

_COMPARED: dict[type[cst.BaseCompOp], str] = {
    cst.Equal: "!=",
    cst.NotEqual: "==",
    cst.LessThan: "<=",
    cst.LessThanEqual: "<",
    cst.GreaterThan: ">=",
    cst.GreaterThanEqual: ">",
    cst.In: "not in",
    cst.NotIn: "in",  # codespell:ignore
    cst.Is: "is not",
    cst.IsNot: "is",
}
_JOINED: dict[type[cst.CSTNode], str] = {
    cst.And: "or",
    cst.Or: "and",
    cst.Add: "-",
    cst.Subtract: "+",
    cst.Multiply: "/",
    cst.Divide: "*",
    cst.FloorDivide: "*",
    cst.Modulo: "*",
    cst.BitOr: "&",
    cst.BitAnd: "|",
    cst.AddAssign: "-=",
    cst.SubtractAssign: "+=",
    cst.BitOrAssign: "&=",
}
_NEVER_RAISED = "ZeroDivisionError"


@dataclass(frozen=True)
class Mutation:
    """One change of a text: the bytes from start to end become `new`.

    statement: first and last line of the statement around it, for what covers the change.
    """

    operator: str
    start: int
    end: int
    new: str
    lines: tuple[int, int]
    statement: tuple[int, int]

    def planted(self, text: str) -> str:
        """The text with the change."""
        found = text.encode()
        return (found[: self.start] + self.new.encode() + found[self.end :]).decode()

    def shown(self, text: str) -> tuple[str, str]:
        """The lines of the change before and after, their blanks collapsed."""
        found = text.encode()
        first = found.rfind(b"\n", 0, self.start) + 1
        last = found.find(b"\n", self.end)
        tail = found[self.end : last if last >= 0 else None]
        before = found[first : self.end] + tail
        after = found[first : self.start] + self.new.encode() + tail
        return " ".join(before.decode().split()), " ".join(after.decode().split())


def mutations(text: str) -> list[Mutation]:
    """All mutations of a Python file that still compile."""
    wrapper = MetadataWrapper(cst.parse_module(text))
    finder = _Finder(wrapper.module)
    wrapper.visit(finder)
    return [found for found in finder.found if _compiles(found.planted(text))]


def _compiles(text: str) -> bool:
    try:
        compile(text, "mutated", "exec", dont_inherit=True)
    except SyntaxError:
        return False
    return True


class _Finder(cst.CSTVisitor):
    """Collects mutations. Annotations, decorators, docstrings, logs and the words of errors are for people or types."""

    METADATA_DEPENDENCIES = (PositionProvider, ByteSpanPositionProvider)

    def __init__(self, module: cst.Module) -> None:
        super().__init__()
        self.found: list[Mutation] = []
        self._code = module.code_for_node
        self._statements: list[tuple[int, int]] = []

    def _add(self, operator: str, node: cst.CSTNode, new: str) -> None:
        span = self.get_metadata(ByteSpanPositionProvider, node)
        lines = self._lines(node)
        statement = self._statements[-1] if self._statements else lines
        self.found.append(Mutation(operator, span.start, span.start + span.length, new, lines, statement))

    def _lines(self, node: cst.CSTNode) -> tuple[int, int]:
        place = self.get_metadata(PositionProvider, node)
        return place.start.line, place.end.line

    def visit_Annotation(self, node: cst.Annotation) -> bool:
        return False

    def visit_Decorator(self, node: cst.Decorator) -> bool:
        return False

    def visit_ImportFrom(self, node: cst.ImportFrom) -> bool:
        return False

    def visit_Import(self, node: cst.Import) -> bool:
        return False

    def visit_Expr(self, node: cst.Expr) -> bool:
        if isinstance(node.value, cst.Call) and not _is_logged(node.value):
            self._add("a call is left out", node, "pass")
        return not isinstance(node.value, (cst.SimpleString, cst.ConcatenatedString))

    def visit_SimpleStatementLine(self, node: cst.SimpleStatementLine) -> None:
        self._statements.append(self._lines(node))

    def leave_SimpleStatementLine(self, original_node: cst.SimpleStatementLine) -> None:
        self._statements.pop()

    def visit_Raise(self, node: cst.Raise) -> bool:
        self._add("an error is not raised", node, "pass")
        return False

    def visit_Assign(self, node: cst.Assign) -> None:
        if not isinstance(node.value, (cst.SimpleString, cst.Integer)) and not _is_none(node.value):
            self._add("nothing is assigned", node.value, "None")

    def visit_Return(self, node: cst.Return) -> None:
        if node.value is not None and not _is_none(node.value):
            self._add("nothing is returned", node.value, "None")

    def visit_ComparisonTarget(self, node: cst.ComparisonTarget) -> None:
        if new := _COMPARED.get(type(node.operator)):
            self._add("another comparison", node.operator, new)

    def visit_BooleanOperation(self, node: cst.BooleanOperation) -> None:
        self._add("and for or", node.operator, _JOINED[type(node.operator)])

    def visit_BinaryOperation(self, node: cst.BinaryOperation) -> None:
        if new := _JOINED.get(type(node.operator)):
            self._add("another operator", node.operator, new)

    def visit_AugAssign(self, node: cst.AugAssign) -> None:
        if new := _JOINED.get(type(node.operator)):
            self._add("another operator", node.operator, new)

    def visit_UnaryOperation(self, node: cst.UnaryOperation) -> None:
        if isinstance(node.operator, cst.Not):
            self._add("not is left out", node, f"({self._code(node.expression)})")

    def visit_If(self, node: cst.If) -> None:
        self._negated(node.test)

    def visit_IfExp(self, node: cst.IfExp) -> None:
        self._negated(node.test)

    def visit_CompIf(self, node: cst.CompIf) -> None:
        self._negated(node.test)
        self._add("a condition is left out", node.test, "True")

    def _negated(self, test: cst.BaseExpression) -> None:
        if not isinstance(test, (cst.UnaryOperation, cst.Comparison)):
            self._add("the other way round", test, f"(not ({self._code(test)}))")

    def visit_Integer(self, node: cst.Integer) -> None:
        self._add("another number", node, str(node.evaluated_value + 1))

    def visit_SimpleString(self, node: cst.SimpleString) -> None:
        if " " not in node.value and node.prefix != "b":
            opening = len(node.prefix) + len(node.quote)
            self._add("another text", node, f"{node.value[:opening]}XX{node.value[opening:]}")

    def visit_Name(self, node: cst.Name) -> None:
        if node.value in ("True", "False"):
            self._add("true for false", node, str(node.value == "False"))

    def visit_Break(self, node: cst.Break) -> None:
        self._add("break for continue", node, "continue")

    def visit_Continue(self, node: cst.Continue) -> None:
        self._add("break for continue", node, "break")

    def visit_ExceptHandler(self, node: cst.ExceptHandler) -> None:
        if node.type is not None:
            self._add("an error is not caught", node.type, _NEVER_RAISED)

    def visit_Call(self, node: cst.Call) -> bool:
        if _is_logged(node):
            return False
        for index, argument in enumerate(node.args):
            if argument.keyword is not None:
                fewer = node.with_changes(args=_without(node.args, index), lpar=(), rpar=())
                self._add("an argument is left out", node, self._code(fewer))
        return True


def _without(arguments: tuple[cst.Arg, ...], index: int) -> tuple[cst.Arg, ...]:
    return (*arguments[:index], *arguments[index + 1 :])


def _is_logged(node: cst.Call) -> bool:
    """Whether a call writes a line of the log, which is for people as well."""
    return (
        isinstance(node.func, cst.Attribute) and isinstance(owner := node.func.value, cst.Name) and owner.value == "log"
    )


def _is_none(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Name) and node.value == "None"
