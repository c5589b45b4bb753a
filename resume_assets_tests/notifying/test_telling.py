"""From the ledger to real receivers on loopback: once each, later if need be, nothing personal."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from resume_assets.batches.planning.quota import resume_planning, stop_planning
from resume_assets.notifying import outbox, sending
from resume_assets.notifying.matters import Kind
from resume_assets.notifying.reported import failed_check, failed_run, of_housekeeping
from resume_assets.notifying.telling import Told, report, tell
from resume_assets_tests.flow import Flow, Flowing, flow_at
from resume_assets_tests.notifying.servers import Answer, Hook, hook, post
from resume_assets_tests.notifying.test_finding import ENDLESS
from resume_assets_tests.notifying.test_outbox import earlier

NAME, EMAIL, PHONE = "Zerelda Quixby", "zerelda.quixby@example.com", "+1 555 010 7788"
MARKERS = ("zerelda", "quixby", "0107788", "010 7788", "wobbleton", "T0K3N", "S3CRET", "4711")
RESUME = f"""# {NAME}

{EMAIL} | {PHONE} | Springfield, IL

## Experience

### Welder, Wobbleton Pickle Works
March 2019 - Present
"""


@pytest.fixture
def flow(tmp_path: Path) -> Iterator[Flowing]:
    """Resumes with markers wait, under ids with markers, and no answer is usable."""
    with flow_at(tmp_path / "home", rules=lambda *_: "no", settings=ENDLESS) as opened:
        opened.seed({4711: RESUME, 4712: RESUME.replace("Zerelda", "Quixby")})
        opened.set(max_attempts=1)
        yield opened


def told_to(flow: Flow, *receivers: Hook, **more: Any) -> None:
    addresses = " ".join(one.url for one in receivers)
    flow.set(notify_url=SecretStr(addresses), **more)


def told(flow: Flow) -> Told:
    return tell(flow.database, flow.settings)


def stop(flow: Flow) -> None:
    reason = "OpenAI refused the key (HTTP 401)."
    flow.database.write(lambda c: stop_planning(c, flow.database, reason))


def kinds(receiver: Hook) -> list[str]:
    return [notice["kind"] for notice in receiver.took()]


def test_nobody_to_tell(flow: Flowing) -> None:
    stop(flow)
    assert told(flow) == Told()
    assert flow.rows(sa.select(flow.database.ledger.notices)) == []
    report(flow.database, [failed_run("1", "submit_batch", "b1")])  # kept for who is told later
    assert len(flow.rows(sa.select(flow.database.ledger.notices))) == 1


def test_each_is_told_once_to_each(flow: Flowing, receiver: Hook) -> None:
    with hook() as other:
        told_to(flow, receiver, other)
        flow.until_done()
        first = told(flow)
        assert first.receivers == 2
        assert list(first.notices.values()) == [2, 2]
        for _ in range(3):
            assert told(flow) == Told(2)
        stop(flow)
        told(flow)
        flow.database.write(lambda c: resume_planning(c, flow.database))
        told(flow)
        stop(flow)
        told(flow)
        for one in (receiver, other):
            assert kinds(one) == ["batch_failed", "given_up", *["planning_stopped"] * 2]
            assert len({notice["id"] for notice in one.took()}) == 4
        assert str(Told(1)) == "Nothing came up."


def test_a_receiver_that_is_down_holds_nobody_up_and_is_told_later(
    flow: Flowing, receiver: Hook
) -> None:
    with hook() as other:
        receiver.then = Answer(503)
        told_to(flow, receiver, other)
        flow.until_done()
        first = told(flow)
        assert list(first.notices.values()) == [2]
        assert "answered 503 (ok); it is told later." in str(first)
        stop(flow)
        assert told(flow).problems == []  # it is left alone now
        assert len(receiver.received) == 1
        receiver.received.clear()
        receiver.then = Answer()
        earlier(flow.database, timedelta(minutes=2))
        assert list(told(flow).notices.values()) == [3]
        assert kinds(receiver) == kinds(other) == ["batch_failed", "given_up", "planning_stopped"]


def test_a_receiver_that_is_slow_holds_nobody_up(
    flow: Flowing, receiver: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "MOST_SECONDS", 0.3)
    hang = threading.Event()
    receiver.then = Answer(until=hang)
    with hook() as other:
        told_to(flow, receiver, other)
        stop(flow)
        result = told(flow)
        assert "did not answer" in result.problems[0]
        assert kinds(other) == ["planning_stopped"]
    hang.set()


def test_one_that_refuses_for_good_is_given_up_and_the_others_hear_of_it(
    flow: Flowing, receiver: Hook
) -> None:
    receiver.answers = [Answer(410, b"channel_is_archived")]
    with hook() as other:
        told_to(flow, receiver, other)
        stop(flow)
        result = told(flow)
        shown = f"127.0.0.1:{receiver.port} answered 410 (channel_is_archived)"
        assert result.problems == [f"{shown}; 1 notices are given up."]
        assert kinds(other) == ["planning_stopped", "receiver_refuses"]
        assert shown in other.took()[1]["what"]
        receiver.received.clear()
        told(flow)  # it is tried with what is new, and takes it again
        assert kinds(receiver) == ["receiver_refuses"]


def test_a_refusal_is_believed_after_several_tries(flow: Flowing, receiver: Hook) -> None:
    receiver.then = Answer(404, b"no_service")
    told_to(flow, receiver)
    stop(flow)
    for _ in range(outbox.REFUSALS):
        result = told(flow)
        earlier(flow.database, timedelta(hours=1, minutes=1))
    assert result.problems[0].endswith("1 notices are given up.")


def test_500_and_then_200(flow: Flowing, receiver: Hook) -> None:
    receiver.then_answers(500, 500)
    told_to(flow, receiver)
    stop(flow)
    told(flow)
    for minutes in (2, 3):
        earlier(flow.database, timedelta(minutes=minutes))
        told(flow)
    assert kinds(receiver) == ["planning_stopped"] * 3  # of which it took the last
    assert len({notice["id"] for notice in receiver.took()}) == 1
    assert told(flow) == Told(1)


def test_time_that_runs_out_ends_it_and_loses_nothing(flow: Flowing, receiver: Hook) -> None:
    told_to(flow, receiver)
    stop(flow)
    assert tell(flow.database, flow.settings, until=lambda: True) == Told(1)
    assert receiver.received == []
    told(flow)
    assert kinds(receiver) == ["planning_stopped"]


def test_many_workers_at_once_tell_it_once(flow: Flowing, receiver: Hook) -> None:
    hang = threading.Event()
    receiver.then = Answer(until=hang)
    told_to(flow, receiver)
    flow.until_done()
    stop(flow)
    with ThreadPoolExecutor(6) as pool:
        several = [pool.submit(told, flow) for _ in range(6)]
        threading.Event().wait(0.3)  # all of them are at it
        hang.set()
        results = [one.result() for one in several]
    told(flow)
    assert sorted(kinds(receiver)) == ["batch_failed", "given_up", "planning_stopped"]
    assert all(result.problems == [] for result in results)


def test_a_mail_server_that_is_down_and_then_up(flow: Flowing) -> None:
    with post() as server:
        server.reply = "451 later"
        smtp = SecretStr(f"smtp://127.0.0.1:{server.port}")
        flow.set(notify_url=SecretStr("mailto:ops@x.example,boss@x.example"), smtp_url=smtp)
        flow.until_done()
        stop(flow)
        assert "mail to x.example" in told(flow).problems[0]
        server.reply = "250 taken"
        earlier(flow.database, timedelta(minutes=2))
        assert told(flow).notices == {"mail to x.example": 3}
        told(flow)
    [mail] = server.mails
    assert mail["Subject"].startswith("resume-assets: ")
    assert mail["Subject"].endswith(", and 2 more")
    words = mail.get_content()
    assert "Planning has stopped" in words
    assert "    resume-assets unpause" in words


def test_a_mistake_in_the_setting_is_told_and_the_others_are_told(
    flow: Flowing, receiver: Hook
) -> None:
    flow.set(notify_url=SecretStr(f"hooks.slack.com/S3CRET {receiver.url}"))
    stop(flow)
    result = told(flow)
    assert "address 1" in result.problems[0]
    assert kinds(receiver) == ["planning_stopped"]


def test_nothing_personal_and_no_secret_is_told_or_kept(
    flow: Flowing, receiver: Hook, caplog: pytest.LogCaptureFixture
) -> None:
    """Every kind that there is, of candidates whose names, e-mails and ids are markers."""
    caplog.set_level("DEBUG")
    with hook() as slack, hook() as teams, post() as server:
        addresses = f"{receiver.url} slack+{slack.url} teams+{teams.url} mailto:ops@x.example"
        flow.set(
            notify_url=SecretStr(addresses),
            smtp_url=SecretStr(f"smtp://127.0.0.1:{server.port}"),
            notify_summary=True,
        )
        flow.until_done()
        flow.update(message=f"userid {EMAIL}: {NAME} 4711", low_borne_out=True)
        flow.seed({4713: RESUME})
        flow.until_submitted("b2")
        flow.update("b2", submitted_at=flow.batch("b2").submitted_at - timedelta(hours=30))
        stop(flow)
        problem = f"Batch b1: could not delete {EMAIL} of 4711"
        report(
            flow.database,
            [
                failed_run("1234-5", "collect_batch", "b1"),
                failed_check("b1", "date_formats", "Every date is YYYY-MM."),
                *of_housekeeping([problem.replace("4711", "them")]),
            ],
        )
        result = told(flow)
        assert result.problems == []
        told(flow)
        heard = [
            json.dumps([one.body for one in receiver.received + slack.received + teams.received]),
            *(mail.as_string() for mail in server.mails),
        ]
    came_up = set(kinds(receiver))
    assert came_up >= {
        *(Kind.batch_failed, Kind.batch_stuck, Kind.given_up, Kind.little_borne_out),
        *(Kind.planning_stopped, Kind.run_failed, Kind.check_failed, Kind.housekeeping),
    }
    kept = [
        str(row)
        for table in (flow.database.ledger.notices, flow.database.ledger.deliveries)
        for row in flow.rows(sa.select(table))
    ]
    # But for what the mail server here logs of its own.
    logged = "\n".join(
        record.getMessage() for record in caplog.records if not record.name.startswith("mail")
    )
    for text in (*heard, *kept, logged, str(result)):
        assert not [marker for marker in MARKERS if marker.lower() in text.lower()]
    assert "ops@x.example" not in logged + str(result) + " ".join(kept)
