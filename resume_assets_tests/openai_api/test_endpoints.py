"""The endpoint that settings name is called what the ledger notes of a batch sent there."""

from typing import Any

import pytest
from pydantic import SecretStr

from resume_assets.openai_api.client import connected
from resume_assets.openai_api.endpoints import LOCAL, endpoint_in
from resume_assets.servers import server_of
from resume_assets.settings import Settings

KEY = SecretStr("k")


@pytest.mark.parametrize(
    "values",
    [
        {"openai_api_key": KEY},
        {"openai_api_key": KEY, "openai_base_url": "https://Example.com:443/v1/"},
        {"openai_base_url": "http://127.0.0.1:8321/v1"},
        {"openai_base_url": "https://user:secret@example.com/v1?a=b"},
        {
            "azure_openai_endpoint": "https://mine.openai.azure.com",
            "azure_openai_api_key": KEY,
        },
    ],
)
def test_it_is_the_name_that_a_batch_gets(values: dict[str, Any]) -> None:
    settings = Settings.model_construct(**values)
    server = server_of(settings)
    with connected(
        server.url, "k", timeout=1, connect_timeout=1, max_retries=0, access=server.access
    ) as api:
        assert endpoint_in(settings) == api.endpoint
    assert "secret" not in api.endpoint


def test_where_nothing_is_configured() -> None:
    assert endpoint_in(Settings.model_construct()) == LOCAL
    assert endpoint_in(Settings.model_construct(server_ip="10.0.0.1")) is None
