"""`batch_requests`: stream the claimed resumes into one request file.

Pages of a few megabytes go from the database to the file, so that memory does not grow with the
batch. The file appears whole, and only then the ledger says so: a crash before that builds it anew.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, BinaryIO, NamedTuple

import sqlalchemy as sa

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.closing import drop_claims
from resume_assets.batches.ledger.forgotten import among, mark
from resume_assets.batches.ledger.lease import Lease
from resume_assets.batches.ledger.queue import is_blank
from resume_assets.batches.ledger.states import BLANK, BY_REQUEST, BatchState, ItemState
from resume_assets.batches.planning.asked import asked_by
from resume_assets.batches.planning.estimates import (
    expected_output,
    measured_overhead,
    reserved_cost,
)
from resume_assets.batches.store import REQUESTS, BatchStore
from resume_assets.extraction.candidate import SCHEMA_VERSION
from resume_assets.extraction.mojibake import unmangled
from resume_assets.extraction.requests import Caching, RequestTemplate
from resume_assets.extraction.text import text_hash
from resume_assets.models.caching import caching_for
from resume_assets.models.catalogue import Model, model_for
from resume_assets.models.prices import long_prompt_from
from resume_assets.models.tokens import TokenCounter, counter_for, estimated_overhead
from resume_assets.openai_api.limits import MAX_FILE_BYTES, most_requests
from resume_assets.progress import Unit, step
from resume_assets.settings import Settings

_log = logging.getLogger(__name__)

_PAGE_BYTES = 4_000_000
_PAGE_ROWS = 500


@dataclass(slots=True)
class _Tally:
    """What is in the file so far, and what had to be given back."""

    requests: int = 0
    truncated: int = 0
    file_bytes: int = 0
    input_tokens: int = 0
    long_requests: int = 0  # those with so long a prompt that they cost more as a whole
    long_tokens: int = 0
    given_back: dict[str, list[Any]] = field(default_factory=dict)


class _Item(NamedTuple):
    """A claimed candidate, as the ledger has it."""

    userid: Any
    custom_id: str
    room: int  # for the answer, times `max_output_tokens`: doubled after each cut answer
    text_bytes: int


class _Builder:
    """Writes one batch's lines; everything that does not change is worked out once."""

    def __init__(
        self,
        batch: batches.Batch,
        model: Model,
        overhead: float | None,
        today: date,
        most_requests: int,
    ) -> None:
        self.most_requests = most_requests
        self.model = model
        self.batch = batch
        self.today = today
        self.templates: dict[int, RequestTemplate] = {}
        self.counter: TokenCounter = counter_for(model.facts_of)
        fixed = RequestTemplate(asked_by(batch, model)).fixed_text
        self.overhead = estimated_overhead(fixed, self.counter) if overhead is None else overhead
        self.caching = caching_for(model, self.overhead, today)
        self.long_from = long_prompt_from(model, today)
        # A tenth of the overhead to spare: it is an estimate, the window is not.
        self.most_tokens = self.model.input_limit(batch.max_output_tokens) - round(
            self.overhead * 1.1
        )
        self.tally = _Tally()

    def template(self, room: int) -> RequestTemplate:
        """The lines' template with so many times the usual room for the answer."""
        if room not in self.templates:
            asked = asked_by(self.batch, self.model, room)
            self.templates[room] = RequestTemplate(replace(asked, caching=self.caching))
        return self.templates[room]

    def write_page(
        self,
        stream: BinaryIO,
        page: Sequence[_Item],
        texts: Mapping[Any, str | None],
        forgotten: AbstractSet[Any],
    ) -> list[tuple[str, bool, int, Any]]:
        """Write the page's lines; returns hash, whether cut, tokens and userid of each resume.

        `forgotten`: who is not to be sent any more.
        """
        there: list[tuple[_Item, str, str]] = []
        written: list[tuple[str, bool, int, Any]] = []
        for item in page:
            resume = texts.get(item.userid)
            if item.userid in forgotten:
                self._give_back(BY_REQUEST, item.userid)
            elif not resume:
                self._give_back("resume_gone", item.userid)
            elif is_blank(resume):
                # The hash tells the queue that it is this text which need not be claimed again.
                written.append((text_hash(resume), False, 0, item.userid))
                self._give_back(BLANK, item.userid)
            else:
                there.append((item, resume, unmangled(resume)))
        # Much longer ones are cut without counting all of them.
        longest = self.most_tokens * 8
        counts = self.counter.count_many([sent for _, _, sent in there if len(sent) <= longest])
        counted = iter(counts)
        for (userid, custom_id, room, _), resume, sent in there:
            text = sent
            tokens = next(counted) if len(text) <= longest else None
            if tokens is None or tokens > self.most_tokens:
                text, tokens = self.counter.cut_middle(text, self.most_tokens)
            line = self.template(room).line(custom_id, text)
            if not self._has_room(len(line)):
                self._give_back("file_full", userid)
                continue
            stream.write(line)
            truncated = text is not sent
            self.tally.requests += 1
            self.tally.truncated += truncated
            self.tally.file_bytes += len(line)
            self.tally.input_tokens += tokens
            if self.long_from is not None and tokens + self.overhead > self.long_from:
                self.tally.long_requests += 1
                self.tally.long_tokens += tokens + round(self.overhead)
            written.append((text_hash(resume), truncated, tokens, userid))
        return written

    def _has_room(self, size: int) -> bool:
        is_full = self.tally.requests >= self.most_requests
        return not is_full and self.tally.file_bytes + size <= MAX_FILE_BYTES

    def _give_back(self, reason: str, userid: Any) -> None:
        self.tally.given_back.setdefault(reason, []).append(userid)


