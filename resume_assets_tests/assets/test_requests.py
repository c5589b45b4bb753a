"""`unprocessed_resumes`, `batch_requests`, `submitted_batch`, materialized by Dagster."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa

from resume_assets.definitions import build_defs
from resume_assets.local_openai.settings import Limits
from resume_assets.resources import OpenAIResource, SettingsResource
from resume_assets_tests.home import (
    ASSETS,
    NEVER,
    Platform,
    failure_of,
    materialized,
    metadata_of,
    platform_at,
)
from resume_assets_tests.local_openai.support import until


@pytest.fixture
def slow(home: Path) -> Iterator[Platform]:
    """A platform whose server does not end a batch while the test lasts."""
    with platform_at(home, pace=NEVER) as opened:
        yield opened


def kinds(metadata: dict[str, dg.MetadataValue[Any]]) -> dict[str, str]:
    names = {"IntMetadataValue": "int", "FloatMetadataValue": "float", "TextMetadataValue": "text"}
    names["TimestampMetadataValue"] = "time"
    return {key: names[type(value).__name__] for key, value in metadata.items()}


def test_everything_at_once_submits_a_new_key_and_skips_what_cant_be_ready(slow: Platform) -> None:
    slow.seed(3)
    result = slow.materialize("b1")
    assert result.success
    assert materialized(result) == list(ASSETS[:3])
    assert slow.batch("b1").state == "submitted"
    again = slow.materialize("b1")
    assert again.success
    assert materialized(again) == list(ASSETS[:3])
    assert len(slow.book.batches()) == 1


def test_where_every_answer_is_there_already_they_say_so(platform: Platform) -> None:
    platform.seed(1)
    platform.until_done("b1")
    platform.seed({8: platform.candidate(1).markdownResume})
    result = platform.materialize("b2")
    assert result.success
    assert materialized(result) == list(ASSETS)
    sent = metadata_of(result, "submitted_batch")
    assert "Nothing had to be sent. 1 resume is not sent" in str(sent["in_words"].value)
    assert metadata_of(result, "batch_requests")["reused"].value == 1
    output = metadata_of(result, "batch_output")
    assert (output["succeeded"].value, output["reused"].value) == (0, 1)
    assert metadata_of(result, "updated_candidate_records")["rows_written"].value == 1
    cost = metadata_of(result, "batch_cost")
    assert (cost["cost_usd"].value, cost["reused"].value) == (0, 1)
    assert cost["reuse_saving_usd"].value > 0
    assert "1 answer reused" in str(cost["in_words"].value)
    assert platform.written() == [1, 8]


def test_what_they_report(slow: Platform) -> None:
    slow.seed(3)
    run_config = {"ops": {"unprocessed_resumes": {"config": {"batch_size": 2}}}}
    result = slow.materialize("b1", run_config=run_config)

    claimed = metadata_of(result, "unprocessed_resumes")
    assert kinds(claimed) == {
        "in_words": "text",
        "rows_claimed": "int",
        "rows_still_waiting": "int",
        "state": "text",
        "model": "text",
        "planned_at": "time",
        "claimed_at": "time",
    }
    assert (claimed["rows_claimed"].value, claimed["rows_still_waiting"].value) == (2, 1)

    built = metadata_of(result, "batch_requests")
    assert kinds(built) == {
        "in_words": "text",
        "state": "text",
        "model": "text",
        "requests": "int",
        "reused": "int",
        "truncated": "int",
        "file_bytes": "int",
        "overhead_tokens": "float",
        "estimated_input_tokens": "int",
        "estimated_output_tokens": "int",
        "prompt_name": "text",
        "prompt_version": "text",
        "response_format": "text",
        "schema_version": "text",
        "built_at": "time",
        "estimated_cost_usd": "float",
        "estimated_saving_usd": "float",
        "prices": "text",
    }
    assert built["requests"].value == 2
    assert built["file_bytes"].value == (slow.home / "batches/b1/requests.jsonl").stat().st_size
    # A batch is half the standard price.
    assert built["estimated_cost_usd"].value == built["estimated_saving_usd"].value > 0

    sent = metadata_of(result, "submitted_batch")
    assert kinds(sent) == {
        "in_words": "text",
        "state": "text",
        "openai_batch_id": "text",
        "openai_status": "text",
        "input_file_id": "text",
        "try_number": "int",
        "requests": "int",
        "submitted_at": "time",
        "expires_at": "time",
    }
    assert sent["openai_batch_id"].value == slow.batch("b1").openai_batch_id


def test_the_run_tells_nothing_of_a_person(slow: Platform) -> None:
    slow.seed(2)
    result = slow.materialize("b1")
    told = " ".join(str(slow.instance.all_logs(result.run_id)).split())
    assert "Lovelace" not in told
    assert "example.com" not in told
    assert "Welder" not in told


def test_an_unknown_price_is_said_and_not_invented(
    slow: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESUME_MODEL", "my-own-model")
    slow.seed(1)
    built = metadata_of(
        slow.materialize("b1", "unprocessed_resumes", "batch_requests"), "batch_requests"
    )
    assert built["estimated_cost"].value == "no price known for my-own-model"
    assert "estimated_cost_usd" not in built
    assert built["estimated_input_tokens"].value > 0


def test_an_empty_claim_yields_nothing_and_claims_anew_later(slow: Platform) -> None:
    result = slow.materialize("b1")
    assert result.success
    assert materialized(result) == []
    assert slow.batch("b1").state == "empty"
    assert not slow.instance.has_dynamic_partition("resume_batches", "b1")
    assert not (slow.home / "batches").exists()
    slow.seed(2)
    assert materialized(slow.materialize("b1")) == list(ASSETS[:3])
    assert slow.batch("b1").requests == 2


def test_a_resume_that_goes_between_claim_and_file_goes_back(slow: Platform) -> None:
    slow.seed(2)
    slow.materialize("b1", "unprocessed_resumes")
    slow.change(1, markdownResume="  ")
    result = slow.materialize("b1", "batch_requests")
    assert metadata_of(result, "batch_requests")["requests"].value == 1
    assert slow.ends("b1") == {1: "released: blank", 2: "claimed"}
    slow.change(2, markdownResume=None)
    slow.materialize("b2", "unprocessed_resumes")
    assert slow.batch("b2").state == "empty"


def test_a_claim_of_which_nothing_is_left_ends_empty(slow: Platform) -> None:
    slow.seed(1)
    slow.materialize("b1", "unprocessed_resumes")
    slow.delete(1)
    result = slow.materialize("b1", "batch_requests", "submitted_batch")
    assert result.success
    assert materialized(result) == []
    assert slow.batch("b1").state == "empty"
    assert not slow.claims()


# Each cell again, in each state: what it does, and that the ledger is none the worse.

AGAIN = {
    # state: which assets may be materialized alone, and report; the others fail or skip
    "claimed": ("unprocessed_resumes",),
    "built": ("unprocessed_resumes", "batch_requests"),
    "submitted": ("unprocessed_resumes", "batch_requests", "submitted_batch"),
}


def ledger_rows(platform: Platform) -> list[Any]:
    """The ledger without what any look at it changes."""
    tables = platform.database.ledger
    batches = tables.batches
    kept = [
        column
        for column in batches.columns
        if column.name not in ("run_requests", "lease_owner", "lease_until")
    ]
    return [
        [tuple(row) for row in platform.rows(query)]
        for query in (sa.select(*kept), sa.select(tables.items), sa.select(tables.claims))
    ]


def test_each_cell_again_changes_nothing(slow: Platform) -> None:
    slow.seed(2)
    for name, (state, ready) in zip(ASSETS, AGAIN.items(), strict=False):
        assert slow.materialize("b1", name).success
        assert slow.batch("b1").state == state
        before = ledger_rows(slow)
        result = slow.materialize("b1", *ready)
        assert result.success
        assert materialized(result) == list(ready)
        assert ledger_rows(slow) == before
    assert len(slow.book.batches()) == 1
    assert len(slow.api.uploads("")) == 1


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("batch_requests", "materialize unprocessed_resumes first"),
        ("updated_candidate_records", "materialize batch_output first"),
        ("batch_cost", "materialize updated_candidate_records first"),
    ],
)
def test_a_cell_that_is_not_ready_says_what_comes_first(
    slow: Platform, name: str, sentence: str
) -> None:
    slow.seed(1)
    slow.plan("b1")
    before = ledger_rows(slow)
    result = slow.materialize("b1", name)
    assert not result.success
    assert f"Batch b1 is planned: {sentence}" in failure_of(result)
    assert ledger_rows(slow) == before


@pytest.mark.parametrize("name", ["submitted_batch", "batch_output"])
def test_a_cell_that_can_only_wait_skips(slow: Platform, name: str) -> None:
    slow.seed(1)
    slow.plan("b1")
    result = slow.materialize("b1", name)
    assert result.success
    assert materialized(result) == []
    assert slow.batch("b1").state == "planned"
    assert not slow.book.batches()


@pytest.mark.parametrize("name", ASSETS[1:])
def test_a_key_without_a_batch_is_said_to_be_unknown(slow: Platform, name: str) -> None:
    result = slow.materialize("never-planned", name)
    assert not result.success
    assert "No batch 'never-planned' in the ledger" in failure_of(result)
    assert not slow.batches()


def test_a_bad_key_is_refused_before_anything_is_made(slow: Platform) -> None:
    slow.seed(1)
    result = slow.materialize("../b1")
    assert not result.success
    assert "1 to 64 of the characters" in failure_of(result)
    assert not slow.batches()
    assert not (slow.home / "b1").exists()


def test_a_limit_fails_a_key_that_was_added_by_hand_with_its_reason(
    slow: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESUME_MAX_COST_USD", "0")
    slow.seed(1)
    result = slow.materialize("b1")
    assert not result.success
    assert "RESUME_MAX_COST_USD" in failure_of(result)
    assert "resume-assets unpause" in failure_of(result)
    assert not slow.batches()


def test_a_full_queue_waits_without_failing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESUME_CHECK_INTERVAL", "0.01")
    limits = Limits(exact_tokens=False, enqueued_tokens=2_000, refuse_tokens_at="creation")
    with platform_at(home, pace=NEVER, limits=limits) as slow:
        slow.seed(4)
        config = {"ops": {"unprocessed_resumes": {"config": {"batch_size": 2}}}}
        assert materialized(slow.materialize("b1", run_config=config)) == list(ASSETS[:3])
        # The server counts the tokens of a batch once it has validated it.
        first = slow.batch("b1").openai_batch_id
        until(lambda: slow.api.retrieve(first).status == "in_progress")
        result = slow.materialize("b2", run_config=config)
        assert result.success
        assert materialized(result) == list(ASSETS[:2])
        waiting = slow.batch("b2")
        assert waiting.state == "quota"
        assert waiting.quota_until is not None
        again = slow.materialize("b2")
        assert again.success
        assert materialized(again) == list(ASSETS[:2])
        assert slow.batch("b2").input_file_id == waiting.input_file_id


def test_an_error_of_the_program_quotes_nothing(
    slow: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow.seed(1)

    def broken(*_: object) -> None:
        raise ValueError("Ada Lovelace, sk-secret")

    monkeypatch.setattr("resume_assets.assets.requests.claim", broken)
    result = slow.materialize("b1")
    assert not result.success
    assert "Unexpected ValueError while claiming resumes" in failure_of(result)
    told = str(slow.instance.all_logs(result.run_id))
    assert "sk-secret" not in told
    assert "Lovelace" not in told


def test_an_endpoint_that_does_not_answer_keeps_claim_and_file(
    slow: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resume_assets.openai_api.backoff.SECONDS", 0.001)
    impatient = OpenAIResource(settings=SettingsResource(), max_retries=0)
    slow.definitions = build_defs({"openai": impatient})
    slow.seed(1)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    result = slow.materialize("b1")
    assert not result.success
    assert materialized(result) == list(ASSETS[:2])
    assert slow.batch("b1").state == "built"
    monkeypatch.delenv("OPENAI_BASE_URL")
    assert materialized(slow.materialize("b1")) == list(ASSETS[:3])
