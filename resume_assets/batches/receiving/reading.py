"""Answers as records, weighed against their resumes: here, and by helper processes where many wait.

To parse, validate, map and weigh an answer costs more than to write it. A helper does that while
this process writes; and when it has enough to do and there is nothing to write, this one lends it a
hand.
"""

import os
import sys
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack
from datetime import date
from functools import partial
from operator import attrgetter
from typing import BinaryIO, Final, NamedTuple

import msgspec

from resume_assets import beside
from resume_assets.batches.ledger.digests import digests_of
from resume_assets.errors import PlatformError
from resume_assets.evidence.weighing import weigh
from resume_assets.extraction.candidate import Candidate
from resume_assets.extraction.mapping import note_shape, to_record
from resume_assets.extraction.responses import Answer, custom_id_in, read_line
from resume_assets.extraction.text import text_hash
from resume_assets.extraction.values import Record
from resume_assets.processors import processors

HELP_FROM: Final = 8_000_000
"""Bytes (some three thousand answers) from which a helper is worth its fifth of a second."""

BLOCK: Final = 600_000
"""Bytes (some two hundred and forty answers) whose resumes are sought at once."""

TOGETHER: Final = 40
"""Answers that are read together, and go over to a helper in one parcel."""

_MOST_HELPERS: Final = 2  # then writing takes longer than reading
_AHEAD: Final = 16  # parcels that a helper has at a time: enough while a chunk is written
_WAITING: Final = 6  # parcels beyond those that are read here before the oldest is waited for
_LONG: Final = 1_500_000  # characters of a parcel's resumes that would take too much memory twice


class Resume(NamedTuple):
    """A resume as it is now, and the hash of the one that was sent."""

    text: str | None
    sent: str | None


Resumes = Callable[[Collection[str]], Mapping[str, Resume]]
"""Finds the resumes of these custom_ids; those that need not be weighed are left out."""


class ReaderDied(PlatformError):
    """The process that reads answers ended before they did."""


class _Parcel(NamedTuple):
    lines: list[bytes]
    resumes: Mapping[str, Resume]


_encode: Final = msgspec.msgpack.Encoder().encode
_decode_answers: Final = msgspec.msgpack.Decoder(list[Answer]).decode
_decode_parcel: Final = msgspec.msgpack.Decoder(
    tuple[list[bytes], dict[str, tuple[bytes, str | None]]]
).decode


def read_records(
    stream: BinaryIO, today: date, resumes: Resumes = lambda _: {}
) -> Iterator[Answer]:
    """Yield what each line says, with a `record` in place of its candidate.

    A record whose resume is among `resumes` is weighed. `today` ends current positions. Raises
    ReaderDied, OSError, and what finding the resumes does.
    """
    is_helped = processors() > 1 and _size(stream) >= HELP_FROM
    read = _read_beside if is_helped else _read_here
    for sought, answers in read(_parcels(stream, resumes), today):
        yield from _all_weighed(answers, sought, resumes)


def _size(stream: BinaryIO) -> int:
    """Bytes from here to the end."""
    here = stream.tell()
    size = stream.seek(0, os.SEEK_END) - here
    stream.seek(here)
    return size


def _parcels(stream: BinaryIO, resumes: Resumes) -> Iterator[_Parcel]:
    while block := stream.readlines(BLOCK):
        # Lines without a choice, errors for instance, hold no record. Some servers write the body
        # as a text, in which the word's quotes are escaped.
        named = [custom_id_in(line) if b"choices" in line else None for line in block]
        found = resumes([custom_id for custom_id in named if custom_id is not None])
        for start in range(0, len(block), TOGETHER):
            end = start + TOGETHER
            theirs = {each: found[each] for each in named[start:end] if each and each in found}
            yield _Parcel(block[start:end], theirs)


def _all_weighed(
    answers: list[Answer], sought: Collection[str], resumes: Resumes
) -> Iterator[Answer]:
    """The answers; one whose resume was not `sought` is weighed now.

    Its custom_id was found by parsing the line only.
    """
    for answer in answers:
        if answer.record is not None and answer.custom_id not in sought:
            late = resumes([answer.custom_id] if answer.custom_id is not None else [])
            _weigh(answer.record, _text_of(answer, late))
        yield answer


def read_answers(lines: Iterable[bytes]) -> Iterator[Answer]:
    """Yield what each line says, empty ones left out."""
    for line in lines:
        if not line.isspace():
            yield read_line(line)


