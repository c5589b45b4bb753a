"""Progress: a bar on a terminal, a line now and then elsewhere, nothing for what is quick."""

import sys
import time

import pytest

from resume_assets.commands import drawing
from resume_assets.commands.drawing import Drawing, in_words
from resume_assets.progress import Step, Unit
from resume_assets_tests.local_openai.support import until


@pytest.mark.parametrize(
    ("step", "told"),
    [
        (
            Step("building", Unit.resume, 50_000, 12_000, 0, 100.0),
            "12,000 of 50,000 resumes, 120 a second, 5 min left",
        ),
        (
            Step("uploading", Unit.byte, 120_000_000, 60_000_000, 0, 140.0),
            "60.0 MB of 120.0 MB, 1.0 MB/s, 60 s left",
        ),
        (Step("downloading", Unit.byte, None, 5, 0, 195.0), "5 bytes, 1 byte/s, 5 s"),
        (Step("waiting", Unit.request, 98, 40, 40, 100.0), "40 of 98 requests, 2 min"),
        (
            Step("waiting", Unit.request, 1, 0, 0, 199.0),
            "0 of 1 request, 1 s",
        ),
        (
            Step("waiting", Unit.request, 100, 50, 0, 100.0),
            "50 of 100 requests, 30.0 a minute, 2 min left",
        ),
        (Step("submitting", began=190.0), "10 s"),
    ],
)
def test_how_far_a_step_is_in_words(step: Step, told: str) -> None:
    assert in_words(step, 200.0) == told


def test_elsewhere_a_line_comes_now_and_then_and_more_rarely(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = drawing._Lines(sys.stderr)
    began = time.monotonic()
    one = Step("building", Unit.resume, 100, began=began)
    for second in range(1, 400):
        one.done = second // 4
        lines.show(one, began + second)
    told = capsys.readouterr().err.splitlines()
    assert 3 <= len(told) <= 6
    assert told[0].startswith("building: ")
    lines.show(Step("at work", began=began), began + 10_000)
    assert capsys.readouterr().err == ""  # a step that counts nothing has nothing to tell


class Surface:
    """Notes what is shown."""

    def __init__(self) -> None:
        self.shown: list[str] = []

    def show(self, step: Step, now: float) -> None:
        self.shown.append(step.doing)

    def clear(self) -> None:
        self.shown.append("cleared")


def test_only_what_lasts_is_shown_the_innermost_step_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = Drawing()
    one._surface = surface = Surface()
    with one.watch(Step("quick")):
        pass
    assert surface.shown == ["cleared"]
    long_ago = time.monotonic() - 10
    with one.watch(Step("outer", began=long_ago)):
        until(lambda: "outer" in surface.shown, 5)
        with one.watch(Step("inner")):
            until(lambda: surface.shown[-1] == "inner", 5)
        with one.cleared():  # a line is printed
            assert surface.shown[-1] == "cleared"
    one.end()
    assert surface.shown[-1] == "cleared"
