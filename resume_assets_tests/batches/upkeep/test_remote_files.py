"""Which files a batch has at OpenAI, and their last days, by what the ledger knows of it."""

from datetime import date, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from resume_assets.batches.upkeep.remote_files import remote_files


def at(day: int) -> datetime:
    return datetime(2026, 1, day, 12)  # noqa: DTZ001 (as the ledger's columns)


def found(**values: Any) -> list[tuple[str | None, date]]:
    """The files of a batch that was planned on the first, of which this is known."""
    known = dict.fromkeys(
        (
            *("remote_deleted_at", "uploaded_at", "upload_started_at", "input_file_id"),
            *("output_file_id", "error_file_id", "ended_at", "expires_at", "submitted_at"),
        )
    )
    batch: Any = SimpleNamespace(
        **{**known, "batch_key": "b1", "planned_at": at(1), "state": "done", **values}
    )
    files = list(remote_files(batch))
    assert {file.batch_key for file in files} <= {"b1"}
    return [(file.file_id, file.until) for file in files]


def test_before_its_upload_there_is_none() -> None:
    assert found(state="built") == []


@pytest.mark.parametrize(
    ("times", "until"),
    [
        ({"uploaded_at": at(3)}, date(2026, 1, 17)),
        ({"upload_started_at": at(2), "uploaded_at": at(3)}, date(2026, 1, 17)),
        ({"upload_started_at": at(2)}, date(2026, 1, 16)),  # the answer to it was lost
    ],
)
def test_its_upload_is_there_for_two_weeks(times: dict[str, Any], until: date) -> None:
    assert found(state="built", **times) == [(None, until)]
    assert found(state="built", input_file_id="file-1", **times) == [("file-1", until)]
    assert found(input_file_id="file-1", remote_deleted_at=at(4), **times) == []


@pytest.mark.parametrize(
    ("times", "made"),
    [
        ({}, 2),
        ({"submitted_at": at(3)}, 4),
        ({"submitted_at": at(3), "expires_at": at(5)}, 5),
        ({"submitted_at": at(3), "expires_at": at(5), "ended_at": at(7)}, 7),
    ],
)
def test_its_answers_are_there_from_its_end_on(times: dict[str, Any], made: int) -> None:
    """From the latest end that it may have, where it is not known yet."""
    [(first, until)] = found(output_file_id="file-2", **times)
    assert first == "file-2"
    [(_, last), (nobody, unknown)] = found(state="submitted", error_file_id="file-3", **times)
    assert nobody is None
    assert until == last == unknown
    assert (until - date(2026, 1, made)).days == 14
