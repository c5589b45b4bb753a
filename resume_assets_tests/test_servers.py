"""Which server is asked: nothing is sent, and no key shown, to one that is not surely meant."""

from typing import Any

import pytest
from pydantic import SecretStr

from resume_assets.choices import Endpoint, OpenAIAuthentication
from resume_assets.servers import Access, Server, server_of
from resume_assets.settings import Settings, SettingsError

AZURE = "https://resumes.openai.azure.com"
V1 = f"{AZURE}/openai/v1"
OPENAIS = SecretStr("sk-0pena1")
AZURES = SecretStr("4zure")
ENTRA = OpenAIAuthentication.entra


def of(**values: Any) -> Server:
    return server_of(Settings.model_construct(**values))


@pytest.mark.parametrize(
    ("values", "url", "key", "access"),
    [
        ({"openai_api_key": OPENAIS}, None, "sk-0pena1", Access.openai),
        ({"openai_base_url": "http://own/v1"}, "http://own/v1", None, Access.openai),
        (
            {"azure_openai_endpoint": AZURE, "azure_openai_api_key": AZURES},
            *(V1, "4zure", Access.azure_key),
        ),
        # As Microsoft writes it: the base URL, and Azure's key as OPENAI_API_KEY.
        ({"openai_base_url": V1, "openai_api_key": AZURES}, V1, "4zure", Access.azure_key),
        (
            {"openai_base_url": V1, "openai_api_key": OPENAIS, "azure_openai_api_key": AZURES},
            *(V1, "4zure", Access.azure_key),
        ),
        (
            {"azure_openai_endpoint": AZURE, "openai_authentication": ENTRA},
            *(V1, None, Access.entra),
        ),
        # Entra is Azure's: what other programs' keys are there for is not asked.
        (
            {
                "azure_openai_endpoint": AZURE,
                "openai_authentication": ENTRA,
                "openai_api_key": OPENAIS,
                "azure_openai_api_key": AZURES,
            },
            *(V1, None, Access.entra),
        ),
        # OPENAI_BASE_URL decides, whatever else is there.
        (
            {
                "openai_base_url": "https://api.openai.com/v1",
                "openai_api_key": OPENAIS,
                "azure_openai_endpoint": AZURE,
                "azure_openai_api_key": AZURES,
            },
            *("https://api.openai.com/v1", "sk-0pena1", Access.openai),
        ),
    ],
)
def test_one_that_is_sure(
    values: dict[str, Any], url: str | None, key: str | None, access: Access
) -> None:
    assert of(**values) == Server(url, key, access)
    assert Settings.model_construct(**values).endpoint is Endpoint.openai


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (
            {"openai_api_key": OPENAIS, "azure_openai_endpoint": AZURE},
            f"OPENAI_BASE_URL={V1} and AZURE_OPENAI_API_KEY for Azure",
        ),
        (
            {
                "openai_api_key": OPENAIS,
                "azure_openai_endpoint": AZURE,
                "azure_openai_api_key": AZURES,
            },
            "which is meant?",
        ),
        ({"azure_openai_api_key": AZURES}, "not whose key it is"),
        ({"azure_openai_endpoint": AZURE}, "no key for resumes.openai.azure.com"),
        ({"openai_base_url": V1}, "no key for resumes.openai.azure.com"),
        ({"openai_authentication": ENTRA}, "set AZURE_OPENAI_ENDPOINT="),
        (
            {"openai_authentication": ENTRA, "openai_base_url": "https://own.example/v1"},
            "which gets no token",
        ),
        (
            {
                "openai_authentication": ENTRA,
                "openai_base_url": "https://own.example/v1",
                "azure_openai_endpoint": AZURE,
            },
            "which gets no token",
        ),
        (
            {"openai_authentication": ENTRA, "azure_openai_endpoint": "http://gate.example"},
            "over https:// only",
        ),
    ],
)
def test_one_that_is_not_sure_is_refused(values: dict[str, Any], words: str) -> None:
    assert Settings.model_construct(**values).names_a_server
    with pytest.raises(SettingsError) as refused:
        of(**values)
    assert words in str(refused.value)
    for secret in (OPENAIS, AZURES):
        assert secret.get_secret_value() not in str(refused.value)


def test_a_server_shows_no_key() -> None:
    assert "4zure" not in repr(of(azure_openai_endpoint=AZURE, azure_openai_api_key=AZURES))


def test_batches_belong_to_a_resource_whoever_logs_in() -> None:
    by_key, by_other_key = (
        of(azure_openai_endpoint=AZURE, azure_openai_api_key=SecretStr(key)) for key in "ab"
    )
    by_entra = of(azure_openai_endpoint=AZURE, openai_authentication=ENTRA)
    assert by_key.account == by_other_key.account == by_entra.account
    other = of(azure_openai_endpoint="https://other.openai.azure.com", openai_authentication=ENTRA)
    assert other.account != by_entra.account
    # What a gateway makes of a key is its own affair; so is every other server's.
    gate = of(azure_openai_endpoint="https://gate.example", azure_openai_api_key=AZURES)
    assert gate.account is None
    assert of(openai_api_key=OPENAIS).account is None
