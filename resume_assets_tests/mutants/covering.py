"""Which tests cover a change, the most promising first.

A line's tests are those that execute it. What an import executes (a table, a default, a field of a
class) has the tests of the functions that use its name. The module's own test file is tried in any
case: what a cache keeps runs under the first test alone that asks for it. Where there are none, the
line may run only in a process that a test starts: then the tests that run its module are tried.
"""

import ast
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path, PurePosixPath

from coverage import CoverageData

from resume_assets_tests.mutants.changes import Change
from resume_assets_tests.mutants.recorder import LINES, TIMES

FIRST_SECONDS = 8.0
"""So many seconds of tests are run before the others: they notice most changes."""

MOST_SECONDS = 90.0
"""More than that of tests is not run for one change."""

_FIRST_FILES = 3


@dataclass(frozen=True, slots=True)
class Chosen:
    """The tests for one change in the order in which they are to be run, a part at a time."""

    parts: list[list[str]]
    there: int  # tests that cover it, those that are not run included
    is_covered: bool


class Module:
    """Which lines of a module an import executes, and what they define."""

    def __init__(self, source: bytes) -> None:
        self.bodies: dict[int, range] = {}  # a function's body, by each line of its head
        self.functions: dict[int, str] = {}  # a function's name, by each line of its body
        self.defined: dict[int, set[str]] = defaultdict(set)  # names, by line outside of functions
        self.mentioned: dict[str, set[int]] = defaultdict(set)  # lines, by name
        tree = ast.parse(source)
        for statement in tree.body:
            self._look(statement)
        for node in ast.walk(tree):
            if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
                name = node.id if isinstance(node, ast.Name) else node.attr
                self.mentioned[name].add(node.lineno)

    def _look(self, node: ast.stmt) -> None:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = range(node.body[0].lineno, (node.end_lineno or node.lineno) + 1)
            self.bodies |= dict.fromkeys(range(node.lineno, body.start), body)
            self.functions |= dict.fromkeys(body, node.name)
            return
        below = [one for one in ast.iter_child_nodes(node) if isinstance(one, ast.stmt)]
        for one in below:
            self._look(one)
        if not below:
            stored = {
                one.id
                for one in ast.walk(node)
                if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
            }
            for line in range(node.lineno, (node.end_lineno or node.lineno) + 1):
                self.defined[line] |= stored


class Covering:
    """What was recorded of the tests in that folder; `sources` by the module's path."""

    def __init__(self, folder: Path, sources: Mapping[str, bytes]) -> None:
        self.times: dict[str, float] = json.loads((folder / TIMES).read_bytes())
        self._modules = {path: Module(source) for path, source in sources.items()}
        self._data = CoverageData(str(folder / LINES))
        self._data.read()
        self._lines: dict[str, dict[int, list[str]]] = {}

    def tests_for(self, change: Change) -> Chosen:
        """The tests for a change."""
        found = self._covering(change)
        is_covered = bool(found)
        if not found:
            found = {test for tests in self._of(change.path).values() for test in tests}
        known = {test for test in found if test in self.times} | self._own(change.path)
        return Chosen(self._parts(known, change), len(known), is_covered)

    def is_covered(self, change: Change) -> bool:
        """Whether any test executes the very line, or uses what it defines."""
        return bool(self._covering(change))

    def _covering(self, change: Change) -> set[str]:
        first, last = change.statement
        found = self._executing(change.path, range(first, last + 1))
        if not found or self._is_run_by_an_import(change.path, change.line):
            found |= self._using(change.path, change.line, set())
        return found

    def _own(self, path: str) -> set[str]:
        """The tests of the file that has the module's name."""
        name = f"test_{PurePosixPath(path).name}"
        return {test for test in self.times if PurePosixPath(test.partition("::")[0]).name == name}

    def _of(self, path: str) -> dict[int, list[str]]:
        """The tests of each line of a module."""
        if path not in self._lines:
            self._lines[path] = self._data.contexts_by_lineno(path)
        return self._lines[path]

    def _executing(self, path: str, lines: Iterable[int]) -> set[str]:
        there = self._of(path)
        return {test for line in lines for test in there.get(line, ()) if test}

    def _is_run_by_an_import(self, path: str, line: int) -> bool:
        """Whether it is of a function that makes a table, say, when a module is loaded."""
        return line in self._modules[path].functions and "" in self._of(path).get(line, ())

    def _using(self, path: str, line: int, seen: set[str]) -> set[str]:
        """The tests of all that uses what this line of an import defines."""
        module = self._modules[path]
        if body := module.bodies.get(line):
            return self._executing(path, body)
        names = module.defined.get(line, set())
        if self._is_run_by_an_import(path, line):
            names = {module.functions[line]}
        found: set[str] = set()
        for name in names - seen:
            seen.add(name)
            for other, using in self._modules.items():
                lines = using.mentioned.get(name, set())
                found |= self._executing(other, lines)
                for one in lines & using.defined.keys():
                    found |= self._using(other, one, seen)
        return found

    def _parts(self, tests: Iterable[str], change: Change) -> list[list[str]]:
        """The module's own tests and those of a file or two; then as many others as may be.

        Of these first those whose names have words of the changed line in them.
        """
        files: dict[str, list[str]] = defaultdict(list)
        for test in sorted(tests, key=lambda test: (self.times[test], test)):
            files[test.partition("::")[0]].append(test)
        ranked = sorted(
            files, key=lambda file: (*_distance(change.path, file), -len(files[file]), file)
        )
        near = [test for file in ranked[:_FIRST_FILES] for test in files[file]]
        first = self._within(FIRST_SECONDS, near)
        # Each file has its turn: whatever is left out, no file is.
        turns = zip_longest(*(files[file] for file in ranked))
        begun = set(first)
        others = [test for turn in turns for test in turn if test and test not in begun]
        named = self._within(MOST_SECONDS / 3, _about(change.text, others))
        others = [*dict.fromkeys([*named, *others])]
        return [part for part in (first, self._within(MOST_SECONDS, others)) if part]

    def _within(self, seconds: float, tests: Iterable[str]) -> list[str]:
        """As many as that time allows, one at least."""
        total = 0.0
        chosen: list[str] = []
        for test in tests:
            total += self.times[test]
            if chosen and total > seconds:
                break
            chosen.append(test)
        return chosen


def _distance(path: str, file: str) -> tuple[bool, bool, bool]:
    """How little a test file's name and place have of the module's; less comes first."""
    module, test = PurePosixPath(path), PurePosixPath(file)
    has_stem = module.stem in test.stem
    has_word = not set(module.stem.split("_")).isdisjoint(test.stem.split("_"))
    is_of_the_room = module.parts[1:-1] == test.parts[1:-1]
    return not has_stem, not has_word, not is_of_the_room


def _about(text: str, tests: Sequence[str]) -> list[str]:
    """Those tests with a word of a line's in their names, the one with the rarest words first."""
    wanted = _words(text)
    there = {test: wanted & _words(test) for test in tests}
    often = Counter(word for words in there.values() for word in words)
    likeness = {test: sum(1 / often[word] for word in words) for test, words in there.items()}
    return sorted((test for test in tests if likeness[test]), key=lambda test: -likeness[test])


def _words(text: str) -> set[str]:
    """The words of a text by their first four letters: reused, reusing and reuse are one."""
    return {word[:4].casefold() for word in re.findall(r"[A-Za-z]{4,}", text)}
