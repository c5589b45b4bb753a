"""The file of an SQLite database: which one a URL names, and what can be wrong with it."""

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from resume_assets.private import private_file
from resume_assets.settings import SettingsError

_WORDS = {
    sqlite3.SQLITE_READONLY: "this user must be able to write that file and its folder",
    sqlite3.SQLITE_CANTOPEN: "this user must be able to read and write that file and its folder",
    sqlite3.SQLITE_NOTADB: "that file is no SQLite database",
    sqlite3.SQLITE_CORRUPT: "that file is damaged",
    sqlite3.SQLITE_FULL: "the disk is full",
}


def make_ready(url: sa.URL) -> Path:
    """The absolute path of the database's file, made for its user alone where there is none.

    Raises SettingsError, which names file or folder.
    """
    named = url.database or ""
    if named in ("", ":memory:") or named.startswith("file:"):
        raise SettingsError(
            "RESUME_DATABASE_URL names no plain file: sqlite:////folder/file.db does. (A database "
            "in memory would forget, with each command, what is out and paid.)"
        )
    path = Path(named).absolute()
    if path.is_dir():
        raise SettingsError(f"The database {path} is a folder; it must be a file.")
    if not path.parent.is_dir():
        what = "is no folder" if path.parent.exists() else "is not there"
        raise SettingsError(
            f"The database {path} can't be opened: {path.parent} {what}. Make the folder, or mend "
            "RESUME_DATABASE_URL (where that is not set: RESUME_ASSETS_HOME)."
        )
    try:
        return private_file(path)
    except OSError as error:
        raise SettingsError(
            f"The database {path} can't be made: {os.strerror(error.errno or 0)} "
            f"({type(error).__name__})."
        ) from None


def explain(path: Path, code: int, name: str, message: str) -> str:
    """What SQLite's error says of its file, the path in it."""
    words = _WORDS.get(code & 0xFF)
    return f"SQLite: {name}: {path}: {words}" if words else f"SQLite: {name}: {message}"


def lacking_rights(path: Path) -> Iterator[str]:
    """What this user may not do with the file, each with what to do about it."""
    for what in (path, path.parent):
        if not os.access(what, os.R_OK | os.W_OK):
            yield f"this user's right to read and write {what}."
