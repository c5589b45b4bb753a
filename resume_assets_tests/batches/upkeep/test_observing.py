"""How the queue stands: counted anew at each look, and nothing is changed by it."""

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
