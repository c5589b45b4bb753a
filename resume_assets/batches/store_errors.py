"""What an object store's library raises, in our words; its own messages might quote a secret."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from resume_assets.errors import PlatformError
from resume_assets.tallies import Tally, count

_PACKAGES = {
    "s3": "s3fs",
    "s3a": "s3fs",
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "az": "adlfs",
    "abfs": "adlfs",
    "abfss": "adlfs",
    "adl": "adlfs",
    "sftp": "paramiko",
    "ssh": "paramiko",
    "smb": "smbprotocol",
    "http": "aiohttp",
    "https": "aiohttp",
    "oci": "ocifs",
    "oss": "ossfs",
}
"""The package that fsspec needs for a protocol."""

_KEYS = {
    "s3fs": "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY or AWS_PROFILE",
    "gcsfs": "GOOGLE_APPLICATION_CREDENTIALS",
    "adlfs": "AZURE_STORAGE_ACCOUNT_NAME, AZURE_STORAGE_ACCOUNT_KEY",
}
_ENDPOINTS = {"s3fs": "AWS_ENDPOINT_URL", "gcsfs": "STORAGE_EMULATOR_HOST"}

_UNREACHED = re.compile(r"Connect|Timeout|Timed|Endpoint|Gateway|Unavailable|Resolve")
_REFUSED = re.compile(r"Credential|Auth|Permission|Forbidden|Denied|Token|Login")
_MISSING = re.compile(r"NotFound|NoSuch")


SETTING = "RESUME_BATCH_STORE"
"""What names a store's URL, unless another setting does."""


class StoreFailed(PlatformError):
    """The batch store can't be used; the message names its URL and what to look at."""


def shown_url(url: str) -> str:
    """The URL without user, password and query; a path as it is."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        return url
    place, slash, path = re.split(r"[?#]", rest, maxsplit=1)[0].partition("/")
    owner, at, host = place.rpartition("@")
    # Azure's `container@account` is an address.
    is_address = at and scheme.startswith(("abfs", "wasb")) and ":" not in owner
    return f"{scheme}://{place if is_address else host}{slash}{path}"


@contextmanager
def told(url: str, doing: str, called: str = SETTING) -> Iterator[None]:
    """Turn what the store's library raises into a StoreFailed; `doing`: "writing to".

    `called`: the setting that the URL is from.
    """
    try:
        yield
    except PlatformError:
        raise
    except Exception as error:  # noqa: BLE001 (each library has its own kinds; raised below)
        count(Tally.store_failed)
        failed = StoreFailed(_sentence(url, doing, error, called))
    else:
        return
    raise failed from None


def missing(url: str, called: str = SETTING) -> StoreFailed:
    """For a bucket or folder that is not there."""
    return StoreFailed(
        f"{url} is not there. A bucket is made by you, never by this program: make it, or mend "
        f"{called}."
    )


def _sentence(url: str, doing: str, error: Exception, called: str) -> str:
    scheme = url.partition("://")[0]
    package = _PACKAGES.get(scheme, "")
    kinds = [type(one).__name__ for one in _chain(error)]
    shown = f"{kinds[0]} while {doing} it"
    if isinstance(error, ImportError):
        named = [one.name for one in _chain(error) if isinstance(one, ImportError) and one.name]
        needed = package or next(iter(named), "a package")
        return (
            f"{url}: {scheme}:// needs the package {needed}, which is not installed: "
            f"`pip install {needed}`, or another {called}."
        )
    if isinstance(error, ValueError) and not package:
        return f"{url}: {called} takes a folder, or a URL that fsspec knows; {scheme}:// is none."
    if isinstance(error, PermissionError) or any(map(_REFUSED.search, kinds)):
        keys = f" ({_KEYS[package]})" if package in _KEYS else ""
        return f"{url} turned us down ({shown}): check the key{keys} and its rights. {_KEPT}"
    if isinstance(error, FileNotFoundError) or any(map(_MISSING.search, kinds[:1])):
        return str(missing(url, called))
    if isinstance(error, ConnectionError) or any(map(_UNREACHED.search, kinds)):
        endpoint = f" and {_ENDPOINTS[package]}" if package in _ENDPOINTS else ""
        return (
            f"{url} can't be reached ({shown}): check {called}{endpoint}, and whether it "
            f"runs. {_KEPT}"
        )
    return f"{url} can't be used ({shown}): check {called}. {_KEPT}"


_KEPT = "What was committed is kept; run it again once that is mended."


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and those that it came from."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__
