"""What an object store needs that a disk does not: how it is opened, written whole, and tidied up.

A file is put once, under its own name, and is there when its last byte is: no copy, no half.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime
from typing import Any, BinaryIO, Final

from upath import UPath

_BUCKETS: Final = frozenset(
    {"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oci", "oss", "cos", "obs", "tos"}
)
"""Protocols whose folders are only parts of object names: `mkdir` could only make a bucket."""

_BUFFER: Final = 1 << 20

_PART: Final = 8 << 20
"""Bytes that go over together. S3 takes 10,000 parts of 5 MiB at least, so files of 80 GB."""

_S3: Final = ("s3", "s3a")

_S3_CALLS: Final = {"connect_timeout": 5, "read_timeout": 15, "retries": {"max_attempts": 1}}
"""Seconds, and tries beside those of s3fs: with botocore's own, a store that hangs held a run for
a quarter of an hour.
"""


def has_buckets(protocol: str) -> bool:
    """Whether it is a protocol of buckets (containers), which are never made here."""
    return protocol in _BUCKETS


def opened(url: str, options: Mapping[str, Any]) -> UPath:
    """The folder of that URL; `options` are fsspec's.

    Raises whatever the store's library does.
    """
    protocol = url.partition("://")[0]
    ours: dict[str, Any] = {}
    if protocol in _BUCKETS:
        # Other processes write there too: what was listed a moment ago may be wrong by now.
        ours["use_listings_cache"] = False
    if protocol in _S3:
        ours["config_kwargs"] = {**_S3_CALLS, **options.get("config_kwargs", {})}
    folder: UPath = UPath(url, **{**options, **ours})
    return folder


Told = Callable[[str], AbstractContextManager[None]]
"""Turns what the store's library raises, while doing that, into a StoreFailed."""


def reading(path: UPath, told: Told) -> BinaryIO:
    """The file, to be read forwards.

    Raises whatever the store's library does; what it raises later becomes a StoreFailed.
    """
    arguments = {"block_size": _PART} if has_buckets(path.protocol) else {}
    # fsspec's files read a whole block for each line they are asked for.
    return io.BufferedReader(_Raw(path.fs.open(path.path, "rb", **arguments), told), _BUFFER)


@contextmanager
def writing(path: UPath, told: Told) -> Iterator[BinaryIO]:
    """A file that is there, whole, once the block ends well, and else not at all.

    Raises StoreFailed.
    """
    with told("writing to"):
        raw = _Raw(path.fs.open(path.path, "wb", block_size=_PART), told)
    with io.BufferedWriter(raw, _BUFFER) as stream:
        try:
            yield stream
            stream.flush()
            raw.close()
        except BaseException:
            raw.give_up()
            raise


@contextmanager
def writing_beside(path: UPath, half: str, told: Told) -> Iterator[BinaryIO]:
    """The same where a file that is being written can be seen: under another name, then renamed.

    Raises StoreFailed.
    """
    part = path.with_name(half)
    try:
        with told("writing to"):
            path.parent.mkdir(parents=True, exist_ok=True)
            raw = _Raw(part.open("wb"), told)
        with raw, io.BufferedWriter(raw, _BUFFER) as stream:
            yield stream
        with told("writing to"):
            part.rename(path)
    except BaseException:
        # Half a file is of no use, and takes up space.
        with suppress(Exception):
            part.unlink(missing_ok=True)
        raise


def end_broken_uploads(root: UPath, before: datetime) -> int:
    """End the uploads below this folder that began before then (with a zone); returns how many.

    A process that is killed leaves the parts of its file, which nobody sees and S3 bills. Others
    delete such parts by themselves: Google and Azure after a week. Raises whatever the store's
    library does.
    """
    if root.protocol not in _S3:
        return 0
    bucket, _, prefix = root.path.partition("/")
    old = [
        upload
        for upload in _uploads(root.fs, bucket, f"{prefix.rstrip('/')}/" if prefix else "")
        if upload["Initiated"] < before
    ]
    for upload in old:
        root.fs.call_s3(
            "abort_multipart_upload", Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"]
        )
    return len(old)


def _uploads(fs: Any, bucket: str, prefix: str) -> Iterator[Mapping[str, Any]]:
    after: dict[str, Any] = {}
    while True:
        page = fs.call_s3("list_multipart_uploads", Bucket=bucket, Prefix=prefix, **after)
        yield from page.get("Uploads", ())
        if not page.get("IsTruncated"):
            return
        after = {
            "KeyMarker": page["NextKeyMarker"],
            "UploadIdMarker": page.get("NextUploadIdMarker", ""),
        }


class _Raw(io.RawIOBase):
    """An object store's stream, whose errors become StoreFailed."""

    def __init__(self, stream: Any, told: Told) -> None:
        self._stream = stream
        self._told = told
        self._is_given_up = False

    def readable(self) -> bool:
        return bool(self._stream.readable())

    def writable(self) -> bool:
        return bool(self._stream.writable())

    def seekable(self) -> bool:
        return bool(self._stream.seekable())

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        with self._told("reading from"):
            return int(self._stream.seek(offset, whence))

    def tell(self) -> int:
        return int(self._stream.tell())

    def readinto(self, buffer: Any) -> int:
        with self._told("reading from"):
            data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def write(self, data: Any) -> int:
        if not self._is_given_up:
            with self._told("writing to"):
                self._stream.write(bytes(data))
        return len(data)

    def close(self) -> None:
        if not self.closed:
            super().close()
            with self._told("writing to"):
                self._stream.close()

    def give_up(self) -> None:
        """Nothing that was written is kept."""
        self._is_given_up = True
        # What is left where not even this works is no file: `end_broken_uploads`.
        with suppress(Exception):
            self._stream.discard()
        # Else it would be closed, and so put, when nothing refers to it any more.
        self._stream.closed = True
