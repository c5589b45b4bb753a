"""One file's text, read by a process that has only the file's bytes, and limits."""

import json
import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from resume_assets.documents.converting import convert
from resume_assets.documents.kinds import Kind, kind_of
from resume_assets.documents.limits import MOST_BYTES, SECONDS
from resume_assets.documents.reasons import Reason, Unreadable

_CHILD = "resume_assets.documents.child"

# What a library finds its way with; no key, no password, nothing else of ours.
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "LD_LIBRARY_PATH")


@dataclass(frozen=True, slots=True)
class Document:
    """What was read of a file."""

    text: str
    kind: Kind
    library: str  # with its version, and the converter's name where there was one
    pages: int | None = None


def read(ending: str, data: bytes) -> Document:
    """The text of a file whose name ends so. Raises Unreadable."""
    if len(data) > MOST_BYTES:
        raise Unreadable(Reason.too_large)
    kind = kind_of(ending.lower(), data)
    if kind is not Kind.doc:
        return _read(kind, kind, data)
    converted = convert(data)
    found = _read(converted.kind, kind, converted.data)
    return Document(found.text, kind, f"{converted.converter}, {found.library}")


def _read(read_as: Kind, kind: Kind, data: bytes) -> Document:
    told = _asked(read_as, data)
    if "text" not in told:
        raise Unreadable(Reason(told["reason"]))
    return Document(told["text"], kind, told["library"], told["pages"])


def _asked(kind: Kind, data: bytes) -> dict[str, Any]:
    """The answer of the process. Raises Unreadable where there is none."""
    process = subprocess.Popen(  # noqa: S603 (our own module)
        [sys.executable, "-m", _CHILD, kind.value],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={
            **{name: os.environ[name] for name in _PASSED_ON if name in os.environ},
            "PYTHONPATH": os.pathsep.join(sys.path),
            "PYTHONDONTWRITEBYTECODE": "1",  # it may write no file
        },
        start_new_session=True,  # Ctrl-C goes to this process only, which ends it
    )
    try:
        output, _ = process.communicate(data, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        raise Unreadable(Reason.too_much) from None
    finally:
        if process.poll() is None:
            process.kill()
            with suppress(OSError):
                process.communicate()
    try:
        told = json.loads(output)
    except ValueError:
        # It was ended by the kernel, or by what the file did to a library.
        raise Unreadable(Reason.too_much if process.returncode else Reason.broken) from None
    if not isinstance(told, dict) or not ("text" in told or told.get("reason") in set(Reason)):
        raise Unreadable(Reason.broken)
    return told
