"""`doctor`: each value with its source, each connection tested, no secret shown."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from resume_assets.extraction.candidate import COLUMNS
from resume_assets.models.ends import ModelEnd
from resume_assets_tests.commands.calling import call, ok
from resume_assets_tests.home import Platform, platform_at
from resume_assets_tests.local_openai.faults import Faults, Respond
from resume_assets_tests.local_openai.plain import knows_only


def line_of(said: str, variable: str) -> list[str]:
    [line] = [line for line in said.splitlines() if line.split()[:1] == [variable]]
    _, source, *value = line.split()
    return [*value, source]


def test_all_is_well_with_the_defaults(platform: Platform) -> None:
    said = ok("doctor")
    assert "WRONG" not in said
    assert line_of(said, "RESUME_BATCH_SIZE") == ["500", "default"]
    assert line_of(said, "OPENAI_API_KEY") == ["-", "default"]
    assert "sqlite:///" in said
    assert f"aicandidate: {len(COLUMNS)} columns to write" in said
    assert "initialised" in said
    assert "$0.075 in and $0.3 out for a million tokens in a batch" in said
    assert "local_openai answers and has gpt-4o-mini-2024-07-18" in said


def test_each_value_has_its_source(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESUME_BATCH_SIZE", "7")
    Path(".env").write_text("RESUME_MAX_IN_FLIGHT=9\nRESUME_BATCH_SIZE=8\n")
    said = ok("doctor")
    assert line_of(said, "RESUME_BATCH_SIZE") == ["7", "environment"]
    assert line_of(said, "RESUME_MAX_IN_FLIGHT") == ["9", ".env"]


def test_the_limits_in_force_are_told(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    said = " ".join(ok("doctor").split())
    assert "500 resumes a batch, 4 batches out at once" in said
    assert "dollars in all: no limit; a day: no limit" in said
    monkeypatch.setenv("RESUME_MAX_IN_FLIGHT", "1")
    monkeypatch.setenv("RESUME_MAX_COST_USD", "1200")
    monkeypatch.setenv("RESUME_ENQUEUED_TOKEN_LIMIT", "2000000")
    said = " ".join(ok("doctor").split())
    assert "1 batch out at once (the sensor's); tokens in OpenAI's queue: 2,000,000" in said
    assert "dollars in all: $1,200.00; a day: no limit" in said


def test_secrets_are_only_said_to_be_set(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", platform.server.base_url)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-wrong-key-of-someone")
    url = f"sqlite:///{platform.settings.embedded_path}?password=secret-in-url"
    monkeypatch.setenv("RESUME_DATABASE_URL", url)
    result = call("doctor")
    assert result.exit_code == 1
    assert "WRONG  endpoint" in result.stdout
    assert line_of(result.stdout, "OPENAI_API_KEY") == ["set", "environment"]
    monkeypatch.setenv("OPENAI_BASE_URL", "http://user:secret-in-url@127.0.0.1:1/v1?secret-in-url")
    assert "secret-in-url" not in call("doctor").output
    for secret in ("sk-wrong", "secret-in-url"):
        assert secret not in result.output


def test_what_is_wrong_keeps_nothing_else_from_being_tested(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESUME_MODEL", "no-such-model")
    result = call("doctor")
    assert result.exit_code == 1
    assert "no price known" in result.stdout
    assert "knows no model no-such-model" in result.stdout
    assert "ok     ledger" in result.stdout
    assert "files" in result.stdout


def test_a_database_of_ones_own_without_a_key_is_told(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESUME_DATABASE_URL", f"sqlite:///{home.with_name('own.db')}")
    result = call("doctor")
    assert result.exit_code == 1
    assert "OPENAI_API_KEY is not set" in result.stdout
    assert "init-db" in result.stdout


def test_files_and_batches_are_looked_at_and_the_store_is_tried(platform: Platform) -> None:
    said = ok("doctor")
    assert "ok     endpoint   Files are there" in said
    assert "ok     endpoint   Batches are there" in said
    store = platform.home / "batches"
    assert f"ok     files      {store} is made at first use" in said
    assert not store.exists()
    store.mkdir()
    said = ok("doctor")
    assert f"ok     files      {store} takes, gives back and deletes a file" in said
    assert list(store.iterdir()) == []


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("nosuch://us3r:p4ss@place/x", "nosuch://place/x: RESUME_BATCH_STORE takes a folder"),
        ("{home}/a file/batches", "can't be made in"),
    ],
)
def test_a_store_that_can_not_be_used_is_told(
    home: Path, monkeypatch: pytest.MonkeyPatch, url: str, words: str
) -> None:
    home.mkdir()
    (home / "a file").touch()
    monkeypatch.setenv("RESUME_BATCH_STORE", url.format(home=home))
    result = call("doctor")
    assert result.exit_code == 1
    assert "WRONG  files" in result.stdout
    assert words in result.stdout
    assert "p4ss" not in result.output


class TestAsk:
    """One tiny resume, on demand."""

    def test_of_a_server_that_tells_no_models_asking_is_recommended_once(self, home: Path) -> None:
        faults = Faults()
        with platform_at(home, wrap=faults.wrap):
            faults.add("GET", "/v1/models.*", Respond(404), times=None)
            assert "tells no models" in ok("doctor")
            assert "or another; `resume-assets doctor --ask` finds out" in " ".join(
                ok("doctor").split()
            )
            said = " ".join(ok("doctor", "--ask").split())
            assert "or another; the answer below tells" in said
            assert "doctor --ask" not in said

    def test_it_is_not_asked_unless_told_to(self, home: Path) -> None:
        faults = Faults()
        with platform_at(home, wrap=faults.wrap):
            assert "`resume-assets doctor --ask` also sends" in ok("doctor")
            assert faults.count("POST", ".*") == 0
            said = ok("doctor", "--ask")
            assert faults.count("POST", "/v1/chat/completions") == 1
            assert "doctor --ask" not in said
        assert re.search(r"ok +answer +\S+ answers in .* [\d,]+ tokens, \$0\.000\d+", said)

    @pytest.mark.parametrize(
        ("rules", "mark", "words"),
        [
            (lambda *_: "no", "WRONG", "gave no usable answer (invalid: "),
            (lambda *_: {"first_name": "Ada"}, "look ", "does not keep to the schema"),
        ],
    )
    def test_an_answer_in_another_shape(
        self, home: Path, rules: Any, mark: str, words: str
    ) -> None:
        with platform_at(home, rules=rules):
            result = call("doctor", "--ask")
        assert result.exit_code == (mark == "WRONG")
        assert f"{mark}  answer" in result.stdout
        assert words in result.stdout

    def test_a_server_that_refuses_what_a_batch_would_ask(self, home: Path) -> None:
        faults = Faults()
        refusal = Respond(400, code="unsupported_parameter", kind="invalid_request_error")
        faults.add("POST", "/v1/chat/completions", refusal, times=None)
        with platform_at(home, wrap=faults.wrap):
            result = call("doctor", "--ask")
        assert result.exit_code == 1
        assert "(failed: http_400:unsupported_parameter)" in result.stdout
        assert "turns down what a batch would ask" in result.stdout

    def test_without_a_price_no_dollars(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("RESUME_MODEL", "my-own-model")
        faults = Faults()
        body = b'{"choices": [], "usage": {"prompt_tokens": 700, "completion_tokens": 9}}'
        faults.add("POST", "/v1/chat/completions", Respond(200, body=body))
        with platform_at(home, wrap=faults.wrap):
            said = call("doctor", "--ask").stdout
        assert "709 tokens; no price known." in said

    @pytest.mark.parametrize(
        ("known", "works"),
        [(["text", "json_object"], "json_object"), (["text"], "none")],
    )
    def test_a_server_without_strict_schemas_is_told_the_setting_that_works(
        self, home: Path, monkeypatch: pytest.MonkeyPatch, known: list[str], works: str
    ) -> None:
        knows_only(monkeypatch, *known)
        with platform_at(home):
            result = call("doctor", "--ask")
            assert result.exit_code == 1
            assert "WRONG  answer" in result.stdout
            assert "(failed: http_500:server_error)" in result.stdout
            assert f"with RESUME_RESPONSE_FORMAT={works} it answers" in result.stdout
            monkeypatch.setenv("RESUME_RESPONSE_FORMAT", works)
            said = ok("doctor", "--ask")
        assert "RESUME_RESPONSE_FORMAT=" not in said
        assert "answers" in said.partition(" answer ")[2]

    def test_where_no_format_helps_none_is_named(self, home: Path) -> None:
        faults = Faults()
        faults.add("POST", "/v1/chat/completions", Respond(500), times=None)
        with platform_at(home, wrap=faults.wrap):
            said = call("doctor", "--ask").stdout
        assert "RESUME_RESPONSE_FORMAT=" not in said
        assert faults.count("POST", "/v1/chat/completions") == 3

    @pytest.mark.parametrize("status", [401, 404, 429, 503])
    def test_what_no_format_can_help_is_asked_once(self, home: Path, status: int) -> None:
        faults = Faults()
        faults.add("POST", "/v1/chat/completions", Respond(status), times=None)
        with platform_at(home, wrap=faults.wrap):
            call("doctor", "--ask")
        assert faults.count("POST", "/v1/chat/completions") == 1


def test_the_prompt_with_its_tokens(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "ok     prompt     lean (c2aec660584d): 225 tokens, 668 with the schema" in ok("doctor")
    mine = platform.home / "mine.md"
    monkeypatch.setenv("RESUME_PROMPT", str(mine))
    result = call("doctor")
    assert result.exit_code == 1
    assert f"WRONG  prompt     The prompt {mine} is not there." in result.stdout
    mine.write_text("Tell all.")
    assert "ok     prompt     mine.md (" in ok("doctor")


def test_a_fresh_home_is_no_fault(home: Path) -> None:
    said = ok("doctor")
    assert "embedded; it will be made at first use" in said
    assert not (home / "resumes.db").exists()


@pytest.mark.parametrize(
    ("days", "is_binding", "mark"),
    [(200, True, "ok   "), (90, True, "look "), (0, True, "WRONG"), (0, False, "look ")],
)
def test_a_model_s_end_is_told(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, days: int, is_binding: bool, mark: str
) -> None:
    on = datetime.now(UTC).date() + timedelta(days=days)
    end = ModelEnd("m", on, "new", is_binding)
    monkeypatch.setattr("resume_assets.commands.doctor.end_of", lambda *_: end)
    result = call("doctor")
    [line] = [line for line in result.stdout.splitlines() if "shut down" in line]
    assert line.startswith(f"  {mark}  model      m ")
    assert "RESUME_MODEL=new" in line
    assert result.exit_code == (mark == "WRONG")


def test_a_model_that_is_not_listed_is_told(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESUME_MODEL", "resumes-prod")
    said = call("doctor").output
    assert "look   model      resumes-prod is not listed; its limits are guessed" in said
    monkeypatch.setenv("RESUME_BASE_MODEL", "gpt-6-luna")
    said = call("doctor").output
    assert "what holds for gpt-6-luna is taken to hold for it (window 1,050,000" in said
    assert "$0.05 in and $0.25 out" in said
    monkeypatch.setenv("RESUME_BASE_MODEL", "llama")
    assert "RESUME_BASE_MODEL=llama is no model that we know" in call("doctor").output
