"""A batch's files are there whole or not at all, and private to their user."""

import os
import stat
from pathlib import Path

import pytest

from resume_assets.batches.store import (
    ERRORS,
    OUTPUT,
    REQUESTS,
    REUSED,
    BatchStore,
    FilesGone,
    FolderTaken,
)
from resume_assets.batches.store_errors import StoreFailed


@pytest.fixture(params=["disk", "file URL", "object store"])
def store(request, tmp_path):
    url = {
        "disk": str(tmp_path / "batches"),
        "file URL": (tmp_path / "batches").as_uri(),
        "object store": f"memory://{abs(hash(tmp_path))}",
    }[request.param]
    return BatchStore(url)


def test_what_was_written_is_read(store):
    files = store.batch("b1")
    assert not files.has(REQUESTS)
    with files.write(REQUESTS) as stream:
        stream.write(b"one\n")
        stream.write(b"two\n")
    assert files.has(REQUESTS)
    assert files.size(REQUESTS) == 8
    with files.read(REQUESTS) as stream:
        assert stream.read() == b"one\ntwo\n"


def test_a_write_that_breaks_off_leaves_what_was_there(store):
    files = store.batch("b1")
    with files.write(OUTPUT) as stream:
        stream.write(b"whole")
    with pytest.raises(RuntimeError, match="broke"), files.write(OUTPUT) as stream:  # noqa: PT012
        stream.write(b"ha")
        raise RuntimeError("broke")
    with files.read(OUTPUT) as stream:
        assert stream.read() == b"whole"


def test_a_first_write_that_breaks_off_leaves_no_file(store):
    files = store.batch("b1")
    with pytest.raises(RuntimeError, match="broke"), files.write(OUTPUT) as stream:  # noqa: PT012
        stream.write(b"ha")
        raise RuntimeError("broke")
    assert not files.has(OUTPUT)
    assert files.size(OUTPUT) == 0


def test_a_file_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    """A machine that loses its power would keep the name, and half the file."""
    files = BatchStore(str(tmp_path)).batch("b1")
    synced = []

    def fsync(descriptor: int) -> None:
        there = os.fstat(descriptor)
        is_folder = stat.S_ISDIR(there.st_mode)
        synced.append(("folder" if is_folder else there.st_size, files.has(OUTPUT)))

    monkeypatch.setattr(os, "fsync", fsync)
    with files.write(OUTPUT) as stream:
        stream.write(b"x" * 100)
    assert synced == [(100, False), ("folder", True)]


def test_a_file_that_is_gone_is_told_in_a_sentence(store):
    with store.batch("b2").write(OUTPUT) as stream:
        stream.write(b"there")
    with (
        pytest.raises(FilesGone, match=r"b1: errors.jsonl is no longer kept"),
        store.batch("b1").read(ERRORS),
    ):
        pass


def test_a_disk_that_is_gone_is_no_file_that_was_deleted(tmp_path):
    """What was deleted on purpose is not waited for; a disk comes back."""
    with (
        pytest.raises(StoreFailed, match=r"not there, or nothing is mounted"),
        BatchStore(str(tmp_path / "away")).batch("b1").read(OUTPUT),
    ):
        pass


def test_batches_do_not_share_files(store):
    with store.batch("b1").write(REQUESTS) as stream:
        stream.write(b"1")
    assert not store.batch("b2").has(REQUESTS)


def test_removing_takes_every_file_of_one_batch(store):
    for key in ("b1", "b2"):
        for name in (REQUESTS, OUTPUT):
            with store.batch(key).write(name) as stream:
                stream.write(b"x")
    assert store.batch("b1").remove() == 2
    assert store.batch("b1").remove() == 0
    assert not store.batch("b1").has(REQUESTS)
    assert store.batch("b2").has(OUTPUT)


@pytest.mark.parametrize("as_url", [False, True])
def test_files_on_a_disk_are_private(tmp_path, as_url):
    root = tmp_path / "batches"
    files = BatchStore(root.as_uri() if as_url else str(root)).batch("b1")
    with files.write(REQUESTS) as stream:
        stream.write(b"x")
        assert _mode(root / "b1" / f"{REQUESTS}.part") == 0o600
    assert _mode(root / "b1" / REQUESTS) == 0o600
    assert _mode(root / "b1") == 0o700


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def put(store: BatchStore, key: str, *names: str) -> None:
    for name in names:
        with store.batch(key).write(name) as stream:
            stream.write(b"x")


