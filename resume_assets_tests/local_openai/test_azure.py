"""The local server as an Azure OpenAI resource, by the client that Microsoft's examples use."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest

from resume_assets.local_openai.server import running
from resume_assets.local_openai.settings import IMMEDIATE
from resume_assets_tests.local_openai.azure_resource import (
    BASE,
    DEPLOYMENT,
    KEY,
    ONLINE,
    AtAzure,
    resource,
)
from resume_assets_tests.local_openai.support import Driver, jsonl, request

FORTNIGHT = 14 * 86_400


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    home: Path = tmp_path_factory.mktemp("azure")
    azure = resource(looks=0, takes_token=lambda token: token == "eyJtoken")
    limits, wrap = azure.limits(exact_tokens=False), AtAzure(azure, home).wrap
    with running(
        home / "local_openai", pace=IMMEDIATE, limits=limits, wrap=wrap, share=False
    ) as server:
        driver = Driver(server, home)
        driver.client = driver.client.with_options(
            base_url=server.base_url.replace("/v1", "/openai/v1"), api_key=KEY
        )
        with driver.client:
            yield driver


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"api-key": KEY}, 200),
        ({"Authorization": f"Bearer {KEY}"}, 200),
        ({"Authorization": "Bearer eyJtoken"}, 200),
        ({"api-key": "eyJtoken"}, 401),
        ({"api-key": "another's"}, 401),
        ({}, 401),
    ],
)
def test_either_header_takes_a_key_and_one_a_token(
    driver: Driver, headers: dict[str, str], status: int
) -> None:
    answer = httpx2.get(f"{driver.client.base_url}batches", headers=headers, trust_env=False)
    assert answer.status_code == status
    if status == 401:
        assert answer.json()["error"]["code"] == "401"


def test_it_is_at_its_own_path_only(driver: Driver) -> None:
    answer = httpx2.get(
        f"{driver.server.base_url}/batches", headers={"api-key": KEY}, trust_env=False
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "404")


def batch_of(driver: Driver, model: str, content: bytes | None = None) -> Any:
    content = content or jsonl([request("r-1", model=model)])
    return driver.wait(driver.submit(content).id)


def test_a_deployment_answers_as_its_model(driver: Driver) -> None:
    batch = batch_of(driver, DEPLOYMENT)
    assert batch.status == "completed"
    [line] = driver.lines(batch.output_file_id)
    assert line["response"]["body"]["model"] == BASE
    assert driver.lines(batch.error_file_id) == []  # it is there, and empty


@pytest.mark.parametrize(
    ("model", "code"),
    [(BASE, "model_not_found"), ("nobody's", "model_not_found"), (ONLINE, "invalid_request")],
)
def test_what_is_no_batch_deployment_fails_the_batch(driver: Driver, model: str, code: str) -> None:
    batch = batch_of(driver, model)
    assert batch.status == "failed"
    assert [error.code for error in batch.errors.data] == [code]


def test_a_byte_order_mark_is_refused(driver: Driver) -> None:
    marked = b"\xef\xbb\xbf" + jsonl([request("r-1", model=DEPLOYMENT)])
    assert batch_of(driver, DEPLOYMENT, marked).status == "failed"


def test_files_stay_for_a_fortnight_at_least(driver: Driver) -> None:
    def upload(seconds: int) -> Any:
        return driver.client.files.create(
            file=("r.jsonl", b"{}\n"),
            purpose="batch",
            expires_after={"anchor": "created_at", "seconds": seconds},
        )

    assert upload(FORTNIGHT).expires_at - upload(FORTNIGHT).created_at >= FORTNIGHT
    with pytest.raises(openai.BadRequestError):
        upload(FORTNIGHT - 1)
    with pytest.raises(openai.BadRequestError):
        driver.create(
            upload(FORTNIGHT).id,
            output_expires_after={"anchor": "created_at", "seconds": FORTNIGHT - 1},
        )


def test_single_requests_are_for_the_other_sort_of_deployment(driver: Driver) -> None:
    def ask(model: str) -> Any:
        messages: Any = [{"role": "user", "content": "Ada"}]
        return driver.client.chat.completions.create(model=model, messages=messages)

    assert ask(ONLINE).model == BASE
    for model, code in ((DEPLOYMENT, "OperationNotSupported"), (BASE, "DeploymentNotFound")):
        with pytest.raises(openai.APIStatusError) as refused:
            ask(model)
        assert refused.value.code == code
