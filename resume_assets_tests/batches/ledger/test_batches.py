"""The ledger's rows: found by either name, closed once, and never longer than their columns."""

from collections.abc import Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.closing import End, close
from resume_assets.batches.ledger.lease import leased
from resume_assets.batches.ledger.states import BatchState, ItemState
from resume_assets.batches.planning.dispatching import abandon
from resume_assets.batches.planning.quota import stop_planning
from resume_assets_tests.flow import KEY, Flowing


def test_made_up_keys_sort_by_age_and_can_be_keys():
    times = [datetime(2026, 1, 9, 23, 59, 59), datetime(2026, 1, 10), datetime(2026, 11, 1)]  # noqa: DTZ001
    keys = [batches.new_key(time) for time in times]
    assert keys == sorted(keys)
    assert [batches.check_key(key) for key in keys] == keys
    assert keys[0].startswith("20260109-235959-")
    assert len({batches.new_key(times[0]) for _ in range(50)}) > 40


@pytest.mark.parametrize(("key", "is_one"), [("x" * 64, True), ("x" * 65, False), ("aZ0_-", True)])
def test_a_key_is_a_folder_and_a_primary_key(key: str, is_one: bool):
    if is_one:
        assert batches.check_key(key) == key
    else:
        with pytest.raises(batches.BadKey):
            batches.check_key(key)


def test_a_batch_is_found_by_its_key_and_by_its_id(flow: Flowing):
    batch = flow.until_submitted()
    for name in (KEY, batch.openai_batch_id):
        assert flow.batch(name).batch_key == KEY
    with pytest.raises(batches.UnknownBatch, match="'nobody'"):
        flow.batch("nobody")
    with pytest.raises(batches.UnknownBatch):
        flow.database.write(lambda connection: batches.lock(connection, flow.database, "nobody"))


def test_what_is_closed_is_counted_and_let_go(flow: Flowing):
    flow.until_submitted()
    ends = [
        End(1, ItemState.failed, "r" * 300, (5, 0, 2, 7), attempt_used=True),
        End(2, ItemState.missing, "no_line"),
    ]
    with leased(flow.database, KEY) as lease:
        lease.write(lambda connection: close(connection, lease, ends))
        lease.write(lambda connection: close(connection, lease, []))
    items = flow.items()
    assert items[1].reason == "r" * 200
    used = (items[1].input_tokens, items[1].cached_tokens, items[1].output_tokens)
    assert (*used, items[1].cache_write_tokens) == (5, 0, 7, 2)
    assert (items[1].attempt_used, items[2].attempt_used) == (True, False)
    assert (items[1].closed_at is None, items[3].closed_at is None) == (False, True)
    assert flow.claims() == {3: KEY}
    counted = flow.database.read(
        lambda connection: batches.count_items(connection, flow.database.ledger.items, KEY)
    )
    assert counted == {"failed": 1, "missing": 1, "submitted": 1}
    reasons = flow.database.read(
        lambda connection: batches.count_reasons(connection, flow.database.ledger.items, KEY)
    )
    assert reasons == {f"failed: {'r' * 200}": 1, "missing: no_line": 1, "submitted": 1}


def test_what_was_closed_before_is_not_given_back_again(flow: Flowing):
    flow.until_built()
    with leased(flow.database, KEY) as lease:
        ended = [End(2, ItemState.failed, "over_token_limit")]
        lease.write(lambda connection: close(connection, lease, ended))
    batch = flow.database.write(
        lambda connection: abandon(
            connection,
            flow.database,
            batches.get(connection, flow.database, KEY),
            "batch_abandoned",
            "m" * 2_000,
            now=flow.database.dialect.utc_now(connection),
        )
    )
    assert flow.ends() == {
        1: "released: batch_abandoned",
        2: "failed: over_token_limit",
        3: "released: batch_abandoned",
    }
    assert len(batch.message) == 1_000
    assert flow.claims() == {}


