"""What an object store's library raises becomes a sentence; no bucket is ever made."""

import errno
import io
from pathlib import Path
from typing import Any, ClassVar

import pytest
from fsspec import AbstractFileSystem  # type: ignore[import-untyped]
from fsspec.registry import _registry  # type: ignore[import-untyped]
from fsspec.spec import AbstractBufferedFile  # type: ignore[import-untyped]

from resume_assets.batches import store as store_module
from resume_assets.batches.object_store import opened
from resume_assets.batches.store import OUTPUT, REQUESTS, BatchStore, FilesGone
from resume_assets.batches.store_errors import StoreFailed, shown_url, told
from resume_assets.errors import PlatformError

URL = "s3://bucket/pre"


class Buckets(AbstractFileSystem):  # type: ignore[misc]
    """As s3fs behaves: folders are a part of the names, a bucket must be there; may be broken."""

    protocol = "s3"
    cachable = False
    root_marker = ""
    files: ClassVar[dict[str, bytes]] = {}
    buckets: ClassVar[set[str]] = {"bucket"}
    broken: ClassVar[Exception | None] = None

    def mkdir(self, path: str, create_parents: bool = True, **_: Any) -> None:
        raise AssertionError("a bucket would be made")

    makedirs = mkdir

    def _at(self, path: str) -> str:
        if self.broken is not None:
            raise self.broken
        return str(self._strip_protocol(path))

    def ls(self, path: str, detail: bool = True, **_: Any) -> list[Any]:
        path = self._at(path)
        found = [
            {"name": name, "size": len(data), "type": "file"}
            for name, data in self.files.items()
            if name == path or name.rpartition("/")[0] == path
        ]
        is_above = any(name.startswith(f"{path}/") for name in self.files)
        if not found and not is_above and path not in self.buckets:
            raise FileNotFoundError(path)
        return found if detail else [one["name"] for one in found]

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        path = self._at(path)
        if path in self.files:
            return {"name": path, "size": len(self.files[path]), "type": "file"}
        self.ls(path)
        return {"name": path, "size": 0, "type": "directory"}

    def _open(self, path: str, mode: str = "rb", **_: Any) -> Any:
        path = self._at(path)
        if path.partition("/")[0] not in self.buckets:
            raise FileNotFoundError("The specified bucket does not exist")
        return io.BytesIO(self.files[path]) if mode == "rb" else _Written(self, path, mode)

    def rm_file(self, path: str) -> None:
        if self.files.pop(self._at(path), None) is None:
            raise FileNotFoundError(path)

    def cp_file(self, path1: str, path2: str, **_: Any) -> None:
        self.files[self._at(path2)] = self.files[self._at(path1)]


class _Written(AbstractBufferedFile):  # type: ignore[misc]
    """A file that is there once it is closed, as those of fsspec's object stores are."""

    def _upload_chunk(self, final: bool = False) -> bool:
        path = self.fs._at(self.path)
        if final:
            self.fs.files[path] = self.getvalue()
        return False  # the buffer keeps what it has

    def getvalue(self) -> bytes:
        return bytes(self.buffer.getvalue())


@pytest.fixture(autouse=True)
def buckets(monkeypatch: pytest.MonkeyPatch) -> type[Buckets]:
    monkeypatch.setitem(_registry, "s3", Buckets)
    monkeypatch.setattr(Buckets, "broken", None)
    monkeypatch.setattr(Buckets, "buckets", {"bucket"})
    Buckets.files.clear()
    return Buckets


def test_a_bucket_takes_and_gives_back(buckets: type[Buckets]) -> None:
    store = BatchStore(URL)
    store.probe()
    store.check()
    files = store.batch("b1")
    files.take("me")
    lines = b"".join(b"%d\n" % number for number in range(300_000))  # more than a buffer
    with files.write(REQUESTS) as stream:
        stream.write(lines[:5])
        stream.write(lines[5:])
    with files.read(REQUESTS) as stream:
        assert list(stream) == lines.splitlines(keepends=True)
    assert files.size(REQUESTS) == len(lines)
    assert files.is_of("me")
    assert files.is_of_another("you")
    assert files.remove() == 1
    assert not files.has(REQUESTS)


def test_a_missing_bucket_is_told_and_not_made(buckets: type[Buckets]) -> None:
    buckets.buckets.clear()
    store = BatchStore(URL)
    files = store.batch("b1")
    for use in (store.probe, store.check, lambda: files.take("me"), lambda: read(files)):
        with pytest.raises(
            StoreFailed, match=r"s3://bucket/pre is not there\. A bucket is made by"
        ):
            use()
    assert not buckets.buckets


def test_a_store_without_buckets_is_its_folder() -> None:
    store = BatchStore("memory://folder-of-check")
    with pytest.raises(StoreFailed, match="memory://folder-of-check is not there"):
        store.check()
    with store.batch("b1").write(REQUESTS) as stream:
        stream.write(b"one\n")
    store.check()


def test_what_a_bucket_is_opened_with() -> None:
    options = opened(URL, {"key": "k", "config_kwargs": {"read_timeout": 3}}).storage_options
    assert options == {
        "key": "k",
        "use_listings_cache": False,
        "config_kwargs": {"connect_timeout": 5, "read_timeout": 3, "retries": {"max_attempts": 1}},
    }
    assert opened("gs://bucket/pre", {}).storage_options == {"use_listings_cache": False}
    assert not opened("memory://elsewhere", {}).storage_options


