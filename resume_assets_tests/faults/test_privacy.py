"""Markers planted in resumes, keys and passwords are looked for in all that is kept or shown.

Everything below the home but the databases, the batch files and the server's own state: Dagster's
storage with its compute logs and event log, our logs, and what a terminal was shown.
"""

import json
import logging
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import dagster as dg
import httpx2
import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from resume_assets import logs
from resume_assets.batches.planning.runs import Stage
from resume_assets.batches.receiving import collecting, reading
from resume_assets.batches.sending import building
from resume_assets.cli import cli
from resume_assets.commands import overview
from resume_assets.openai_api import backoff
from resume_assets.openai_api.client import BatchApi
from resume_assets.resources import OpenAIResource, SettingsResource
from resume_assets.sensors import batch_completion_sensor, continuous_submission_sensor
from resume_assets_tests.conftest import configure
from resume_assets_tests.faults.test_lines import edit
from resume_assets_tests.home import Platform, failure_of, platform_at
from resume_assets_tests.local_openai.faults import Change, Cut, Faults, Respond, rewrite

NAME, EMAIL, PHONE = "Zerelda Quixby", "zerelda.quixby@example.com", "+1 555 010 7788"
PHRASE, COMPANY = "juggles seventeen chainsaws", "Wobbleton Pickle Works"
KEY, PASSWORD = "sk-proj-PLANTEDKEY0123456789abcdef", "Pl4nted!Passw0rd"
MARKERS = ("Zerelda", "Quixby", "zerelda", PHONE[3:], "0107788", "chainsaws", "Wobbleton")
SECRETS = (KEY, PASSWORD)
SIX = "key:unprocessed_resumes+"  # the assets of a batch, as the README has it

RESUME = f"""# {NAME}

{EMAIL} | {PHONE} | Springfield, IL

## Summary
She {PHRASE}.

## Experience

### Welder, {COMPANY}
the winter of 19xx - Present
"""

QUOTE = f"{NAME}, {EMAIL}, {PHONE}: {PHRASE} at {COMPANY}; Bearer {KEY} PWD={PASSWORD}"


@contextmanager
def planted_in(folder: Path) -> Iterator[Platform]:
    """A platform that takes a key and a password with markers; all real storage is on disk."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        home = configure(folder, monkeypatch)
        monkeypatch.setattr(backoff, "SECONDS", 0.001)
        # Where a key or a password could be taken up; neither is what opens anything here.
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        monkeypatch.setenv("password", PASSWORD)
        monkeypatch.setenv("RESUME_DOUBT_SECONDS", "0.02")
        faults = Faults()
        quick = OpenAIResource(settings=SettingsResource(), max_retries=1)
        with platform_at(
            home, persisted=True, wrap=faults.wrap, overrides={"openai": quick}
        ) as platform:
            # The server takes the planted key.
            take_planted_key(monkeypatch, platform)
            platform.api = BatchApi(platform.api.client)
            platform.faults = faults
            yield platform


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """One for all tests here: what one of them leaves is still there when the next one looks."""
    with planted_in(tmp_path_factory.mktemp("privacy")) as platform:
        yield platform


@pytest.fixture
def planted(
    shared: Platform, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> Iterator[Platform]:
    """Three resumes with markers, and nothing else in the database."""
    caplog.set_level(logging.DEBUG, "resume_assets")
    begin_anew(shared)
    yield shared
    shared.faults.clear()
    shown = capfd.readouterr()
    assert leaks(shown.out + shown.err) == [], "on the terminal"
    assert leaks(caplog.text) == [], "in the log"
    assert dict(leaking_files(shared.home)) == {}


@pytest.fixture
def faults(shared: Platform) -> Faults:
    return shared.faults


def begin_anew(platform: Platform) -> None:
    """Three resumes wait, in another installation: no upload of the last one is known again."""
    platform.faults.clear()
    ledger, candidates = platform.database.ledger, platform.database.candidates.table

    def work(connection: sa.Connection) -> None:
        connection.execute(sa.text("DROP TRIGGER IF EXISTS refuse"))
        for table in (ledger.claims, ledger.items, ledger.batches, candidates):
            connection.execute(table.delete())
        connection.execute(
            ledger.installation.update().values(
                installation_id=uuid4().hex, stopped_reason=None, learned_token_limit=None
            )
        )

    platform.database.write(work)
    shutil.rmtree(platform.home / "batches", ignore_errors=True)
    platform.seed({number: f"{RESUME}\nNumber {number}\n" for number in (1, 2, 3)})


def take_planted_key(monkeypatch: pytest.MonkeyPatch, platform: Platform) -> None:
    """Calls with the planted key are taken as if they came with the server's own."""
    monkeypatch.setenv("OPENAI_BASE_URL", platform.server.base_url)
    own = platform.server.api_key
    send = httpx2.HTTPTransport.handle_request

    def exchanged(transport: Any, request: httpx2.Request) -> httpx2.Response:
        if request.headers.get("authorization") == f"Bearer {KEY}":
            request.headers["authorization"] = f"Bearer {own}"
        return send(transport, request)

    monkeypatch.setattr(httpx2.HTTPTransport, "handle_request", exchanged)


