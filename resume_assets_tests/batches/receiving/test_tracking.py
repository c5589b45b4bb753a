"""What OpenAI says of a batch is written where it is news."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from resume_assets.batches.receiving.tracking import record
from resume_assets.local_openai.settings import Pace
from resume_assets_tests.flow import KEY, Flowing, flow_at


def test_a_look_without_news_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with flow_at(tmp_path / "home", pace=Pace(0, 80_000, 0, 0, 0)) as flow:
        flow.seed(2)
        for key in ("a", "b"):
            flow.until_submitted(key, rows=1)
            while flow.api.retrieve(flow.batch(key).openai_batch_id).status != "in_progress":
                pass  # ends with the server's validation, or with the test's time-out
        assert flow.poll().out == 2
        assert {batch.openai_status for batch in flow.batches()} == {"in_progress"}

        def nothing(*_: object) -> None:
            raise AssertionError("there is no news")

        monkeypatch.setattr(flow.database, "write", nothing)
        assert flow.poll().out == 2


def failed(flow: Flowing, *errors: tuple[str, int | None]) -> str | None:
    """What people are told of a batch that failed with these codes, each in a line or none."""
    flow.until_submitted()
    remote: Any = flow.api.retrieve(flow.batch().openai_batch_id)
    told = [SimpleNamespace(code=code, line=line, message="Ada") for code, line in errors]
    remote.status, remote.output_file_id = "failed", None
    remote.errors = SimpleNamespace(data=told) if errors else None
    batch = flow.database.write(
        lambda connection: record(connection, flow.database, KEY, remote, flow.settings)
    )
    assert batch.state == "ended"
    message: str | None = batch.message
    return message


def test_of_many_errors_five_are_told(flow: Flowing) -> None:
    codes = [("bad_line", number) for number in range(1, 8)]
    told = ", ".join(f"bad_line in line {number}" for number in range(1, 6))
    assert failed(flow, *codes) == f"OpenAI: failed: {told}"


def test_an_error_of_no_line_and_no_code_is_one_too(flow: Flowing) -> None:
    assert failed(flow, ("bad_file", None), ("", 2)) == "OpenAI: failed: bad_file, error in line 2"


def test_a_failure_without_a_word_leaves_no_message(flow: Flowing) -> None:
    assert failed(flow) is None
