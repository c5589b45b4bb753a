"""Ctrl-C, in a real process and at each stage: what is kept, what goes on, what to type next."""

import re
import shlex
import signal
import sys
from pathlib import Path

import click
import pytest

from resume_assets_tests.commands.calling import call
from resume_assets_tests.commands.processes import PATIENCE, resume_assets, run, said
from resume_assets_tests.home import Platform, platform_at

CHILD = """
import importlib, os, signal, sys
from operator import attrgetter
from resume_assets.cli import main

place, arguments = sys.argv[1], sys.argv[2:]
module, _, name = place.partition(":")
*holder, name = name.split(".")
imported = importlib.import_module(module)
holder = attrgetter(*holder)(imported) if holder else imported
real = getattr(holder, name)

def interrupted(*arguments, **more):
    os.kill(os.getpid(), signal.SIGINT)
    return real(*arguments, **more)

setattr(holder, name, interrupted)
sys.argv = ["resume-assets", *arguments]
main()
"""

SENDING = "resume_assets.batches.sending"
SUBMIT = ("submit", "--batch", "b1", "--batch-size", "2")

STAGES = {
    "claiming": (f"{SENDING}.claiming:insert_items", SUBMIT, "nothing is claimed yet"),
    "building": (f"{SENDING}.building:_note_items", SUBMIT, "2 resumes stay claimed for it"),
    "uploading": (f"{SENDING}.uploading:counted_by", SUBMIT, "2 resumes stay claimed for it"),
    "creating": (
        f"{SENDING}.submission:Attempt.metadata",
        SUBMIT,
        "may have reached OpenAI: the next try finds out first",
    ),
    "waiting": (
        "resume_assets.commands.waiting:watched",
        ("continuous", "--num-batches", "1", "--batch-size", "2"),
        "is at the local server",
    ),
    "writing": (
        "resume_assets.batches.records.writing:Writer.write",
        ("check", "b1"),
        "has ended at OpenAI; `resume-assets check b1` goes on with it. All is kept.",
    ),
}


@pytest.mark.timeout(PATIENCE * 2)
@pytest.mark.parametrize("stage", STAGES)
def test_an_interrupt_tells_what_goes_on_and_the_next_command(
    own_home: Path, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESUME_DOUBT_SECONDS", "0.02")  # a minute, else
    place, arguments, told = STAGES[stage]
    with platform_at(own_home) as platform:
        platform.seed(2)
        if stage == "writing":
            out(platform)
        done = run(own_home, sys.executable, "-c", CHILD, place, *arguments)
        assert done.returncode == 128 + signal.SIGINT, said(done)
        assert "Interrupted." in done.stderr
        assert told in " ".join(done.stderr.split()), said(done)
        assert "Traceback" not in said(done)
        [key] = [batch.batch_key for batch in platform.batches()]
        assert f"Batch {key} " in done.stderr
        [following] = re.findall(r"`resume-assets ([^`]+)`", done.stderr)
        assert call(*shlex.split(following)).exit_code in (0, 3)
        if platform.batch(key).state == "submitted":
            platform.until_the_server_has_ended(key)
            assert call("check", key).exit_code == 0
        assert platform.batch(key).state == "done"
        assert len(platform.written()) == 2


def out(platform: Platform) -> None:
    """Batch b1 has ended at the server; the ledger is not told."""
    platform.run("submit_batch", "b1")
    platform.until_the_server_has_ended("b1")


def test_what_changes_nothing_says_so(own_home: Path) -> None:
    place = "resume_assets.commands.overview:overview"
    done = run(own_home, sys.executable, "-c", CHILD, place, "status")
    assert done.returncode == 130, said(done)
    assert done.stderr.splitlines()[-1] == "Interrupted; nothing was changed."


def test_a_second_start_of_a_finished_command_is_named_whole(own_home: Path) -> None:
    place = "resume_assets.commands.people:retry"
    done = run(own_home, sys.executable, "-c", CHILD, place, "retry", "4711", "4 7")
    assert done.returncode == 130, said(done)
    assert "`resume-assets retry 4711 '4 7'` goes on from there." in done.stderr
    assert resume_assets(own_home, "status").returncode == 0


def test_an_interrupt_at_a_question_changes_nothing(
    done: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> bool:
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt:
            raise click.Abort from None  # as click's own does

    monkeypatch.setattr("click.confirm", interrupted)
    result = call("undo", "b1")
    assert result.exit_code == 130
    assert result.stderr.splitlines()[-1] == "Interrupted; nothing was changed."
    assert done.written() == [1, 2]
