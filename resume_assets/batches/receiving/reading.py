"""Answers as records: read in this process or, when they are many, in a helper process.

To parse, validate and map an answer costs more than to write it. With a helper process for
that, both go on at once: lines in, records out.
"""

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import fields
from datetime import date
from operator import attrgetter
from typing import Any, BinaryIO

import orjson

from resume_assets import beside
from resume_assets.errors import PlatformError
from resume_assets.extraction.mapping import note_shape, to_record
from resume_assets.extraction.responses import Answer, Outcome, read_line
from resume_assets.extraction.values import CHANGES, Record
from resume_assets.processors import processors

HELP_FROM = 16_000_000
"""Bytes (some five thousand answers) from which the helper is worth its half second of start."""

HEAD = 5_000_000
"""Bytes (some two thousand answers) that are read here while the helper starts."""

_CHUNK = 100  # answers that go over together
_END = b"end\n"  # so that half a stream is never taken for a whole one


class ReaderDied(PlatformError):
    """The process that reads answers ended before they did."""


def read_records(stream: BinaryIO, today: date) -> Iterator[Answer]:
    """Yield what each line says, with a `record` in place of its candidate.

    `today` ends current positions. Raises ReaderDied, OSError.
    """
    if processors() > 1 and _size(stream) >= HELP_FROM:
        return _read_beside(stream, today)
    return _read_here(stream, today)


def _size(stream: BinaryIO) -> int:
    """Bytes from here to the end."""
    here = stream.tell()
    size = stream.seek(0, os.SEEK_END) - here
    stream.seek(here)
    return size


def read_answers(lines: Iterable[bytes]) -> Iterator[Answer]:
    """Yield what each line says, empty ones left out."""
    for line in lines:
        if not line.isspace():
            yield read_line(line)


def _read_here(lines: Iterable[bytes], today: date) -> Iterator[Answer]:
    for answer in read_answers(lines):
        if answer.candidate is not None:
            answer.record = to_record(answer.candidate, today)
            if answer.odd_fields or answer.recovered:
                note_shape(answer.record, answer.odd_fields, recovered=answer.recovered)
            answer.candidate = None
        yield answer


def _read_beside(stream: BinaryIO, today: date) -> Iterator[Answer]:
    head = stream.readlines(HEAD)
    with _reader_of(stream, today) as helper:
        yield from _read_here(head, today)
        head.clear()
        yield from _received(helper)


@contextmanager
def _reader_of(stream: BinaryIO, today: date) -> Iterator[subprocess.Popen[bytes]]:
    """The helper process, which reads what is left of the stream. Raises what reading it does."""
    try:
        descriptor = stream.fileno()
    except OSError:  # an object store's stream has none
        with (
            beside.start(__name__, today.isoformat()) as helper,
            beside.fed(helper, stream),
        ):
            yield helper
        return
    # The helper goes on from there: of what is buffered here it would know nothing.
    os.lseek(descriptor, stream.tell(), os.SEEK_SET)
    with beside.start(__name__, today.isoformat(), lines=stream) as helper:
        try:
            yield helper
        finally:
            helper.kill()


def _received(helper: subprocess.Popen[bytes]) -> Iterator[Answer]:
    for chunk in helper.stdout or ():
        if chunk == _END:
            return
        if chunk.endswith(b"\n"):
            yield from map(_unpacked, orjson.loads(chunk))
    raise ReaderDied(
        f"The process that reads the answers ended early (exit code {helper.wait()}; it may have "
        "run out of memory). What was written stays; materialize updated_candidate_records again."
    )


_SENT = [field.name for field in fields(Answer) if field.name not in ("record", "candidate")]
_values_of: Any = attrgetter(*_SENT)  # in the order of the fields, of which these are the first
_record_of: Any = attrgetter("values", "changes", "unreadable")
_OUTCOMES = {outcome.value: outcome for outcome in Outcome}  # quicker than Outcome(value)


def _packed(answer: Answer) -> tuple[Any, Any]:
    return _values_of(answer), answer.record and _record_of(answer.record)


def _unpacked(packed: tuple[list[Any], list[Any] | None]) -> Answer:
    values, record = packed
    custom_id, outcome, *others = values
    answer = Answer(custom_id, _OUTCOMES[outcome], *others)
    if record:
        values, changes, unreadable = record
        if changes:
            changes = {column: CHANGES[change] for column, change in changes.items()}
        answer.record = Record(tuple(values), changes, unreadable)
    return answer


def filter_records(lines: BinaryIO, records: BinaryIO, today: date) -> None:
    """What the helper process does: all lines, then the mark of the end."""
    chunk = []
    for answer in _read_here(lines, today):
        chunk.append(_packed(answer))
        if len(chunk) == _CHUNK:
            records.write(orjson.dumps(chunk) + b"\n")
            records.flush()
            chunk.clear()
    records.write(orjson.dumps(chunk) + b"\n" + _END)
    records.flush()


def main() -> None:
    """Run as the helper process; its argument is `today`."""
    try:
        filter_records(sys.stdin.buffer, sys.stdout.buffer, date.fromisoformat(sys.argv[1]))
    except Exception as problem:  # noqa: BLE001 - neither message nor traceback may quote an answer
        sys.exit(f"reading answers: {type(problem).__name__}")


if __name__ == "__main__":
    with suppress(BrokenPipeError, KeyboardInterrupt):
        main()
