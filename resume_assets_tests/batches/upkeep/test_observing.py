"""How the queue stands: counted anew at each look, and nothing is changed by it."""

from datetime import timedelta

from resume_assets.batches.upkeep.observing import Standing, observe
from resume_assets_tests.flow import Flowing


def seen(flow: Flowing) -> Standing:
    return observe(flow.database, flow.settings)


def test_before_the_first_batch_all_wait(flow: Flowing) -> None:
    flow.delete(3)
    found = seen(flow)
    assert (found.candidates, found.waiting, found.given_up, found.batches_out) == (2, 2, 0, 0)
    assert found.oldest_waiting_days is not None
    assert found.spent_usd == 0


def test_of_those_that_are_given_up_each_counts_once(flow: Flowing) -> None:
    flow.set(max_attempts=1)
    flow.until_submitted()
    assert (seen(flow).waiting, seen(flow).batches_out) == (0, 1)
    items = flow.database.ledger.items
    refused = items.update().values(state="refused", attempt_used=True)
    flow.database.write(lambda connection: connection.execute(refused))
    claims = flow.database.ledger.claims
    flow.database.write(lambda connection: connection.execute(claims.delete()))
    assert len(flow.given_up()) == 3
    assert (seen(flow).given_up, seen(flow).waiting) == (3, 0)


def test_how_long_the_oldest_waits(flow: Flowing) -> None:
    now = flow.database.read(flow.database.dialect.utc_now)
    for userid, days in ((1, -1.0), (2, 0.5), (3, 1.2345)):
        flow.change(userid, datelastmodified=now - timedelta(days=days))
    for userid, oldest in ((3, 1.23), (2, 0.5), (1, 0.0)):  # one clock may be ahead of another
        assert seen(flow).oldest_waiting_days == oldest
        flow.delete(userid)
    assert seen(flow).oldest_waiting_days is None


def test_a_trials_batches_are_not_among_those_that_are_out(flow: Flowing) -> None:
    flow.plan("b1", rows=1)
    flow.plan("b2", rows=1)
    assert seen(flow).batches_out == 2
    flow.update("b1", trial_key="t1")
    assert seen(flow).batches_out == 1


def test_what_was_spent_is_told_where_the_price_is_known(flow: Flowing) -> None:
    batch = flow.until_done()
    assert seen(flow).spent_usd == batch.batch_cost
    flow.update(batch_cost=None)
    assert seen(flow).spent_usd is None
