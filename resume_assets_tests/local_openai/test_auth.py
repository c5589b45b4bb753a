import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import openai
import pytest

from resume_assets.local_openai.auth import api_key
from resume_assets_tests.local_openai.support import ENDPOINT, Driver

CALLS = [
    ("GET", "/files"),
    ("POST", "/files"),
    ("GET", "/files/file-1"),
    ("DELETE", "/files/file-1"),
    ("GET", "/files/file-1/content"),
    ("GET", "/batches"),
    ("POST", "/batches"),
    ("GET", "/batches/batch_1"),
    ("POST", "/batches/batch_1/cancel"),
    ("POST", "/chat/completions"),
    ("GET", "/models"),
    ("GET", "/models/gpt-4o-mini"),
    ("GET", "/nothing"),
]


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_every_call_needs_the_key(shared: Driver, method: str, path: str) -> None:
    url = shared.server.base_url + path
    wrong = [{}, {"authorization": "Bearer sk-wrong"}, {"authorization": shared.server.api_key}]
    for headers in wrong:
        response = httpx2.request(method, url, headers=headers)
        assert response.status_code == 401
        assert response.json()["error"]["type"] == "invalid_request_error"


def test_the_client_sees_an_authentication_error(shared: Driver) -> None:
    stranger = shared.client.with_options(api_key="sk-somebody-elses")
    with pytest.raises(openai.AuthenticationError) as error:
        stranger.batches.create(input_file_id="file-1", endpoint=ENDPOINT, completion_window="24h")
    assert error.value.code == "invalid_api_key"
    assert "somebody" not in error.value.message


def test_a_large_upload_with_a_wrong_key_is_an_authentication_error(shared: Driver) -> None:
    stranger = shared.client.with_options(api_key="sk-somebody-elses")
    with pytest.raises(openai.AuthenticationError):
        stranger.files.create(file=("a.jsonl", b"x" * 20_000_000), purpose="batch")


def test_the_key_is_made_once_and_private(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: api_key(folder), range(32)))
    assert len(keys) == 1
    assert keys.pop().startswith("sk-local-")
    assert api_key(tmp_path / "other") != api_key(folder)
    assert stat.S_IMODE((folder / "api_key").stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == ["api_key"]
