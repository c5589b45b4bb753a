"""Whole batches whose files are in S3, while the server dies and hangs between the stages."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from resume_assets.batches import store
from resume_assets.batches.store import BatchStore
from resume_assets.batches.store_errors import StoreFailed
from resume_assets.batches.upkeep.housekeeping import tidy
from resume_assets_tests.flow import KEY, Flowing, flow_at
from resume_assets_tests.on_s3.server import S3Server

pytestmark = pytest.mark.stores

QUICK = (
    '{"config_kwargs": {"connect_timeout": 1, "read_timeout": 1, "retries": {"max_attempts": 0}}}'
)


@pytest.fixture
def flow(url: str, tmp_path: Path) -> Iterator[Flowing]:
    """Three resumes wait; the server's silence is believed after a few seconds."""
    settings = {"batch_store": url, "store_options": SecretStr(QUICK)}
    with flow_at(tmp_path / "home", settings=settings) as opened:
        opened.seed(3)
        yield opened


def test_a_batch_goes_through_and_its_files_go_in_time(
    flow: Flowing, server: S3Server, url: str
) -> None:
    assert flow.until_done().succeeded == 3
    assert flow.batch().store_url == url
    assert server.names(url) == [
        f"{KEY}/.installation",
        f"{KEY}/output.jsonl",
        f"{KEY}/requests.jsonl",
    ]
    assert flow.apply().written == 3  # again, from the kept files
    flow.set(keep_files_days=0)
    tidied = tidy(flow.database, flow.settings, flow.store, flow.api)
    assert (tidied.local_files, tidied.problems) == (2, [])
    assert server.names(url) == []
    assert not (flow.home / "batches").exists()


def test_a_batch_is_read_from_the_store_that_it_was_made_in(flow: Flowing) -> None:
    flow.until_ended()
    flow.store = BatchStore(str(flow.home / "another"))
    assert flow.bring_in().succeeded == 3
    assert not (flow.home / "another").exists()


@pytest.mark.parametrize("outage", ["dies", "hangs"])
def test_nothing_is_lost_or_sent_twice_while_the_store_is_gone(
    flow: Flowing, server: S3Server, outage: str
) -> None:
    def survives(stage: Callable[[], object]) -> None:
        with dead(server) if outage == "dies" else server.hanging(), pytest.raises(StoreFailed):
            stage()
        stage()

    flow.plan()
    flow.claim()
    survives(flow.build)
    survives(flow.submit)
    flow.wait()
    survives(flow.collect)
    survives(flow.apply)
    assert flow.settle().batch.succeeded == 3
    assert flow.written() == [1, 2, 3]
    assert flow.is_balanced()
    assert sorted(flow.book.sent()) == ["1", "2", "3"]


@contextmanager
def dead(server: S3Server) -> Iterator[None]:
    server.kill()
    yield
    server.start()


def test_a_store_that_dies_in_mid_write_has_no_half_file_and_its_parts_go_a_day_later(
    flow: Flowing, server: S3Server, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = flow.store.batch(KEY)
    with pytest.raises(StoreFailed, match="can't be reached"), files.write("x") as stream:  # noqa: PT012
        stream.write(b"x" * 10_000_000)
        stream.flush()
        assert len(server.uploads(url)) == 1
        server.kill()
        stream.write(b"x" * 10_000_000)
    server.start()
    assert files.names() == []
    begun = server.uploads(url)  # nearly always: the server may have lost it with its own memory
    with files.write("x") as stream:
        stream.write(b"again")
    assert files.size("x") == 5
    monkeypatch.setattr(store, "_BROKEN_AFTER", timedelta(0))
    assert tidy(flow.database, flow.settings, flow.store, flow.api).broken_uploads == len(begun)
    assert server.uploads(url) == []


def test_housekeeping_says_that_it_could_not_look(flow: Flowing, server: S3Server) -> None:
    with dead(server):
        tidied = tidy(flow.database, flow.settings, flow.store, flow.api)
    [problem] = tidied.problems
    assert "can't be reached" in problem
