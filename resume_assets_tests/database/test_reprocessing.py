"""Records of a former model go back into the queue: who does, who does not, and what is noted."""

from typing import Any

import pytest
import sqlalchemy as sa

from resume_assets.batches.upkeep import reprocessing
from resume_assets.database.connect import Database
from resume_assets_tests.collected import KEY, collected_batch
from resume_assets_tests.database.test_keeping import change, item, record, write
from resume_assets_tests.databases import rows_of, seed, settings

MODEL = "gpt-4o-mini-2024-07-18"


@pytest.fixture
def written(database: Database) -> Database:
    """Five candidates; the batch KEY has written the records of all but the last two."""
    seed(database, 5)
    collected_batch(database, settings(), 3)
    write(database)
    return database


def processed(database: Database) -> dict[Any, Any]:
    there = database.candidates
    return {row[0]: row[1] for row in rows_of(database, sa.select(there.userid, there.processed))}


def test_who_is_put_back(written: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reprocessing, "PAGE", 2)
    before, was = processed(written), record(written, 1)
    change(written, 2, LastProcessed=before[2].replace(year=2030))
    collected_batch(written, settings(), 1, "open")
    found = reprocessing.readable(written, MODEL)
    assert [row.userid for row in found.rows] == [1, 3]
    assert found.changed == 1
    assert all(row.text_bytes > 0 for row in found.rows)
    assert [row.userid for row in reprocessing.readable(written, MODEL, limit=1).rows] == [1]
    # One is changed, and one is in a batch, between the look and the act.
    assert reprocessing.put_back(written, MODEL, [1, 2, 3, 4, 5]) == 2
    after = processed(written)
    assert {userid for userid, time in after.items() if time is None} == {1, 3, 4, 5}
    assert after[2].year == 2030
    assert record(written, 1) == was
    assert item(written, 1).put_back_at is not None
    assert item(written, 1).last_processed == before[1]
    assert item(written, 2).put_back_at is None
    # Again: nobody is left.
    assert reprocessing.put_back(written, MODEL, [1, 2, 3]) == 0
    assert reprocessing.readable(written, MODEL).rows == []


def test_only_the_last_answer_counts(written: Database) -> None:
    reprocessing.put_back(written, MODEL, [1])
    collected_batch(written, settings(model="gpt-4.1-mini"), 1, "b2")
    write(written, "b2")
    assert [row.userid for row in reprocessing.readable(written, MODEL).rows] == [2, 3]
    assert [row.userid for row in reprocessing.readable(written, "gpt-4.1-mini").rows] == [1]


def test_only_what_is_little_borne_out(written: Database) -> None:
    _checked(written, [(10, 3, KEY, 1), (10, 2, KEY, 2), (0, 0, KEY, 3)])
    found = reprocessing.readable(written, MODEL, below=0.8)
    assert [row.userid for row in found.rows] == [1]
    assert reprocessing.readable(written, MODEL, below=0.5).rows == []
    _checked(written, [(1, 1, KEY, 2)])
    assert [row.userid for row in reprocessing.readable(written, MODEL, below=0.5).rows] == [2]


def _checked(written: Database, weights: list[tuple[int, int, str, int]]) -> None:
    """How many values of a record were looked for in the resume, and how many are not there."""
    written.write(
        lambda connection: written.dialect.update_rows(
            connection,
            written.ledger.items,
            ("batch_key", "userid"),
            ("values_checked", "values_not_borne_out"),
            weights,
        )
    )


def test_a_model_that_read_nothing(written: Database) -> None:
    with pytest.raises(reprocessing.NothingRead, match="'gpt-9'"):
        reprocessing.readable(written, "gpt-9")


def test_what_it_will_cost(written: Database) -> None:
    found = reprocessing.readable(written, MODEL)
    queue = reprocessing.estimated(written, settings(), found.rows)
    assert queue.waiting == 3
    assert queue.tokens_per_row > 100
    assert queue.cost_per_row is not None


def test_corrections_outlast_it(written: Database) -> None:
    change(written, 1, City="Kraków")
    reprocessing.put_back(written, MODEL, [1])
    collected_batch(written, settings(), 1, "b2")
    writer = write(written, "b2", city="Gdańsk", last_name="Nowak")
    assert writer.applied.corrections_kept == 1
    assert (record(written, 1)["City"], record(written, 1)["LastName"]) == ("Kraków", "Nowak")
    assert item(written, 1, KEY).put_back_at is not None
