"""The calls themselves: what an endpoint is called, how far back is looked, what is whole."""

import io
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import openai
import pytest

from resume_assets.openai_api.client import BatchApi, connected
from resume_assets.openai_api.errors import ApiUnavailable, NotThere
from resume_assets.openai_api.listing import CLOCK_SKEW
from resume_assets.servers import Access
from resume_assets_tests.flow import ENDPOINT, Flowing, flow_at
from resume_assets_tests.local_openai.faults import Change, DropBefore, Respond

BATCHES, FILES = "/v1/batches", "/v1/files"


@pytest.fixture
def flow(tmp_path: Path) -> Iterator[Flowing]:
    with flow_at(tmp_path / "home") as opened:
        opened.seed(1)
        yield opened


def api_of(url: str, key: str = "sk-one", **more: Any) -> BatchApi:
    return BatchApi(openai.OpenAI(base_url=url, api_key=key), **more)


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("https://api.openai.com/v1", "https://api.openai.com/v1"),
        ("https://api.openai.com/v1/", "https://api.openai.com/v1"),
        ("https://eu.api.openai.com:443/v1", "https://eu.api.openai.com/v1"),
        ("http://localhost:8080/v1", "http://localhost:8080/v1"),
        ("https://me:secret@proxy.example:8443/openai/v1", "https://proxy.example:8443/openai/v1"),
        ("https://proxy.example", "https://proxy.example"),
    ],
)
def test_an_endpoint_is_its_address_without_a_user(url: str, endpoint: str) -> None:
    assert api_of(url).endpoint == endpoint


def test_an_endpoint_whose_address_changes_has_a_name() -> None:
    assert api_of("http://127.0.0.1:4711/v1", endpoint="embedded").endpoint == "embedded"


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("https://api.openai.com/v1", "OpenAI"),
        ("https://eu.api.openai.com:443/v1", "OpenAI"),
        ("https://notopenai.com/v1", "notopenai.com"),
        ("https://openai.com.example/v1", "openai.com.example"),
        ("http://gpu.example:8000/v1", "gpu.example:8000"),
        ("https://me:secret@proxy.example/openai/v1", "proxy.example"),
    ],
)
def test_a_server_is_called_what_it_is(url: str, server: str) -> None:
    assert api_of(url).server == server
    assert api_of(url, endpoint="local_openai").server == "local_openai"


def test_whatever_goes_wrong_names_the_server(flow: Flowing) -> None:
    api = BatchApi(flow.api.client)
    server = f"127.0.0.1:{api.client.base_url.port}"
    for fault in (Respond(500), Respond(200, body=b"<html>"), DropBefore()):
        flow.faults.add("GET", f"{BATCHES}/x", fault, times=1)
        with pytest.raises(ApiUnavailable, match=f"^{server} ") as failed:
            api.retrieve("x")
        assert "OpenAI " not in str(failed.value)


def test_a_key_is_told_from_another_and_told_to_nobody() -> None:
    one, same, other = (api_of("https://x/v1", key) for key in ("sk-one", "sk-one", "sk-two"))
    assert one.key_hash == same.key_hash != other.key_hash
    assert len(one.key_hash) == 16
    assert "sk" not in one.key_hash


def test_a_look_goes_back_to_its_time_and_the_clocks_difference(flow: Flowing) -> None:
    flow.until_submitted()
    [remote] = flow.book.batches()
    made = flow.batch().submitted_at

    def seen(later: timedelta) -> list[str]:
        return [batch.id for batch in flow.api.batches_since(made + later)]

    assert seen(CLOCK_SKEW - timedelta(seconds=30)) == [remote]
    assert seen(CLOCK_SKEW + timedelta(seconds=30)) == []
    assert timedelta(minutes=9) < CLOCK_SKEW < timedelta(hours=1)


def test_uploads_are_found_by_their_name_and_time(flow: Flowing) -> None:
    now = flow.database.read(flow.database.dialect.utc_now)
    for name in ("ours-1.jsonl", "ours-2.jsonl", "ours-1.jsonl", "theirs.jsonl"):
        flow.api.upload(io.BytesIO(b"{}\n"), name)
    found = [file.filename for file in flow.api.find_files("ours-1.jsonl", now)]
    assert found == ["ours-1.jsonl", "ours-1.jsonl"]
    assert flow.api.find_files("ours-1.jsonl", now + CLOCK_SKEW + timedelta(seconds=30)) == []
    assert len(flow.api.uploads("ours-")) == 3
    assert flow.api.uploads("nobody's-") == []


