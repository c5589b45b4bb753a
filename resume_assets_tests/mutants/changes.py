"""Which small changes there are to a module's source: each one text for another, at one place.

Left out is what no test should hold: annotations, docstrings, what is logged, the words of an
error, decorators, and constants that only move speed or memory.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_COMPARED: dict[type[ast.cmpop], tuple[str, ...]] = {
    ast.Lt: ("<=", ">="),
    ast.LtE: ("<", ">"),
    ast.Gt: (">=", "<="),
    ast.GtE: (">", "<"),
    ast.Eq: ("!=",),
    ast.NotEq: ("==",),
    ast.Is: ("is not",),
    ast.IsNot: ("is",),
    ast.In: ("not in",),
    ast.NotIn: ("in",),
}
_CALCULATED: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "/"),
    ast.Div: ("/", "*"),
    ast.FloorDiv: ("//", "*"),
    ast.Mod: ("%", "*"),
    ast.BitAnd: ("&", "|"),
    ast.BitOr: ("|", "&"),
}
_TURNED = {"min": "max", "max": "min", "any": "all", "all": "any"}

_ONLY_SPEED = re.compile(r"(?i:PAGE|CHUNK|AHEAD|BUFFER|CACHE)|KEPT|PIECE|SLICE|AT_ONCE")
_SPEED_ARGUMENTS = frozenset(
    {"bufsize", "buffering", "pipesize", "maxsize", "daemon", "slots", "stacklevel"}
)
_WIDTHS = frozenset({"Unicode", "String"})  # of columns; SQLite looks at none
_LOGGERS = frozenset({"_log", "log", "logger", "logging"})

Ast = ast.AST
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Change:
    """One text for another in a module; `start` and `end` count bytes."""

    path: str  # of the module, from the project's root
    line: int  # where it is, from 1
    statement: tuple[int, int]  # first and last line of the (head of the) statement it is in
    kind: str
    start: int
    end: int
    before: str
    after: str
    text: str  # the line as it is, without its indentation

    def applied(self, source: bytes) -> bytes:
        """The module's source with the change made."""
        return source[: self.start] + self.after.encode() + source[self.end :]

    @property
    def key(self) -> tuple[str, str, str]:
        """The same wherever in the module the line moves to."""
        return self.path, self.text, f"{self.kind}: {_short(self.before)} -> {_short(self.after)}"

    def __str__(self) -> str:
        path, text, change = self.key
        return f"{path}:{self.line}: {change}\n    {text}"


def changes(path: str, source: bytes) -> list[Change]:
    """All changes to a module, by place."""
    found = _Finder(path, source)
    found.visit(ast.parse(source), None)
    return sorted(found.made, key=lambda one: (one.start, one.after))


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= 60 else f"{words[:57]}..."


