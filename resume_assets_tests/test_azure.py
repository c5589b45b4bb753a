"""Azure's addresses, as people copy them."""

import pytest

from resume_assets.azure import is_azure, token_scope, v1_url


@pytest.mark.parametrize(
    "url",
    [
        "https://resumes.openai.azure.com",
        "https://Resumes.OpenAI.Azure.com/openai/v1/",
        "https://resumes.cognitiveservices.azure.com/",
        "https://resumes.services.ai.azure.com/api/projects/one",
        "https://resumes.openai.azure.us/openai/v1",
        "https://resumes.cognitiveservices.azure.cn",
        "https://westeurope.api.cognitive.microsoft.com/",
    ],
)
def test_azures_hosts(url: str) -> None:
    assert is_azure(url)


@pytest.mark.parametrize(
    "url",
    [
        *(None, "", "https://api.openai.com/v1", "https://eu.api.openai.com/v1"),
        *("https://gateway.azure-api.net/openai/v1", "http://127.0.0.1:8000/v1"),
        *("https://openai.azure.com.evil.example/v1", "https://evilopenai.azure.com.example"),
        *("https://notopenai.azure.com", "https://storage.blob.core.windows.net", "http://[half"),
    ],
)
def test_whose_are_not(url: str | None) -> None:
    assert not is_azure(url)


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        ("https://r.openai.azure.com", "https://r.openai.azure.com/openai/v1"),
        ("https://r.openai.azure.com/", "https://r.openai.azure.com/openai/v1"),
        ("https://r.openai.azure.com/openai/v1/", "https://r.openai.azure.com/openai/v1"),
        (
            "https://r.openai.azure.com/openai/deployments/d/chat/completions?api-version=2025-01-01",
            "https://r.openai.azure.com/openai/v1",
        ),
        (
            "https://r.services.ai.azure.com/api/projects/p",
            "https://r.services.ai.azure.com/openai/v1",
        ),
        ("https://gate.azure-api.net/llm/openai", "https://gate.azure-api.net/llm/openai/v1"),
        ("https://gate.example/llm/", "https://gate.example/llm/openai/v1"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/openai/v1"),
    ],
)
def test_where_the_v1_surface_is(endpoint: str, url: str) -> None:
    assert v1_url(endpoint) == url


@pytest.mark.parametrize(
    ("host", "cloud"),
    [
        *(("r.openai.azure.com", "azure.com"), ("r.openai.azure.us", "azure.us")),
        *(("r.cognitiveservices.azure.cn", "azure.cn"), ("gate.example", "azure.com")),
    ],
)
def test_what_a_token_is_asked_for(host: str, cloud: str) -> None:
    assert token_scope(f"https://{host}/openai/v1") == f"https://cognitiveservices.{cloud}/.default"
