"""Answers read and weighed: the same here and in the process beside, and a clear end."""

import signal
import subprocess
from collections.abc import Callable, Collection, Generator
from datetime import date
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import orjson
import pytest

from resume_assets import beside
from resume_assets.batches.ledger.digests import digests_of
from resume_assets.batches.receiving import reading
from resume_assets.batches.receiving.reading import ReaderDied, Resume, read_records
from resume_assets.batches.store_errors import StoreFailed
from resume_assets.extraction.responses import Answer, Outcome
from resume_assets.extraction.text import text_hash
from resume_assets.extraction.values import ANSWER, NO_WEIGHT, Change, Weight
from resume_assets_tests.extraction.answers import full_answer, output_bytes, output_line
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


TEXT = "Zofia Łódzka | zofia@example.com | Austin, TX | Acme | 2021 | Python, SQL — 10 years"
RESUMES = {
    "good": Resume(TEXT, text_hash(TEXT)),
    "half": Resume(f"half a pair: \ud83d {TEXT}", text_hash(f"half a pair: \ud83d {TEXT}")),
    "empty": Resume("", text_hash("")),
    "gone": Resume(None, text_hash(TEXT)),
    "another": Resume(f"{TEXT}, now", text_hash(TEXT)),
    "long": Resume(f"{TEXT} {'x ' * 20_000}", text_hash(f"{TEXT} {'x ' * 20_000}")),
    "nothing": Resume("nothing of it", text_hash("nothing of it")),
}
"""By custom_id; nobody is asked about anyone else."""


def resumes(custom_ids: Collection[str]) -> dict[str, Resume]:
    return {custom_id: RESUMES[custom_id] for custom_id in custom_ids if custom_id in RESUMES}


def escaped(line: bytes) -> bytes:
    """The same line, whose custom_id is seen by parsing it only."""
    return line.replace(b'"custom_id"', b'"custom_\\u0069d"')


def as_text(custom_id: str) -> bytes:
    """An answer whose body is a text of JSON, as some servers write it."""
    line = output_line(full_answer(), custom_id=custom_id)
    line["response"]["body"] = orjson.dumps(line["response"]["body"]).decode()
    return orjson.dumps(line)


WEIGHED = [
    output_bytes(full_answer(first_name="Zofia" * (number + 1)), custom_id=custom_id)
    for custom_id in RESUMES
    for number in range(2)
]


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    """Some hundred lines, good and odd."""
    path = tmp_path / "output.jsonl"
    good = [output_bytes(full_answer(first_name=f"Zofia{n}")) for n in range(150)]
    lines = [*good, *WEIGHED, *ODD, *map(escaped, WEIGHED), *good[:70]]
    path.write_bytes(b"\n".join(line.rstrip(b"\n") for line in lines))
    return path


@pytest.fixture
def helped(monkeypatch: pytest.MonkeyPatch) -> list["subprocess.Popen[bytes]"]:
    """Any file is worth a process, on any machine, which is waited for; those that were started."""
    monkeypatch.setattr(reading, "HELP_FROM", 1)
    monkeypatch.setattr(reading, "processors", lambda: 2)
    monkeypatch.setattr(reading, "BLOCK", 60_000)
    monkeypatch.setattr(reading, "TOGETHER", 8)
    monkeypatch.setattr(reading, "_AHEAD", 1_000)

    def wait_until_up(helper: beside.Helper) -> bool:
        if not helper._is_up:
            helper._is_up = True
            helper._received()
        return True

    monkeypatch.setattr(beside.Helper, "is_up", property(wait_until_up))
    return remembered(monkeypatch)


Opened = Callable[[Path], BinaryIO]


@pytest.fixture(params=["disk", "store"])
def opened(request: pytest.FixtureRequest) -> Opened:
    """A file, and what an object store gives."""
    if request.param == "disk":
        return lambda path: path.open("rb")
    return lambda path: BufferedReader(BytesIO(path.read_bytes()))


def read_here(answers: Path) -> list[Answer]:
    with pytest.MonkeyPatch.context() as monkeypatch, answers.open("rb") as stream:
        monkeypatch.setattr(reading, "processors", lambda: 1)
        return list(read_records(stream, TODAY, resumes))


