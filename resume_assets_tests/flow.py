"""A batch's way without Dagster: a home with a few short resumes, and a server with faults.

`Flow` calls the stages as the assets do. What is shorter here than in life: the server's pace, the
time after which a doubt is settled, and the pause before another try.
"""

import datetime
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import openai
import sqlalchemy as sa

from resume_assets.batches.costing import Settlement, settle
from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.attempts import GivenUp, given_up
from resume_assets.batches.ledger.batches import Batch
from resume_assets.batches.ledger.digests import digests_of
from resume_assets.batches.ledger.lease import leased
from resume_assets.batches.ledger.queue import Waiting, waiting
from resume_assets.batches.planning.planner import Planned, plan_batch
from resume_assets.batches.receiving import polling, tracking
from resume_assets.batches.receiving.collecting import collect
from resume_assets.batches.records.applying import apply
from resume_assets.batches.records.rows import Applied
from resume_assets.batches.sending.building import build
from resume_assets.batches.sending.claiming import Claim, claim
from resume_assets.batches.sending.submission import submit
from resume_assets.batches.store import BatchStore
from resume_assets.batches.upkeep.at_once import begin
from resume_assets.database.connect import open_database
from resume_assets.database.setup import initialise
from resume_assets.extraction.candidate import COLUMNS
from resume_assets.local_openai.book import Book
from resume_assets.local_openai.hosting import LocalServer
from resume_assets.local_openai.server import running
from resume_assets.local_openai.settings import IMMEDIATE, Limits, Pace
from resume_assets.openai_api import backoff
from resume_assets.openai_api.client import BatchApi
from resume_assets.settings import Settings
from resume_assets_tests.local_openai.faults import Faults

NEWEST = datetime.datetime(2026, 1, 31)  # noqa: DTZ001 (a column without zone)
ENDPOINT = "local_openai"
KEY = "b1"

RESUME = """# Ada Lovelace{number}

ada{number}@example.com | +1 555 010 {number:04d} | Springfield, IL

## Experience

### Welder, Steel & Sons
March 2019 - Present

## Skills
Welding, Soldering
"""


def resume(number: int) -> str:
    """A short resume that the rules read without a fault; no two are alike."""
    return RESUME.format(number=number)


def settings_at(home: Path, **more: Any) -> Settings:
    """Settings that read neither environment nor `.env`."""
    quick = {"home": home, "doubt_seconds": 0.02, "check_interval": 0.01, **more}
    # The fields' own names, and no sources but these.
    return Settings.model_construct(**quick)


