"""What is at an endpoint is named for what it is, with its URL and nothing secret."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from resume_assets.openai_api.client import connected
from resume_assets.openai_api.probing import Found, probe
from resume_assets_tests.commands.processes import free_port
from resume_assets_tests.local_openai.support import MODEL
from resume_assets_tests.openai_api.servers import (
    JSON,
    NOT_FOUND,
    WHOLE,
    Answer,
    greeting,
    listing,
    serving,
    untrusted,
)


def look(url: str, *, model: str = MODEL, key: str = "sk-Pl4nted") -> list[Found]:
    with connected(url, key, timeout=5, connect_timeout=5, max_retries=0) as api:
        found = list(probe(api, model))
    told = " ".join(one.text for one in found)
    for secret in ("Pl4nted", "us3r", "p4ss", "qu3ry"):
        assert secret not in told
    assert "OpenAI's" not in told or "API like OpenAI's" in told
    return found


def only(url: str, **more: str) -> str:
    """The one thing that is wrong."""
    [found] = look(url, **more)
    assert found.ok is False
    return found.text


def without(*paths: str) -> dict[str, Answer]:
    return {path: answer for path, answer in WHOLE.items() if path not in paths}


def test_a_whole_one() -> None:
    one = {**WHOLE, f"/v1/models/{MODEL}": (200, JSON, b'{"id": "%s"}' % MODEL.encode())}
    for routes in (WHOLE, one):
        with serving(routes) as port:
            found = look(f"http://127.0.0.1:{port}/v1")
            assert [one.ok for one in found] == [True] * 3
            assert found[0].text == f"http://127.0.0.1:{port}/v1 answers and has {MODEL}"


@pytest.mark.parametrize(
    "path", ["", "/", "/v2", "/api/openai", "/v1/chat/completions", "/v1/models", "/v1/v1"]
)
def test_another_path_than_the_apis_is_told_with_the_right_one(path: str) -> None:
    with serving(WHOLE) as port:
        told = only(f"http://us3r:p4ss@127.0.0.1:{port}{path}?x=qu3ry")
        shown = f"http://127.0.0.1:{port}{path.rstrip('/')}"
        assert told.startswith(f"{shown} is not where the API is")
        assert f"OPENAI_BASE_URL=http://127.0.0.1:{port}/v1" in told


def test_behind_another_path_too() -> None:
    routes = {f"/gate{path}": answer for path, answer in WHOLE.items()}
    with serving(routes) as port:
        told = only(f"http://127.0.0.1:{port}/gate")
        assert f"Set OPENAI_BASE_URL=http://127.0.0.1:{port}/gate/v1" in told


def test_a_wrong_key_and_a_wrong_path_with_it() -> None:
    with serving(WHOLE, key="right") as port:
        told = only(f"http://127.0.0.1:{port}/v1")
        assert told.startswith(f"http://127.0.0.1:{port}/v1 refuses the key (HTTP 401, invalid_api")
        assert "OPENAI_API_KEY" in told
        assert len(look(f"http://127.0.0.1:{port}/v1", key="right")) == 3


@pytest.mark.parametrize("status", [404, 405, 501])
@pytest.mark.parametrize("what", ["Files", "Batches"])
def test_what_it_does_not_have(what: str, status: int) -> None:
    path = f"/v1/{what.lower()}"
    with serving(without(path), (status, JSON, b"{}")) as port:
        [bad] = [one for one in look(f"http://127.0.0.1:{port}/v1") if not one.ok]
        assert bad.text.startswith(f"{what}: http://127.0.0.1:{port}/v1 has none (HTTP {status})")


def test_files_that_the_key_has_no_right_to() -> None:
    with serving({**WHOLE, "/v1/files": (403, JSON, b"{}")}) as port:
        [bad] = [one for one in look(f"http://127.0.0.1:{port}/v1") if not one.ok]
        assert "Files: the key has no right to them (HTTP 403)" in bad.text


def test_a_model_that_is_not_there_and_those_that_are() -> None:
    names = ["llama3:8b", "org/qwen-2.5", *(f"model-{number}" for number in range(20)), "<b>bad"]
    with serving({**WHOLE, "/v1/models": listing(*names)}) as port:
        first, *_ = look(f"http://127.0.0.1:{port}/v1", model="llama3")
        assert first.ok is False
        assert "knows no model llama3 (RESUME_MODEL): it has llama3:8b, " in first.text
        assert "and 14 more" in first.text
        assert "<b>" not in first.text
    with serving({**WHOLE, "/v1/models": listing()}) as port:
        assert look(f"http://127.0.0.1:{port}/v1")[0].text.endswith("it has none")


def test_a_server_that_tells_no_models() -> None:
    with serving(without("/v1/models")) as port:
        first, files, batches = look(f"http://127.0.0.1:{port}/v1")
        assert first.ok is None
        assert "tells no models (HTTP 404)" in first.text
        assert first.is_open
        assert (files.ok, batches.ok) == (True, True)


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ((200, "text/html; charset=utf-8", b"<html>Pl4nted"), "answers with a web page (HTTP 200)"),
        ((200, JSON, b'{"Pl4nted": true}'), "answers otherwise than an API like OpenAI's"),
        ((503, JSON, b"{}"), "has a problem (HTTP 503)"),
        (NOT_FOUND, "knows no /v1/models (HTTP 404)"),
        ((204, JSON, b""), "answers otherwise"),
    ],
)
def test_what_is_no_api(other: Answer, words: str) -> None:
    nothing: Mapping[str, Answer] = {}
    with serving(nothing, other) as port:
        assert f"http://127.0.0.1:{port}/v1 {words}" in only(f"http://127.0.0.1:{port}/v1")


def test_one_that_sends_us_on() -> None:
    with serving(WHOLE) as there:
        location = f"http://127.0.0.1:{there}/v1/models".encode()
        with serving({}, (301, JSON, location)) as port:
            told = only(f"http://127.0.0.1:{port}/v1")
            assert f"sends us on to http://127.0.0.1:{there}/v1: set OPENAI_BASE_URL" in told


def test_nothing_listens() -> None:
    port = free_port()
    told = only(f"http://us3r:p4ss@127.0.0.1:{port}/v1?qu3ry=1")
    assert told == f"http://127.0.0.1:{port}/v1: nothing listens at 127.0.0.1:{port}."


def test_no_such_host() -> None:
    assert "there is no host 'api.opnai.invalid'" in only("https://api.opnai.invalid/v1")


def test_https_where_http_is_spoken() -> None:
    with serving(WHOLE) as port:
        told = only(f"https://127.0.0.1:{port}/v1")
        assert told == (
            f"https://127.0.0.1:{port}/v1: speaks no TLS: write http:// instead of https://."
        )


def test_http_where_https_is_spoken_and_a_certificate_nobody_vouches_for(tmp_path: Path) -> None:
    with serving(WHOLE, tls=untrusted(tmp_path)) as port:
        assert "write https:// instead of http://" in only(f"http://127.0.0.1:{port}/v1")
        told = only(f"https://127.0.0.1:{port}/v1")
        assert "its certificate is not trusted (self" in told
        assert "SSL_CERT_FILE" in told


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_what_is_no_http_server(scheme: str) -> None:
    with greeting(b"SSH-2.0-OpenSSH_9\r\n") as port:
        told = only(f"{scheme}://127.0.0.1:{port}/v1")
        assert "no HTTP server" in told or "no TLS can be agreed on" in told
        assert "instead of" not in told


def test_no_answer_in_time() -> None:
    with (
        greeting(b"") as port,
        connected(
            f"http://127.0.0.1:{port}/v1", "x", timeout=0.2, connect_timeout=0.2, max_retries=0
        ) as api,
    ):
        [found] = probe(api, MODEL)
    assert "HTTP server" in found.text or "no answer in time" in found.text
