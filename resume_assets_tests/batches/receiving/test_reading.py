"""Answers as records: the same from this process and from the one beside it, and a clear end."""

import signal
import subprocess
from collections.abc import Callable, Generator
from datetime import date
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import orjson
import pytest

from resume_assets.batches.receiving import reading
from resume_assets.batches.receiving.reading import ReaderDied, read_records
from resume_assets.batches.store_errors import StoreFailed
from resume_assets.extraction.responses import Answer, Outcome
from resume_assets.extraction.values import ANSWER, Change
from resume_assets_tests.extraction.answers import full_answer, output_bytes
from resume_assets_tests.helpers import remembered

TODAY = date(2026, 11, 23)
ODD = [
    b"",
    b"not JSON",
    b"[]",
    b'{"custom_id": "half',
    b"\xff\xfe",
    orjson.dumps({"custom_id": "late", "error": {"code": "batch_expired"}}),
    orjson.dumps({"custom_id": "1", "response": {"status_code": 500, "body": {}}}),
    output_bytes(full_answer(), finish_reason="length"),
    output_bytes('{"first_name": "\\ud800", "positions": "none"}'),
    output_bytes(full_answer(first_name="\0Łódź\ud83d 日本語 😀", summary="x" * 50_000)),
    output_bytes(full_answer(positions=[{"company": "A", "start": "once", "end": "🤷"}] * 9)),
    output_bytes(full_answer(years_in_us="many", skills=None)),
    output_bytes(full_answer(titles=["T" * 300], city="N/A", state="nowhere")),
    output_bytes("```\n" + orjson.dumps(full_answer()).decode() + "\n```"),
]


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    """Some hundred lines, good and odd."""
    path = tmp_path / "output.jsonl"
    good = [output_bytes(full_answer(first_name=f"Zofia{n}")) for n in range(150)]
    path.write_bytes(b"\n".join(line.rstrip(b"\n") for line in [*good, *ODD, *good[:70]]))
    return path


@pytest.fixture
def beside(monkeypatch: pytest.MonkeyPatch) -> list["subprocess.Popen[bytes]"]:
    """Any file is worth a process, on any machine; those that were started."""
    monkeypatch.setattr(reading, "HELP_FROM", 1)
    monkeypatch.setattr(reading, "HEAD", 1)  # a line
    monkeypatch.setattr(reading, "processors", lambda: 2)
    return remembered(monkeypatch)


Opened = Callable[[Path], BinaryIO]


@pytest.fixture(params=["disk", "store"])
def opened(request: pytest.FixtureRequest) -> Opened:
    """A file that the helper reads itself, and one that only this process can read."""
    if request.param == "disk":
        return lambda path: path.open("rb")
    return lambda path: BufferedReader(BytesIO(path.read_bytes()))


def test_both_ways_read_the_same(answers: Path, beside: list[Any], opened: Opened) -> None:
    here = list(reading._read_here(BytesIO(answers.read_bytes()), TODAY))
    with opened(answers) as stream:
        there = list(read_records(stream, TODAY))
    assert there == here
    assert len(here) == 233  # the empty line is none
    changed = [answer.record.changes for answer in there if answer.record]
    assert {type(change) for changes in changed for change in changes.values()} == {Change}
    assert {ANSWER: Change.mended, "ThirdMostRecentStartDate": Change.assumed} in changed
    assert sum(answer.outcome is Outcome.succeeded for answer in there) >= 220
    assert all(type(answer.outcome) is Outcome for answer in there)
    assert all((answer.record is None) == (answer.outcome != "succeeded") for answer in there)
    assert all(answer.candidate is None for answer in there)
    (process,) = beside
    assert process.returncode is not None


@pytest.mark.parametrize("head", [1, 3_000, 100_000, 10**9])
def test_wherever_the_helper_goes_on_each_line_is_read_once(
    answers: Path, beside: list[Any], opened: Opened, monkeypatch: pytest.MonkeyPatch, head: int
) -> None:
    monkeypatch.setattr(reading, "HEAD", head)
    here = list(reading._read_here(BytesIO(answers.read_bytes()), TODAY))
    with opened(answers) as stream:
        assert list(read_records(stream, TODAY)) == here
    assert len(beside) == 1


def test_an_empty_file_has_none(
    tmp_path: Path, beside: list[Any], opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "HELP_FROM", 0)
    path = tmp_path / "output.jsonl"
    path.touch()
    with opened(path) as stream:
        assert list(read_records(stream, TODAY)) == []
    assert len(beside) == 1


def endless(path: Path, opened: Opened) -> Generator[Answer]:
    """More than any pipe holds, so that the process beside is still at it."""
    line = output_bytes(full_answer()).rstrip(b"\n") + b"\n"
    path.write_bytes(line * 5_000)
    with opened(path) as stream:
        yield from read_records(stream, TODAY)


def test_who_stops_early_leaves_no_process(
    tmp_path: Path, beside: list[Any], opened: Opened
) -> None:
    readings = endless(tmp_path / "output.jsonl", opened)
    assert next(readings).record is not None
    (process,) = beside
    assert process.returncode is None
    readings.close()
    assert process.returncode == -signal.SIGKILL


def test_a_reader_that_is_killed_is_told(tmp_path: Path, beside: list[Any], opened: Opened) -> None:
    readings = endless(tmp_path / "output.jsonl", opened)
    next(readings)
    (process,) = beside
    process.kill()
    with pytest.raises(ReaderDied, match=r"exit code -9.*What was written stays"):
        list(readings)


def test_a_reader_that_fails_quotes_nobody(
    answers: Path,
    beside: list[Any],
    opened: Opened,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    # The process beside finds this before anything else; here everything is loaded already.
    (tmp_path / "sitecustomize.py").write_text(
        "from resume_assets.extraction import responses\n"
        "def boom(line): raise RuntimeError(bytes(line))\n"
        "responses.read_line = boom\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ReaderDied, match="exit code 1"), opened(answers) as stream:
        list(read_records(stream, TODAY))
    said = capfd.readouterr().err
    assert "reading answers: RuntimeError" in said
    assert "Zofia" not in said


def test_a_store_that_breaks_off_is_told_and_not_taken_for_the_end(
    tmp_path: Path, beside: list[Any]
) -> None:
    class Breaking(BytesIO):
        def readinto(self, buffer: Any) -> int:
            if self.tell() > 1_000_000:
                raise StoreFailed("it can't be reached")
            return super().readinto(buffer)

    line = output_bytes(full_answer()).rstrip(b"\n") + b"\n"
    stream: Any = BufferedReader(Breaking(line * 5_000))
    read = []
    with pytest.raises(StoreFailed, match="can't be reached"):  # noqa: PT012
        for answer in read_records(stream, TODAY):
            read.append(answer.outcome)  # noqa: PERF401 (those before it broke off count)
    assert set(read) == {Outcome.succeeded}
    (process,) = beside
    assert process.returncode == -signal.SIGKILL


def test_few_answers_or_one_processor_start_none(
    answers: Path, beside: list[Any], opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    for least, processors in ((answers.stat().st_size + 1, 2), (1, 1)):
        monkeypatch.setattr(reading, "HELP_FROM", least)
        monkeypatch.setattr(reading, "processors", lambda: processors)  # noqa: B023 (called at once)
        with opened(answers) as stream:
            assert len(list(read_records(stream, TODAY))) == 233
    assert not beside