def test_both_ways_read_the_same(answers: Path, helped: list[Any], opened: Opened) -> None:
    here = read_here(answers)
    assert not helped
    with opened(answers) as stream:
        there = list(read_records(stream, TODAY, resumes))
    assert there == here
    assert len(here) == 220 + 2 * len(WEIGHED) + len(ODD) - 1  # the empty line is none
    changed = [answer.record.changes for answer in there if answer.record]
    assert {type(change) for changes in changed for change in changes.values()} == {Change}
    assert {ANSWER: Change.mended, "ThirdMostRecentStartDate": Change.assumed} in changed
    assert sum(answer.outcome is Outcome.succeeded for answer in there) >= 220
    assert all(type(answer.outcome) is Outcome for answer in there)
    assert all((answer.record is None) == (answer.outcome != "succeeded") for answer in there)
    assert all(answer.candidate is None for answer in there)
    made = [answer.record for answer in there if answer.record and answer.record.digests]
    assert len(made) >= 210, "all that the helper read"
    assert all(record.digests == digests_of(record.values) for record in made)
    (process,) = helped
    assert process.returncode is not None


@pytest.mark.parametrize("processors", [1, 2])
def test_what_has_its_resume_is_weighed(
    answers: Path, helped: list[Any], monkeypatch: pytest.MonkeyPatch, processors: int
) -> None:
    monkeypatch.setattr(reading, "processors", lambda: processors)
    with answers.open("rb") as stream:
        found = [answer for answer in read_records(stream, TODAY, resumes) if answer.record]
    weights: dict[str, list[Weight]] = {custom_id: [] for custom_id in ("17", *RESUMES)}
    for answer in found:
        assert answer.record is not None
        assert type(answer.record.weight) is Weight
        weights[str(answer.custom_id)].append(answer.record.weight)
    assert [len(each) for each in weights.values()] == [len(weights["17"])] + [4] * len(RESUMES)
    for custom_id in ("17", "empty", "gone", "another"):
        assert {*weights[custom_id]} == {NO_WEIGHT}, custom_id
    for custom_id in ("good", "half", "long", "nothing"):
        once, twice, *again = weights[custom_id]
        assert again == [once, twice], "also those whose custom_id is hard to see"
        assert once.checked > 20
        assert "FirstName" in twice.missing
        assert ("FirstName" in once.missing) == (custom_id == "nothing")
    assert len(helped) == processors - 1


def test_resumes_are_looked_for_once_and_only_for_what_may_be_a_record(helped: list[Any]) -> None:
    asked: list[str] = []

    def finding(custom_ids: Collection[str]) -> dict[str, Resume]:
        asked.extend(custom_ids)
        return dict.fromkeys(custom_ids, RESUMES["gone"])

    error = {"custom_id": "error", "response": {"status_code": 500, "body": {}}}
    lines = [
        output_bytes(full_answer(), custom_id="one"),
        orjson.dumps(error),
        escaped(output_bytes(full_answer(), custom_id="two")),
        output_bytes("no candidate", custom_id="three"),
        escaped(output_bytes("no candidate", custom_id="four")),
        escaped(output_bytes(full_answer(), custom_id="?")),  # of nobody
        as_text("five"),
    ]
    assert len(list(read_records(BytesIO(b"\n".join(lines)), TODAY, finding))) == len(lines)
    assert asked == ["one", "three", "five", "two"]
    assert len(helped) == 1


@pytest.mark.parametrize(
    ("block", "together"), [(1, 1), (3_000, 1), (30_000, 7), (30_000, 10**9), (10**9, 10**9)]
)
@pytest.mark.parametrize(("ahead", "waiting"), [(0, 1), (1, 0), (1, 2), (9, 9)])
def test_however_the_work_is_shared_each_line_is_read_once_and_in_its_order(
    answers: Path,
    helped: list[Any],
    monkeypatch: pytest.MonkeyPatch,
    block: int,
    together: int,
    ahead: int,
    waiting: int,
) -> None:
    monkeypatch.setattr(reading, "BLOCK", block)
    monkeypatch.setattr(reading, "TOGETHER", together)
    monkeypatch.setattr(reading, "_AHEAD", ahead)
    monkeypatch.setattr(reading, "_WAITING", waiting)
    here = read_here(answers)
    with answers.open("rb") as stream:
        assert list(read_records(stream, TODAY, resumes)) == here
    assert len(helped) == 1


