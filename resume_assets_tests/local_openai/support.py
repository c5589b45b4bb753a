"""What tests of, and with, the local server need: time moved by hand, request files, a client."""

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import openai
from openai.types import Batch, FileObject

from resume_assets.local_openai.hosting import LocalServer
from resume_assets.local_openai.server import running
from resume_assets.local_openai.settings import Clock, Limits, Pace

ENDPOINT: Final = "/v1/chat/completions"
MODEL = "gpt-4o-mini-2024-07-18"
START = 1_800_000_000.0
ENDED = ("completed", "failed", "expired", "cancelled")

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"first_name": {"type": "string"}, "skills": {"type": "array", "items": {}}},
    "required": ["first_name", "skills"],
    "additionalProperties": False,
}
SCHEMA["properties"]["skills"]["items"] = {"type": "string"}


class ManualClock(Clock):
    """Stands still until `advance`; `settle` waits until the server has done all that is due."""

    def __init__(self, now: float = START) -> None:
        self._now = now
        self._idle: threading.Event | None = None
        self._changed = threading.Condition()

    def now(self) -> float:
        return self._now

    def wait(self, wake: threading.Event, until: float) -> None:
        with self._changed:
            if until <= self._now:
                return
            self._idle = wake
            self._changed.notify_all()
        wake.wait()
        with self._changed:
            self._idle = None

    def advance(self, seconds: float) -> None:
        with self._changed:
            self._now += seconds
            if self._idle is not None:
                self._idle.set()
        self.settle()

    def settle(self) -> None:
        with self._changed:
            assert self._changed.wait_for(
                lambda: self._idle is not None and not self._idle.is_set(), timeout=60
            )


def request(custom_id: str, text: str = "Ada Lovelace", **body: Any) -> dict[str, Any]:
    """One line of a request file, as an object."""
    return {
        "custom_id": custom_id,
        "method": "POST",
        "url": ENDPOINT,
        "body": {
            "model": MODEL,
            "messages": [
                {"role": "system", "content": "Extract."},
                {"role": "user", "content": text},
            ],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "candidate", "strict": True, "schema": SCHEMA},
            },
            **body,
        },
    }


def jsonl(lines: Iterable[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def requests(count: int) -> bytes:
    return jsonl(request(f"r-{number}") for number in range(count))


def until(condition: Callable[[], object], seconds: float = 30) -> None:
    """Wait for what only another process or thread can tell."""
    tick = threading.Event()
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        tick.wait(0.02)


class Driver:
    """The real client, without retries, and the few calls that tests repeat."""

    def __init__(self, server: LocalServer, folder: Path, clock: ManualClock | None = None) -> None:
        self.server = server
        self.folder = folder
        self.clock = clock
        self.client = openai.OpenAI(
            base_url=server.base_url, api_key=server.api_key, max_retries=0, timeout=30
        )

    def upload(self, content: bytes) -> FileObject:
        return self.client.files.create(file=("requests.jsonl", content), purpose="batch")

    def create(self, input_file_id: str, **more: Any) -> Batch:
        return self.client.batches.create(
            input_file_id=input_file_id, endpoint=ENDPOINT, completion_window="24h", **more
        )

    def submit(self, content: bytes, **more: Any) -> Batch:
        return self.create(self.upload(content).id, **more)

    def status(self, batch_id: str) -> str:
        return self.client.batches.retrieve(batch_id).status

    def wait(self, batch_id: str, seconds: float = 60) -> Batch:
        """Poll, as a client of the real one must, until the batch has ended."""
        tick = threading.Event()
        for _ in range(int(seconds / 0.02)):
            batch = self.client.batches.retrieve(batch_id)
            if batch.status in ENDED:
                return batch
            tick.wait(0.02)
        raise AssertionError(f"{batch_id} is still {batch.status}")

    def lines(self, file_id: str | None) -> list[dict[str, Any]]:
        if file_id is None:
            return []
        return [json.loads(line) for line in self.client.files.content(file_id).iter_lines()]


@contextmanager
def driven(
    folder: Path, *, pace: Pace | None = None, limits: Limits | None = None, **more: Any
) -> Iterator[Driver]:
    """A server with time moved by hand."""
    clock = ManualClock()
    limits = limits or Limits(exact_tokens=False)
    with running(folder, pace=pace, limits=limits, clock=clock, share=False, **more) as server:
        driver = Driver(server, folder, clock)
        with driver.client:
            yield driver