def test_an_upload_is_not_retried_by_the_client(flow: Flowing) -> None:
    """It would send the file from where the first try had stopped reading it."""
    api = flow.client.api(max_retries=3)
    flow.faults.add("POST", FILES, Respond(500), times=None)
    with pytest.raises(ApiUnavailable):
        api.upload(io.BytesIO(b"{}\n"), "ours-1.jsonl")
    assert flow.faults.count("POST", FILES) == 1


@pytest.mark.parametrize("said", [2, 4])
def test_a_download_of_another_length_than_is_said_is_not_whole(flow: Flowing, said: int) -> None:
    file = flow.api.upload(io.BytesIO(b"{}\n"), "ours-1.jsonl")
    target = io.BytesIO()
    assert flow.api.download(file.id, target) == 3
    assert target.getvalue() == b"{}\n"
    flow.faults.add("GET", f"{FILES}/{file.id}", Change(lambda file: {**file, "bytes": said}))
    with pytest.raises(ApiUnavailable, match=f"3 bytes instead of {said}"):
        flow.api.download(file.id, io.BytesIO())


def test_a_file_is_deleted_once(flow: Flowing) -> None:
    file = flow.api.upload(io.BytesIO(b"{}\n"), "ours-1.jsonl")
    assert flow.api.delete_file(file.id) is True
    assert flow.api.delete_file(file.id) is False


def test_a_model_s_end_is_what_the_endpoint_says(flow: Flowing) -> None:
    body = b'{"id": "m", "object": "model", "created": 1, "shutdown_date": "2026-12-31"}'
    flow.faults.add("GET", "/v1/models/m", Respond(200, body=body))
    assert flow.api.shutdown_date("m") == date(2026, 12, 31)
    for odd in (b'"soon"', b"null", b"17", b'"2026-13-01"'):
        body = b'{"id": "m", "object": "model", "shutdown_date": ' + odd + b"}"
        flow.faults.add("GET", "/v1/models/m", Respond(200, body=body))
        assert flow.api.shutdown_date("m") is None
    flow.faults.add("GET", "/v1/models/gone", Respond(404))
    with pytest.raises(NotThere):
        flow.api.shutdown_date("gone")


def test_the_client_is_closed_afterwards(flow: Flowing) -> None:
    server = flow.client.server
    with connected(
        server.base_url,
        server.api_key,
        timeout=7.0,
        connect_timeout=3.0,
        max_retries=4,
        endpoint=ENDPOINT,
    ) as api:
        assert api.endpoint == ENDPOINT
        assert api.client.max_retries == 4
        assert api.client.timeout == openai.Timeout(7.0, connect=3.0)
    assert api.client.is_closed()


def test_a_key_for_azure_goes_nowhere_else() -> None:
    """The client strips its own header where a server sends it on; this one it does not know."""
    seen: list[tuple[str, str | None, str | None]] = []
    elsewhere = ""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            headers = self.headers
            seen.append((self.path, headers.get("api-key"), headers.get("authorization")))
            sent_on = self.path.startswith("/openai/v1/")
            self.send_response(307 if sent_on else 200)
            if sent_on:
                self.send_header("location", f"{elsewhere}{self.path.removeprefix('/openai')}")
            self.send_header("content-type", "application/json")
            self.end_headers()
            self.wfile.write(b'{"id": "b", "object": "batch"}')

        def log_message(self, *_: object) -> None:
            return

    with ExitStack() as stack:
        ports = []
        for _ in range(2):
            server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            ports.append(server.server_address[1])
        url = f"http://127.0.0.1:{ports[0]}/openai/v1"
        api = stack.enter_context(
            connected(
                url,
                "k3y",
                timeout=5,
                connect_timeout=5,
                max_retries=0,
                access=Access.azure_key,
            )
        )
        api.retrieve("b")  # on within the same host
        elsewhere = f"http://127.0.0.1:{ports[1]}"
        api.retrieve("b")
    assert seen == [
        ("/openai/v1/batches/b", "k3y", None),
        ("/v1/batches/b", "k3y", None),
        ("/openai/v1/batches/b", "k3y", None),
        ("/v1/batches/b", None, None),
    ]
