"""The resources as the UI shows them, and what they connect to."""

import json
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.remote_representation.external_data import RepositorySnap

from resume_assets.definitions import build_defs
from resume_assets.openai_api.errors import ApiUnavailable
from resume_assets.resources import (
    BatchStoreResource,
    OpenAIResource,
    SettingsResource,
    SQLServerResource,
)
from resume_assets.settings import SettingsError
from resume_assets_tests.home import Platform

SECRETS = {
    "OPENAI_API_KEY": "sk-secret-of-the-account",
    "password": "secret-of-the-database",
    "username": "secret-user",
    "RESUME_DATABASE_URL": "mssql+pyodbc://u:secret-in-url@db.example/people",
}
SHOWN = {
    "server_ip": "not.used.example",
    "database": "not_used",
    "RESUME_TABLE": "hr.people",
    "RESUME_MODEL": "gpt-4.1-mini",
    "RESUME_BATCH_STORE": "s3://bucket/batches",
    "RESUME_MAX_COST_USD": "12.5",
    "RESUME_MAX_COST_USD_A_DAY": "0",
}


@pytest.fixture
def secrets(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (SECRETS | SHOWN).items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("secrets")
def test_what_the_ui_is_told_of_the_resources_holds_no_secret() -> None:
    repository = build_defs().get_repository_def()
    told = dg.serialize_value(RepositorySnap.from_def(repository))
    assert "OpenAIResource" in told
    assert "timeout_seconds" in told
    assert "secret-" not in told


@pytest.mark.usefixtures("secrets")
def test_each_resource_says_what_is_in_force() -> None:
    resources = build_defs().resources or {}
    told = {
        name: resource.get_resource_definition().description or ""
        for name, resource in resources.items()
    }
    assert "mssql+pyodbc://u:***@db.example/people" in told["sqlserver"]
    assert "hr.people" in told["sqlserver"]
    assert "api.openai.com" in told["openai"]
    assert "key: `set`" in told["openai"]
    assert "gpt-4.1-mini" in told["openai"]
    assert "s3://bucket/batches" in told["store"]
    assert "dollars in all: `12.50`" in told["settings"]
    assert "dollars a day: `0.00`" in told["settings"]


def test_settings_that_can_not_be_read_are_told_where_the_rest_would_stand(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESUME_BATCH_SIZE", "many")
    for resource in (build_defs().resources or {}).values():
        assert "RESUME_BATCH_SIZE" in (resource.get_resource_definition().description or "")


@pytest.mark.usefixtures("secrets")
def test_settings_do_not_show_secrets_however_they_are_printed() -> None:
    settings = SettingsResource().load()
    shown = f"{settings!r} {settings} {settings.model_dump()} {settings.safe_database_url()}"
    for name in ("OPENAI_API_KEY", "password"):
        assert SECRETS[name] not in shown
    assert "secret-in-url" not in shown


def test_overrides_win_over_the_environment(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESUME_BATCH_SIZE", "7")
    assert SettingsResource().load().batch_size == 7
    assert SettingsResource(overrides={"RESUME_BATCH_SIZE": "9"}).load().batch_size == 9


def test_the_demos_settings_read_nothing_but_the_home(
    home: Path, secrets: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(".env").write_text("RESUME_BATCH_SIZE=7\n")
    monkeypatch.setenv("RESUME_MODEL", "another")
    settings = SettingsResource(demo=True).load()
    assert settings.home_folder == home
    assert settings.uses_embedded_database
    assert settings.openai_api_key is None
    assert (settings.model, settings.batch_size) == ("gpt-4o-mini-2024-07-18", 500)


def test_the_embedded_database_makes_itself_for_its_user_alone(home: Path) -> None:
    database = SQLServerResource(settings=SettingsResource()).database()
    assert database.candidates.missing == ()
    assert home.stat().st_mode & 0o777 == 0o700
    assert (home / "resumes.db").stat().st_mode & 0o777 == 0o600


def test_one_process_has_one_pool_for_a_configuration(home: Path) -> None:
    settings = SettingsResource()
    first = SQLServerResource(settings=settings).database()
    assert SQLServerResource(settings=SettingsResource()).database() is first


def test_the_store_is_where_the_settings_say(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = BatchStoreResource(settings=SettingsResource())
    assert store.store().root.path == str(home / "batches")
    monkeypatch.setenv("RESUME_BATCH_STORE", "memory://somewhere")
    assert str(store.store().root).startswith("memory://")


# OpenAI's side


def test_without_configuration_the_local_server_answers(platform: Platform) -> None:
    resource = OpenAIResource(settings=SettingsResource())
    with resource.api() as api:
        assert api.endpoint == "local_openai"
        assert str(api.client.base_url).rstrip("/") == platform.server.base_url
        api.shutdown_date("gpt-4o-mini-2024-07-18")


def test_rules_never_write_into_somebodys_own_database(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESUME_DATABASE_URL", "sqlite:///own.db")
    with (
        pytest.raises(SettingsError, match="OPENAI_API_KEY is not set"),
        OpenAIResource(settings=SettingsResource()).api(),
    ):
        pass


@pytest.fixture
def configured(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> OpenAIResource:
    monkeypatch.setenv("OPENAI_BASE_URL", platform.server.base_url)
    monkeypatch.setenv("OPENAI_API_KEY", platform.server.api_key)
    return OpenAIResource(settings=SettingsResource(), timeout_seconds=33, max_retries=2)


def test_the_client_is_as_configured_and_closed_afterwards(configured: OpenAIResource) -> None:
    with configured.api() as api:
        assert api.client.timeout.read == 33  # type: ignore[union-attr]
        assert api.client.timeout.connect == 10  # type: ignore[union-attr]
        assert api.client.max_retries == 2
        client = api.client
    assert client.is_closed()


def test_a_proxy_is_not_asked_for_a_server_of_this_machine(
    configured: OpenAIResource, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with configured.api(quick=True) as api:
        api.shutdown_date("gpt-4o-mini-2024-07-18")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://openai.invalid/v1")
    with configured.api(quick=True) as api, pytest.raises(ApiUnavailable, match="ConnectError"):
        api.shutdown_date("gpt-4o-mini-2024-07-18")


def test_a_sensor_gets_a_client_that_gives_up_soon(configured: OpenAIResource) -> None:
    with configured.api(quick=True) as api:
        assert api.client.timeout.read == 10  # type: ignore[union-attr]
        assert api.client.max_retries == 0


def test_a_resource_of_ones_own_takes_its_place(platform: Platform) -> None:
    class Counting(OpenAIResource):
        """Notes that it was used."""

        def api(self, *, quick: bool = False) -> Any:
            used.append(quick)
            return super().api(quick=quick)

    used: list[bool] = []
    platform.definitions = build_defs({"openai": Counting(settings=SettingsResource())})
    platform.seed(1)
    platform.to_the_end("b1")
    assert used
    assert not any(used)
    assert platform.written() == [1]


def test_no_run_stores_a_secret(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", platform.server.base_url)
    monkeypatch.setenv("OPENAI_API_KEY", platform.server.api_key)
    platform.seed(1)
    result = platform.run("submit_batch", "b1")
    assert result.success
    run = platform.instance.get_run_by_id(result.run_id)
    stored = json.dumps([str(run), str(platform.instance.all_logs(result.run_id))])
    assert platform.server.api_key not in stored
    assert platform.server.api_key not in str(platform.batch("b1"))
