"""What an error of SQL Server or its drivers means: try again, a lost race, or the end.

Numbers and states are the only language that all servers, drivers and locales share. Messages are
looked into only where a driver hides the number (mssql-python), and are never passed on: SQL Server
quotes values in some (2627, 2628, 245).
"""

import re
from dataclasses import dataclass
from typing import Any

from resume_assets.database.sqlserver_numbers import (
    BABELFISH_UNKNOWN,
    CONNECTING,
    CONNECTING_STATES,
    DUPLICATE,
    DUPLICATE_KEY,
    NAMED_COLUMN,
    NUMBER_OF,
    OWN_ERRORS,
    REFUSED,
    REFUSED_STATES,
    STATE_OF,
    TRANSIENT,
    TRANSIENT_STATES,
    WHILE_RESTARTING,
    WORDS,
    WORDS_OF_STATES,
)

# pyodbc: "[SQLSTATE] text (number) (function); [SQLSTATE] text (number)"
_FIRST_NUMBER = re.compile(r"\((-?\d+)\) \(SQL\w+\)")


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What is known of an error: its number and SQLSTATE, and whether it came while connecting."""

    number: int | None
    state: str | None
    connecting: bool
    lost: bool  # the connection is gone, as SQLAlchemy sees it
    hint: str = ""
    column: str | None = None  # for which a row is refused, where the server names it
    hides_numbers: bool = False  # the driver gives no error number

    def is_transient(self, *, had_connection: bool) -> bool:
        """Whether the whole transaction may be tried again."""
        if self.number in TRANSIENT:
            return True
        if self.connecting:
            return had_connection and (
                self.number in WHILE_RESTARTING or self.state in CONNECTING_STATES
            )
        return self.lost or self.state in TRANSIENT_STATES

    @property
    def is_duplicate_key(self) -> bool:
        """Whether a uniqueness constraint said no."""
        return self.number in DUPLICATE_KEY

    @property
    def is_refusal(self) -> bool:
        """Whether something of the table's says no to a row."""
        if self.number == BABELFISH_UNKNOWN:
            return self.state in REFUSED_STATES
        if self.number is not None:
            return self.number in REFUSED or self.number >= OWN_ERRORS
        # What a trigger raises has the SQLSTATE of a syntax error (42000). Our own statements have
        # none, and other errors of that state are told by their text: see NUMBER_OF.
        return self.state in REFUSED_STATES or (self.hides_numbers and self.state == "42000")

    def explain(self) -> str:
        """Codes and our own words."""
        codes = [f"error {self.number}"] if self.number else []
        codes += [f"SQLSTATE {self.state}"] if self.state else []
        words = self.hint or WORDS.get(self.number or 0) or WORDS_OF_STATES.get(self.state or "")
        if not words and (self.number or 0) >= OWN_ERRORS and self.is_refusal:
            words = "a trigger of the table refuses the row"
        if not words and self.lost:
            words = WORDS_OF_STATES["08S01"]
        told = ", ".join(codes) or "an error of the driver"
        return f"SQL Server: {told}: {words}" if words else f"SQL Server: {told}"


def is_dead_connection(error: BaseException) -> bool:
    """Whether FreeTDS means by this that the connection is gone: it does not say so.

    Seen with 1.3.17 after the session was ended: `Unknown error (0)`, and no error at all.
    """
    text = str(error.args[-1]) if error.args else ""
    return ("[FreeTDS]" in text and "Unknown error (0)" in text) or (
        "driver did not supply an error" in text
    )


def diagnose(error: BaseException) -> Diagnosis:
    """Look at an error of SQLAlchemy, pyodbc or mssql-python."""
    cause: Any = getattr(error, "orig", None) or error
    lost = bool(getattr(error, "connection_invalidated", False))
    if hasattr(cause, "driver_error"):
        return _of_mssql_python(str(cause.driver_error), str(cause.ddbc_error), lost=lost)
    first = str(cause.args[0]) if cause.args else ""
    message = str(cause.args[-1]) if cause.args else ""
    state = first if re.fullmatch(r"[0-9A-Z]{5}", first) else None
    found = _FIRST_NUMBER.search(message)
    connecting = "(SQLDriverConnect" in message
    return Diagnosis(
        # The driver's own errors are numbered 0, or -1 and so on for the network's.
        number=int(found[1]) if found and int(found[1]) > 0 else None,
        state=state,
        connecting=connecting,
        lost=lost,
        hint=_hint(message) if connecting else "",
        column=_column(message),
    )


def _of_mssql_python(driver_error: str, message: str, *, lost: bool) -> Diagnosis:
    state = STATE_OF.get(driver_error)
    unmapped = re.search(r"SQLSTATE code: ([0-9A-Z]{5})", driver_error)
    if unmapped:
        state = unmapped[1]
    number: int | None = None
    if state == "23000":
        number = 2627 if DUPLICATE.search(message) else None
    elif state is None or not state.startswith("22"):
        number = next((number for number, text in NUMBER_OF if text.search(message)), None)
    connecting = state in ("08001", "08004", "28000") or "Login timeout expired" in message
    return Diagnosis(
        number,
        state,
        connecting,
        lost,
        hint=_hint(message) if connecting else "",
        column=_column(message),
        hides_numbers=True,
    )


def _column(message: str) -> str | None:
    named = NAMED_COLUMN.search(message)
    return named[1] if named else None


def _hint(message: str) -> str:
    return next((words for text, words in CONNECTING if text.search(message)), "")
