"""What comes up, and what does not: each matter by the state of the ledger that makes it one."""

import datetime
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from resume_assets.batches.ledger.lease import leased
from resume_assets.batches.ledger.states import BatchState
from resume_assets.batches.planning.dispatching import abandon
from resume_assets.batches.planning.quota import resume_planning, stop_planning
from resume_assets.batches.receiving.contradictions import LEAST_LOOKS
from resume_assets.batches.upkeep import people
from resume_assets.models.ends import ModelEnd
from resume_assets.notifying import finding
from resume_assets.notifying.closed_batches import why_failed
from resume_assets.notifying.finding import find
from resume_assets.notifying.matters import Kind, Matter
from resume_assets.notifying.open_batches import LATE, of_open
from resume_assets.notifying.reported import failed_check, failed_run, of_housekeeping
from resume_assets.notifying.standstill import THRESHOLDS, at_threshold
from resume_assets.notifying.summary import FROM_HOUR, due_summary
from resume_assets.notifying.telling import look
from resume_assets_tests.databases import settings
from resume_assets_tests.flow import KEY, Flow, Flowing, flow_at, resume

NOW = datetime.datetime(2026, 11, 27, 12)  # noqa: DTZ001 (as the ledger has it)
SET = settings(stuck_hours=26.0, doubt_seconds=60.0)
ENDLESS = {"model": "gpt-6-luna"}
"""A model whose end nobody knows: what is found does not depend on the day."""


@pytest.fixture
def flow(tmp_path: Path) -> Iterator[Flowing]:
    """Three resumes wait; the third never gets a usable answer."""

    def rules(schema: dict[str, Any], text: str) -> Any:
        from resume_assets.local_openai.rules import answer

        return "no" if "Lovelace3\n" in text else answer(schema, text)

    with flow_at(tmp_path / "home", rules=rules, settings=ENDLESS) as opened:
        opened.seed(3)
        yield opened


def found(flow: Flow, *, but: set[Kind] | None = None) -> dict[Kind, Matter]:
    """By kind; no kind comes up twice here."""
    matters = flow.database.read(lambda c: find(c, flow.database, flow.settings)).matters
    by_kind = {matter.kind: matter for matter in matters if matter.kind not in (but or set())}
    assert len(by_kind) == len([one for one in matters if one.kind not in (but or set())])
    return by_kind


def notices(flow: Flow) -> list[str]:
    table = flow.database.ledger.notices
    query = sa.select(table).order_by(table.c.came_up_at, table.c.notice_id)
    return [row.kind for row in flow.rows(query)]


# Batches that closed


def test_of_a_batch_that_went_well_nothing_is_told(flow: Flowing) -> None:
    flow.delete(3)
    flow.until_done()
    assert found(flow) == {}
    assert look(flow.database, flow.settings) == 0
    assert flow.batch().noticed_at is not None


def test_candidates_that_are_given_up(flow: Flowing) -> None:
    flow.set(max_attempts=1, usable_share=0.5)
    flow.until_done()
    matter = found(flow)[Kind.given_up]
    assert "1 candidate of batch b1" in matter.what
    assert matter.command == "resume-assets retry"
    assert look(flow.database, flow.settings) == 1
    assert found(flow) == {}  # it is looked at once
    assert notices(flow) == ["given_up"]


def test_a_batch_without_one_usable_answer(flow: Flowing) -> None:
    flow.delete(1)
    flow.delete(2)
    flow.until_done()
    matter = found(flow)[Kind.batch_failed]
    assert "1 answers of which none is usable" in matter.what
    assert matter.command == "resume-assets check b1"
    assert found(flow).keys() == {Kind.batch_failed}


def test_a_batch_with_few_usable_answers(flow: Flowing) -> None:
    flow.until_done()
    assert "2 of 3 records are written" in found(flow)[Kind.batch_failed].what


