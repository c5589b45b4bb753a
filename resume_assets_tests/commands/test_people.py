"""`retry`, `cancel` and `resume`: what only a person decides."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from resume_assets.cli import cli
from resume_assets.local_openai.settings import Pace
from resume_assets_tests.commands.calling import call, ok
from resume_assets_tests.commands.test_overview import give_up
from resume_assets_tests.home import Platform, platform_at
from resume_assets_tests.local_openai.support import ManualClock


@pytest.fixture
def given_up(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> Platform:
    monkeypatch.setenv("RESUME_MAX_ATTEMPTS", "1")
    platform.set(max_attempts=1)
    platform.seed(3)
    give_up(platform)
    assert platform.waiting() == []
    return platform


def test_retry_sends_all_of_them_again(given_up: Platform) -> None:
    assert "3 candidates are in the queue again." in ok("retry")
    assert given_up.waiting() == [1, 2, 3]
    assert "0 candidates are" in ok("retry")
    ok("submit", "--batch", "again")
    given_up.until_the_server_has_ended("again")
    ok("check", "again")
    assert given_up.written() == [1, 2, 3]


def test_retry_takes_ids(given_up: Platform) -> None:
    assert "2 candidates are" in ok("retry", "1", "3")
    assert given_up.waiting() == [1, 3]
    assert "1 candidate is" in ok("retry", "2", "4711")


@pytest.mark.parametrize("ids", [("4711",), ("4711", "-3"), ("9" * 30,)])
def test_an_id_that_nobody_has_is_wrong_use(given_up: Platform, ids: tuple[str, ...]) -> None:
    result = call("retry", "--", *ids)
    assert result.exit_code == 2
    assert f"aicandidate has no candidate {', '.join(ids)}." in result.stderr
    assert result.stdout == ""
    assert given_up.waiting() == []


def test_one_of_them_that_nobody_has_is_named_and_the_others_are_tried(given_up: Platform) -> None:
    result = call("retry", "2", "4711")
    assert result.exit_code == 0
    assert "has no candidate 4711." in result.stderr
    assert given_up.waiting() == [2]


def test_one_that_nothing_is_to_be_forgiven_for(platform: Platform) -> None:
    platform.seed(1)
    assert "Nothing that was sent for them failed" in ok("retry", "1")


def test_an_id_of_another_kind_is_wrong_use(given_up: Platform) -> None:
    result = call("retry", "1", "Ada")
    assert result.exit_code == 2
    assert "'Ada' is no id of this table" in result.stderr
    assert given_up.waiting() == []


def test_cancel_before_anything_is_sent_gives_all_back(platform: Platform) -> None:
    platform.seed(2)
    platform.until_built("b1")
    said = ok("cancel", "b1")
    assert "b1  abandoned" in said
    assert "2 resumes went back to the queue" in said
    assert platform.waiting() == [1, 2]


def test_cancel_at_openai_keeps_what_was_answered(home: Path) -> None:
    clock = ManualClock()
    with platform_at(home, pace=Pace(1, 100, 0, 2, 5), clock=clock) as platform:
        platform.seed(4)
        platform.run("submit_batch", "b1")
        clock.settle()
        clock.advance(1)
        clock.advance(55)
        said = ok("cancel", platform.batch("b1").openai_batch_id)
        assert "(cancelling)" in said
        assert "resume-assets check b1" in said
        assert call("check", "b1").exit_code == 3
        clock.advance(5)
        assert "2 of 4 records written" in ok("check", "b1")
        assert len(platform.waiting()) == 2


def test_cancel_of_what_has_ended_says_so(platform: Platform) -> None:
    platform.seed(1)
    platform.to_the_end("b1")
    assert "there is nothing to cancel" in ok("cancel", "b1")
    assert platform.batch("b1").state == "done"


class TestGivingUp:
    """A server that forgot the work."""

    @pytest.fixture
    def stuck(self, home: Path) -> Iterator[Platform]:
        for_ever = Pace(processing_seconds=86_000, cancelling_seconds=86_000)
        with platform_at(home, pace=for_ever) as platform:
            platform.seed(2)
            platform.run("submit_batch", "b1")
            assert "(cancelling)" in ok("cancel", "b1")
            yield platform

    def test_it_is_asked_first_and_says_what_it_means(
        self, stuck: Platform, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-another")  # the server is gone for good
        monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
        for declined in ("n\n", ""):
            result = CliRunner().invoke(cli, ["cancel", "b1", "--give-up"], input=declined)
            assert result.exit_code == 1
            assert "frees its 2 resumes" in result.stdout
            assert "paid for twice" in result.stdout
            assert stuck.batch("b1").state == "submitted"
        result = CliRunner().invoke(cli, ["cancel", "b1", "--give-up"], input="y\n")
        assert result.exit_code == 0, result.output
        assert "Given up by a person: 2 resumes went back to the queue." in result.stdout
        assert "Next: `resume-assets submit` for the 2 resumes that wait." in result.stdout
        assert stuck.waiting() == [1, 2]
        assert "nothing to give up" in ok("cancel", "b1", "--give-up", "--yes")
        assert "2  cancelled: given_up" in ok("check", "b1")

    def test_by_openais_id_without_being_asked(self, stuck: Platform) -> None:
        remote = stuck.batch("b1").openai_batch_id
        assert "b1  done" in ok("cancel", remote, "--give-up", "--yes")
        assert stuck.waiting() == [1, 2]

    def test_one_that_has_ended_meanwhile_is_to_be_brought_in(self, platform: Platform) -> None:
        platform.seed(1)
        platform.sent("b1")
        assert "`resume-assets check b1` brings it in" in ok("cancel", "b1", "--give-up", "--yes")
        assert "1 of 1 record written" in ok("check", "b1")

    def test_one_of_which_nothing_was_sent(self, platform: Platform) -> None:
        platform.seed(1)
        platform.until_built("b1")
        assert "`resume-assets cancel b1` gives it back" in ok("cancel", "b1", "--give-up", "--yes")
        assert platform.batch("b1").state == "built"

    def test_an_unknown_one_is_wrong_use(self, platform: Platform) -> None:
        assert call("cancel", "nobody", "--give-up", "--yes").exit_code == 2


def test_cancel_of_an_unknown_batch_is_wrong_use(platform: Platform) -> None:
    assert call("cancel", "nobody").exit_code == 2


def test_resume_grants_the_money_again(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    platform.seed(1)
    spent = platform.to_the_end("b1").batch_cost
    monkeypatch.setenv("RESUME_MAX_COST_USD", str(spent * 1.2))
    platform.seed({2: "# Grace Hopper\n\nCompilers, since 1952."})
    stopped = call("submit")
    assert stopped.exit_code == 1
    assert "RESUME_MAX_COST_USD" in stopped.stderr
    assert "Planning goes on" in ok("unpause")
    former = call("resume")
    assert "Planning goes on" in former.stdout
    assert "is called `resume-assets unpause` now" in former.stderr
    assert "  submitted  " in ok("submit")
