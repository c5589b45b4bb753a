"""Steps: what they count, what they tell, and who is told."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from resume_assets.progress import Step, Unit, counted_by, step, watched_by


class Watcher:
    """Notes the steps."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []

    @contextmanager
    def watch(self, step: Step) -> Iterator[None]:
        self.seen.append(("begun", step.doing))
        try:
            yield
        finally:
            self.seen.append(("ended", step.doing))


def test_a_step_is_told_to_whoever_watches_and_to_nobody_else() -> None:
    watcher = Watcher()
    with step("before"):
        pass
    with pytest.raises(ValueError, match="within"), watched_by(watcher), step("outer"), step("in"):
        raise ValueError("within")
    with step("after"):
        pass
    told = [("begun", "outer"), ("begun", "in"), ("ended", "in"), ("ended", "outer")]
    assert watcher.seen == told


def test_rate_and_remaining_time_are_of_what_was_done_since_it_began() -> None:
    one = Step("waiting", Unit.request, total=1_000, done=400, before=400, began=100.0)
    assert one.rate(110) is None
    assert one.remaining(110) is None
    one.advance(200)
    assert one.rate(110) == 20
    assert one.remaining(110) == 20
    one.done = 1_001  # more than was said
    assert one.remaining(110) is None
    one.total = None
    assert one.remaining(110) is None
    assert one.rate(100) is None


@pytest.mark.parametrize("of", ["memory", "file"])
def test_what_is_read_of_a_stream_is_counted_whoever_reads(of: str, tmp_path: Path) -> None:
    content = bytes(300_000)
    path = tmp_path / "requests.jsonl"
    path.write_bytes(content)
    one = Step("uploading", Unit.byte, len(content))
    with path.open("rb") if of == "file" else io.BytesIO(content) as stream:
        counted = counted_by(one, stream)
        assert isinstance(counted, io.IOBase)  # or the client takes it for no file
        assert counted.readable()
        assert counted.read(100_000) == content[:100_000]
        assert one.done == 100_000
        assert counted.seek(0) == 0
        assert counted.read() == content
        assert one.done == len(content)
        if of == "file":
            assert counted.fileno() == stream.fileno()


def test_a_stream_that_can_not_tell_where_it_is(tmp_path: Path) -> None:
    """As an object store's are."""

    class Far(io.RawIOBase):
        left = b"twelve bytes"

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            part, self.left = self.left[: len(buffer)], self.left[len(buffer) :]
            buffer[: len(part)] = part
            return len(part)

    one = Step("uploading", Unit.byte, 12)
    with io.BufferedReader(Far()) as stream:
        counted = counted_by(one, stream)
        assert not counted.seekable()
        assert counted.read(5) == b"twelv"
        assert counted.read() == b"e bytes"
    assert one.done == 12
