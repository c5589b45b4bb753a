"""Faults on demand: what the network, a proxy, or OpenAI on a bad day does to a call.

    faults = Faults()
    faults.add("POST", "/v1/batches", DropAfter())
    with running(folder, wrap=faults.wrap) as server: ...

A rule applies to the calls that match it, from the `nth` on, `times` often (None: always); the
first rule that applies wins. `faults.calls` lists what was called.
"""

import asyncio
import json
import re
import sqlite3
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Action(Protocol):
    """What happens instead of, or around, the call."""

    async def __call__(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None: ...


_A = TypeVar("_A", bound=Action)


@dataclass(slots=True)
class Respond:
    """Answer without the server being asked; an error of OpenAI's shape by `code`."""

    status: int
    code: str | None = None
    kind: str = "server_error"
    message: str = "A fault on demand."
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None

    async def __call__(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        await _read_body(receive)
        error = {"message": self.message, "type": self.kind, "param": None, "code": self.code}
        body = json.dumps({"error": error}).encode() if self.body is None else self.body
        headers = {"content-type": "application/json", **self.headers}
        headers["content-length"] = str(len(body))
        raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": self.status, "headers": raw})
        await send({"type": "http.response.body", "body": body})


class DropBefore:
    """The connection breaks; the server never hears of the call."""

    async def __call__(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        await _read_body(receive)
        await _abort(receive, send)


class DropAfter:
    """The call is carried out, and its answer is lost."""

    async def __call__(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        async def lose(message: Message) -> None:
            return

        await app(scope, receive, lose)
        await _abort(receive, send)


@dataclass(slots=True)
class Hold:
    """The call waits until `until` is set, then goes on; `reached` is set when it waits."""

    until: threading.Event = field(default_factory=threading.Event)
    reached: threading.Event = field(default_factory=threading.Event)

    async def __call__(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        self.reached.set()
        await asyncio.to_thread(self.until.wait, 60)
        await app(scope, receive, send)


@dataclass(slots=True)
class Cut:
    """The answer's first bytes arrive, then the connection breaks."""

    after_bytes: int

    async def __call__(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        left = self.after_bytes

        async def cut(message: Message) -> None:
            nonlocal left
            if message["type"] == "http.response.start":
                await send(message)
            elif left > 0:
                part = message.get("body", b"")[:left]
                left -= len(part)
                await send({"type": "http.response.body", "body": part, "more_body": True})

        await app(scope, receive, cut)
        await _abort(receive, send)


@dataclass(slots=True)
class Change:
    """The answer's JSON is changed on its way: a field missing, a status that never was."""

    change: Callable[[Any], Any]

    async def __call__(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        start: Message = {}
        body = bytearray()

        async def collect(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                body.extend(message.get("body", b""))

        await app(scope, receive, collect)
        changed = self.rewritten(start["status"], bytes(body))
        length = (b"content-length", str(len(changed)).encode())
        start["headers"] = [h for h in start["headers"] if h[0] != b"content-length"] + [length]
        await send(start)
        await send({"type": "http.response.body", "body": changed})

    def rewritten(self, status: int, body: bytes) -> bytes:
        """The body as it arrives."""
        del status
        return json.dumps(self.change(json.loads(body))).encode()


@dataclass(slots=True)
class Rewrite:
    """The lines of a result file are changed on the server's disk before it is first read.

    So the file's object and its content still agree about its size.
    """

    folder: Path
    change: Callable[[list[bytes]], list[bytes]]
    _done: set[str] = field(default_factory=set)

    async def __call__(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        file_id = scope["path"].split("/")[3]
        if file_id not in self._done:
            self._done.add(file_id)
            rewrite(self.folder, file_id, self.change)
        await app(scope, receive, send)


def each_line(change: Callable[[Any], Any]) -> Callable[[list[bytes]], list[bytes]]:
    """For `Rewrite`: change each line's JSON object; None leaves the line out."""

    def changed(lines: list[bytes]) -> list[bytes]:
        objects = [change(json.loads(line)) for line in lines]
        return [json.dumps(item).encode() + b"\n" for item in objects if item is not None]

    return changed


def rewrite(folder: Path, file_id: str, change: Callable[[list[bytes]], list[bytes]]) -> bool:
    """Change the lines of a result file where it lies; False when it is no result file."""
    database = sqlite3.connect(folder / "state.db", timeout=30)
    try:
        where = "WHERE id = ? AND purpose = 'batch_output'"
        if database.execute(f"SELECT 1 FROM files {where}", (file_id,)).fetchone() is None:
            return False
        path = folder / "files" / file_id
        content = b"".join(change(path.read_bytes().splitlines(keepends=True)))
        path.write_bytes(content)
        with database:
            database.execute(f"UPDATE files SET bytes = ? {where}", (len(content), file_id))
        return True
    finally:
        database.close()


@dataclass(slots=True)
class _Rule:
    method: str
    path: re.Pattern[str]
    action: Action
    nth: int
    times: int | None
    seen: int = 0

    def applies(self, method: str, path: str) -> bool:
        if method != self.method or not self.path.fullmatch(path):
            return False
        self.seen += 1
        last = None if self.times is None else self.nth + self.times - 1
        return self.seen >= self.nth and (last is None or self.seen <= last)


class Faults:
    """A script of faults; safe to add to while the server runs."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        self._rules: list[_Rule] = []
        self._lock = threading.Lock()

    def add(self, method: str, path: str, action: _A, *, nth: int = 1, times: int | None = 1) -> _A:
        """Add a rule for calls of a method whose whole path matches a regular expression."""
        with self._lock:
            self._rules.append(_Rule(method, re.compile(path), action, nth, times))
        return action

    def clear(self) -> None:
        """Forget all rules."""
        with self._lock:
            self._rules.clear()

    def count(self, method: str, path: str) -> int:
        """How often it was called, faults included."""
        with self._lock:
            return sum(m == method and bool(re.fullmatch(path, p)) for m, p in self.calls)

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """For `running(folder, wrap=faults.wrap)`."""
        return FaultMiddleware(app, self)

    def next_action(self, method: str, path: str) -> Action | None:
        """Note a call, and say what becomes of it."""
        with self._lock:
            self.calls.append((method, path))
            found = [rule for rule in self._rules if rule.applies(method, path)]
            return found[0].action if found else None


class FaultMiddleware:
    """ASGI middleware that plays a script."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        action = None
        if scope["type"] == "http":
            action = self._faults.next_action(scope["method"], scope["path"])
        if action is None:
            await self._app(scope, receive, send)
        else:
            await action(self._app, scope, receive, send)


async def _read_body(receive: Receive) -> None:
    while (await receive()).get("more_body"):
        pass


async def _abort(receive: Receive, send: Send) -> None:
    # `send` is a method of uvicorn's request cycle; there is no other way to its connection.
    send.__self__.transport.abort()  # type: ignore[attr-defined]
    while (await receive())["type"] != "http.disconnect":
        pass
