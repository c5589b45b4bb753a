"""Which text was answered before, and whose answer it was, on every database."""

from typing import Any

import sqlalchemy as sa

from resume_assets.batches.costing import settle
from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.lease import leased
from resume_assets.batches.ledger.states import BatchState
from resume_assets.batches.planning.asked import asked_by
from resume_assets.batches.sending.lines import Copies, Source
from resume_assets.batches.sending.reusing import are_all_known, sources
from resume_assets.batches.upkeep import undoing
from resume_assets.database.connect import Database
from resume_assets.extraction.candidate import SCHEMA_VERSION
from resume_assets.models.catalogue import model_for
from resume_assets_tests.collected import KEY, answers_to, collected_batch, write_all
from resume_assets_tests.databases import seed, settings

HERE = "https://api.openai.com/v1"


def answered_batch(database: Database, rows: int) -> dict[Any, str]:
    """A batch of so many records, written; each candidate's text as the ledger knows it."""
    seed(database, rows)
    collected_batch(database, settings(), rows)
    with leased(database, KEY) as lease:
        write_all(lease, list(answers_to(database)))
        lease.write(
            lambda c: batches.update(
                c,
                database,
                KEY,
                state=BatchState.applied,
                endpoint=HERE,
                output_file_id="file-1",
                schema_version=SCHEMA_VERSION,
            )
        )
    items = database.ledger.items
    query = sa.select(items.c.userid, items.c.text_hash)
    return dict(database.read(lambda c: c.execute(query).all()))


def found(database: Database, hashes: dict[Any, str], endpoint: str = HERE) -> dict[Any, Source]:
    batch = database.read(lambda c: batches.get(c, database, KEY))
    asked = asked_by(batch, model_for(settings()))
    return database.read(lambda c: sources(c, database, asked, endpoint, hashes))


def change(database: Database, userid: Any, **values: Any) -> None:
    items = database.ledger.items
    changed = items.update().where(items.c.userid == userid).values(values)
    database.write(lambda c: c.execute(changed))


def test_another_with_that_text_is_found(database: Database) -> None:
    first, second = sorted(answered_batch(database, 2).items())
    hashes = {901: first[1], 902: second[1], 903: "0" * 64, 904: first[1]}
    assert found(database, hashes) == {
        901: Source(KEY, str(first[0]), False),
        902: Source(KEY, str(second[0]), False),
        904: Source(KEY, str(first[0]), False),
    }
    assert found(database, {first[0]: first[1]}) == {}
    assert found(database, hashes, "https://elsewhere.example/v1") == {}


def test_nobodys_answer_is_found_that_is_not_to_be_used(database: Database) -> None:
    texts = answered_batch(database, 4)
    others = {900 + userid: text for userid, text in texts.items()}
    forgotten, undone, given, good = sorted(texts)
    copies: Copies = {KEY: {str(forgotten): [], str(good): []}}
    assert database.read(lambda c: are_all_known(c, database, copies))
    now = database.read(database.dialect.utc_now)
    change(database, forgotten, forgotten_at=now)
    change(database, given, same_text_as="b0")
    with leased(database, KEY) as lease:
        assert undoing.undo(lease, [undone]).put_back == 1
    assert list(found(database, others)) == [900 + good]
    assert not database.read(lambda c: are_all_known(c, database, copies))


def test_a_batch_whose_files_are_gone_is_none(database: Database) -> None:
    [text] = answered_batch(database, 1).values()
    assert found(database, {901: text})
    now = database.read(database.dialect.utc_now)
    database.write(lambda c: batches.update(c, database, KEY, local_deleted_at=now))
    assert found(database, {901: text}) == {}


def test_what_was_not_sent_is_not_paid(database: Database) -> None:
    texts = answered_batch(database, 3)
    change(database, max(texts), same_text_as=KEY)
    database.write(lambda c: batches.update(c, database, KEY, reused=1))
    with leased(database, KEY) as lease:
        settled = settle(lease, settings())
    batch, items = settled.batch, database.ledger.items
    each = database.read(
        lambda c: c.execute(sa.select(items.c.input_tokens).distinct()).scalar_one()
    )
    assert batch.input_tokens == 2 * each
    assert abs(float(batch.reuse_saving) * 2 - float(batch.batch_cost)) < 0.000_002  # rounded
    assert (settled.totals.reused, settled.totals.reuse_saving) == (1, float(batch.reuse_saving))
    assert batch.low_share is False
