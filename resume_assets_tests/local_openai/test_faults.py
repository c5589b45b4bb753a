from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest

from resume_assets.local_openai.server import running
from resume_assets.local_openai.settings import IMMEDIATE, Limits
from resume_assets_tests.local_openai.faults import (
    Change,
    Cut,
    DropAfter,
    DropBefore,
    Faults,
    Hold,
    Respond,
    Rewrite,
    each_line,
)
from resume_assets_tests.local_openai.support import Driver, requests

BATCHES = "/v1/batches"


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def driver(folder: Path, faults: Faults) -> Iterator[Driver]:
    limits = Limits(exact_tokens=False)
    with running(folder, pace=IMMEDIATE, limits=limits, wrap=faults.wrap) as server:
        driver = Driver(server, folder)
        with driver.client:
            yield driver


def test_an_error_instead_of_an_answer(driver: Driver, faults: Faults) -> None:
    file = driver.upload(requests(1))
    faults.add("POST", BATCHES, Respond(429, "rate_limit_exceeded", headers={"retry-after": "7"}))
    with pytest.raises(openai.RateLimitError) as error:
        driver.create(file.id)
    assert error.value.code == "rate_limit_exceeded"
    assert error.value.response.headers["retry-after"] == "7"
    assert list(driver.client.batches.list()) == []
    driver.create(file.id)


def test_the_call_that_was_never_heard(driver: Driver, faults: Faults) -> None:
    file = driver.upload(requests(1))
    faults.add("POST", BATCHES, DropBefore())
    with pytest.raises(openai.APIConnectionError):
        driver.create(file.id)
    assert list(driver.client.batches.list()) == []


def test_the_answer_that_was_lost(driver: Driver, faults: Faults) -> None:
    file = driver.upload(requests(1))
    faults.add("POST", BATCHES, DropAfter())
    with pytest.raises(openai.APIConnectionError):
        driver.create(file.id)
    (batch,) = driver.client.batches.list()
    assert driver.wait(batch.id).status == "completed"


def test_a_client_that_retries_a_lost_answer_pays_twice(driver: Driver, faults: Faults) -> None:
    file = driver.upload(requests(1))
    faults.add("POST", BATCHES, DropAfter())
    driver.client = driver.client.with_options(max_retries=2)
    driver.create(file.id)
    assert len(list(driver.client.batches.list())) == 2
    assert faults.count("POST", BATCHES) == 2


def test_a_download_cut_half_way(driver: Driver, faults: Faults) -> None:
    content = requests(500)
    file = driver.upload(content)
    faults.add("GET", r"/v1/files/[^/]+/content", Cut(10_000))
    received = bytearray()

    def download() -> None:
        with driver.client.files.with_streaming_response.content(file.id) as response:
            for chunk in response.iter_bytes():
                received.extend(chunk)

    # The client wraps what breaks before the headers, not what breaks after them.
    with pytest.raises(httpx2.RemoteProtocolError):
        download()
    assert received == content[: len(received)]
    assert len(received) < len(content)
    assert driver.client.files.content(file.id).read() == content


def test_a_call_that_hangs(driver: Driver, faults: Faults) -> None:
    hold = faults.add("GET", BATCHES, Hold())
    with pytest.raises(openai.APITimeoutError):
        driver.client.batches.list(timeout=0.2)
    assert hold.reached.is_set()
    hold.until.set()
    assert list(driver.client.batches.list()) == []


def test_changed_answers_and_lines(driver: Driver, faults: Faults, folder: Path) -> None:
    batch = driver.wait(driver.submit(requests(5)).id)
    path = r"/v1/files/[^/]+(/content)?"
    faults.add("GET", path, Rewrite(folder, lambda lines: [*lines[1:], b"half a li"]), times=None)
    output = driver.client.files.retrieve(batch.output_file_id or "")
    content = driver.client.files.content(output.id).read()
    assert len(content) == output.bytes
    assert content.count(b"\n") == 4
    assert content.endswith(b"\nhalf a li")
    faults.add("GET", f"{BATCHES}/.*", Change(lambda body: {**body, "error_file_id": ""}))
    assert driver.client.batches.retrieve(batch.id).error_file_id == ""
    assert driver.client.batches.retrieve(batch.id).error_file_id is None


def test_lines_changed_one_by_one(driver: Driver, faults: Faults, folder: Path) -> None:
    def refuse(line: Any) -> Any:
        if line["custom_id"] == "r-0":
            return None
        message = line["response"]["body"]["choices"][0]["message"]
        message.update(content=None, refusal="No.")
        return line

    faults.add("GET", r"/v1/files/.*", Rewrite(folder, each_line(refuse)), times=None)
    batch = driver.wait(driver.submit(requests(3)).id)
    lines = driver.lines(batch.output_file_id)
    assert {line["custom_id"] for line in lines} == {"r-1", "r-2"}
    for line in lines:
        assert line["response"]["body"]["choices"][0]["message"]["refusal"] == "No."


def test_the_nth_call_and_how_often(driver: Driver, faults: Faults) -> None:
    faults.add("GET", BATCHES, Respond(500), nth=2, times=2)
    outcomes = []
    for _ in range(4):
        try:
            driver.client.batches.list()
            outcomes.append(200)
        except openai.InternalServerError as error:
            outcomes.append(error.status_code)
    assert outcomes == [200, 500, 500, 200]
    faults.add("GET", BATCHES, Respond(401, "invalid_api_key"), times=None)
    for _ in range(2):
        with pytest.raises(openai.AuthenticationError):
            driver.client.batches.list()
    faults.clear()
    driver.client.batches.list()