@pytest.mark.parametrize("name", [REQUESTS, REUSED])
def test_a_folder_is_taken_once_and_again_by_the_same(store, name):
    files = store.batch("b1")
    assert not files.is_anything_there()
    for _ in range(2):
        files.take("me")
        assert files.is_anything_there()
    put(store, "b1", name)
    files.take("me")
    assert files.is_of("me")
    assert files.is_of_another("you")
    assert not files.is_of("you")
    assert not files.is_of_another("me")


@pytest.mark.parametrize("name", [OUTPUT, ERRORS])
def test_a_folder_with_answers_is_not_taken_though_it_is_ours(store, name):
    """A database that was restored has forgotten that batch."""
    store.batch("b1").take("me")
    put(store, "b1", name)
    with pytest.raises(FolderTaken, match="Batch b1: its folder"):
        store.batch("b1").take("me")


@pytest.mark.parametrize("name", [REQUESTS, REUSED, OUTPUT, ERRORS])
def test_a_folder_of_nobody_that_has_files_is_not_taken(store, name):
    put(store, "b1", name)
    files = store.batch("b1")
    assert files.is_anything_there()
    assert not files.is_of("me")
    assert not files.is_of_another("me")
    with pytest.raises(FolderTaken):
        files.take("me")
    assert not files.is_of("me")


def test_a_folder_of_another_is_not_taken(store):
    store.batch("b1").take("you")
    with pytest.raises(FolderTaken):
        store.batch("b1").take("me")
    assert store.batch("b1").is_of("you")


def test_the_files_are_named_and_whose_they_are_is_none_of_them(store):
    files = store.batch("b1")
    assert files.names() == []
    files.take("me")
    assert files.names() == []
    put(store, "b1", REQUESTS, OUTPUT)
    assert files.names() == [OUTPUT, REQUESTS]
    files.discard(OUTPUT, ERRORS)  # the one is there, the other is not
    assert files.names() == [REQUESTS]
    assert files.shown(OUTPUT) == f"{store.url.rstrip('/')}/b1/{OUTPUT}"
    assert files.remove() == 1
    assert not files.is_anything_there()


def test_half_a_file_of_a_process_that_was_killed_is_in_nobody_s_way(tmp_path):
    files = BatchStore(str(tmp_path)).batch("b1")
    half = tmp_path / "b1" / f"{REQUESTS}.part"
    half.parent.mkdir()
    half.write_bytes(b"half of a file")
    (tmp_path / "b1" / "a folder").mkdir()  # is none of the files
    assert files.names() == [half.name]
    with files.write(REQUESTS) as stream:
        stream.write(b"all")
    assert files.names() == [REQUESTS]
    assert files.size(REQUESTS) == 3


def test_a_file_may_be_called_otherwise_until_it_is_whole(tmp_path):
    files = BatchStore(str(tmp_path)).batch("b1")
    with files.write(OUTPUT, part="mine") as stream:
        stream.write(b"x")
        assert files.names() == ["mine"]
    assert files.names() == [OUTPUT]


def test_of_two_stores_the_one_that_has_the_files_is_found(tmp_path):
    """The ledger's word counts, unless the files are here: the home may have been moved."""
    here, there = BatchStore(str(tmp_path / "here")), BatchStore(str(tmp_path / "there"))

    def found(noted: str | None) -> str:
        return here.find("b1", noted, "me").store.url

    assert found(None) == found(here.url) == here.url
    assert found(there.url) == there.url
    here.batch("b1").take("you")
    assert found(there.url) == there.url
    here.batch("b1").remove()
    here.batch("b1").take("me")
    assert found(there.url) == here.url


def test_a_store_is_there_where_its_folder_has_anything(tmp_path):
    store = BatchStore(str(tmp_path / "batches"))
    with pytest.raises(StoreFailed, match="not there, or nothing is mounted"):
        store.check()
    (tmp_path / "batches").mkdir()
    with pytest.raises(StoreFailed, match="not there, or nothing is mounted"):
        store.check()
    put(store, "b1", REQUESTS)
    store.check()
    assert store.end_broken_uploads() == 0