@pytest.mark.parametrize(
    ("values", "reasons", "expected"),
    [
        ({}, ["failed: http_400"], True),
        ({}, ["cancelled: no_line", "failed: http_400", "stale: changed_meanwhile"], True),
        ({}, ["cancelled: no_line", "stale: x", "undone", "forgotten: by_request"], False),
        ({}, ["released: cancelled_by_person"], False),
        ({}, ["released: blank"], True),
        ({}, [], False),
        ({"succeeded": 1}, ["failed: http_400"], False),
        ({"requests": 0}, ["failed: http_400"], False),
        ({"requests": None}, ["failed: http_400"], False),
        ({"state": "applied"}, ["failed: http_400"], False),
    ],
)
def test_whether_a_batch_gave_nothing_usable(
    values: dict[str, Any], reasons: Sequence[str], expected: bool
):
    """What people or the endpoint called back says nothing about the answers."""
    batch: Any = SimpleNamespace(
        **{"state": BatchState.done, "succeeded": 0, "requests": 2} | values
    )
    assert batches.nothing_usable(batch, reasons) is expected


@pytest.mark.parametrize(
    ("requests", "reused", "expected"),
    [(None, None, 0), (3, None, 3), (None, 2, 2), (3, 2, 5), (0, 0, 0)],
)
def test_how_many_records_a_batch_could_bring(
    requests: int | None, reused: int | None, expected: int
):
    batch: Any = SimpleNamespace(requests=requests, reused=reused)
    assert batches.to_be_written(batch) == expected


@pytest.mark.parametrize(
    ("trial", "number", "told"),
    [
        (None, 3, "went back to the queue"),
        ("t1", 1, "is left out of the trial"),
        ("t1", 2, "are left out of the trial"),
    ],
)
def test_what_became_of_those_that_were_not_sent(trial: str | None, number: int, told: str):
    batch: Any = SimpleNamespace(trial_key=trial)
    assert batches.fate_of_unsent(batch, number) == told


def test_batches_of_trials_are_found_unless_they_are_not_wanted(flow: Flowing):
    flow.plan("b1", rows=1)
    flow.plan("b2", rows=1)
    flow.update("b1", trial_key="t1")

    assert planned(flow) == planned(flow, of_trials=True) == ["b1", "b2"]
    assert planned(flow, of_trials=False) == ["b2"]


def test_the_latest_batches_stand_in_the_same_order(flow: Flowing):
    for key in ("b3", "b2", "b1"):
        flow.plan(key, rows=1)
    flow.update("b2", planned_at=planned_at(flow, "b1"))  # of one moment: the keys decide
    assert planned(flow) == ["b3", "b1", "b2"]
    for latest in range(5):
        assert planned(flow, latest=latest) == ["b3", "b1", "b2"][3 - min(latest, 3) :]
    flow.update("b1", trial_key="t1")
    assert planned(flow, latest=2, of_trials=False) == ["b3", "b2"]


def planned(flow: Flowing, **more: Any) -> list[str]:
    """The keys of the planned batches, as they are found."""
    rows = flow.database.read(
        lambda connection: batches.in_states(
            connection, flow.database, {BatchState.planned}, **more
        )
    )
    return [row.batch_key for row in rows]


def planned_at(flow: Flowing, key: str) -> Any:
    """When a batch was planned."""
    return flow.database.read(lambda c: batches.get(c, flow.database, key)).planned_at


def test_who_gets_anothers_answer_is_counted_unless_only_requests_are(flow: Flowing):
    flow.until_submitted()
    items = flow.database.ledger.items
    shares = items.update().where(items.c.userid == 3).values(same_text_as=1)
    flow.database.write(lambda connection: connection.execute(shares))

    def counted(**more: bool) -> dict[str, int]:
        return flow.database.read(
            lambda connection: batches.count_items(connection, items, KEY, **more)
        )

    assert counted() == counted(only_sent=False) == {"submitted": 3}
    assert counted(only_sent=True) == {"submitted": 2}


def test_people_are_shown_a_batch_from_when_openai_has_it(flow: Flowing):
    def shown() -> int:
        count = sa.select(sa.func.count()).select_from(sa.table("aicandidateBatchStatus"))
        return int(flow.rows(count)[0][0])

    flow.until_built()
    assert shown() == 0
    flow.submit()
    assert shown() == 1


def test_a_reason_to_stop_has_room_in_its_column(flow: Flowing):
    flow.database.write(lambda connection: stop_planning(connection, flow.database, "w" * 500))
    assert flow.installation().stopped_reason == "w" * 400
    assert flow.installation().stopped_at is not None
