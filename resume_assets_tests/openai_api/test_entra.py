"""Tokens by azure-identity's own chain, from a server that speaks as App Service's does."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("azure.identity", reason="azure-identity is not installed: the extra `azure`")

from resume_assets.openai_api.entra import EntraMissing, token_provider
from resume_assets.openai_api.errors import AccessRefused, ApiUnavailable
from resume_assets_tests.openai_api.token_server import ABOUT_TO_END, TokenServer, token_server

URL = "https://resumes.openai.azure.com/openai/v1"


@pytest.fixture
def tokens(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[TokenServer]:
    monkeypatch.chdir(tmp_path)
    with token_server() as server:
        server.name_it(monkeypatch)
        yield server


def test_a_token_is_kept_while_it_lasts_whoever_asks(tokens: TokenServer) -> None:
    provide = token_provider(URL)
    assert [provide(), provide(), token_provider(URL)()] == tokens.issued * 3
    assert tokens.resources == {"https://cognitiveservices.azure.com"}


def test_one_that_is_about_to_end_is_renewed(tokens: TokenServer) -> None:
    tokens.lasts = ABOUT_TO_END
    provide = token_provider(URL)
    first = provide()
    assert tokens.takes(first)
    assert provide() != first
    assert not tokens.takes(first)


def test_in_another_cloud_it_is_asked_for_there(tokens: TokenServer) -> None:
    token_provider("https://resumes.openai.azure.us/openai/v1")()
    assert tokens.resources == {"https://cognitiveservices.azure.us"}


def test_another_environment_is_another_identity(
    tokens: TokenServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    token_provider(URL)()
    monkeypatch.setenv("AZURE_CLIENT_ID", "5e29463d-71da-4fe0-8e69-999b57db23b0")
    token_provider(URL)()
    assert len(tokens.issued) == 2


def test_why_there_is_none_is_told_without_entras_words(tokens: TokenServer) -> None:
    tokens.refuses = "AADSTS700016: Application 'Pl4nted' was not found in the directory 'Pl4nted'."
    Path(".env").write_text("AZURE_CLIENT_SECRET=Pl4nted\nAZURE_OPENAI_ENDPOINT=Pl4nted\n")
    with pytest.raises(AccessRefused) as refused:
        token_provider(URL)()
    told = str(refused.value)
    assert told.startswith(
        "There is no token of Entra for resumes.openai.azure.com (AADSTS700016)."
    )
    assert "az login" in told
    assert told.endswith("It does not read .env, where AZURE_CLIENT_SECRET stands.")
    assert "Pl4nted" not in told


def test_a_token_server_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    with token_server() as gone:
        gone.name_it(monkeypatch)
    monkeypatch.setattr("azure.core.pipeline.policies.RetryPolicy.sleep", lambda *_: None)
    with pytest.raises(ApiUnavailable) as failed:
        token_provider(URL)()
    assert "for resumes.openai.azure.com. Tried: ManagedIdentityCredential." in str(failed.value)


def test_an_identity_that_is_unknown_here(tokens: TokenServer) -> None:
    tokens.refuses = "No User Assigned or Delegated Managed Identity found"
    with pytest.raises(ApiUnavailable, match="AZURE_TENANT_ID"):
        token_provider(URL)()


def test_an_authority_that_can_not_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", "http://login.example")
    with pytest.raises(AccessRefused, match="what the variables AZURE_… say"):
        token_provider(URL)


def test_without_the_package_its_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "azure.identity", None)
    monkeypatch.setenv("AZURE_CLIENT_ID", "not asked before")
    with pytest.raises(EntraMissing, match=r"resume-assets\[azure\]"):
        token_provider(URL)


def test_whoever_typed_az_login(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The command line's answer, as azure-identity asks for it."""
    az = tmp_path / "az"
    answer = {"accessToken": "eyJfrom-az", "expires_on": int(time.time()) + 3_600}
    az.write_text(f"#!/bin/sh\necho \"$@\" > {tmp_path}/asked\necho '{json.dumps(answer)}'\n")
    az.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "AzureCliCredential")
    monkeypatch.setenv("AZURE_CONFIG_DIR", str(tmp_path))  # another identity than any before
    assert token_provider(URL)() == "eyJfrom-az"
    asked = (tmp_path / "asked").read_text()
    assert "get-access-token" in asked
    assert "--resource https://cognitiveservices.azure.com" in asked
