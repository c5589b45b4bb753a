"""The log file: private, one line a step, five megabytes at most, and nothing of a person."""

import json
import logging
import os
import stat
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from resume_assets import logs
from resume_assets.choices import LogFormat
from resume_assets.logs import PrivateFileHandler, answering, log_to_file


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    """The platform's logger, as it was before afterwards."""
    logger = logging.getLogger("resume_assets")
    before, level = list(logger.handlers), logger.level
    yield logger
    for handler in set(logger.handlers) - set(before):
        logger.removeHandler(handler)
        handler.close()
    logger.handlers[:] = before
    logger.setLevel(level)


def test_lines_and_modes(tmp_path: Path, logger: logging.Logger) -> None:
    path = log_to_file(tmp_path / "home")
    logging.getLogger("resume_assets.batches.x").info("batch %s: %d records written", "b1", 3)
    (line,) = path.read_text().splitlines()
    assert line.endswith("Z INFO batch b1: 3 records written")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for folder in (path.parent, path.parent.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_once_for_a_home_and_elsewhere_for_another(tmp_path: Path, logger: logging.Logger) -> None:
    for _ in range(3):
        first = log_to_file(tmp_path / "one")
    logger.info("to one")
    second = log_to_file(tmp_path / "two")
    logger.info("to two")
    assert first.read_text().count("\n") == 1
    assert second.read_text().endswith("to two\n")
    assert second.read_text().count("\n") == 1


def test_an_exception_is_told_by_its_type(tmp_path: Path, logger: logging.Logger) -> None:
    path = log_to_file(tmp_path)
    try:
        raise ValueError("Ada Lovelace\nsecond line")
    except ValueError:
        logger.exception("a step failed\nand went on")
    assert path.read_text().endswith("ERROR a step failed | and went on (ValueError)\n")


def test_odd_characters_are_no_error(
    tmp_path: Path, logger: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logger, "propagate", False)  # xdist cannot send pytest's record of it
    path = log_to_file(tmp_path)
    logger.info("batch %s", "\ud800é")
    assert path.read_bytes().endswith("batch \\ud800é\n".encode())


def test_full_it_is_moved_aside(tmp_path: Path) -> None:
    handler = PrivateFileHandler(tmp_path / logs.NAME, most_bytes=100, kept=2)
    for number in range(40):
        handler.emit(logging.makeLogRecord({"msg": f"line {number:02d}" + "." * 10}))
    handler.close()
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [logs.NAME, f"{logs.NAME}.1", f"{logs.NAME}.2", f"{logs.NAME}.lock"]
    text = "".join((tmp_path / f"{logs.NAME}{end}").read_text() for end in (".2", ".1", ""))
    assert text.splitlines()[-1].startswith("line 39")
    assert all(path.stat().st_size < 130 for path in tmp_path.iterdir())
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in tmp_path.iterdir())


def write_many(path: Path, name: str) -> None:
    handler = PrivateFileHandler(path, most_bytes=2_000, kept=500)
    for number in range(200):
        handler.emit(logging.makeLogRecord({"msg": f"{name} {number}"}))
    handler.close()


def test_several_processes_lose_no_line(tmp_path: Path) -> None:
    path = tmp_path / logs.NAME
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        list(pool.map(write_many, [path, path], ["a", "b"]))
    lines = [
        line for file in tmp_path.glob(f"{logs.NAME}*") for line in file.read_text().splitlines()
    ]
    assert sorted(lines) == sorted(f"{name} {n}" for name in "ab" for n in range(200))


def test_a_folder_that_vanishes_stops_nothing(
    tmp_path: Path, logger: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)
    path = log_to_file(tmp_path / "home")
    logger.info("one")
    path.unlink()
    path.parent.rmdir()
    logger.info("two")
    assert not path.exists()


def said(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    """The objects on standard output."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_on_standard_output_as_lines(
    tmp_path: Path, logger: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.begin(tmp_path / "home", LogFormat.lines)
    logger.info("batch %s: %d records written", "b1", 3)
    assert capsys.readouterr().out.endswith("Z INFO batch b1: 3 records written\n")
    assert not (tmp_path / "home").exists()


def test_on_standard_output_as_json(
    tmp_path: Path, logger: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.begin(tmp_path, LogFormat.json)
    logger.info("batch %s: %d records written", "b-1", 3)
    logger.warning("housekeeping: %d files at OpenAI, %d files of %d batches here", 1, 2, 3)
    logger.info("batch %s: collected, %s", "b1", '{"invalid: empty": 1, "succeeded": 2}')
    logger.error("planning stopped: %s", 'of a "word"\nand a line')
    try:
        raise ValueError("Ada Lovelace")
    except ValueError:
        logger.exception("it failed")
    found = said(capsys)
    assert all(str(one.pop("time")).endswith("Z") for one in found)
    assert found == [
        {
            "level": "info",
            "batch": "b-1",
            "event": "3 records written",
            "counts": {"records written": 3},
        },
        {
            "level": "warning",
            "event": "housekeeping: 1 files at OpenAI, 2 files of 3 batches here",
            "counts": {"files at OpenAI": 1, "files of": 2, "batches here": 3},
        },
        {
            "level": "info",
            "batch": "b1",
            "event": 'collected, {"invalid: empty": 1, "succeeded": 2}',
            "counts": {"invalid: empty": 1, "succeeded": 2},
        },
        {"level": "error", "event": 'planning stopped: of a "word"\nand a line'},
        {"level": "error", "event": "it failed", "exception": "ValueError"},
    ]


def test_a_command_answers_on_standard_output_and_logs_on_the_other(
    tmp_path: Path, logger: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.begin(tmp_path, LogFormat.json)
    with answering():
        logger.info("beside an answer")
    logger.info("alone")
    both = capsys.readouterr()
    assert json.loads(both.err)["event"] == "beside an answer"
    assert json.loads(both.out)["event"] == "alone"


def test_where_the_home_can_not_be_written_it_goes_to_standard_output(
    tmp_path: Path,
    logger: logging.Logger,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    logs.begin(tmp_path / "home", None)
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write wherever it likes
    logs.begin(tmp_path / "another", None)
    logger.info("batch %s: planned, %d resumes", "b1", 5)
    assert capsys.readouterr().out.endswith("Z INFO batch b1: planned, 5 resumes\n")
    assert (tmp_path / "home" / "logs" / logs.NAME).exists() is False