class _Finder:
    def __init__(self, path: str, source: bytes) -> None:
        self.path = path
        self.source = source
        self.made: list[Change] = []
        self._lines = source.splitlines(keepends=True)
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))
        self._statement: tuple[int, int] = (1, 1)

    # Walking

    def visit(self, node: Ast, parent: Ast | None) -> None:
        """Note the changes to a node and to all below it."""
        if _is_left_out(node, parent):
            return
        if isinstance(node, ast.stmt | ast.match_case | ast.ExceptHandler):
            self._statement = _head(node)
        for start, end, after, kind in self._changes_to(node, parent):
            self._note(start, end, after, kind)
        for child in _children(node):
            # A body's statements have moved it; what follows is the head again.
            if isinstance(node, ast.stmt) and not isinstance(child, ast.stmt):
                self._statement = _head(node)
            self.visit(child, node)

    def _note(self, start: int, end: int, after: str, kind: str) -> None:
        line = self.source.count(b"\n", 0, start) + 1
        text = self._lines[line - 1].decode().strip()
        before = self.source[start:end].decode()
        if before != after:
            self.made.append(
                Change(self.path, line, self._statement, kind, start, end, before, after, text)
            )

    # Places

    def _span(self, node: Any) -> tuple[int, int]:
        start = self._starts[node.lineno - 1] + node.col_offset
        return start, self._starts[node.end_lineno - 1] + node.end_col_offset

    def _between(self, left: Ast, right: Ast, operator: str) -> tuple[int, int]:
        """Where the operator is between two operands; brackets may be there too."""
        start, end = self._span(left)[1], self._span(right)[0]
        pattern = re.escape(operator).replace(r"\ ", r"\s+")
        match = re.search(pattern.encode(), self.source[start:end])
        if match is None:
            raise ValueError(f"{self.path}: no {operator} after byte {start}")
        return start + match.start(), start + match.end()

    def _text(self, node: Ast) -> str:
        start, end = self._span(node)
        return self.source[start:end].decode()

    # Changes: start, end, what is there then, kind

    def _changes_to(self, node: Ast, parent: Ast | None) -> Iterator[tuple[int, int, str, str]]:
        match node:
            case ast.Compare():
                yield from self._compared(node)
            case ast.BoolOp():
                yield from self._combined(node)
            case ast.BinOp(op=op) if type(op) in _CALCULATED and not _joins_texts(node):
                sign, other = _CALCULATED[type(op)]
                yield *self._between(node.left, node.right, sign), other, "operator"
            case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.Invert(), operand=operand):
                yield *self._span(node), f"({self._text(operand)})", "sign removed"
            case ast.IfExp():
                yield *self._span(node), f"({self._text(node.body)})", "if always"
                yield *self._span(node), f"({self._text(node.orelse)})", "else always"
            case ast.comprehension():
                for test in node.ifs:
                    yield *self._span(test), "(True)", "filter removed"
            case ast.Subscript(slice=ast.Slice()):
                yield *self._span(node), self._text(node.value), "slice removed"
            case ast.Constant():
                yield from self._constant(node, parent)
            case ast.Call(func=ast.Name(id=name) as func) if name in _TURNED:
                yield *self._span(func), _TURNED[name], "function"
            case _:
                yield from self._statement_changed(node)

    def _compared(self, node: ast.Compare) -> Iterator[tuple[int, int, str, str]]:
        left = node.left
        for op, right in zip(node.ops, node.comparators, strict=True):
            sign = _SIGNS[type(op)]
            for other in _COMPARED[type(op)]:
                yield *self._between(left, right, sign), other, "comparison"
            left = right

    def _combined(self, node: ast.BoolOp) -> Iterator[tuple[int, int, str, str]]:
        is_or = isinstance(node.op, ast.Or)
        parts = [
            self._text(value)
            if isinstance(value, ast.Name | ast.Constant | ast.Call)
            # `a and (b or c)`: the brackets are not part of a node.
            else f"({self._text(value)})"
            for value in node.values
        ]
        yield *self._span(node), (" and " if is_or else " or ").join(parts), "and/or"
        for value in node.values:
            yield *self._span(value), "(False)" if is_or else "(True)", "operand dropped"

    def _constant(
        self, node: ast.Constant, parent: Ast | None
    ) -> Iterator[tuple[int, int, str, str]]:
        match node.value:
            case bool(value):
                yield *self._span(node), str(not value), "constant"
            case int(value):
                yield *self._span(node), str(value + 1), "constant"
                if value > 0:
                    yield *self._span(node), str(value - 1), "constant"
            case float(value):
                yield *self._span(node), str(value * 2 or 1.0), "constant"
            case str(value) if value and isinstance(
                parent, ast.Compare | ast.MatchValue | ast.Return | ast.Subscript
            ):
                yield *self._span(node), repr(f"{value}~"), "text"
            case _:
                pass

    def _statement_changed(self, node: Ast) -> Iterator[tuple[int, int, str, str]]:
        match node:
            case ast.If():
                yield *self._span(node.test), "(False)", "never"
                yield *self._span(node.test), "(True)", "always"
            case ast.While():  # one without an end would tell nothing
                yield *self._span(node.test), "(False)", "never"
            case ast.ExceptHandler():
                start, _ = self._span(node.body[0])
                yield start, self._span(node.body[-1])[1], "raise", "not handled"
            case ast.Expr(value=ast.Call() | ast.Await() | ast.Yield() | ast.YieldFrom()):
                yield *self._span(node), "pass", "removed"
            case ast.AugAssign(op=op) if type(op) in _CALCULATED:
                sign, other = _CALCULATED[type(op)]
                yield *self._between(node.target, node.value, sign), other, "operator"
                yield *self._span(node), "pass", "removed"
            case ast.Raise() | ast.Delete(targets=[ast.Attribute() | ast.Subscript(), *_]):
                yield *self._span(node), "pass", "removed"
            case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
                yield *self._span(node), "pass", "removed"
            case ast.Return(value=None):
                yield *self._span(node), "pass", "removed"
            # Who asks whether something is so can't tell None from False: there it is turned round.
            case ast.Return(value=ast.expr()) if self._text(node) not in (
                "return None",
                "return False",
            ):
                yield *self._span(node), "return None", "returns nothing"
            case ast.Break():
                yield *self._span(node), "continue", "loop"
            case ast.Continue():
                yield *self._span(node), "break", "loop"
            case _:
                pass


_SIGNS: dict[type[ast.cmpop], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
}


def _head(node: ast.stmt | ast.match_case | ast.ExceptHandler) -> tuple[int, int]:
    """First and last line of a statement, or of what stands before its body.

    Of a handler it is its first statement: it is handled where that is executed.
    """
    if isinstance(node, ast.ExceptHandler):
        return _head(node.body[0])
    first = node.pattern.lineno if isinstance(node, ast.match_case) else node.lineno
    if isinstance(node, ast.Match):
        return first, max(first, node.cases[0].pattern.lineno - 1)
    body: list[ast.stmt] = getattr(node, "body", [])
    if body:
        return first, max(first, body[0].lineno - 1)
    return first, getattr(node, "end_lineno", None) or first


def _children(node: Ast) -> Iterator[Ast]:
    """What is below, without annotations, decorators and type parameters."""
    unwanted = {"annotation", "returns", "decorator_list", "type_params", "type_comment"}
    for name, value in ast.iter_fields(node):
        if name not in unwanted:
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield child


def _is_left_out(node: Ast, parent: Ast | None) -> bool:
    match node:
        case ast.Import() | ast.ImportFrom() | ast.JoinedStr() | ast.Expr(value=ast.Constant()):
            return True
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return True
        case ast.If(test=ast.Compare(left=ast.Name(id="__name__"))):
            return True
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return name == "__all__" or bool(_ONLY_SPEED.search(name))
        case ast.keyword(arg=str(name)):
            return name in _SPEED_ARGUMENTS
        case ast.Call(func=ast.Attribute(attr=name)) if name in _WIDTHS:
            return True
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name)))):
            return name in _LOGGERS
    # The words of an error; the statement itself may go.
    return isinstance(parent, ast.Raise)


def _joins_texts(node: ast.BinOp) -> bool:
    """A path put together, a text with another: wrong in a way that any execution shows."""
    return any(
        isinstance(side, ast.JoinedStr | ast.List)
        or (isinstance(side, ast.Constant) and isinstance(side.value, str | bytes))
        for side in (node.left, node.right)
    )
