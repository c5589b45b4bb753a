"""A batch's files in S3: put once, whole, seen by everybody at once; no bucket is made."""

import logging
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from resume_assets.batches import store as store_module
from resume_assets.batches.receiving import reading
from resume_assets.batches.store import ERRORS, OUTPUT, REQUESTS, BatchStore, FilesGone
from resume_assets.batches.store_errors import StoreFailed
from resume_assets.cli import cli
from resume_assets_tests.benchmarks.data import answer_line
from resume_assets_tests.flow import NEWEST
from resume_assets_tests.on_s3.server import OWNER, WORKER, S3Server

pytestmark = pytest.mark.stores

LARGE = b"".join(b"%d\n" % number for number in range(3_000_000))
"""More than two parts, and lines that cross their borders."""


@pytest.fixture
def calls(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Empties itself when it is asked: what S3 was called for."""
    caplog.set_level(logging.DEBUG, logger="s3fs")
    return Calls(caplog)


class Calls(list[str]):
    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        super().__init__()
        self._caplog = caplog

    def since(self) -> list[str]:
        records, self._caplog.records[:] = [*self._caplog.records], []
        told = [record.getMessage().split() for record in records]
        asked = [words[1] for words in told if words[0] == "CALL:"]
        return [name for name in asked if not name.startswith(("head_", "list_"))]


def test_a_small_file_is_put_with_one_call(url: str, calls: Calls) -> None:
    files = BatchStore(url).batch("b1")
    calls.since()
    with files.write(REQUESTS) as stream:
        stream.write(b"one\n")
    assert calls.since() == ["put_object"]
    with files.read(REQUESTS) as stream:
        assert stream.read() == b"one\n"
    assert files.size(REQUESTS) == 4


def test_a_large_one_goes_in_parts_and_is_there_whole_without_a_copy(
    url: str, calls: Calls
) -> None:
    files = BatchStore(url).batch("b1")
    calls.since()
    with files.write(OUTPUT) as stream:
        stream.write(LARGE)
        assert not files.has(OUTPUT)
    put = calls.since()
    assert put[0] == "create_multipart_upload"
    assert put[-1] == "complete_multipart_upload"
    assert set(put[1:-1]) == {"upload_part"}
    with files.read(OUTPUT) as stream:
        assert stream.readlines() == LARGE.splitlines(keepends=True)
    assert files.names() == [OUTPUT]


@pytest.mark.parametrize("size", [0, 100, 20_000_000])
def test_a_write_that_breaks_off_leaves_what_was_there_and_no_parts(
    url: str, server: S3Server, size: int
) -> None:
    files = BatchStore(url).batch("b1")
    with files.write(OUTPUT) as stream:
        stream.write(b"whole")
    for name in (OUTPUT, ERRORS):
        with pytest.raises(RuntimeError, match="mine"), files.write(name) as stream:  # noqa: PT012
            stream.write(b"x" * size)
            raise RuntimeError("mine")
    with files.read(OUTPUT) as stream:
        assert stream.read() == b"whole"
    assert files.names() == [OUTPUT]
    assert server.uploads(url) == []


def test_an_empty_file_is_one(url: str) -> None:
    files = BatchStore(url).batch("b1")
    with files.write(ERRORS):
        pass
    assert files.has(ERRORS)
    with files.read(ERRORS) as stream:
        assert list(stream) == []


def test_what_another_process_does_is_seen_at_once(url: str, server: S3Server) -> None:
    mine, theirs = BatchStore(url).batch("b1"), server.owner()
    with mine.write(REQUESTS) as stream:
        stream.write(b"1")
    assert mine.names() == [REQUESTS]
    theirs.pipe_file(f"{url}/b1/{OUTPUT}", b"22")
    assert mine.names() == [OUTPUT, REQUESTS]
    theirs.pipe_file(f"{url}/b1/{OUTPUT}", b"333")
    assert mine.size(OUTPUT) == 3
    theirs.rm_file(f"{url}/b1/{OUTPUT}")
    assert not mine.has(OUTPUT)
    assert mine.names() == [REQUESTS]
    assert mine.remove() == 1
    assert server.names(url) == []


def test_a_file_that_is_gone_is_told(url: str) -> None:
    with pytest.raises(FilesGone, match=r"b1: output\.jsonl is no longer kept"):
        read(BatchStore(url), "b1")


def read(store: BatchStore, key: str) -> None:
    with store.batch(key).read(OUTPUT):
        pass


def test_no_bucket_is_made(server: S3Server) -> None:
    key, secret = OWNER  # who may make one
    store = BatchStore("s3://nowhere/batches", lambda _: {"key": key, "secret": secret})
    files = store.batch("b1")
    for use in (store.check, store.probe, lambda: files.take("me"), lambda: read(store, "b1")):
        with pytest.raises(StoreFailed, match=r"s3://nowhere/batches is not there\. A bucket is"):
            use()
    assert server.owner().ls("") == ["resumes"]


@pytest.mark.parametrize("user", [("AKIANOBODY", WORKER[1]), (WORKER[0], "Pl4nted")])
def test_a_wrong_key_is_told_and_not_shown(url: str, user: tuple[str, str]) -> None:
    key, secret = user
    store = BatchStore(url, lambda _: {"key": key, "secret": secret})
    for use in (store.probe, lambda: store.batch("b1").has(OUTPUT), lambda: read(store, "b1")):
        with pytest.raises(StoreFailed, match=r"turned us down .*AWS_ACCESS_KEY_ID") as told:
            use()
        assert key not in str(told.value)
        assert secret not in str(told.value)


def test_options_go_to_the_stores_library_and_are_not_shown(
    server: S3Server, url: str, home: Path, monkeypatch: pytest.MonkeyPatch, wide: None
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    monkeypatch.setenv("RESUME_BATCH_STORE", url)
    monkeypatch.setenv(
        "RESUME_STORE_OPTIONS",
        f'{{"endpoint_url": "{server.endpoint}", "secret": "{WORKER[1]}", "key": "{WORKER[0]}",'
        ' "s3_additional_kwargs": {"ServerSideEncryption": "AES256"}}',
    )
    result = CliRunner().invoke(cli, ["doctor"], catch_exceptions=False)
    assert f"{url} takes, gives back and deletes a file" in result.output
    assert WORKER[1] not in result.output
    assert server.names(url) == []
    from resume_assets.settings import load_settings

    for size in (1, 10_000_000):  # with one call, and in parts
        with BatchStore.configured(load_settings()).batch("b1").write(OUTPUT) as stream:
            stream.write(b"x" * size)
        kept = head(server, f"{url}/b1/{OUTPUT}")
        assert kept["ServerSideEncryption"] == "AES256"
        assert kept["ContentLength"] == size


def head(server: S3Server, url: str) -> Any:
    bucket, _, key = url.removeprefix("s3://").partition("/")
    return server.owner().call_s3("head_object", Bucket=bucket, Key=key)


class TestBrokenUploads:
    """Whoever is killed leaves the parts of a file, which nobody sees."""

    @pytest.fixture(autouse=True)
    def killed(self, server: S3Server, url: str) -> None:
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, url], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        assert writer.stdout.readline() == "half\n"
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()

    def test_it_is_no_file(self, server: S3Server, url: str) -> None:
        files = BatchStore(url).batch("b1")
        assert not files.has(OUTPUT)
        assert files.names() == []
        [left] = server.uploads(url)
        assert left["Key"].endswith(f"/b1/{OUTPUT}")
        known = {"Bucket": "resumes", "Key": left["Key"], "UploadId": left["UploadId"]}
        assert server.owner().call_s3("list_parts", **known)["Parts"]

    def test_is_ended_a_day_later(
        self, server: S3Server, url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert BatchStore(url).end_broken_uploads() == 0  # somebody may still be at it
        monkeypatch.setattr(store_module, "_BROKEN_AFTER", timedelta(0))
        assert BatchStore("s3://resumes/another").end_broken_uploads() == 0
        assert BatchStore(f"{url}-too").end_broken_uploads() == 0
        assert BatchStore(url).end_broken_uploads() == 1
        assert server.uploads(url) == []


WRITER = """
import sys, time
from resume_assets.batches.store import OUTPUT, BatchStore

with BatchStore(sys.argv[1]).batch("b1").write(OUTPUT) as stream:
    stream.write(b"x" * 20_000_000)
    stream.flush()
    print("half", flush=True)
    time.sleep(600)
"""


class TestReadingBeside:
    """The process that reads answers does so here too, though it has no file to open."""

    TODAY = NEWEST.date()

    @pytest.fixture
    def files(self, url: str, monkeypatch: pytest.MonkeyPatch) -> Any:
        monkeypatch.setattr(reading, "processors", lambda: 2)
        files = BatchStore(url).batch("b1")
        lines = b"".join(answer_line(number, str(number)) for number in range(1_000))
        with files.write(OUTPUT) as stream:
            for _ in range(16):
                stream.write(lines)
        assert files.size(OUTPUT) > 2 * reading.HELP_FROM
        return files

    def test_every_answer_comes_over(self, files: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        with files.read(OUTPUT) as stream:
            beside = [*reading.read_records(stream, self.TODAY)]
        monkeypatch.setattr(reading, "processors", lambda: 1)
        with files.read(OUTPUT) as stream:
            assert beside == [*reading.read_records(stream, self.TODAY)]
        assert len(beside) == 16_000

    def test_a_store_that_dies_is_not_taken_for_the_end(self, files: Any, server: S3Server) -> None:
        with files.read(OUTPUT) as stream:
            answers = reading.read_records(stream, self.TODAY)
            next(answers)
            server.kill()
            with pytest.raises(StoreFailed, match="can't be reached"):
                list(answers)

    def test_nobody_is_left_where_no_more_is_wanted(self, files: Any) -> None:
        with files.read(OUTPUT) as stream:
            answers = reading.read_records(stream, self.TODAY)
            next(answers)
            answers.close()  # type: ignore[attr-defined]
            assert stream.tell() < files.size(OUTPUT)
