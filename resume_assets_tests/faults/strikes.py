"""What can strike at a boundary of the flow, and where each of it can."""

import errno
import os
import signal
import sqlite3
from enum import StrEnum

import httpx2
import sqlalchemy as sa


class Strike(StrEnum):
    """One fault; `boundaries` says where it may be carried out."""

    killed = "killed"
    disk_full = "disk full"
    cut_off = "connection cut"
    database_full = "database full"
    answer_lost = "commit's answer lost"  # it was kept, and the database says that it was not


_WHERE = {
    Strike.killed: ("",),
    Strike.disk_full: ("before open", "before os.mkdir", "before os.rename", "half written"),
    Strike.cut_off: ("before call", "half sent", "answer begins", "answer half read"),
    Strike.database_full: ("before statement", "before commit"),
    Strike.answer_lost: ("after commit",),
}


def can_strike(strike: Strike, boundary: str) -> bool:
    """Whether that fault is one of this boundary's."""
    return boundary.startswith(_WHERE[strike])


def carry_out(strike: Strike, boundary: str) -> None:
    """Kill the process, or raise what the operating system, the driver or HTTPX2 would."""
    match strike:
        case Strike.killed:
            os.kill(os.getpid(), signal.SIGKILL)
        case Strike.disk_full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        case Strike.cut_off if boundary.startswith("before call"):
            raise httpx2.ConnectError("on demand")
        case Strike.cut_off:
            raise httpx2.ReadError("on demand")
        case Strike.database_full:
            _raise_from_sqlite(sqlite3.SQLITE_FULL, "database or disk is full", boundary)
        case Strike.answer_lost:
            _raise_from_sqlite(sqlite3.SQLITE_BUSY, "database is locked", boundary)


def _raise_from_sqlite(code: int, words: str, boundary: str) -> None:
    error = sqlite3.OperationalError(words)
    error.sqlite_errorcode = code
    if "commit" in boundary:
        raise error  # SQLAlchemy wraps what a commit raises, and not what a listener does
    raise sa.exc.OperationalError("on demand", None, error)
