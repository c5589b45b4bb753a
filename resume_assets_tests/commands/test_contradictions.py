"""`check` and `status` of a batch of which OpenAI says what does not add up."""

from pathlib import Path

from resume_assets_tests.commands.calling import call, ok
from resume_assets_tests.home import platform_at
from resume_assets_tests.local_openai.faults import Faults
from resume_assets_tests.local_openai.hostile import BATCHES, LateFileIds


def test_check_looks_each_time_it_is_asked_and_brings_in_what_is_named_late(home: Path) -> None:
    faults = Faults()
    with platform_at(home, wrap=faults.wrap) as platform:
        platform.seed(2)
        platform.until_submitted("b1")
        platform.wait_for_server(platform.batch("b1").openai_batch_id)
        faults.add("GET", BATCHES, LateFileIds(2), times=None)
        for _ in range(2):  # at once again, though the next look by itself is not due
            result = call("check", "b1")
            assert result.exit_code == 3
            assert "names no file for the 2 answers that it counts" in result.stdout
        assert "looked at again" in ok("status")
        assert "2 of 2 records written" in ok("check", "b1")
        assert platform.written() == [1, 2]


def test_a_person_is_told_after_an_hour(home: Path) -> None:
    faults = Faults()
    with platform_at(home, wrap=faults.wrap) as platform:
        platform.seed(2)
        platform.until_submitted("b1")
        platform.wait_for_server(platform.batch("b1").openai_batch_id)
        faults.add("GET", BATCHES, LateFileIds(1_000), times=None)
        call("check", "b1")
        platform.later("b1", hours=1)
        call("check", "b1")
        result = call("check", "b1")
        assert result.exit_code == 1
        assert "resume-assets cancel b1 --give-up" in result.stderr
        assert "resume-assets cancel b1 --give-up" in ok("status")
        assert platform.waiting() == []