class Flow:
    """One home; `settings` may be replaced between two steps, `api` be another client's."""

    def __init__(self, home: Path, settings: Settings, api: BatchApi) -> None:
        self.home = home
        self.settings = settings
        self.api = api
        self.database = open_database(settings)
        initialise(self.database)
        self.store = BatchStore.configured(settings)
        self.faults = Faults()
        self.server_folder = home / "local_openai"

    @property
    def book(self) -> Book:
        """What the server was sent and what it answered."""
        return Book(self.server_folder)

    def set(self, **values: Any) -> None:
        """Change settings."""
        self.settings = Settings.model_construct(**{**dict(self.settings), **values})

    # Candidates

    def seed(self, texts: int | Mapping[Any, str | None]) -> None:
        """Put resumes into the queue; number 1 is the newest."""
        if isinstance(texts, int):
            texts = {number: resume(number) for number in range(1, texts + 1)}
        there = self.database.candidates
        rows = [
            {
                there.userid.name: userid,
                there.text.name: text,
                there.modified.name: NEWEST - datetime.timedelta(minutes=index),
            }
            for index, (userid, text) in enumerate(texts.items())
        ]
        self.database.write(lambda connection: connection.execute(there.table.insert(), rows))

    def change(self, userid: Any, **values: Any) -> None:
        """What another program does to a candidate."""
        there = self.database.candidates
        statement = there.table.update().where(there.userid == userid).values(values)
        self.database.write(lambda connection: connection.execute(statement))

    def wrote(self, userid: Any, key: str = KEY, **values: Any) -> None:
        """As if it was the batch that wrote this, by another rule."""
        self.change(userid, **values)
        items = self.database.ledger.items
        of_item = sa.and_(items.c.batch_key == key, items.c.userid == userid)
        statement = items.update().where(of_item).values(digests=self.digests(userid))
        self.database.write(lambda connection: connection.execute(statement))

    def digests(self, userid: Any) -> str:
        """The digests of what stands in a candidate's record."""
        row, there = self.candidate(userid), self.database.candidates
        names = (there.column(column.name) for column in COLUMNS)
        return digests_of([None if name is None else getattr(row, name.name) for name in names])

    def delete(self, userid: Any) -> None:
        """Another program deletes a candidate."""
        there = self.database.candidates
        statement = there.table.delete().where(there.userid == userid)
        self.database.write(lambda connection: connection.execute(statement))

    def candidate(self, userid: Any) -> sa.Row[Any]:
        there = self.database.candidates
        return self.rows(sa.select(there.table).where(there.userid == userid))[0]

    def written(self) -> list[Any]:
        """The ids whose LastProcessed is set."""
        there = self.database.candidates
        query = sa.select(there.userid).where(there.processed.is_not(None)).order_by(there.userid)
        return [row.userid for row in self.rows(query)]

    # The ledger

    def rows(self, query: sa.Select[Any]) -> Sequence[sa.Row[Any]]:
        return self.database.read(lambda connection: connection.execute(query).all())

    def batch(self, key: str = KEY) -> Batch:
        return self.database.read(lambda connection: batches.get(connection, self.database, key))

    def batches(self) -> Sequence[Batch]:
        table = self.database.ledger.batches
        return self.rows(sa.select(table).order_by(table.c.planned_at, table.c.batch_key))

    def update(self, key: str = KEY, **values: Any) -> Batch:
        """Move a batch, or its times, to where a test wants it."""
        return self.database.write(
            lambda connection: batches.update(connection, self.database, key, **values)
        )

    def later(self, key: str = KEY, **by: float) -> Batch:
        """As if a contradiction of the batch had been seen so much longer ago."""
        since = self.batch(key).contradiction_since - datetime.timedelta(**by)
        return self.update(key, contradiction_since=since)

    def installation(self) -> sa.Row[Any]:
        return self.rows(sa.select(self.database.ledger.installation))[0]

    def items(self, key: str = KEY) -> dict[Any, sa.Row[Any]]:
        items = self.database.ledger.items
        rows = self.rows(sa.select(items).where(items.c.batch_key == key))
        return {row.userid: row for row in rows}

    def ends(self, key: str = KEY) -> dict[Any, str]:
        """Each candidate's state, with its reason where there is one."""
        return {
            userid: f"{row.state}: {row.reason}" if row.reason else row.state
            for userid, row in self.items(key).items()
        }

    def claims(self) -> dict[Any, str]:
        claims = self.database.ledger.claims
        return {row.userid: row.batch_key for row in self.rows(sa.select(claims))}

    def waiting(self, rows: int = 1_000) -> list[Any]:
        """The ids that wait, in the queue's order."""
        return [row.userid for row in self.queue(rows)]

    def queue(self, rows: int = 1_000) -> list[Waiting]:
        most = self.settings.max_attempts
        return self.database.read(
            lambda connection: waiting(connection, self.database, rows, max_attempts=most)
        )

    def given_up(self) -> list[GivenUp]:
        most = self.settings.max_attempts
        return self.database.read(
            lambda connection: list(given_up(connection, self.database, max_attempts=most))
        )

    # The stages

    def plan(self, key: str = KEY, *, rows: int = 1_000, **more: Any) -> Planned:
        planned = plan_batch(
            self.database, self.settings, rows=rows, origin="test", key=key, **more
        )
        assert isinstance(planned, Planned), planned
        return planned

    def claim(self, key: str = KEY) -> Claim:
        with leased(self.database, key) as lease:
            return claim(lease, self.settings)

    def build(self, key: str = KEY) -> Batch:
        with leased(self.database, key) as lease:
            return build(lease, self.settings, self.store)

    def submit(self, key: str = KEY) -> Batch:
        with leased(self.database, key) as lease:
            return submit(lease, self.settings, self.store, self.api)

    def poll(self, **more: Any) -> polling.Poll:
        return polling.poll(self.database, self.api, self.settings, **more)

    def collect(self, key: str = KEY) -> Batch:
        with leased(self.database, key) as lease:
            return collect(lease, self.store, self.api)

    def apply(self, key: str = KEY) -> Applied:
        with leased(self.database, key) as lease:
            return apply(lease, self.store)

    def settle(self, key: str = KEY) -> Settlement:
        with leased(self.database, key) as lease:
            return settle(lease, self.settings)

    # Several at once

    def until_built(self, key: str = KEY, **more: Any) -> Batch:
        self.plan(key, **more)
        self.claim(key)
        return self.build(key)

    def until_submitted(self, key: str = KEY, **more: Any) -> Batch:
        self.until_built(key, **more)
        return self.submit(key)

    def until_ended(self, key: str = KEY, **more: Any) -> Batch:
        self.until_submitted(key, **more)
        return self.wait(key)

    def until_collected(self, key: str = KEY, **more: Any) -> Batch:
        self.until_ended(key, **more)
        return self.collect(key)

    def until_done(self, key: str = KEY, **more: Any) -> Batch:
        self.until_ended(key, **more)
        return self.bring_in(key)

    def bring_in(self, key: str = KEY) -> Batch:
        self.collect(key)
        self.apply(key)
        return self.settle(key).batch

    def ask_now(self, *userids: Any, **more: Any) -> Batch:
        """Ask for these candidates one by one, to the end; all of them can be sent."""
        begun = begin(self.database, self.settings, userids, **more)
        assert begun.key is not None, begun
        return self.carry_out(begun.key)

    def carry_out(self, key: str) -> Batch:
        """Take a batch whose requests are sent one by one from where it stands to its end."""
        self.build(key)
        batch = self.submit(key)
        return self.bring_in(key) if batch.state in ("ended", "collected") else batch

    def wait(self, key: str = KEY) -> Batch:
        """Look until the batch is no longer out."""
        pause = threading.Event()
        for _ in range(3_000):
            if self.batch(key).state != "submitted":
                return self.batch(key)
            found = self.poll()
            assert not found.problems, found.problems
            pause.wait(0.01)
        raise AssertionError("the server has not ended it")

    def wait_for_server(self, remote: str) -> None:
        """Wait until the server has ended it; the ledger is not told."""
        pause = threading.Event()
        while self.api.retrieve(remote).status not in tracking.TERMINAL:
            pause.wait(0.01)

    def is_balanced(self) -> bool:
        """Every item has its end, and no claim is left over."""
        items = self.database.ledger.items
        still = sa.select(items.c.userid).where(items.c.state.in_(["claimed", "submitted"]))
        return not self.rows(still) and not self.claims()


