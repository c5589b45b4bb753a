"""What is known of a run afterwards, and how two commits compare."""

from pathlib import Path

import pytest

from resume_assets_tests.benchmarks import surroundings
from resume_assets_tests.benchmarks.figures import FOLDER, figure, ratio
from resume_assets_tests.benchmarks.history import HISTORY, NotMeasured, append, comparison
from resume_assets_tests.benchmarks.surroundings import BUSY, STOLEN, Surroundings, share, watched

QUIET, LOUD = Surroundings(0.01, 0.02, 0.0), Surroundings(0.01, 0.6, 0.0)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_two_commits_are_compared_by_their_latest_quiet_runs() -> None:
    append("aaa111", "2026-11-01", QUIET, [ratio("build", [2.0, 2.2, 2.1], [1.0, 1.0, 1.0])])
    append("aaa111", "2026-11-02", LOUD, [ratio("build", [9.0], [1.0])])
    append("bbb222", "2026-11-03", QUIET, [figure("build", [1.05], "x"), figure("new", [3], "s")])
    assert comparison("aaa", "bbb").splitlines() == [
        "figure  aaa    bbb     change",
        "build   2.1 x  1.05 x  -50%",
    ]


def test_what_was_disturbed_and_what_lies_within_the_spread_is_said() -> None:
    append("aaa", "2026-11-01", LOUD, [figure("one", [1.0, 2.0, 3.0], "x")])
    append("bbb", "2026-11-02", QUIET, [figure("one", [2.5, 2.9], "x")])
    assert comparison("aaa", "bbb").splitlines()[1].endswith("+35%    within the spread, disturbed")


def test_a_commit_that_was_not_measured_is_named_with_those_that_were() -> None:
    append("aaa", "2026-11-01", QUIET, [])
    append("abc", "2026-11-01", QUIET, [figure("one", [1.0], "x")])
    with pytest.raises(NotMeasured, match=r"fff is not in .*measured are: aaa, abc"):
        comparison("abc", "fff")
    assert HISTORY.parent == FOLDER


@pytest.mark.parametrize(
    ("found", "quiet"),
    [
        (Surroundings(), True),  # of a machine that does not tell, nothing is known
        (Surroundings(BUSY, BUSY, STOLEN), True),
        (Surroundings(BUSY + 0.01, 0.0, 0.0), False),
        (Surroundings(0.0, BUSY + 0.01, 0.0), False),
        (Surroundings(0.0, 0.0, STOLEN + 0.01), False),
    ],
)
def test_others_before_others_after_and_the_host_disturb(found: Surroundings, quiet: bool) -> None:
    assert found.are_quiet is quiet


def test_shares_are_those_of_the_time_between() -> None:
    start, end = (10, 0, 10, 100, 0, 0, 0, 5), (30, 0, 20, 150, 10, 0, 0, 15)
    assert share(start, end) == pytest.approx(0.4)
    assert share(start, end, stolen=True) == pytest.approx(0.1)
    assert share(start, start) == 0
    assert share(None, end) is None


def test_a_machine_that_does_not_tell_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(surroundings, "_STAT", tmp_path / "none")
    with watched(seconds=0) as found:
        pass
    assert str(found) == "not told by this machine"
    assert found.are_quiet