def leaks(text: str | bytes) -> list[str]:
    data = text.encode() if isinstance(text, str) else text
    return [marker for marker in (*MARKERS, *SECRETS) if marker.encode() in data]


def leaking_files(home: Path) -> Iterator[tuple[str, list[str]]]:
    """All that may not hold anything of a person; SQLite's files are read as bytes, WAL and all."""
    kept_elsewhere = ("resumes.db", "batches", "local_openai")
    looked_at = 0
    for path in home.rglob("*"):
        inside = path.relative_to(home).parts[0]
        if not path.is_file() or inside.startswith(kept_elsewhere):
            continue
        looked_at += 1
        names = leaks(path.read_bytes())
        if names:
            yield str(path.relative_to(home)), names
    assert looked_at > 5, "Dagster's storage was looked at"


def tick(platform: Platform) -> None:
    for sensor in (batch_completion_sensor, continuous_submission_sensor):
        resources = platform.definitions.resources or {}
        with dg.build_sensor_context(instance=platform.instance, resources=resources) as context:
            result = sensor(context)
        assert leaks(str(result)) == []


def run(platform: Platform, stage: Stage, *, succeeds: bool) -> None:
    result = platform.run(stage, "b1")
    assert result.success is succeeds
    for event in result.all_events:
        assert leaks(str(event)) == []
    if not succeeds:
        assert leaks(failure_of(result)) == []


def test_a_full_run(planted: Platform) -> None:
    run(planted, Stage.submit, succeeds=True)
    planted.until_the_server_has_ended("b1")
    tick(planted)
    run(planted, Stage.collect, succeeds=True)
    tick(planted)
    assert planted.written() == [1, 2, 3]
    assert planted.candidate(1).Email == EMAIL  # so there was something to leak
    assert leaks(planted.store.batch("b1").path("requests.jsonl").read_bytes())
    # What could not be read is kept for a person, in the database alone.
    assert leaks((planted.home / "logs" / logs.NAME).read_bytes()) == []
    assert b"batch b1: 3 records written" in (planted.home / "logs" / logs.NAME).read_bytes()


def test_a_full_run_of_materialized_cells(planted: Platform) -> None:
    assert planted.materialize("b1").success
    planted.until_the_server_has_ended("b1")
    assert planted.materialize("b1").success