def build(lease: Lease, settings: Settings, store: BatchStore) -> batches.Batch:
    """Build the request file of a claimed batch; one in any other state is returned as it is.

    Rows that have no resume any more, or no room in the file after all, go back to the queue.
    Raises DatabaseFailed, FolderTaken, StoreFailed, OSError where the store can't be written.
    """
    database = lease.database
    batch = database.read(lambda connection: batches.get(connection, database, lease.key))
    if batch.state != BatchState.claimed:
        return batch
    model = model_for(settings, batch.model)
    overhead, now = database.read(
        lambda connection: (
            measured_overhead(connection, database, asked_by(batch, model)),
            database.dialect.utc_now(connection),
        )
    )
    builder = _Builder(batch, model, overhead, now.date(), most_requests(settings))
    installation = database.read(lambda connection: batches.installation_of(connection, database))
    files = store.find(lease.key, batch.store_url, installation)
    files.take(installation)
    lease.write(
        lambda connection: batches.update(
            connection, database, lease.key, store_url=files.store.url
        )
    )
    with (
        lease.kept_alive(),
        files.write(REQUESTS) as stream,
        step("building the requests", Unit.resume, batch.rows_claimed) as building,
    ):
        for page in _pages(lease):
            written = builder.write_page(stream, page, *_look(lease, page))
            _note_items(lease, written)
            building.advance(len(page))
    batch = lease.write(lambda connection: _finish(connection, lease, builder))
    tally = builder.tally
    _log.info("batch %s: %s, %d requests", lease.key, batch.state, tally.requests)
    return batch


def _pages(lease: Lease) -> Iterator[list[_Item]]:
    """The items in their order, in pages of a few megabytes of text at most."""
    items = lease.items
    query = (
        sa.select(items.c.userid, items.c.custom_id, items.c.room, items.c.text_bytes)
        .where(items.c.batch_key == lease.key, items.c.state == ItemState.claimed)
        .order_by(items.c.position)
    )
    # All at once, for a query a page would go through all of them each time.
    claimed = lease.database.read(lambda connection: connection.execute(query).all())
    page: list[_Item] = []
    total = 0
    for item in map(_Item._make, claimed):
        if page and (total + item.text_bytes > _PAGE_BYTES or len(page) >= _PAGE_ROWS):
            yield page
            page, total = [], 0
        page.append(item)
        total += item.text_bytes
    if page:
        yield page


def _look(lease: Lease, page: Sequence[_Item]) -> tuple[dict[Any, str | None], set[Any]]:
    """The page's resumes as they are now, and who of them is to be forgotten by now."""
    userids, database = [item.userid for item in page], lease.database
    return database.read(
        lambda connection: (
            database.candidates.texts(connection, userids),
            among(connection, database, lease.items, lease.key, userids),
        )
    )


def _note_items(lease: Lease, written: list[tuple[str, bool, int, Any]]) -> None:
    rows = [
        (digest, truncated, tokens, lease.key, userid)
        for digest, truncated, tokens, userid in written
    ]
    lease.write(
        lambda connection: lease.database.dialect.update_rows(
            connection,
            lease.items,
            ("batch_key", "userid"),
            ("text_hash", "truncated", "estimated_tokens"),
            rows,
        )
    )


def _finish(connection: sa.Connection, lease: Lease, builder: _Builder) -> batches.Batch:
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
        state=BatchState.built if tally.requests else BatchState.empty,
        requests=tally.requests,
        truncated=tally.truncated,
        file_bytes=tally.file_bytes,
        overhead_tokens=builder.overhead,
        estimated_input_tokens=input_tokens,
        estimated_output_tokens=output_tokens,
        estimated_cost=cost,
        prompt_version=asked.prompt.version,
        schema_version=SCHEMA_VERSION,
        built_at=now,
        message=None if tally.requests else "No resume was left to be sent.",
    )


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