def read(files: Any) -> None:
    with files.read(OUTPUT):
        pass


def test_a_file_that_is_gone_is_no_missing_bucket() -> None:
    with pytest.raises(FilesGone, match="no longer kept in s3://bucket/pre"):
        read(BatchStore(URL).batch("b1"))


def test_a_file_that_is_deleted_just_before_it_is_opened_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "_is_there", lambda *_: True)
    with pytest.raises(FilesGone, match=f"no longer kept in {tmp_path}"):
        read(BatchStore(str(tmp_path)).batch("b1"))


@pytest.mark.parametrize("fault", ["keeps another", "deletes nothing"])
def test_a_store_that_does_not_do_what_it_says_is_told(
    buckets: type[Buckets], monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    if fault == "deletes nothing":
        monkeypatch.setattr(buckets, "rm_file", lambda *_: None)
    else:
        monkeypatch.setattr(_Written, "getvalue", lambda _: b"something else")
    with pytest.raises(StoreFailed, match="does not give back, or does not delete, what it takes"):
        BatchStore(URL).probe()


class EndpointConnectionError(Exception):
    """As botocore names it."""


class NoCredentialsError(Exception):
    """As botocore names it."""


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (EndpointConnectionError("AKIA-Pl4nted"), "can't be reached .* AWS_ENDPOINT_URL"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "Pl4nted"), "can't be reached"),
        (BrokenPipeError(errno.EPIPE, "Pl4nted"), "can't be reached"),  # by its kind, not its name
        (TimeoutError("Pl4nted"), "can't be reached"),
        (NoCredentialsError("Pl4nted"), r"turned us down .*\(AWS_ACCESS_KEY_ID"),
        (PermissionError("The AWS Access Key Id Pl4nted"), "turned us down"),
        (ImportError("Pl4nted"), "needs the package s3fs.*pip install s3fs"),
        (RuntimeError("Pl4nted"), r"can't be used \(RuntimeError while"),
    ],
)
def test_what_stands_against_it_is_told_wherever_it_comes(
    buckets: type[Buckets], monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    store = BatchStore(URL)
    files = store.batch("b1")
    with files.write(REQUESTS) as stream:
        stream.write(b"x")
    monkeypatch.setattr(buckets, "broken", error)
    uses = (
        store.probe,
        store.check,
        lambda: files.has(REQUESTS),
        lambda: files.size(REQUESTS),
        lambda: files.is_of("me"),
        lambda: files.take("me"),
        lambda: read(files),
        files.remove,
    )
    for use in uses:
        with pytest.raises(StoreFailed, match=words) as failed:
            use()
        assert str(failed.value).startswith(URL)
        assert "Pl4nted" not in str(failed.value)
        assert failed.value.__cause__ is None


def test_a_write_that_breaks_off_is_told_and_what_its_user_raises_is_not_changed(
    buckets: type[Buckets], monkeypatch: pytest.MonkeyPatch
) -> None:
    files = BatchStore(URL).batch("b1")
    with pytest.raises(RuntimeError, match="mine"), files.write(REQUESTS) as stream:  # noqa: PT012
        stream.write(b"half")
        raise RuntimeError("mine")
    assert not files.has(REQUESTS)
    with pytest.raises(StoreFailed, match="can't be reached"), files.write(REQUESTS) as stream:  # noqa: PT012
        stream.write(b"half")
        monkeypatch.setattr(buckets, "broken", EndpointConnectionError("gone"))
    monkeypatch.setattr(buckets, "broken", None)
    assert not files.has(REQUESTS)


def test_the_package_that_is_missing_is_named_by_the_protocol() -> None:
    for url, package in (("gs://b/x", "gcsfs"), ("abfs://c@a/x", "adlfs"), ("oss://b", "ossfs")):
        with pytest.raises(StoreFailed, match=f"pip install {package}"), told(url, "opening"):
            raise ImportError("install it")
    with pytest.raises(StoreFailed, match="pip install pyarrow"), told("hdfs://b", "opening"):
        raise ModuleNotFoundError("x", name="pyarrow")


def test_a_kind_of_store_that_nobody_knows() -> None:
    with pytest.raises(StoreFailed, match="nosuch:// is none"):
        BatchStore("nosuch://u:pw@x/y")


def test_our_own_errors_go_through() -> None:
    mine = PlatformError("mine")
    with pytest.raises(PlatformError) as raised, told(URL, "reading from"):
        raise mine
    assert raised.value is mine


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("/data/batches", "/data/batches"),
        ("s3://bucket/pre", "s3://bucket/pre"),
        ("s3://key:s3cr3t@bucket/pre?x=s3cr3t#s3cr3t", "s3://bucket/pre"),
        ("sftp://user:s3cr3t@host:22/a", "sftp://host:22/a"),
        ("https://s3cr3t@host/a", "https://host/a"),
        ("ftp://a@b:s3cr3t@host/x", "ftp://host/x"),
        ("abfs://container@account.dfs.core.windows.net/a", "abfs://container@account.dfs.core.windows.net/a"),
        ("abfs://container:s3cr3t@account/a", "abfs://account/a"),
        ("s3://bucket", "s3://bucket"),
    ],
)  # fmt: skip
def test_credentials_are_not_shown(url: str, shown: str) -> None:
    assert shown_url(url) == shown
