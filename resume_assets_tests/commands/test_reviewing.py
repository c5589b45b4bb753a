"""`review`: what is written where, what Dagster is told, and what the command says."""

import datetime
import stat
from pathlib import Path

import dagster as dg
import pytest

from resume_assets.batches.ledger.lease import leased
from resume_assets.batches.planning.runs import Stage
from resume_assets.batches.upkeep.housekeeping import tidy
from resume_assets_tests.commands.calling import call, ok
from resume_assets_tests.flow import resume
from resume_assets_tests.home import Platform, metadata_of
from resume_assets_tests.reviewing.spoiling import spoil


@pytest.fixture
def done(platform: Platform) -> Platform:
    """Three records are written; an e-mail address of one is invented."""
    platform.seed(3)
    platform.sent("b1")
    platform.wait("b1")
    spoil(platform, {"2": {"emails": ["john.doe@example.com"]}})
    assert platform.run(Stage.collect, "b1").success
    return platform


def page_of(done: Platform, key: str = "b1") -> Path:
    return Path(done.settings.store_url) / key / "review.html"


def test_the_page_is_among_the_batchs_files_and_private(done: Platform) -> None:
    said = ok("review", done.batch("b1").openai_batch_id)
    page = page_of(done)
    assert str(page) in said.splitlines()
    assert "3 records of b1:" in said
    assert "      1  not borne out" in said
    assert "resume-assets evaluate review-b1.jsonl" in said
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    assert stat.S_IMODE(page.parent.stat().st_mode) == 0o700
    assert "ada2@example.com" in page.read_text("utf-8")
    assert "example.com" not in said


def test_dagster_is_told_where_it_is(done: Platform, instance: dg.DagsterInstance) -> None:
    ok("review", "b1", "--sample", "2")
    [seen] = instance.fetch_observations(dg.AssetKey("updated_candidate_records"), limit=9).records
    assert seen.partition_key == "b1"
    assert seen.asset_observation is not None
    metadata = seen.asset_observation.metadata
    assert metadata["review_page"].value == str(page_of(done))
    assert metadata["records"].value == 2


def test_the_asset_tells_where_the_page_is_or_how_to_get_one(done: Platform) -> None:
    def told() -> object:
        return metadata_of(
            done.materialize("b1", "updated_candidate_records"), "updated_candidate_records"
        )["review_page"].value

    assert told() == "`resume-assets review b1` writes one."
    ok("review", "b1")
    assert told() == str(page_of(done))


def test_only_what_should_be_looked_at(done: Platform) -> None:
    said = ok("review", "b1", "--flagged")
    assert "1 record of b1:" in said
    content = page_of(done).read_text("utf-8")
    assert "john.doe@example.com" in content
    assert "ada1@example.com" not in content


def test_nothing_to_look_at_writes_no_page(platform: Platform) -> None:
    platform.seed(1)
    platform.to_the_end("b1")
    said = ok("review", "b1", "--flagged")
    assert "No record of b1 that can be shown has a sign: `resume-assets review b1` shows" in said
    assert not page_of(platform).exists()


def test_it_goes_with_the_batchs_files(done: Platform) -> None:
    ok("review", "b1")
    done.update("b1", done_at=done.batch("b1").done_at - datetime.timedelta(days=31))
    tidied = tidy(done.database, done.settings, done.store, None)
    assert (tidied.local_files, tidied.problems) == (3, [])
    assert not page_of(done).parent.exists()
    result = call("review", "b1")
    assert result.exit_code == 1
    assert "`resume-assets review b1 --page FILE`" in result.stderr
    assert not page_of(done).parent.exists()


def test_a_page_elsewhere_is_private_too_and_needs_no_kept_files(
    done: Platform, tmp_path: Path
) -> None:
    done.store.batch("b1").remove()
    done.update("b1", local_deleted_at=done.batch("b1").done_at)
    page = tmp_path / "new" / "page.html"
    page.parent.mkdir()
    page.write_text("older")
    page.chmod(0o644)
    result = call("review", "b1", "--page", str(page))
    assert result.exit_code == 0
    assert str(page) in result.stdout
    assert "keep it as private as they are" in result.stderr
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    assert "The answers themselves are no longer kept." in page.read_text("utf-8")


def test_while_another_is_at_the_batch_nothing_is_written(
    done: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resume_assets.commands.reviewing.PATIENCE", 0.01)
    with leased(done.database, "b1"):
        result = call("review", "b1")
    assert result.exit_code == 1
    assert "another worker is at it" in result.stderr
    assert not page_of(done).exists()


def test_what_is_not_shown_is_counted_with_its_reason(done: Platform) -> None:
    done.delete(1)
    done.change(3, LastProcessed=None)
    said = ok("review", "b1")
    assert "1 record of b1:" in said
    assert "      1  not shown: no such candidate any more" in said
    done.delete(2)
    result = call("review", "b1")
    assert result.exit_code == 1
    assert "Batch b1 has no record that can be shown" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("b1", "--flagged", "--sample", "2"), 2),
        (("b1", "--sample", "0"), 2),
        (("b1", "--sample", "501"), 2),
        (("nobody",), 2),
        ((), 2),
    ],
)
def test_wrong_use(platform: Platform, arguments: tuple[str, ...], code: int) -> None:
    assert call("review", *arguments).exit_code == code


def test_before_the_records_are_written_it_says_what_brings_them_in(platform: Platform) -> None:
    platform.seed({1: resume(1)})
    platform.sent("b1")
    result = call("review", "b1")
    assert result.exit_code == 1
    assert "`resume-assets check b1` brings it in" in result.stderr
