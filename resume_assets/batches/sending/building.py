"""`batch_requests`: stream the claimed resumes into one request file.

Pages of a few megabytes go from the database to the file, so that memory does not grow with the
batch. The file appears whole, and only then the ledger says so: a crash before that builds it anew.
"""

import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, BinaryIO, TypeVar

import sqlalchemy as sa

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.closing import drop_claims
from resume_assets.batches.ledger.forgotten import among, mark
from resume_assets.batches.ledger.lease import Lease
from resume_assets.batches.ledger.states import BY_REQUEST, BatchState, ItemState
from resume_assets.batches.planning.asked import asked_by
from resume_assets.batches.planning.estimates import (
    expected_output,
    measured_overhead,
    reserved_cost,
)
from resume_assets.batches.receiving.results import REUSED_ONES
from resume_assets.batches.sending.lines import Builder, Item, Look, Noted, Source, Tally
from resume_assets.batches.sending.reusing import (
    are_all_known,
    copy_answers,
    is_anything_answered,
    sources,
)
from resume_assets.batches.store import REQUESTS, REUSED, BatchFiles, BatchStore
from resume_assets.extraction.candidate import SCHEMA_VERSION
from resume_assets.extraction.requests import Caching
from resume_assets.extraction.text import text_hash
from resume_assets.garbage import passed_over
from resume_assets.models.catalogue import model_for
from resume_assets.models.services import storing
from resume_assets.openai_api.endpoints import endpoint_in
from resume_assets.openai_api.limits import most_requests
from resume_assets.progress import Unit, step
from resume_assets.settings import Settings

_log = logging.getLogger(__name__)

_PAGE_BYTES = 4_000_000
_PAGE_ROWS = 1_000

T = TypeVar("T")


def build(lease: Lease, settings: Settings, store: BatchStore) -> batches.Batch:
    """Build the request file of a claimed batch; one in any other state is returned as it is.

    Rows that have no resume any more, or no room in the file after all, go back to the queue. Where
    every text is answered already, nothing is to be sent: the batch is `collected`. Raises
    DatabaseFailed, FolderTaken, StoreFailed, OSError where the store can't be written.
    """
    database = lease.database
    batch = database.read(lambda connection: batches.get(connection, database, lease.key))
    if batch.state != BatchState.claimed:
        return batch
    installation = database.read(lambda connection: batches.installation_of(connection, database))
    files = store.find(lease.key, batch.store_url, installation)
    files.take(installation)
    lease.write(
        lambda connection: batches.update(
            connection, database, lease.key, store_url=files.store.url
        )
    )
    with lease.kept_alive():
        while batch.state == BatchState.claimed:  # as a rule, once
            batch = _Building(lease, settings, store, files, batch).build()
    _log.info(
        "batch %s: %s, %d requests, %d answered before or with another",
        lease.key,
        batch.state,
        batch.requests,
        batch.reused,
    )
    return batch


class _Building:
    """One go at the file."""

    def __init__(
        self,
        lease: Lease,
        settings: Settings,
        store: BatchStore,
        files: BatchFiles,
        batch: batches.Batch,
    ) -> None:
        self.lease, self.store, self.files, self.batch = lease, store, files, batch
        self.database = lease.database
        model = model_for(settings, batch.model)
        self.asked = asked_by(batch, model)
        # A trial is there to ask: its answers are compared.
        shares = settings.reuse_answers and batch.trial_key is None
        endpoint = endpoint_in(settings) if shares else None
        overhead, now, is_any = self.database.read(
            lambda connection: (
                measured_overhead(connection, self.database, self.asked),
                self.database.dialect.utc_now(connection),
                endpoint is not None
                and is_anything_answered(connection, self.database, self.asked, endpoint),
            )
        )
        self.endpoint = endpoint if is_any else None
        most = most_requests(settings)
        self.builder = Builder(
            batch, model, overhead, now.date(), most, shares=shares, store=storing(settings)
        )

    def build(self) -> batches.Batch:
        """Write the files, then say so in the ledger.

        It is `claimed` as before where somebody was forgotten meanwhile whose answer was copied.
        """
        builder, tally, batch = self.builder, self.builder.tally, self.batch
        claimed = self._claimed()
        with (
            passed_over(),
            self.files.write(REQUESTS) as stream,
            step("building the requests", Unit.resume, batch.rows_claimed) as building,
            ThreadPoolExecutor(1, "tokens") as self.counting,
        ):
            for look in _each_after_the_next(map(self._look, _pages(claimed))):
                self._write(stream, look)
                building.advance(len(look.page))
            # One of an earlier go may hold the answer of somebody who was forgotten since.
            if builder.copies or tally.reused or self.files.has(REUSED):
                copied, left_over = copy_answers(self.lease, self.store, self.files, builder.copies)
                tally.reused += copied
                for page in _pages(left_over):
                    self._write(stream, self._look(page, look_before=False))
        return self.lease.write(self._finish)

    def _claimed(self) -> list[Item]:
        """The items in their order."""
        items = self.lease.items
        query = (
            sa.select(items.c.userid, items.c.custom_id, items.c.room, items.c.text_bytes)
            .where(items.c.batch_key == self.lease.key, items.c.state == ItemState.claimed)
            .order_by(items.c.position)
        )
        # All at once, for a query a page would go through all of them each time.
        rows = self.database.read(lambda connection: connection.execute(query).all())
        return list(map(Item._make, rows))

    def _look(self, page: list[Item], *, look_before: bool = True) -> Look:
        """Read a page's resumes, and have them counted in a thread while another page is written.

        `look_before`: also look which of them are answered already.
        """
        database, lease = self.database, self.lease
        userids = [item.userid for item in page]
        texts, forgotten = database.read(
            lambda connection: (
                database.candidates.texts(connection, userids),
                among(connection, database, lease.items, lease.key, userids),
            )
        )
        there = {userid: text for userid, text in texts.items() if text}
        hashes = {userid: text_hash(text) for userid, text in there.items()}
        found = self._sources(hashes) if look_before else {}
        sent = {hashes[userid]: text for userid, text in there.items() if userid not in found}
        counted = self.counting.submit(self.builder.counted, sent)
        return Look(page, texts, hashes, forgotten, found, counted)

    def _write(self, stream: BinaryIO, look: Look) -> None:
        written = self.builder.write_page(stream, look)
        self.lease.write(partial(_note_items, lease=self.lease, written=written))

    def _sources(self, hashes: Mapping[Any, str]) -> dict[Any, Source]:
        endpoint = self.endpoint
        if endpoint is None or not hashes:
            return {}
        return self.database.read(
            lambda connection: sources(connection, self.database, self.asked, endpoint, hashes)
        )

    def _finish(self, connection: sa.Connection) -> batches.Batch:
        if not are_all_known(connection, self.database, self.builder.copies):
            return batches.get(connection, self.database, self.lease.key)
        return _finish(connection, self.lease, self.builder)