class Client:
    """How a test reaches the server: which key, and what the ledger calls the endpoint."""

    def __init__(self, server: LocalServer) -> None:
        self.server = server
        self._opened: list[openai.OpenAI] = []

    def api(
        self, *, key: str | None = None, endpoint: str = ENDPOINT, timeout: float = 20, **more: Any
    ) -> BatchApi:
        client = openai.OpenAI(
            base_url=self.server.base_url,
            api_key=key or self.server.api_key,
            max_retries=more.pop("max_retries", 0),
            timeout=timeout,
        )
        self._opened.append(client)
        return BatchApi(client, endpoint=endpoint)

    def close(self) -> None:
        for client in self._opened:
            client.close()


class Flowing(Flow):
    """A flow with its server; `client` makes other clients of it."""

    client: Client


@contextmanager
def flow_at(
    home: Path,
    *,
    faults: Faults | None = None,
    pace: Pace = IMMEDIATE,
    limits: Limits | None = None,
    settings: Mapping[str, Any] | None = None,
    **server: Any,
) -> Iterator[Flowing]:
    """A flow in this folder, its server in this process for as long as the block lasts."""
    faults = faults or Faults()
    limits = limits or Limits(exact_tokens=False)
    before, backoff.SECONDS = backoff.SECONDS, 0.001
    try:
        with running(
            home / "local_openai",
            pace=pace,
            limits=limits,
            wrap=faults.wrap,
            share=False,
            **server,
        ) as running_server:
            client = Client(running_server)
            flow = Flowing(home, settings_at(home, **(settings or {})), client.api())
            flow.client, flow.faults = client, faults
            try:
                yield flow
            finally:
                client.close()
                flow.database.dispose()
    finally:
        backoff.SECONDS = before


def limits_with(**values: Any) -> Limits:
    """The server's limits, tokens counted the quick way."""
    return replace(Limits(exact_tokens=False), **values)