def test_little_is_borne_out(flow: Flowing) -> None:
    flow.delete(3)
    flow.set(borne_out_share=1.0)
    flow.until_done()
    flow.update(low_borne_out=True)
    items = flow.database.ledger.items
    spoiled = items.update().values(
        values_checked=10,
        values_not_borne_out=5,
        not_borne_out='["City", "City", "City", "City", "City"]',
    )
    flow.database.write(lambda c: c.execute(spoiled))
    matter = found(flow)[Kind.little_borne_out]
    assert "50.0% stand in the resumes, less than RESUME_BORNE_OUT_SHARE (100%)" in matter.what
    assert matter.command == "resume-assets undo b1"


def test_a_batch_that_could_not_be_sent_and_one_that_a_person_called_back(flow: Flowing) -> None:
    def give_up(connection: sa.Connection) -> None:
        why = "Given up after 3 runs that did not submit it."
        now = flow.database.dialect.utc_now(connection)
        batch = flow.batch("b1")
        abandon(connection, flow.database, batch, "batch_abandoned", why, now=now)

    flow.until_built("b1", rows=1)
    flow.database.write(give_up)
    flow.until_built("b2", rows=1)
    with leased(flow.database, "b2") as lease:
        people.cancel(lease, flow.settings, flow.store, flow.api)
    matter = found(flow)[Kind.batch_failed]
    assert matter.batch_key == "b1"
    assert "could not be sent and was given up" in matter.what
    look(flow.database, flow.settings)
    flow.plan("b1")  # the same key once more, and it fails again
    flow.claim("b1")
    flow.database.write(give_up)
    assert look(flow.database, flow.settings) == 1
    assert notices(flow) == ["batch_failed", "batch_failed"]


def test_a_batch_that_a_person_gave_up_or_cancelled(flow: Flowing) -> None:
    flow.until_submitted()
    with leased(flow.database, KEY) as lease:
        people.give_up(lease)
    assert found(flow) == {}


@pytest.mark.parametrize(
    ("status", "why"),
    [
        ("failed", "was turned down as a whole"),
        ("lost", "is no longer known to its server"),
        ("expired", "was not ended in time: 2 of 9 records"),
        ("completed", None),
        ("cancelled", None),
    ],
)
def test_how_a_batch_failed(status: str, why: str | None) -> None:
    batch: Any = SimpleNamespace(
        state=BatchState.done,
        openai_status=status,
        requests=9,
        reused=None,
        succeeded=2,
        low_share=None,
        trial_key=None,
        message=None,
    )
    told = why_failed(batch, {"expired": 7})
    assert (told is None) == (why is None)
    assert why is None or why in (told or "")


def test_batches_that_closed_long_ago_are_only_marked(
    flow: Flowing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "_CLOSED_A_LOOK", 2)
    flow.set(max_attempts=1)
    flow.until_done("b1", rows=1)
    flow.until_done("b2", rows=1)
    flow.until_done("b3", rows=1)
    long_ago = flow.batch("b3").done_at - finding.CLOSED_FOR - timedelta(hours=1)
    flow.update("b3", done_at=long_ago)
    assert look(flow.database, flow.settings) == 0
    assert [batch.noticed_at is None for batch in flow.batches()] == [True, False, False]
    look(flow.database, flow.settings)
    assert all(batch.noticed_at is not None for batch in flow.batches())


# Batches that are not


def row(state: BatchState, **values: Any) -> Any:
    times = dict.fromkeys(("submitted_at", "ended_at", "requested_at", "intent_at"))
    return SimpleNamespace(
        **{
            "state": state,
            "batch_key": "b1",
            "try_number": 1,
            "trial_key": None,
            "service": None,
            "endpoint": "https://api.openai.com/v1",
            "openai_status": "in_progress",
            "requests": 9,
            "contradiction": None,
            "contradiction_since": None,
            "contradiction_looks": None,
            "quota_tries": 0,
            "planned_at": NOW,
            **times,
            **values,
        }
    )


def hours(number: float) -> datetime.datetime:
    return NOW - timedelta(hours=number)


