"""Variables that look like ours and are none are named, with the one that may be meant."""

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resume_assets.misnamed import Source, find, misnamed
from resume_assets.settings import Settings
from resume_assets_tests.commands.calling import call, ok

OURS = sorted(str(field.alias) for field in Settings.model_fields.values())
COMMON = {"database", "username", "password"}


def meant(name: str, source: Source = Source.environment) -> str | None:
    """The name that is offered; "-" where the variable is somebody else's."""
    found = find({name: "x"}, source)
    return found[0].nearest if found else "-"


@pytest.mark.parametrize("name", OURS)
def test_ours_is_never_named_whatever_its_source(name: str) -> None:
    assert find({name: "x"}, Source.environment) == []
    assert find({name: "x"}, Source.env_file) == []


@given(st.sampled_from([name for name in OURS if name not in COMMON]), st.data())
def test_another_case_or_no_underscores_is_the_same_name(name: str, data: st.DataObject) -> None:
    for other in (name.swapcase(), name.replace("_", ""), name.replace("_", "__"), name.title()):
        if other != name:
            assert meant(other) == name
    long = name.startswith("RESUME_") and len(name) > 16
    if long:  # a slip of the hand
        at = data.draw(st.integers(7, len(name) - 1))
        slip = name[:at] + name[at + 1 :]
        assert meant(slip) in OURS


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("RESUME_BATCHSIZE", "RESUME_BATCH_SIZE"),
        ("RESUM_MODEL", "RESUME_MODEL"),
        ("REUSME_MODEL", "RESUME_MODEL"),
        ("RESUME_HOME", "RESUME_ASSETS_HOME"),
        ("SERVER_IP", "server_ip"),
        ("OPENAI_APIKEY", "OPENAI_API_KEY"),
        ("OPENAI_KEY", "OPENAI_API_KEY"),
        ("openai_api_key", "OPENAI_API_KEY"),
        ("OPENAI_API_BASE", "OPENAI_BASE_URL"),
        ("OPENAI_MODEL", "RESUME_MODEL"),
        ("AZURE_OPENAI_KEY", "AZURE_OPENAI_API_KEY"),
        ("AZURE_OPENAI_API_BASE", "AZURE_OPENAI_ENDPOINT"),
        ("AZURE_OPENAI_DEPLOYMENT_NAME", "RESUME_MODEL"),
        ("DAGSTER_HOM", "DAGSTER_HOME"),
        ("RESUME_COLOUR_OF_THE_SKY", None),  # ours by its first word, and like none
    ],
)
def test_what_may_be_meant(name: str, expected: str | None) -> None:
    assert meant(name) == expected


@pytest.mark.parametrize(
    "name",
    [
        *("USERNAME", "PASSWORD", "DATABASE", "SERVER_ID", "PATH", "HOME", "DATABASE_URL"),
        *("OPENAI_ORG_ID", "OPENAI_LOG", "AZURE_OPENAI_API_VERSION", "OPENAI_TIMEOUT", "API_KEY"),
        *("OPENAI_API_KEY_2", "RESUME_TEST_SQLSERVER_URL", "RESUME_CRASH_EVERY", "DAGSTER_PORT"),
    ],
)
def test_what_is_somebody_elses(name: str) -> None:
    assert meant(name) == "-"


@pytest.mark.parametrize("name", ["USERNAME", "Password", "DATABASE", "user_name", "pasword"])
def test_what_everybody_has_is_named_in_the_file_that_is_ours(name: str) -> None:
    assert meant(name, Source.env_file) in COMMON


def test_without_a_value_it_counts_for_nothing() -> None:
    assert find({"RESUM_MODEL": "", "SERVER_IP": None}, Source.env_file) == []


def test_commands_name_them_once_and_doctor_in_its_report(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESUM_MODEL", "Pl4nted")
    Path(".env").write_text("SERVER_IP=Pl4nted\nOPENAI_LOG=\n")
    told = call("status")
    assert told.exit_code == 0
    assert told.stderr.count("RESUM_MODEL (environment)") == 1
    assert "is RESUME_MODEL meant?" in told.stderr
    assert "SERVER_IP (.env) is no variable of this program: is server_ip meant?" in told.stderr
    doctor = call("doctor")
    assert "look   settings   RESUM_MODEL" in doctor.stdout
    assert "RESUM_MODEL" not in doctor.stderr
    assert "Pl4nted" not in told.output + doctor.output
    assert [str(one.name) for one in misnamed()] == ["RESUM_MODEL", "SERVER_IP"]


@pytest.mark.usefixtures("wide")
def test_a_new_home_is_announced_once(home: Path) -> None:
    assert f"look   home       A new home: {home}" in ok("doctor")
    shutil.rmtree(home)  # the local server's
    first = call("status")
    assert f"A new home: {home} (RESUME_ASSETS_HOME names another)." in first.stderr
    assert "has no .env" in first.stderr
    assert call("status").stderr == ""