def _pages(items: Iterable[Item]) -> Iterator[list[Item]]:
    """The items, in pages of a few megabytes of text at most."""
    page: list[Item] = []
    total = 0
    for item in items:
        if page and (total + item.text_bytes > _PAGE_BYTES or len(page) >= _PAGE_ROWS):
            yield page
            page, total = [], 0
        page.append(item)
        total += item.text_bytes
    if page:
        yield page


def _each_after_the_next(made: Iterator[T]) -> Iterator[T]:
    """Each item, once the next one is made too."""
    for item in made:
        for following in made:
            yield item
            item = following
        yield item


def _note_items(connection: sa.Connection, *, lease: Lease, written: list[Noted]) -> None:
    lease.database.dialect.update_rows(
        connection,
        lease.items,
        ("batch_key", "userid"),
        ("text_hash", "truncated", "estimated_tokens", "same_text_as"),
        [(*noted[:-1], lease.key, noted.userid) for noted in written],
    )


def _finish(connection: sa.Connection, lease: Lease, builder: Builder) -> batches.Batch:
    database, tally = lease.database, builder.tally
    now = database.dialect.utc_now(connection)
    for reason, userids in tally.given_back.items():
        _release(connection, lease, reason, userids, now)
    if BY_REQUEST in tally.given_back:
        mark(connection, database, [lease.key])
    asked = builder.template(1).settings
    input_tokens = round(tally.input_tokens + tally.requests * builder.overhead)
    output_tokens = round(tally.requests * expected_output(connection, database, asked))
    cost = reserved_cost(
        builder.model,
        builder.today,
        requests=tally.requests,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        written_tokens=builder.overhead if builder.caching is Caching.prefix else 0,
        long_requests=tally.long_requests,
        long_tokens=tally.long_tokens,
        service=batches.service_of(builder.batch),
    )
    return batches.update(
        connection,
        database,
        lease.key,
        **_state_of(connection, lease, tally, now),
        requests=tally.requests,
        reused=tally.reused,
        truncated=tally.truncated,
        file_bytes=tally.file_bytes,
        overhead_tokens=builder.overhead,
        estimated_input_tokens=input_tokens,
        estimated_output_tokens=output_tokens,
        estimated_cost=cost,
        prompt_version=asked.prompt.version,
        schema_version=SCHEMA_VERSION,
        built_at=now,
    )


def _state_of(connection: sa.Connection, lease: Lease, tally: Tally, now: Any) -> dict[str, Any]:
    """Where the batch stands: its answers may be here already, all of them."""
    if tally.requests:
        return {"state": BatchState.built, "message": None}
    if not tally.reused:
        return {"state": BatchState.empty, "message": "No resume was left to be sent."}
    items = lease.items
    connection.execute(
        items.update()
        .where(items.c.batch_key == lease.key, items.c.state == ItemState.claimed)
        .values(state=ItemState.submitted)
    )
    return {
        "state": BatchState.collected,
        "collected_at": now,
        "tally": json.dumps({REUSED_ONES: tally.reused}),
        # So that a run is requested for what comes next.
        "run_requests": 0,
        "requested_at": None,
        "message": None,
    }


def _release(
    connection: sa.Connection, lease: Lease, reason: str, userids: list[Any], now: Any
) -> None:
    lease.database.dialect.update_rows(
        connection,
        lease.items,
        ("batch_key", "userid"),
        ("state", "reason", "closed_at"),
        [(ItemState.released.value, reason, now, lease.key, userid) for userid in userids],
    )
    drop_claims(connection, lease, userids)
