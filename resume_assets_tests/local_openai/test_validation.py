import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openai
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resume_assets.local_openai.book import Book
from resume_assets.local_openai.completions import Completer
from resume_assets.local_openai.server import running
from resume_assets.local_openai.settings import IMMEDIATE, Limits
from resume_assets.local_openai.validation import validate
from resume_assets_tests.local_openai.support import Driver, jsonl, request

Line = dict[str, Any]
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def changed(name: str, value: Any) -> Line:
    return {**request("b"), name: value}


def without(name: str) -> Line:
    return {key: value for key, value in request("b").items() if key != name}


def body(**more: Any) -> Line:
    return request("b", **more)


def model_less() -> Line:
    line = request("b")
    del line["body"]["model"]
    return line


@pytest.mark.parametrize(
    ("line", "code", "param"),
    [
        (b"{not json\n", "invalid_json_line", None),
        (b"[1]\n", "invalid_json_line", None),
        (b'{"custom_id": "\xff"}\n', "invalid_json_line", None),
        (b"\n", "invalid_json_line", None),
        (without("custom_id"), "missing_required_parameter", "custom_id"),
        (changed("custom_id", ""), "invalid_custom_id", "custom_id"),
        (changed("custom_id", 7), "invalid_custom_id", "custom_id"),
        (changed("custom_id", "x" * 65), "invalid_custom_id", "custom_id"),
        (changed("custom_id", "a"), "duplicate_custom_id", "custom_id"),
        (without("method"), "missing_required_parameter", "method"),
        (changed("method", "GET"), "invalid_method", "method"),
        (without("url"), "missing_required_parameter", "url"),
        (changed("url", "/v1/embeddings"), "invalid_url", "url"),
        (without("body"), "missing_required_parameter", "body"),
        (changed("body", "text"), "missing_required_parameter", "body"),
        (model_less(), "missing_required_parameter", "body.model"),
        (body(model="gpt-4.1-mini"), "model_mismatch", "body.model"),
        (body(model="no-such-model"), "model_not_found", "body.model"),
        (body(model=4), "model_not_found", "body.model"),
    ],
)
def test_a_wrong_line_fails_the_batch_with_its_code(
    shared: Driver, line: Line | bytes, code: str, param: str | None
) -> None:
    raw = line if isinstance(line, bytes) else jsonl([line])
    batch = shared.wait(shared.submit(jsonl([request("a")]) + raw + jsonl([request("c")])).id)
    assert batch.status == "failed"
    assert batch.failed_at is not None
    assert batch.errors
    assert batch.errors.object == "list"
    assert batch.errors.data
    (error,) = batch.errors.data
    assert (error.code, error.line, error.param) == (code, 2, param)
    assert error.message
    assert batch.output_file_id is batch.error_file_id is None
    assert Book(shared.folder).sent(batch.id) == []


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        (b"", "empty_file", None),
        (b"\n\n", "empty_file", None),
        (b"\xef\xbb\xbf" + jsonl([request("a")]), "invalid_json_line", 1),
    ],
)
def test_a_wrong_file(shared: Driver, content: bytes, code: str, line: int | None) -> None:
    batch = shared.wait(shared.submit(content).id)
    assert batch.status == "failed"
    assert batch.errors
    assert [(e.code, e.line) for e in batch.errors.data or []] == [(code, line)]


def test_every_wrong_line_is_listed_up_to_a_limit(folder: Path) -> None:
    limits = Limits(exact_tokens=False, errors_listed=3)
    with running(folder, pace=IMMEDIATE, limits=limits) as server:
        driver = Driver(server, folder)
        two = driver.wait(driver.submit(jsonl([request("a")]) + b"{\n" + b"[]\n").id)
        assert two.errors
        assert [e.line for e in two.errors.data or []] == [2, 3]
        many = driver.wait(driver.submit(b"{\n" * 100).id)
        assert many.errors
        assert len(many.errors.data or []) == 3


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (Limits(requests_per_batch=2, exact_tokens=False), "too_many_tasks"),
        (Limits(batch_file_bytes=100, exact_tokens=False), "file_too_large"),
    ],
)
def test_the_limits_of_a_file(folder: Path, limits: Limits, code: str) -> None:
    with running(folder, pace=IMMEDIATE, limits=limits) as server:
        driver = Driver(server, folder)
        batch = driver.wait(driver.submit(jsonl(request(f"r-{n}") for n in range(3))).id)
        assert batch.errors
        assert [(e.code, e.line) for e in batch.errors.data or []] == [(code, None)]


def test_the_limits_themselves_are_allowed(folder: Path) -> None:
    content = jsonl(request(f"r-{n}") for n in range(3))
    limits = Limits(requests_per_batch=3, batch_file_bytes=len(content), exact_tokens=False)
    with running(folder, pace=IMMEDIATE, limits=limits) as server:
        driver = Driver(server, folder)
        assert driver.wait(driver.submit(content).id).status == "completed"


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n\r\n  \n"])
def test_the_end_of_a_file_does_not_matter(shared: Driver, end: bytes) -> None:
    content = jsonl([request("a"), request("b")])[:-1] + end
    batch = shared.wait(shared.submit(content).id)
    assert batch.request_counts
    assert (batch.status, batch.request_counts.completed) == ("completed", 2)


def test_errors_never_quote_a_resume(shared: Driver) -> None:
    marker = "Zebediah-Marker"
    wrong: list[Callable[[], bytes]] = [
        lambda: json.dumps(request("a", marker)).encode()[:-3],
        lambda: jsonl([{**request("a", marker), "custom_id": 5}]),
        lambda: jsonl([request("a", marker, model=marker)]),
    ]
    for make in wrong:
        batch = shared.wait(shared.submit(make()).id)
        assert batch.status == "failed"
        assert marker not in batch.to_json()


def test_nested_too_deeply(shared: Driver) -> None:
    deep: Any = {}
    for _ in range(400):
        deep = {"a": deep}
    batch = shared.wait(shared.submit(jsonl([request("a", metadata=deep)])).id)
    assert batch.errors
    assert [e.code for e in batch.errors.data or []] == ["invalid_json_line"]
    with pytest.raises(openai.BadRequestError, match="nested too deeply"):
        shared.client.chat.completions.create(**request("a", response_format=deep)["body"])


LINES = st.one_of(
    st.binary(max_size=40),
    st.builds(
        lambda *parts: json.dumps(dict(zip(request("x"), parts, strict=True))).encode(),
        *[st.one_of(JSON, st.just(value)) for value in request("x").values()],
    ),
    st.builds(
        lambda name, value: jsonl([request("x", **{name: value})])[:-1],
        st.sampled_from(["model", "messages", "response_format", "max_tokens", "temperature"]),
        JSON,
    ),
)


@given(lines=st.lists(LINES, max_size=6), end=st.sampled_from([b"", b"\n", b"\xff"]))
@settings(max_examples=300)
def test_whatever_a_file_holds_is_run_or_refused(lines: list[bytes], end: bytes) -> None:
    content = b"\n".join(lines) + end
    found = validate(io.BytesIO(content), Limits(exact_tokens=False))
    assert found.errors or found.requests
    last = content.count(b"\n") + 1
    assert all(error["line"] is None or 1 <= error["line"] <= last for error in found.errors)
    completer = Completer(Limits(exact_tokens=False), lambda schema, resume: {})
    if not found.errors:
        raw = content.split(b"\n")
        for number, custom_id, _, tokens in found.requests:
            line = json.loads(raw[number - 1])
            assert line["custom_id"] == custom_id
            done = completer.complete(line["body"], 0, tokens or None)
            assert done.status in (200, 400)
