"""Which changes there are, and which there are not."""

import ast
import random
from textwrap import dedent

import pytest

from resume_assets_tests.mutants.__main__ import SCOPE, sample, sources
from resume_assets_tests.mutants.changes import changes


def made(source: str) -> set[str]:
    """What the source's lines become, those that stay left out."""
    text = dedent(source).strip().encode()
    found = set()
    for change in changes("m.py", text):
        before, after = text.decode().splitlines(), change.applied(text).decode().splitlines()
        found |= {line.strip() for line in after if line not in before}
    return found


@pytest.mark.parametrize(
    ("line", "becomes"),
    [
        ("x = a < b", {"x = a <= b", "x = a >= b"}),
        ("x = a is not b", {"x = a is b"}),
        ("x = a not in b", {"x = a in b"}),
        ("x = (a) == b", {"x = (a) != b"}),
        ("x = a - b", {"x = a + b"}),
        ("x = a / b", {"x = a * b"}),
        ("x = not a", {"x = (a)"}),
        ("x = a[1:]", {"x = a", "x = a[2:]", "x = a[0:]"}),
        ("x = 5", {"x = 6", "x = 4"}),
        ("x = 0.5", {"x = 1.0"}),
        ("x = True", {"x = False"}),
        ("x = min(a, b)", {"x = max(a, b)"}),
        ("x = a if b else c", {"x = (a)", "x = (c)"}),
        ("x = a and b", {"x = a or b", "x = (True) and b", "x = a and (True)"}),
        ("x = a or f(b)", {"x = a and f(b)", "x = (False) or f(b)", "x = a or (False)"}),
        ("x = [a for a in b if a]", {"x = [a for a in b if (True)]"}),
        ("x += y", {"x -= y", "pass"}),
        ("x.y = z", {"pass"}),
        ("del x[y]", {"pass"}),
        ("del x, y", set()),  # says that they are not used
        ("f(x)", {"pass"}),
        ("x = 'ä' == y", {"x = 'ä' != y", "x = 'ä~' == y"}),  # columns are counted in bytes
    ],
)
def test_a_line(line: str, becomes: set[str]):
    assert made(line) == becomes


def test_statements():
    source = """
    def f(a, b=None):
        while a:
            if b:
                continue
            try:
                raise ValueError(1)
            except ValueError:
                a = b
        return a
    """
    assert made(source) == {
        "while (False):",
        "if (False):",
        "if (True):",
        "break",
        "pass",
        "raise",
        "return None",
    }


def test_who_says_no_is_made_to_say_yes_and_not_to_say_nothing():
    assert made("def f():\n    return False") == {"return True"}
    assert made("def f():\n    return True") == {"return False", "return None"}


def test_what_no_test_should_hold_is_left_out():
    source = '''
    """A docstring of 3 words."""
    from typing import TYPE_CHECKING
    if TYPE_CHECKING:
        x = 1
    __all__ = ["a"[0]]
    _PAGE = 500
    y: Literal[1] = None

    @cache(maxsize=5)
    def f(a: Literal[1]) -> Literal[2]:
        """Another."""
        _log.info("%d words", 3)
        run(daemon=True)
    '''
    assert made(source) == {"pass"}  # `run(…)`


def test_an_error_may_be_left_out_but_not_reworded():
    assert made("raise ValueError(f'{a + 1} is not {b or 2}')") == {"pass"}


def test_a_change_keeps_its_name_where_its_line_moves():
    [before] = changes("m.py", b"x = a * b\n")
    [after] = changes("m.py", b"y = c\nif d in e:\n    x = a * b\n")[-1:]
    assert before.line != after.line
    assert before.key == after.key == ("m.py", "x = a * b", "operator: * -> /")


def test_whatever_is_made_of_the_code_is_python():
    found = sources(SCOPE)
    everything = [change for path, source in found.items() for change in changes(path, source)]
    assert len(everything) > 4_000
    for change in random.Random(0).sample(everything, 150):
        ast.parse(change.applied(found[change.path]))


def test_a_seed_is_a_sample_of_lines():
    found = [one for number in range(5) for one in changes(f"{number}.py", b"x = 5\ny = a < b\n")]
    first = sample(found, 6, seed=1)
    assert first == sample(found, 6, seed=1)
    assert first != sample(found, 6, seed=2)
    assert len({(change.path, change.line) for change in first}) == 6
    assert len(sample(found, 100, seed=1)) == 10