@pytest.mark.parametrize(
    ("batch", "kind", "command"),
    [
        (row(BatchState.submitted, submitted_at=hours(25.9)), None, None),
        (row(BatchState.submitted, submitted_at=hours(26.1)), Kind.batch_stuck, "cancel b1"),
        (
            row(
                BatchState.submitted,
                submitted_at=hours(30),
                contradiction="answers_unnamed",
                contradiction_since=hours(2),
                contradiction_looks=LEAST_LOOKS,
            ),
            Kind.batch_stuck,
            "cancel b1 --give-up",
        ),
        (
            row(
                BatchState.submitted,
                submitted_at=hours(30),
                contradiction="nothing_named",
                contradiction_since=hours(2),
                contradiction_looks=LEAST_LOOKS,
            ),
            None,
            None,
        ),
        (row(BatchState.ended, ended_at=hours(2.9)), None, None),
        (row(BatchState.ended, ended_at=hours(3.1)), Kind.batch_late, "check b1"),
        (row(BatchState.applied, ended_at=hours(3.1)), Kind.batch_late, "check b1"),
        (
            row(BatchState.ended, ended_at=hours(3.1), trial_key="t1"),
            Kind.batch_late,
            "trial t1",
        ),
        (row(BatchState.planned, planned_at=hours(2.9)), None, None),
        (row(BatchState.planned, planned_at=hours(3.1)), Kind.batch_late, "submit --batch b1"),
        (row(BatchState.built, planned_at=hours(9), requested_at=hours(1)), None, None),
        (row(BatchState.quota, planned_at=hours(20), requested_at=hours(9)), None, None),
        (row(BatchState.built, planned_at=hours(20), quota_tries=2), None, None),
        (row(BatchState.quota, planned_at=hours(27)), Kind.batch_late, "submit --batch b1"),
        (row(BatchState.submitting, intent_at=hours(2.9)), None, None),
        (row(BatchState.submitting, intent_at=hours(4)), Kind.batch_in_doubt, "submit --batch b1"),
        (row(BatchState.built, planned_at=hours(4), service="flex"), Kind.batch_late, "now"),
        (
            row(
                BatchState.submitting,
                planned_at=hours(4),
                intent_at=hours(4),
                submitted_at=hours(4),
                service="standard",
            ),
            Kind.batch_late,
            "now",
        ),
        (row(BatchState.submitting, intent_at=hours(2), service="standard"), None, None),
        (row(BatchState.done), None, None),
    ],
)
def test_an_open_batch(batch: Any, kind: Kind | None, command: str | None) -> None:
    matter = of_open(batch, NOW, SET, stopped=False)
    assert (matter and matter.kind) == kind
    if matter is not None:
        assert matter.command == f"resume-assets {command}"
        assert "b1" in matter.what
        assert matter.identity != getattr(
            of_open(SimpleNamespace(**{**vars(batch), "try_number": 2}), NOW, SET, stopped=False),  # type: ignore[arg-type]
            "identity",
            None,
        )
    stopped = of_open(batch, NOW, SET, stopped=True)
    assert stopped is None or batch.state in (BatchState.submitted, BatchState.ended, "applied")


@given(
    st.sampled_from(list(BatchState)),
    st.floats(0, 500),
    st.floats(0, 500),
    st.booleans(),
)
def test_the_same_matter_as_long_as_it_lasts(
    state: BatchState, ago: float, later: float, is_stopped: bool
) -> None:
    """It comes up at some moment, never ends by itself, and is always the same one."""
    then = hours(ago)
    batch = row(
        state, submitted_at=then, ended_at=then, planned_at=then, requested_at=then, intent_at=then
    )
    first = of_open(batch, NOW, SET, stopped=is_stopped)
    second = of_open(batch, NOW + timedelta(hours=later), SET, stopped=is_stopped)
    if first is not None:
        assert second is not None
        assert second.identity == first.identity
    if timedelta(hours=ago) < LATE:
        assert first is None


# Planning


