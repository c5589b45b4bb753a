"""The smallest server that takes and lists batches as OpenAI does; it counts its calls."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from resume_assets_tests.serving import in_thread


class Stub(ThreadingHTTPServer):
    """Lists `batches`, newest first; `calls` counts requests of any kind."""

    def __init__(self, batches: list[dict[str, Any]]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.batches = batches
        self.calls = 0

    @property
    def base_url(self) -> str:
        """What OPENAI_BASE_URL is to be."""
        return f"http://127.0.0.1:{self.server_port}/v1"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Stub

    def do_GET(self) -> None:
        self.server.calls += 1
        asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        batches, limit = self.server.batches, int(asked.get("limit", 20))
        ids = [batch["id"] for batch in batches]
        start = ids.index(asked["after"]) + 1 if "after" in asked else 0
        page = batches[start : start + limit]
        more = start + limit < len(batches)
        self._answer({"object": "list", "data": page, "has_more": more})

    def do_POST(self) -> None:
        """Take a file or a batch: the smallest answers that the client reads."""
        self.server.calls += 1
        self.rfile.read(int(self.headers["Content-Length"]))
        made = {"id": f"file-{self.server.calls}", "object": "file", "bytes": 1}
        if self.path.endswith("/batches"):
            made = {**made, "id": f"batch_{self.server.calls}", "object": "batch"}
            made |= {"status": "validating", "created_at": int(time.time()), "input_file_id": "f"}
        self._answer(made | {"created_at": int(time.time())})

    def _answer(self, value: dict[str, Any]) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def stub(batches: list[dict[str, Any]]) -> Iterator[Stub]:
    """Run it in a thread."""
    server = Stub(batches)
    with in_thread(server):
        yield server
