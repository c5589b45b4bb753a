"""Records weighed against the resumes that were sent: here or, when they are many, beside.

To weigh a record costs more than half of what the rest of writing it does. With a helper process
for that, which is handed record and resume and says what it found, both go on at once.
"""

import os
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from queue import SimpleQueue
from threading import Thread
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

# Parcels that go over before the first is back: those of two chunks, so that the helper has enough
# to do while one is written.
_AHEAD: Final = 20
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
    """A parcel, behind its size in bytes; None where it had better be weighed here.

    A line of JSON says all but the resumes, and how many bytes each of those has. They follow as
    they are, one behind the other: to escape them and read them back costs several times as much.
    """
    if sum(len(text or "") for _, _, text, _ in loads) > _LONG:
        return None
    texts = [text.encode("utf-8", "surrogatepass") if text else b"" for _, _, text, _ in loads]
    told = [
        (values, changes, len(text), sent)
        for (values, changes, _, sent), text in zip(loads, texts, strict=True)
    ]
    body = b"".join((orjson.dumps(told), b"\n", *texts))
    return b"%d\n%b" % (len(body), body)


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
    """What the helper process does: for each parcel a line of what was found.

    Parcels are taken off the pipe as they come. It holds fewer than _AHEAD, and whoever sends them
    has other work than to wait.
    """
    taken: SimpleQueue[bytes] = SimpleQueue()
    Thread(target=_take, args=(parcels, taken), daemon=True).start()
    while parcel := taken.get():
        found = []
        for load in _unpacked(parcel):
            checked, missing = weigh_load(load)
            found.append((checked, [_PLACES[name] for name in missing]))
        weights.write(orjson.dumps(found) + b"\n")
        weights.flush()


_NO_PARCEL: Final = b"broken"
"""Of a stream that is none of ours: refused where it is unpacked, and so without quoting it."""


def _take(parcels: BinaryIO, taken: "SimpleQueue[bytes]") -> None:
    try:
        for size in parcels:
            taken.put(parcels.read(int(size)))
    except (OSError, ValueError):
        taken.put(_NO_PARCEL)
    finally:
        taken.put(b"")  # the end


def _unpacked(parcel: bytes) -> Iterator[Load]:
    at = parcel.index(b"\n") + 1
    for values, changes, size, sent in orjson.loads(parcel[:at]):
        noted = {column: CHANGES[change] for column, change in changes.items()}
        yield values, noted, parcel[at : at + size].decode("utf-8", "surrogatepass"), sent
        at += size


def main() -> None:
    """Run as the helper process."""
    parcels = os.fdopen(sys.stdin.fileno(), "rb", beside.AHEAD, closefd=False)
    try:
        filter_weights(parcels, sys.stdout.buffer)
    except (BrokenPipeError, KeyboardInterrupt):
        pass
    except Exception as problem:  # noqa: BLE001 - neither message nor traceback may quote a resume
        sys.stderr.write(f"weighing records: {type(problem).__name__}\n")
        sys.stderr.flush()
    else:
        return
    os._exit(1)  # at once: an ordinary end would wait for the thread, which may stand in a read


if __name__ == "__main__":
    main()
