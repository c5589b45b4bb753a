"""The commands with an Azure OpenAI resource, by key and by Entra; what `doctor` says of it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from resume_assets.local_openai.settings import Pace
from resume_assets.openai_api.client import BatchApi
from resume_assets_tests.commands.calling import call, ok
from resume_assets_tests.home import Platform
from resume_assets_tests.local_openai.azure_resource import (
    BASE,
    DEPLOYMENT,
    KEY,
    ONLINE,
    azure_platform,
    resource,
)
from resume_assets_tests.local_openai.support import ManualClock
from resume_assets_tests.openai_api.token_server import ABOUT_TO_END, TokenServer, token_server

ACCOUNT = "azure|127.0.0.1"
SUBMITTED = re.compile(r"^(\S+)  submitted  (batch_\w+) ", re.MULTILINE)


@pytest.fixture
def with_key(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", KEY)
    with azure_platform(home, monkeypatch) as platform:
        yield platform


@pytest.fixture
def tokens(monkeypatch: pytest.MonkeyPatch) -> Iterator[TokenServer]:
    pytest.importorskip("azure.identity", reason="azure-identity is missing: the extra `azure`")
    with token_server() as server:
        server.name_it(monkeypatch)
        monkeypatch.setenv("RESUME_OPENAI_AUTHENTICATION", "entra")
        yield server


def test_the_whole_way_with_a_key(with_key: Platform) -> None:
    with_key.seed(2)
    [(key, _)] = SUBMITTED.findall(ok("submit"))
    with_key.until_the_server_has_ended(key)
    assert f"{key}  done" in ok("check", key)
    assert with_key.written() == [1, 2]
    # What was at the resource is deleted there, the empty error file too.
    assert list(with_key.api.client.files.list()) == []


def test_one_candidate_now_takes_a_deployment_for_single_requests(
    with_key: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_key.seed(1)
    result = call("now", "1")
    assert result.exit_code == 1
    assert "takes no single requests. RESUME_MODEL names one" in result.stderr
    assert with_key.waiting() == [1]
    assert with_key.claims() == {}
    monkeypatch.setenv("RESUME_MODEL", ONLINE)
    assert "at the standard price" in ok("now", "1")
    assert with_key.written() == [1]


def test_the_whole_way_with_entra_where_every_token_ends_at_once(
    home: Path, monkeypatch: pytest.MonkeyPatch, tokens: TokenServer
) -> None:
    tokens.lasts = ABOUT_TO_END
    with azure_platform(home, monkeypatch, resource(takes_token=tokens.takes)) as platform:
        platform.seed(2)
        assert "look   endpoint" in ok("doctor")
        said = ok("continuous", "--num-batches", "1", "--check-interval", "0.01")
        assert "1 batch is in." in said
        assert platform.written() == [1, 2]
        assert len(tokens.issued) > 10  # one a call: only the newest was good
        assert tokens.resources == {"https://cognitiveservices.azure.com"}
        [batch] = platform.batches()
        # Made from the resource, so every token's is the same, and nobody waits for an older one.
        assert batch.key_hash == BatchApi(platform.api.client, account=ACCOUNT).key_hash


def test_cancel_brings_in_what_is_answered(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", KEY)
    clock, pace = ManualClock(), Pace(1, 100, 0, 2, 5, expires=False)
    with azure_platform(home, monkeypatch, pace=pace, clock=clock) as platform:
        platform.seed(4)
        [(key, _)] = SUBMITTED.findall(ok("submit"))
        clock.settle()
        for seconds in (1, 50):
            clock.advance(seconds)
        ok("cancel", key)
        clock.advance(5)
        said = call("check", key)
        assert "(cancelled)" in said.stdout
        assert "2 of 4 records written" in said.stdout
        assert len(platform.waiting()) == 2
        assert "2 resumes" in ok("status")


class TestDoctor:
    def test_a_batch_deployment(self, with_key: Platform) -> None:
        said = ok("doctor", "--ask")
        assert "WRONG" not in said
        assert f"RESUME_MODEL={DEPLOYMENT} has to be the name of one" in said
        assert "asked with a key: 100,000 requests a file at most" in said
        assert f"ok     answer     {DEPLOYMENT} takes no single requests, as a batch" in said
        assert f"what holds for {BASE} is taken to hold for it" in said
        assert KEY not in said

    def test_a_deployment_for_single_requests(
        self, with_key: Platform, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("RESUME_MODEL", ONLINE)
        said = ok("doctor", "--ask")
        assert f"look   answer     {ONLINE} answers single requests, so it is no batch" in said
        assert f"{ONLINE} answers in the shape that is asked for" in said

    def test_the_models_name_for_the_deployments(
        self, with_key: Platform, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("RESUME_MODEL", BASE)
        result = call("doctor", "--ask")
        assert result.exit_code == 1
        assert f"WRONG  answer     there is no deployment {BASE}" in result.stdout

    def test_a_key_of_another_resource(
        self, with_key: Platform, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AZURE_OPENAI_API_KEY", "another's")
        result = call("doctor")
        assert result.exit_code == 1
        assert "refuses the key (HTTP 401). Check AZURE_OPENAI_API_KEY" in result.stdout

    def test_its_keys_as_openais_own_variables_name_them(
        self, with_key: Platform, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As Microsoft's page on the v1 API does."""
        for module in ("settings", "servers"):  # as if the server's host was Azure's own
            monkeypatch.setattr(f"resume_assets.{module}.is_azure", lambda url: url is not None)
        for name in ("AZURE_OPENAI_ENDPOINT", "AZURE_OPENAI_API_KEY"):
            monkeypatch.delenv(name)
        monkeypatch.setenv("OPENAI_BASE_URL", with_key.server.base_url.replace("v1", "openai/v1/"))
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        assert "Batches are there" in ok("doctor")

    def test_an_identity_without_a_role(
        self, home: Path, monkeypatch: pytest.MonkeyPatch, tokens: TokenServer
    ) -> None:
        with azure_platform(home, monkeypatch) as platform:
            result = call("doctor")
            assert "refuses the identity (HTTP 401). The identity needs the role" in result.stdout
            platform.seed(1)
            assert "Cognitive Services OpenAI Contributor" in call("submit").output
            assert "Stopped" in ok("status")

    def test_no_token_at_all(
        self, home: Path, monkeypatch: pytest.MonkeyPatch, tokens: TokenServer
    ) -> None:
        tokens.refuses = "AADSTS7000215: Invalid client secret provided: Pl4nted"
        with azure_platform(home, monkeypatch) as platform:
            result = call("doctor")
            assert "WRONG  endpoint   There is no token of Entra for 127.0.0.1" in result.stdout
            platform.seed(1)
            result = call("submit", "--batch", "b1")
            assert result.exit_code == 1
            assert "AADSTS7000215" in result.output
            assert "Pl4nted" not in result.output
            assert platform.batch("b1").state == "built"  # nothing is in doubt

    def test_a_key_that_nobody_uses(
        self, platform: Platform, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("OPENAI_BASE_URL", platform.server.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", platform.server.api_key)
        monkeypatch.setenv("AZURE_OPENAI_API_KEY", KEY)
        assert "AZURE_OPENAI_API_KEY is set, and not used" in ok("doctor")

    def test_which_of_two_is_meant_is_asked(
        self, platform: Platform, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
        monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", "https://resumes.openai.azure.com")
        result = call("doctor")
        assert result.exit_code == 1
        assert "which is meant?" in result.stdout
        platform.seed(1)
        assert call("submit").exit_code != 0
        assert not platform.book.batches()
