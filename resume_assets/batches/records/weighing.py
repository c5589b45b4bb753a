"""Records weighed against the resumes that were sent: here or, when they are many, beside.

To weigh a record costs more than half of what the rest of writing it does. With a helper process
for that, which is handed record and resume and says what it found, both go on at once.
"""

import os
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import BinaryIO, Final, TypeVar

import orjson

from resume_assets import beside
from resume_assets.errors import PlatformError
from resume_assets.evidence.weighing import NO_WEIGHT, Weight, weigh
from resume_assets.extraction.candidate import COLUMNS
from resume_assets.extraction.text import text_hash
from resume_assets.extraction.values import CHANGES, Changes
from resume_assets.processors import processors

T = TypeVar("T")

HELP_FROM: Final = 5_000
"""Records from which the helper is worth its half second of start."""

HEAD: Final = 1_000
"""Records that are weighed here while the helper starts."""

TOGETHER: Final = 50
"""Records that go over together."""

_AHEAD: Final = 5  # parcels that go over before the first is back
# What comes back of so many must fit into any pipe (64 kB), also where each of their records lacks
# every column: else the helper could wait for us to read while we wait for it to.
_LONG: Final = 1_000_000  # characters of a parcel's resumes that would take too much memory twice

_NAMES: Final = [column.name for column in COLUMNS]
_PLACES: Final = {name: place for place, name in enumerate(_NAMES)}


class WeigherDied(PlatformError):
    """The process that weighs records ended before they did."""


Load = tuple[Sequence[str | None], Changes, str | None, str | None]
"""A record's values and changes, the resume as it is now, and the hash of the one that was sent."""

Parcel = tuple[T, list[Load]]
Weighed = tuple[T, list[Weight]]
"""Records that are weighed together, and whatever else belongs to them."""


def weigh_load(load: Load) -> Weight:
    """Weigh one record; a resume that is another by now, or gone, tells nothing about it."""
    values, changes, text, sent = load
    if not text or text_hash(text) != sent:
        return NO_WEIGHT
    return weigh(values, changes, text)


def weigh_loads(parcels: Iterator[Parcel[T]], *, expected: int) -> Iterator[Weighed[T]]:
    """Weigh parcels of TOGETHER records, of which about as many are expected; in their order.

    Raises WeigherDied.
    """
    if expected < HELP_FROM or processors() < 2:
        return _weigh_here(parcels)
    return _weigh_beside(parcels)


def _weigh_here(parcels: Iterable[Parcel[T]]) -> Iterator[Weighed[T]]:
    for thing, loads in parcels:
        yield thing, [*map(weigh_load, loads)]


def _weigh_beside(parcels: Iterator[Parcel[T]]) -> Iterator[Weighed[T]]:
    helper = beside.start(__name__)
    try:
        with helper:
            try:
                yield from _weigh_here(islice(parcels, HEAD // TOGETHER))
                yield from _weigh_there(parcels, helper)
            finally:
                helper.kill()
    except BrokenPipeError:
        raise _died(helper) from None


def _weigh_there(
    parcels: Iterator[Parcel[T]], helper: subprocess.Popen[bytes]
) -> Iterator[Weighed[T]]:
    if helper.stdin is None or helper.stdout is None:
        raise ValueError("the helper has no pipes")
    out: deque[tuple[T, list[Weight] | None]] = deque()  # None: it is being weighed
    for thing, loads in parcels:
        if len(out) == _AHEAD:
            yield _back(*out.popleft(), helper)
        packed = _packed(loads)
        if packed is None:
            out.append((thing, [*map(weigh_load, loads)]))
        else:
            helper.stdin.write(packed)
            helper.stdin.flush()
            out.append((thing, None))
    while out:
        yield _back(*out.popleft(), helper)


def _packed(loads: list[Load]) -> bytes | None:
    """A parcel's line; None where it had better be weighed here."""
    if sum(len(text or "") for _, _, text, _ in loads) > _LONG:
        return None
    try:
        return orjson.dumps(loads) + b"\n"
    except TypeError:  # half a surrogate pair in a resume
        return None


def _back(thing: T, weights: list[Weight] | None, helper: subprocess.Popen[bytes]) -> Weighed[T]:
    if weights is None:
        line = helper.stdout.readline() if helper.stdout else b""
        if not line.endswith(b"\n"):
            raise _died(helper)
        found = orjson.loads(line)
        weights = [
            Weight(checked, tuple([_NAMES[at] for at in places])) for checked, places in found
        ]
    return thing, weights


def _died(helper: subprocess.Popen[bytes]) -> WeigherDied:
    return WeigherDied(
        f"The process that weighs records ended early (exit code {helper.wait()}; it may have run "
        "out of memory). What was written stays; materialize updated_candidate_records again."
    )


def filter_weights(parcels: BinaryIO, weights: BinaryIO) -> None:
    """What the helper process does: for each parcel a line of what was found."""
    for line in parcels:
        found = []
        for values, changes, text, sent in orjson.loads(line):
            noted = {column: CHANGES[change] for column, change in changes.items()}
            checked, missing = weigh_load((values, noted, text, sent))
            found.append((checked, [_PLACES[name] for name in missing]))
        weights.write(orjson.dumps(found) + b"\n")
        weights.flush()


def main() -> None:
    """Run as the helper process."""
    try:
        with os.fdopen(sys.stdin.fileno(), "rb", beside.AHEAD, closefd=False) as parcels:
            filter_weights(parcels, sys.stdout.buffer)
    except BrokenPipeError:
        raise
    except Exception as problem:  # noqa: BLE001 - neither message nor traceback may quote a resume
        sys.exit(f"weighing records: {type(problem).__name__}")


if __name__ == "__main__":
    with suppress(BrokenPipeError, KeyboardInterrupt):
        main()