def _read(parcel: _Parcel, today: date) -> list[Answer]:
    # Each step for all of them: what a processor has just done it does again in less time.
    answers = [*read_answers(parcel.lines)]
    usable = [(answer, candidate) for answer in answers if (candidate := answer.candidate)]
    records = [_record_of(answer, candidate, today) for answer, candidate in usable]
    for record in records:
        record.digests = digests_of(record.values)
    texts = [_text_of(answer, parcel.resumes) for answer, _ in usable]
    for record, text in zip(records, texts, strict=True):
        _weigh(record, text)
    return answers


def _record_of(answer: Answer, candidate: Candidate, today: date) -> Record:
    """The candidate's record, which takes its place in the answer."""
    record = to_record(candidate, today)
    if answer.odd_fields or answer.recovered:
        note_shape(record, answer.odd_fields, recovered=answer.recovered)
    answer.record, answer.candidate = record, None
    return record


def _text_of(answer: Answer, resumes: Mapping[str, Resume]) -> str | None:
    """The resume that the answer was read from; None where it is another by now, or gone."""
    resume = resumes.get(answer.custom_id or "")
    if resume is None or not resume.text:
        return None
    return resume.text if text_hash(resume.text) == resume.sent else None


def _weigh(record: Record, text: str | None) -> None:
    if text is not None:
        record.weight = weigh(record.values, record.changes, text)


_Readings = Iterator[tuple[Collection[str], list[Answer]]]
"""Each parcel's answers, behind the custom_ids whose resumes were sought.

Its lines and resumes are not kept: many parcels may be out at once.
"""


def _read_here(parcels: Iterator[_Parcel], today: date) -> _Readings:
    for parcel in parcels:
        yield parcel.resumes.keys(), _read(parcel, today)


def _read_beside(parcels: Iterator[_Parcel], today: date) -> _Readings:
    try:
        with ExitStack() as stack:
            helpers = [
                stack.enter_context(beside.Helper(__name__, today.isoformat()))
                for _ in range(min(_MOST_HELPERS, processors() - 1))
            ]
            yield from _shared(parcels, today, helpers)
    except beside.HelperDied as died:
        raise ReaderDied(
            f"The process that reads the answers ended early ({died}; it may have run out of "
            "memory). What was written stays; materialize updated_candidate_records again."
        ) from None


def _shared(parcels: Iterator[_Parcel], today: date, helpers: list[beside.Helper]) -> _Readings:
    """All parcels in their order, each read by a helper or, where all have enough to do, here."""
    out: deque[tuple[Collection[str], list[Answer] | beside.Helper]] = deque()
    most = len(helpers) * _AHEAD + _WAITING
    while True:
        # They must never want for work: so that is seen to before each parcel that is passed on.
        while (
            len(out) < most and (helper := _with_room(helpers)) and (parcel := next(parcels, None))
        ):
            if _is_long(parcel):
                out.append(({*parcel.resumes}, _read(parcel, today)))
            else:
                helper.send(_packed(parcel))
                out.append(({*parcel.resumes}, helper))
            del parcel
        is_here = bool(out) and (isinstance(out[0][1], list) or out[0][1].has_answered)
        if not is_here and len(out) < most and (parcel := next(parcels, None)):
            out.append(({*parcel.resumes}, _read(parcel, today)))
            del parcel
        elif out:
            sought, by = out.popleft()
            yield sought, by if isinstance(by, list) else _decode_answers(by.receive())
        else:
            return


def _with_room(helpers: list[beside.Helper]) -> beside.Helper | None:
    """Of those that are up, the one that has the least to do; None where all have enough."""
    there = [helper for helper in helpers if helper.is_up and helper.out < _AHEAD]
    return min(there, key=attrgetter("out"), default=None)


def _is_long(parcel: _Parcel) -> bool:
    return sum(len(resume.text or "") for resume in parcel.resumes.values()) > _LONG


def _packed(parcel: _Parcel) -> bytes:
    resumes = {
        # Texts as bytes: MessagePack's own hold no lone surrogates.
        custom_id: ((text or "").encode("utf-8", "surrogatepass"), sent)
        for custom_id, (text, sent) in parcel.resumes.items()
    }
    return _encode((parcel.lines, resumes))


def _unpacked_parcel(packed: bytes) -> _Parcel:
    lines, resumes = _decode_parcel(packed)
    return _Parcel(
        lines,
        {
            custom_id: Resume(text.decode("utf-8", "surrogatepass"), sent)
            for custom_id, (text, sent) in resumes.items()
        },
    )


def _work(packed: bytes, *, today: date) -> bytes:
    """What the helper process does with a parcel."""
    return _encode(_read(_unpacked_parcel(packed), today))


def main() -> None:
    """Run as the helper process; its argument is `today`."""
    today = date.fromisoformat(sys.argv[1])
    beside.serve(partial(_work, today=today), doing="reading answers")


if __name__ == "__main__":
    main()