def test_planning_stops_goes_on_and_stops_again(flow: Flowing) -> None:
    def stop() -> None:
        reason = "OpenAI refused the key (HTTP 401)."
        flow.database.write(lambda c: stop_planning(c, flow.database, reason))

    assert found(flow) == {}
    stop()
    matter = found(flow)[Kind.planning_stopped]
    assert matter.what.startswith("OpenAI refused the key (HTTP 401). `resume-assets unpause`")
    assert matter.command == "resume-assets unpause"
    for _ in range(3):
        look(flow.database, flow.settings)
        stop()  # each look at OpenAI says so again
    assert notices(flow) == ["planning_stopped"]
    flow.database.write(lambda c: resume_planning(c, flow.database))
    assert look(flow.database, flow.settings) == 0
    stop()
    assert look(flow.database, flow.settings) == 1


def test_a_sum_that_is_spent(flow: Flowing) -> None:
    flow.delete(3)
    flow.until_done()
    flow.set(max_cost_usd=0.000_001)
    assert "RESUME_MAX_COST_USD" in found(flow)[Kind.planning_stopped].what
    look(flow.database, flow.settings)
    flow.set(max_cost_usd=0.000_002)  # a higher one, which is spent as well
    look(flow.database, flow.settings)
    flow.set(max_cost_usd=None, max_cost_usd_a_day=0.000_001)  # passes by itself
    assert found(flow) == {}
    assert notices(flow) == ["planning_stopped"] * 2


def test_poor_batches_stop_it_again_after_a_good_one(flow: Flowing) -> None:
    flow.seed({number: resume(number) for number in range(10, 16)})
    flow.delete(3)
    flow.until_done("b1", rows=1)
    flow.until_done("b2", rows=1)
    for key in ("b1", "b2"):
        flow.update(key, low_share=True)
    both = {Kind.batch_failed}
    assert "RESUME_USABLE_SHARE" in found_stop(flow).what
    first = found_stop(flow)
    flow.update("b2", low_share=False)
    assert Kind.planning_stopped not in found_kinds(flow)
    flow.update("b1", low_share=False)
    for key in ("b3", "b4"):
        flow.until_done(key, rows=1)
        flow.update(key, low_share=True)
    assert found_stop(flow).identity != first.identity
    assert both <= found_kinds(flow)


def found_kinds(flow: Flow) -> set[Kind]:
    matters = flow.database.read(lambda c: find(c, flow.database, flow.settings)).matters
    return {matter.kind for matter in matters}


def found_stop(flow: Flow) -> Matter:
    matters = flow.database.read(lambda c: find(c, flow.database, flow.settings)).matters
    [stop] = [matter for matter in matters if matter.kind is Kind.planning_stopped]
    return stop


# The model

END = datetime.date(2027, 1, 14)


@pytest.mark.parametrize(
    ("left", "threshold"),
    [(120, None), (91, None), (90, 90), (31, 90), (30, 30), (8, 30), (7, 7), (1, 7), (0, None)],
)
def test_a_model_that_ends(left: int, threshold: int | None) -> None:
    end = ModelEnd("old", END, "new", is_binding=True)
    matter = at_threshold(end, END - timedelta(days=left))
    assert (matter and int(matter.about[-1])) == threshold
    if matter is not None:
        assert f"in {left} day" in matter.what
        assert "new" in matter.what
        assert matter.command == "resume-assets trial --model old --model new --sample 200"


def test_each_threshold_once() -> None:
    end = ModelEnd("old", END, None, is_binding=False)
    matters = [at_threshold(end, END - timedelta(days=left)) for left in range(400, -30, -1)]
    assert len({matter.identity for matter in matters if matter}) == len(THRESHOLDS)
    other = ModelEnd("old", END + timedelta(days=30), None, is_binding=False)
    postponed = at_threshold(other, END)
    assert postponed is not None
    assert postponed.identity not in {matter.identity for matter in matters if matter}


