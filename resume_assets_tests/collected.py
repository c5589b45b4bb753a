"""A batch that is back from OpenAI, made without its way there: for tests of writing records."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from io import BytesIO
from typing import Any

import orjson
import sqlalchemy as sa

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.lease import Lease, leased
from resume_assets.batches.ledger.states import BatchState, ItemState
from resume_assets.batches.planning.planner import Planned, plan_batch
from resume_assets.batches.receiving.reading import read_records
from resume_assets.batches.receiving.results import Asked, results_of
from resume_assets.batches.records.writing import Writer
from resume_assets.batches.sending.claiming import claim
from resume_assets.database.connect import Database
from resume_assets.extraction.responses import Answer
from resume_assets.extraction.text import text_hash
from resume_assets.settings import Settings
from resume_assets_tests.extraction.answers import full_answer, output_bytes

KEY = "b1"
TODAY = date(2026, 11, 23)


def collected_batch(
    database: Database, settings: Settings, rows: int, key: str = KEY
) -> batches.Batch:
    """Claim this many waiting resumes, and say that all of them were answered."""
    planned = plan_batch(database, settings, rows=rows, origin="test", key=key)
    assert isinstance(planned, Planned), planned
    with leased(database, key) as lease:
        assert claim(lease, settings).rows == rows
    return database.write(lambda connection: _mark(connection, database, key))


def _mark(connection: sa.Connection, database: Database, key: str) -> batches.Batch:
    items, there = database.ledger.items, database.candidates
    query = (
        sa.select(there.userid, there.text)
        .join(items, items.c.userid == there.userid)
        .where(items.c.batch_key == key)
    )
    database.dialect.update_rows(
        connection,
        items,
        ("batch_key", "userid"),
        ("state", "text_hash"),
        [
            (ItemState.submitted.value, text_hash(text), key, userid)
            for userid, text in connection.execute(query)
        ],
    )
    return batches.update(
        connection,
        database,
        key,
        state=BatchState.collected,
        openai_batch_id=f"batch_{key}",
        openai_status="completed",
        submitted_at=database.dialect.utc_now(connection),
    )


def answers_to(
    database: Database, key: str = KEY, change: Callable[[Any], dict[str, Any]] | None = None
) -> Iterator[tuple[Asked, Answer]]:
    """A usable answer to each request; `change` gives what is peculiar to a candidate's."""
    results = database.read(lambda connection: results_of(connection, database.ledger.items, key))
    for custom_id, asked in results.asked.items():
        content = full_answer(**(change(asked.userid) if change else {}))
        line = orjson.loads(output_bytes(content)) | {"custom_id": custom_id}
        (answer,) = read_records(BytesIO(orjson.dumps(line)), TODAY)
        assert answer.record is not None, answer.reason
        yield asked, answer


def write_all(lease: Lease, answers: Sequence[tuple[Asked, Answer]], chunk: int = 500) -> Writer:
    """Write the answers as `apply` does."""
    writer = Writer(lease)
    rows = list(writer.rows(answers))
    for start in range(0, len(rows), chunk):
        writer.write(rows[start : start + chunk])
    return writer
