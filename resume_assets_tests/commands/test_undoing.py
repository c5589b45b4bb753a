"""`undo` and `reprocess`: costs and counts told first, nothing done without a yes."""

import pytest
from click.testing import CliRunner

from resume_assets.batches.planning.runs import Stage
from resume_assets.cli import cli
from resume_assets_tests.commands.calling import call, ok
from resume_assets_tests.home import Platform

MODEL = "gpt-4o-mini-2024-07-18"


@pytest.fixture
def done(platform: Platform) -> Platform:
    """Three records are written; in one of them something stood before."""
    platform.seed(3)
    platform.change(2, Address="1 Old Road")
    platform.to_the_end("b1")
    return platform


def declined(*arguments: str) -> str:
    result = CliRunner().invoke(cli, arguments, input="n\n")
    assert result.exit_code == 1
    return result.output


def test_undo_asks_and_says_who_waits_again(done: Platform) -> None:
    asked = declined("undo", "b1")
    assert "3 records of b1 can be put back as before it." in asked
    assert "3 of them will wait again" in asked
    assert done.written() == [1, 2, 3]
    said = ok("undo", done.batch("b1").openai_batch_id, "--yes")
    assert "3 records of b1 are as before it." in said
    assert "3 of them wait again, and go with the next batch." in said
    assert "set its LastProcessed" in said
    assert done.written() == []
    assert done.candidate(2).Address == "1 Old Road"
    assert "Nothing of b1 can be put back, or all of it is." in ok("undo", "b1", "--yes")
    assert "Undone by a person: 3 of its records were put back" in ok("check", "b1")


def test_a_dry_run_changes_nothing(done: Platform) -> None:
    done.change(3, City="corrected")
    said = ok("undo", "b1", "--dry-run")
    assert "1  left alone: a value was changed since" in said
    assert "2 records of b1 can be put back as before it." in said
    assert "2 of them will wait again" in said
    assert "Nothing was changed." in said
    assert "Next: `resume-assets undo b1` puts them back." in said
    assert done.written() == [1, 2, 3]
    assert "1 record of b1 can be put back" in ok("undo", "b1", "2", "--dry-run")


def test_undo_of_some_names_what_it_leaves_alone(done: Platform) -> None:
    done.change(3, City="corrected")
    said = ok("undo", "b1", "3", "1", "--yes")
    assert "1  left alone: a value was changed since" in said
    assert "1 record of b1 is as before it." in said
    assert done.written() == [2, 3]
    assert call("undo", "b1", "x").exit_code == 2
    assert call("undo", "nobody", "--yes").exit_code == 2


def test_what_is_undone_is_sent_and_written_again(done: Platform) -> None:
    ok("undo", "b1", "--yes")
    assert done.waiting() == [1, 2, 3]
    done.to_the_end("b2")
    assert done.written() == [1, 2, 3]
    assert done.ends("b1") == dict.fromkeys((1, 2, 3), "undone")
    # Nothing that was undone counts as an attempt, or as a failure of the batch.
    assert done.given_up() == []
    assert done.batch("b1").succeeded == 3
    done.run(Stage.collect, "b1")
    assert done.ends("b1") == dict.fromkeys((1, 2, 3), "undone")


def test_reprocess_tells_the_costs_first(done: Platform) -> None:
    dry = ok("reprocess", "--model-was", MODEL, "--dry-run")
    assert f"records       3 that {MODEL} read" in dry
    assert "input tokens" in dry
    assert "cost          $" in dry
    assert "Nothing was changed." in dry
    assert "Put the candidates of 3 records back into the queue?" in declined(
        "reprocess", "--model-was", MODEL
    )
    assert done.written() == [1, 2, 3]
    assert "1 candidate is in the queue again." in ok(
        "reprocess", "--model-was", MODEL, "--limit", "1", "--yes"
    )
    assert done.waiting() == [1]
    said = ok("reprocess", "--model-was", MODEL, "--yes")
    assert "2 candidates are in the queue again." in said
    assert "Next: `resume-assets submit` for the 3 resumes that wait." in said
    assert "There is nothing to put back." in ok("reprocess", "--model-was", MODEL, "--yes")
    result = call("reprocess", "--model-was", "gpt-9", "--yes")
    assert result.exit_code == 2
    assert f"The batches here had these models: {MODEL}." in result.stderr


def test_reprocessed_and_undone_nobody_waits(done: Platform) -> None:
    before = {userid: done.candidate(userid) for userid in (1, 2, 3)}
    ok("reprocess", "--model-was", MODEL, "--yes")
    done.to_the_end("b2")
    said = ok("undo", "b2", "--yes")
    assert "3 records of b2 are as before it." in said
    assert "wait again" not in said
    assert {userid: done.candidate(userid) for userid in (1, 2, 3)} == before


def test_only_records_that_are_little_borne_out(done: Platform) -> None:
    arguments = ("reprocess", "--model-was", MODEL, "--below-borne-out")
    said = ok(*arguments, "0.1", "--yes")  # the rules invent nothing
    assert "There is nothing to put back." in said
    assert call(*arguments, "1.1", "--yes").exit_code == 2
    assert done.written() == [1, 2, 3]