class _Counted:
    """Counts what is read in this process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.parcels = 0
        read = reading._read

        def counting(*arguments: Any) -> list[Answer]:
            self.parcels += 1
            return read(*arguments)

        monkeypatch.setattr(reading, "_read", counting)


def test_a_hand_is_lent_where_the_helper_has_enough_to_do(
    answers: Path, helped: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It answers nothing before all is handed over: what it can't have at a time is read here."""
    here = read_here(answers)
    monkeypatch.setattr(reading, "_AHEAD", 2)
    monkeypatch.setattr(beside.Helper, "has_answered", False)
    read = _Counted(monkeypatch)
    with answers.open("rb") as stream:
        assert list(read_records(stream, TODAY, resumes)) == here
    assert read.parcels >= reading._WAITING
    assert len(helped) == 1


def test_resumes_that_are_long_together_do_not_go_over(
    answers: Path, helped: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = read_here(answers)
    read = _Counted(monkeypatch)
    for long, most in ((20_000, 9), (10**6, 0)):
        monkeypatch.setattr(reading, "_LONG", long)
        read.parcels = 0
        with answers.open("rb") as stream:
            assert list(read_records(stream, TODAY, resumes)) == here
        assert bool(read.parcels) == bool(most)
        assert read.parcels <= most
    assert len(helped) == 2


def test_however_long_the_resumes_only_some_parcels_are_out(
    answers: Path, helped: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that are read here for their length count as well, or memory grew with the file."""
    monkeypatch.setattr(reading, "_LONG", -1)
    monkeypatch.setattr(reading, "BLOCK", 1)
    monkeypatch.setattr(reading, "_AHEAD", 2)
    read = _Counted(monkeypatch)
    with answers.open("rb") as stream:
        readings = read_records(stream, TODAY, resumes)
        next(readings)
        assert read.parcels == 2 + reading._WAITING
        assert len(list(readings)) == len(read_here(answers)) - 1
    assert len(helped) == 1


def test_until_the_helper_is_up_nobody_waits_for_it(
    answers: Path, helped: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = read_here(answers)
    monkeypatch.setattr(beside.Helper, "is_up", False)
    with answers.open("rb") as stream:
        assert list(read_records(stream, TODAY, resumes)) == here
    assert len(helped) == 1


def test_an_empty_file_has_none(
    tmp_path: Path, helped: list[Any], opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "HELP_FROM", 0)
    path = tmp_path / "output.jsonl"
    path.touch()
    with opened(path) as stream:
        assert list(read_records(stream, TODAY)) == []
    assert len(helped) == 1


def endless(path: Path, opened: Opened) -> Generator[Answer]:
    """More than any pipe holds, so that the process beside is still at it."""
    line = output_bytes(full_answer()).rstrip(b"\n") + b"\n"
    path.write_bytes(line * 5_000)
    with opened(path) as stream:
        yield from read_records(stream, TODAY)


def test_who_stops_early_leaves_no_process(
    tmp_path: Path, helped: list[Any], opened: Opened
) -> None:
    readings = endless(tmp_path / "output.jsonl", opened)
    assert next(readings).record is not None
    (process,) = helped
    assert process.returncode is None
    readings.close()
    assert process.returncode == -signal.SIGKILL


def test_a_reader_that_is_killed_is_told(tmp_path: Path, helped: list[Any], opened: Opened) -> None:
    readings = endless(tmp_path / "output.jsonl", opened)
    next(readings)
    (process,) = helped
    process.kill()
    with pytest.raises(ReaderDied, match=r"exit code -9.*What was written stays"):
        list(readings)


def test_a_reader_that_fails_quotes_nobody(
    answers: Path,
    helped: list[Any],
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
    helped: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_AHEAD", 2)

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
    (process,) = helped
    assert process.returncode == -signal.SIGKILL


def test_few_answers_or_one_processor_start_none(
    answers: Path, helped: list[Any], opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    for least, processors in ((answers.stat().st_size + 1, 2), (1, 1)):
        monkeypatch.setattr(reading, "HELP_FROM", least)
        monkeypatch.setattr(reading, "processors", lambda: processors)  # noqa: B023 (called at once)
        with opened(answers) as stream:
            assert len(list(read_records(stream, TODAY))) == 261
    assert not helped
