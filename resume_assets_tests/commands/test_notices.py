"""`notify`, its trial word, and what `continuous`, `status` and `doctor` say of receivers."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from resume_assets_tests.commands.calling import call, ok
from resume_assets_tests.home import Platform, platform_at
from resume_assets_tests.notifying.servers import Answer, Hook, hook, post


@pytest.fixture
def receiver() -> Iterator[Hook]:
    with hook() as made:
        yield made


@pytest.fixture
def stopped(home: Path) -> Iterator[Platform]:
    with platform_at(home) as platform:
        table = platform.database.ledger.installation
        platform.database.write(
            lambda c: c.execute(table.update().values(stopped_reason="The account has no money."))
        )
        yield platform


def test_without_a_receiver_it_is_a_users_mistake(home: Path) -> None:
    for arguments in (("notify",), ("notify", "--test")):
        result = call(*arguments)
        assert result.exit_code == 2
        assert "RESUME_NOTIFY_URL" in result.stderr


def test_a_trial_word_to_each_and_what_it_answered(
    home: Path, receiver: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hook() as other, post() as server:
        other.then = Answer(404, b"no_service")
        monkeypatch.setenv(
            "RESUME_NOTIFY_URL", f"{receiver.url} slack+{other.url} mailto:a@x.example"
        )
        monkeypatch.setenv("RESUME_SMTP_URL", f"smtp://127.0.0.1:{server.port}")
        result = call("notify", "--test")
        assert result.exit_code == 1
        assert f"127.0.0.1:{receiver.port} (JSON): answered 200" in result.stdout
        assert "mail to x.example (mail): 127.0.0.1 took it for 1 of 1" in result.stdout
        assert f"127.0.0.1:{other.port} answered 404 (no_service)." in result.stderr
        assert "S3CRET" not in result.output
        assert receiver.took() == []
        assert "trial word" in receiver.received[0].body["text"]
        assert "trial word" in server.mails[0].get_content()
        other.then = Answer()
        assert call("notify", "--test").exit_code == 0
    assert not (home / "resumes.db").exists()


def test_it_tells_what_came_up_and_tries_again_at_once(
    stopped: Platform, receiver: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESUME_NOTIFY_URL", receiver.url)
    receiver.then = Answer(500)
    result = call("notify")
    assert result.exit_code == 1
    assert "answered 500 (ok); it is told later." in result.stderr
    found = json.loads(ok("status", "--json"))["notices"]
    [standing] = found["receivers"]
    assert standing["waiting"] >= 1
    assert standing["trouble"] == f"127.0.0.1:{receiver.port} answered 500 (ok)"
    shown = ok("status")
    assert f"Not told        127.0.0.1:{receiver.port} answered 500 (ok): " in shown
    assert "notify --test" in shown
    assert "S3CRET" not in shown
    receiver.then = Answer()
    assert f"127.0.0.1:{receiver.port}: told" in ok("notify")
    assert ok("notify") == "Nothing came up that is not told.\n"
    assert "Not told" not in ok("status")


def test_continuous_tells_by_itself(
    home: Path, receiver: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESUME_NOTIFY_URL", receiver.url)
    monkeypatch.setenv("RESUME_MAX_ATTEMPTS", "1")
    with platform_at(home, rules=lambda *_: "no") as platform:
        platform.seed(2)
        arguments = ("--num-batches", "1", "--check-interval", "0.05")
        assert call("continuous", *arguments).exit_code == 1
    kinds = {notice["kind"] for notice in receiver.took()}
    assert {"batch_failed", "given_up"} <= kinds
    assert len(receiver.took()) == len({notice["id"] for notice in receiver.took()})


def test_a_receiver_that_is_down_keeps_continuous_from_nothing(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESUME_NOTIFY_URL", "http://127.0.0.1:9/S3CRET")
    monkeypatch.setenv("RESUME_USABLE_SHARE", "1")
    with platform_at(home) as platform:
        platform.seed(1)
        platform.plan("b0", rows=1)
        table = platform.database.ledger.batches
        platform.database.write(
            lambda c: c.execute(table.update().values(state="abandoned", message="Given up."))
        )
        result = call("continuous", "--num-batches", "1", "--check-interval", "0.05")
        assert result.exit_code == 0
        assert result.stderr.count("was not reached") == 1
        assert "S3CRET" not in result.output
        assert platform.written() == [1]


def test_what_doctor_says(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "nobody is told what comes up (RESUME_NOTIFY_URL)" in call("doctor").stdout
    monkeypatch.setenv(
        "RESUME_NOTIFY_URL",
        "https://hooks.slack.com/services/S3CRET http://intern.example/S3CRET nonsense/S3CRET",
    )
    result = call("doctor")
    assert result.exit_code == 1
    assert "ok     notify     hooks.slack.com (Slack)" in result.stdout
    assert "look   notify     intern.example is told without encryption" in result.stdout
    assert "WRONG  notify     RESUME_NOTIFY_URL: address 3" in result.stdout
    assert "S3CRET" not in result.output
