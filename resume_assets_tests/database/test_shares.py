"""The usable shares, of first requests and of repeats, on every database."""

import sqlalchemy as sa

from resume_assets.batches.costing import settle
from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.attempts import are_repeats_held
from resume_assets.batches.ledger.lease import leased
from resume_assets.batches.ledger.queue import waiting
from resume_assets.database.connect import Database
from resume_assets_tests.collected import collected_batch
from resume_assets_tests.databases import seed, settings


def refused_batch(database: Database, key: str, rows: int) -> tuple[bool | None, bool | None]:
    """A batch of which every answer is a refusal; what it says of the shares."""
    collected_batch(database, settings(), rows, key)
    items, claims = database.ledger.items, database.ledger.claims

    def end(connection: sa.Connection) -> None:
        refused = items.update().where(items.c.batch_key == key)
        now = database.dialect.utc_now(connection)
        connection.execute(
            refused.values(state="refused", reason="refusal", attempt_used=True, closed_at=now)
        )
        connection.execute(claims.delete())
        batches.update(connection, database, key, state="applied")

    database.write(end)
    with leased(database, key) as lease:
        batch = settle(lease, settings()).batch
    return batch.low_share, batch.low_share_repeats


def sendable(database: Database) -> int:
    most = settings().max_attempts
    return database.read(
        lambda c: len(waiting(c, database, 9, max_attempts=most + 5, without_held=True))
    )


def test_repeats_are_held_back_after_two_poor_batches_of_them(database: Database) -> None:
    seed(database, 2)
    assert refused_batch(database, "a", 2) == (True, None)
    assert refused_batch(database, "b", 2) == (None, True)
    assert not database.read(lambda c: are_repeats_held(c, database))
    assert sendable(database) == 2
    assert refused_batch(database, "c", 2) == (None, True)
    assert database.read(lambda c: are_repeats_held(c, database))
    assert sendable(database) == 0