def test_the_configured_model(flow: Flowing) -> None:
    flow.until_done(rows=1)
    today = flow.database.read(flow.database.dialect.utc_now).date()
    flow.update(model_shutdown=today + timedelta(days=20))  # as its endpoint told
    assert found(flow)[Kind.model_ends].about[-1] == "30"
    flow.update(model_shutdown=today)
    stop = found(flow)
    assert Kind.model_ends not in stop
    assert stop[Kind.planning_stopped].about[0] == "model_ends"
    assert stop[Kind.planning_stopped].command.startswith("resume-assets trial --model ")  # type: ignore[union-attr]


# The summary


def test_a_summary_a_day_if_wanted(flow: Flowing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resume_assets.notifying.summary.FROM_HOUR", 0)
    flow.set(max_attempts=1)
    flow.until_done()
    assert Kind.summary not in found(flow)
    flow.set(notify_summary=True)
    flow.seed({7: resume(7)})
    matter = found(flow)[Kind.summary]
    assert matter.what.startswith("2 records written, 1 batch done, $0.00 spent and $0.00 saved")
    assert matter.what.endswith("Now: 1 resume waiting, 0 batches out, 1 candidate given up.")
    look(flow.database, flow.settings)
    look(flow.database, flow.settings)
    assert notices(flow).count("summary") == 1


def test_when_a_summary_is_due() -> None:
    wanted = settings(notify_summary=True)
    early, late = NOW.replace(hour=FROM_HOUR - 1), NOW.replace(hour=23)
    assert due_summary(early, wanted) is None
    assert due_summary(NOW, settings()) is None
    first, second, tomorrow = (
        due_summary(at, wanted) for at in (NOW, late, NOW + timedelta(days=1))
    )
    assert first is not None
    assert second is not None
    assert tomorrow is not None
    assert first.identity == second.identity != tomorrow.identity


# What is reported


def test_a_run_that_failed_by_its_job() -> None:
    calls = {
        ("submit_batch", "b1"): "submit --batch b1",
        ("collect_batch", "b1"): "check b1",
        ("run_model_trial", "t1"): "trial t1",
        ("housekeeping", None): "ui",
        ("export_day", "2026-11-27"): "ui",
        ("import_delivery", "20261127-101500"): "ui",
        ("__ASSET_JOB", "b1"): "ui",
    }
    for (job, key), command in calls.items():
        matter = failed_run("1234abcd-rest", job, key)
        assert matter.command == f"resume-assets {command}"
        assert "Run 1234abcd of " in matter.what
        assert failed_run("5678", job, key).identity == matter.identity
        assert failed_run("5678", job, "other").identity != matter.identity
        assert matter.batch_key in ("b1", None)


def test_a_check_that_failed() -> None:
    matter = failed_check("b1", "date_formats", "Every date is YYYY-MM.")
    assert "Check date_formats failed for batch b1." in matter.what
    assert matter.batch_key == "b1"


def test_problems_of_one_sort_are_one_matter() -> None:
    problems = [
        "Batch b1: its files are not known with this key, and so not deleted.",
        "Batch 20261127-034100-abcd: its files are not known with this key, and so not deleted.",
        "Batch monday: its files are not known with this key, and so not deleted.",
        "OpenAI gave no answer while listing files (ConnectError).",
        "Permission denied (PermissionError) while deleting the files of batch b1: /x/y/b1\nmore",
    ]
    first, second, third = of_housekeeping(problems)
    assert first.what.startswith(f"{problems[0]} (2 more of this sort)")
    assert second.what.startswith(problems[3])
    assert "more" not in third.what
    assert [one.identity for one in of_housekeeping(problems[1:])] == [
        one.identity for one in (first, second, third)
    ]
    assert list(of_housekeeping([])) == []


def test_what_is_told_of_a_failed_batch_is_not_what_its_server_said(flow: Flowing) -> None:
    """A message of a batch may name a candidate; it is not told."""
    flow.until_built()
    flow.update(state="abandoned", message="userid ada@example.com: too long")
    matter = found(flow)[Kind.batch_failed]
    assert "ada@" not in json.dumps([matter.what, matter.command])
