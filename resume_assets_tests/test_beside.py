"""The process beside: what goes over and comes back, and what is told where it ends."""

import signal
import subprocess
from collections.abc import Iterator

import pytest

from resume_assets.beside import Helper, HelperDied
from resume_assets_tests import parcels
from resume_assets_tests.helpers import remembered


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list["subprocess.Popen[bytes]"]:
    return remembered(monkeypatch)


@pytest.fixture
def helper(started: list["subprocess.Popen[bytes]"]) -> Iterator[Helper]:
    with Helper(parcels.__name__) as helper:
        yield helper
    (process,) = started
    assert process.returncode is not None
    assert process.stdin is not None
    assert process.stdin.closed


def test_parcels_come_back_in_their_order(helper: Helper) -> None:
    sent = [b"", b"\n", b"12\nab\n", bytes(range(256)), b"x" * 3_000_000, b"last"]
    for parcel in sent:
        helper.send(parcel)
    assert helper.out == len(sent)
    assert [helper.receive() for _ in sent] == [parcel[::-1] for parcel in sent]
    assert helper.out == 0


def test_nobody_waits_for_the_other(helper: Helper) -> None:
    """Many times what the pipes hold is on its way at once, and nothing is taken meanwhile."""
    sent = [bytes([number]) * 500_000 for number in range(20)]
    for parcel in sent:
        helper.send(parcel)
    assert [helper.receive() for _ in sent] == sent


def test_it_tells_when_it_is_up_and_when_it_has_answered(helper: Helper) -> None:
    helper.send(b"one")
    assert helper.receive() == b"eno"  # whoever waits for an answer waits for the start as well
    seen = [helper.is_up, helper.has_answered]
    helper.send(b"two")
    while not helper.has_answered:  # it is on its way
        pass
    assert helper.receive() == b"owt"
    assert [*seen, helper.has_answered] == [True, False, False]


def test_one_that_was_asked_for_nothing_comes_up_and_ends(helper: Helper) -> None:
    while not helper.is_up:
        pass
    assert not helper.has_answered


@pytest.mark.parametrize(
    ("last", "code"), [(b"die", -signal.SIGKILL), (b"raise", 1), (b"print", -signal.SIGKILL)]
)
def test_one_that_dies_is_told_after_what_it_had_answered(
    last: bytes, code: int, capfd: pytest.CaptureFixture[str]
) -> None:
    with Helper(parcels.__name__) as helper:
        for parcel in (b"good", last, b"never seen"):
            helper.send(parcel)
        assert helper.receive() == b"doog"
        for _ in range(2):
            with pytest.raises(HelperDied, match=f"exit code {code}"):
                helper.receive()
    said = capfd.readouterr().err
    assert "Zofia" not in said
    assert "Traceback" not in said
    assert ("turning round: RuntimeError" in said) == (last == b"raise")


def test_one_that_can_not_start_is_told(
    capfd: pytest.CaptureFixture[str], started: list["subprocess.Popen[bytes]"]
) -> None:
    with Helper("resume_assets_tests.no_such_module") as helper:
        helper.send(b"x" * 3_000_000)
        with pytest.raises(HelperDied, match="exit code 1"):
            helper.receive()
        assert helper.is_up, "so that nobody waits for it to be"
    assert "no_such_module" in capfd.readouterr().err
    assert started[0].returncode == 1


def test_who_stops_early_leaves_no_process(started: list["subprocess.Popen[bytes]"]) -> None:
    with Helper(parcels.__name__) as helper:
        for _ in range(10):
            helper.send(b"x" * 1_000_000)
    (process,) = started
    assert process.returncode == -signal.SIGKILL