def test_plain_dagster_in_processes_of_its_own(planted: Platform) -> None:
    """Whose output Dagster keeps, and a terminal shows; the client is told to log all it does."""
    dagster = str(Path(sys.executable).with_name("dagster"))
    command = [dagster, "asset", "materialize", "--partition", "b1", "--select", SIX]
    command += ["-m", "resume_assets.definitions", "-d", str(Path(__file__).parents[2])]
    planted.know("b1")
    secret = planted.server.api_key
    known = os.environ | {"OPENAI_LOG": "debug"}
    refused = subprocess.run(command, env=known, capture_output=True, check=False)
    assert refused.returncode != 0  # this process takes the planted key, the server does not
    assert b"refused the key" in refused.stderr
    done = subprocess.run(
        command, env=known | {"OPENAI_API_KEY": secret}, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert planted.batch("b1").openai_batch_id is not None
    for shown in (refused.stdout, refused.stderr, done.stdout, done.stderr):
        assert leaks(shown) == []
        assert secret.encode() not in shown
    kept = list((planted.home / "dagster").rglob("*.err"))
    assert kept, "the compute logs are among what is looked through"
    assert b"HTTP Re" in b"".join(path.read_bytes() for path in kept)  # with what the client logs


AT_ONCE = {"retry-after-ms": "1"}
HTTP = [
    Respond(400, QUOTE, QUOTE, QUOTE),
    Respond(401, "invalid_api_key", QUOTE, f"Incorrect API key provided: {KEY}"),
    Respond(429, QUOTE, QUOTE, QUOTE, headers=AT_ONCE),
    Respond(500, QUOTE, QUOTE, QUOTE, headers=AT_ONCE),
    Respond(200, body=QUOTE.encode()),
    Respond(200, body=json.dumps({"id": 7, "error": QUOTE}).encode()),
    Respond(418, body=QUOTE.encode(), headers={"content-type": "text/plain"}),
]
HTTP_OR_CUT: list[Respond | Cut] = [*HTTP, Cut(100)]


@pytest.mark.parametrize("call", ["POST /v1/files", "POST /v1/batches"])
def test_the_endpoint_quotes_them_while_submitting(
    planted: Platform, faults: Faults, call: str
) -> None:
    method, path = call.split()
    for fault in HTTP:
        begin_anew(planted)
        faults.add(method, path, fault, times=None)
        faults.add("GET", "/v1/.*", fault, times=None)
        result = planted.run(Stage.submit, "b1")
        assert planted.batch("b1").openai_batch_id is None
        for event in result.all_events:
            assert leaks(str(event)) == []
        assert leaks(str(planted.batch("b1"))) == []
    tick(planted)


def test_the_endpoint_quotes_them_while_collecting(planted: Platform, faults: Faults) -> None:
    run(planted, Stage.submit, succeeds=True)
    planted.until_the_server_has_ended("b1")
    for fault in HTTP_OR_CUT:
        faults.add("GET", "/v1/batches(/.*)?", fault, times=None)
        tick(planted)
        faults.clear()
    planted.wait("b1")
    for fault in HTTP_OR_CUT:
        faults.add("GET", "/v1/files/.*", fault, times=None)
        run(planted, Stage.collect, succeeds=False)
        faults.clear()


def test_the_endpoint_quotes_them_in_why_a_batch_failed(planted: Platform, faults: Faults) -> None:
    run(planted, Stage.submit, succeeds=True)
    planted.until_the_server_has_ended("b1")
    error = {"code": QUOTE, "line": 1, "message": QUOTE, "param": QUOTE}
    values = {"status": "failed", "errors": {"object": "list", "data": [error]}}

    def failed(page: Any) -> Any:
        return {**page, "data": [{**one, **values} for one in page["data"]]}

    faults.add("GET", "/v1/batches", Change(failed), times=None)
    tick(planted)
    run(planted, Stage.collect, succeeds=True)
    assert leaks(str(planted.batch("b1"))) == []


def test_answers_that_quote_them_where_codes_should_be(planted: Platform) -> None:
    run(planted, Stage.submit, succeeds=True)
    planted.until_the_server_has_ended("b1")
    planted.wait("b1")

    def quoting(lines: list[bytes]) -> list[bytes]:
        def error(value: Any) -> None:
            body = {"error": {"code": QUOTE, "type": QUOTE, "message": QUOTE}}
            value["response"] = {"status_code": 400, "request_id": QUOTE, "body": body}

        def finish(value: Any) -> None:
            choice = value["response"]["body"]["choices"][0]
            choice["finish_reason"] = QUOTE

        def shape(value: Any) -> None:
            message = value["response"]["body"]["choices"][0]["message"]
            message["content"] = json.dumps({QUOTE: QUOTE, "positions": QUOTE})

        changed = edit(edit(edit(lines, 1, error), 2, finish), 3, shape)
        return [*changed, QUOTE.encode() + b"\n", json.dumps({"custom_id": QUOTE}).encode()]

    output = planted.batch("b1").output_file_id
    assert rewrite(planted.server_folder, output, quoting)
    run(planted, Stage.collect, succeeds=True)
    tick(planted)
    assert leaks(str(planted.ends("b1"))) == []


def boom(error: Callable[[], BaseException]) -> Callable[..., Any]:
    def raises(*_: Any, **__: Any) -> Any:
        raise error() from KeyError(QUOTE)

    return raises


ERRORS: dict[str, Callable[[], BaseException]] = {
    "unexpected": lambda: ValueError(QUOTE),
    "key": lambda: KeyError(QUOTE),
    "unicode": lambda: UnicodeEncodeError("utf-8", QUOTE, 0, 1, QUOTE),
    "JSON": lambda: json.JSONDecodeError(QUOTE, QUOTE, 3),
    "full disk": lambda: OSError(28, QUOTE),
    "database": lambda: sa.exc.DataError(
        f"UPDATE x SET y = '{QUOTE}'", {"y": QUOTE}, sqlite3.DataError(QUOTE), hide_parameters=True
    ),
    "statement": lambda: sa.exc.StatementError(QUOTE, QUOTE, {"y": QUOTE}, ValueError(QUOTE)),
}


@pytest.mark.parametrize(
    ("module", "function", "stage"),
    [
        (building, "text_hash", Stage.submit),
        (collecting, "tally_of", Stage.collect),
        (reading, "to_record", Stage.collect),
    ],
)
def test_an_error_that_quotes_them(
    planted: Platform,
    monkeypatch: pytest.MonkeyPatch,
    module: Any,
    function: str,
    stage: Stage,
) -> None:
    if stage is Stage.collect:
        run(planted, Stage.submit, succeeds=True)
        planted.until_the_server_has_ended("b1")
    for error in ERRORS.values():
        with monkeypatch.context() as broken:
            broken.setattr(module, function, boom(error))
            run(planted, stage, succeeds=False)
    tick(planted)


def test_the_driver_quotes_a_value(planted: Platform) -> None:
    """A trigger of the users' own refuses a column, and says whose."""
    run(planted, Stage.submit, succeeds=True)
    planted.until_the_server_has_ended("b1")
    planted.wait("b1")
    with sqlite3.connect(planted.home / "resumes.db") as database:
        database.execute(
            "CREATE TRIGGER refuse BEFORE UPDATE OF Email ON aicandidate BEGIN"
            " SELECT RAISE(ABORT, 'Zerelda Quixby may not be changed'); END"
        )
    result = planted.run(Stage.collect, "b1")
    assert result.success
    written = planted.written()
    assert written
    assert all(planted.candidate(userid).Email is None for userid in written)
    for event in result.all_events:
        assert leaks(str(event)) == []


@pytest.mark.parametrize("name", list(ERRORS))
def test_a_command_shows_none_of_it(home: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(overview, "overview", boom(ERRORS[name]))
    shown = CliRunner().invoke(cli, ["status"])
    assert shown.exit_code == 1
    assert leaks(shown.output + shown.stderr) == []
    assert "while running this command" in shown.stderr


class TestFiles:
    """Here they are private to their user, at OpenAI they are soon gone."""

    @pytest.fixture
    def planted(self, tmp_path: Path) -> Iterator[Platform]:
        """A home of one's own, made while the process's umask takes nothing away."""
        before = os.umask(0)
        try:
            with planted_in(tmp_path) as platform:
                begin_anew(platform)
                yield platform
        finally:
            os.umask(before)

    def test_modes(self, planted: Platform) -> None:
        run(planted, Stage.submit, succeeds=True)
        planted.until_the_server_has_ended("b1")
        run(planted, Stage.collect, succeeds=True)
        for path in planted.home.rglob("*"):
            mode = stat.S_IMODE(path.stat().st_mode)
            inside = path.relative_to(planted.home).parts[0]
            if inside != "dagster":  # a private folder of its own; Dagster makes what is in it
                assert mode & 0o077 == 0, (str(path), oct(mode))
        assert stat.S_IMODE(planted.home.stat().st_mode) == 0o700
        assert stat.S_IMODE((planted.home / "dagster").stat().st_mode) == 0o700

    def test_files_at_openai_are_deleted_once_the_records_are_safe(self, planted: Platform) -> None:
        run(planted, Stage.submit, succeeds=True)
        planted.until_the_server_has_ended("b1")
        assert len(planted.book.files()) == 2
        run(planted, Stage.collect, succeeds=True)
        assert planted.book.files() == []
        assert planted.batch("b1").remote_deleted_at is not None

    def test_and_expire_by_themselves_if_nobody_deletes_them(self, planted: Platform) -> None:
        run(planted, Stage.submit, succeeds=True)
        planted.until_the_server_has_ended("b1")
        with sqlite3.connect(planted.server_folder / "state.db") as state:
            lasts = state.execute("SELECT expires_at - created_at FROM files").fetchall()
        assert [round(days / 86_400) for (days,) in lasts] == [14, 14]
