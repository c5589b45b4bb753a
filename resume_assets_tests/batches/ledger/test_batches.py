"""The ledger's rows: found by either name, closed once, and never longer than their columns."""

from datetime import datetime

import pytest

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.closing import End, close
from resume_assets.batches.ledger.lease import leased
from resume_assets.batches.ledger.states import ItemState
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


def test_a_reason_to_stop_has_room_in_its_column(flow: Flowing):
    flow.database.write(lambda connection: stop_planning(connection, flow.database, "w" * 500))
    assert flow.installation().stopped_reason == "w" * 400
    assert flow.installation().stopped_at is not None
