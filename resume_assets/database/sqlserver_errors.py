"""What an error of SQL Server or its drivers means: try again, a lost race, or the end.

Numbers and states are the only language that all servers, drivers and locales share. Messages are
looked into only where a driver hides the number (mssql-python), and are never passed on: SQL Server
quotes values in some (2627, 2628, 245).
"""

import re
from dataclasses import dataclass
from typing import Any

DUPLICATE_KEY = frozenset({2601, 2627})

_REFUSED = DUPLICATE_KEY | {
    220,  # a number is too large for its type
    232,
    241,  # no date or time can be made of a text
    242,  # a date is out of its type's range
    244,
    245,  # conversions
    248,
    295,
    296,
    511,  # the row is longer than a page
    512,  # a trigger made for one row at a time got several
    515,  # NULL
    547,  # CHECK, FOREIGN KEY
    550,  # a view's CHECK OPTION
    1946,  # too long for an index
    2628,
    3609,  # the trigger rolled the transaction back
    3616,  # an error in a trigger
    3930,
    6522,  # an exception in a trigger of .NET
    8114,
    8115,
    8134,  # division by zero: in a trigger, a CHECK or a computed column
    8152,
    33504,  # a security policy's block predicate
}
"""Numbers of what is the matter with a row, not with the database."""

_OWN_ERRORS = 50_000
"""Numbers from here on are of RAISERROR and THROW: what a site's triggers say."""

_BABELFISH_UNKNOWN = 33557097

_TRANSIENT = frozenset(
    {
        1204,  # out of locks
        1205,  # victim of a deadlock
        1222,  # lock request timed out
        3960,  # snapshot isolation: update conflict
        596,  # the session was killed
        6005,  # the server is shutting down
        8645,  # waited too long for memory
        17187,  # not ready for connections yet
        # Azure SQL Database, from "Troubleshoot transient connection errors" at Microsoft Learn
        615,
        926,
        4221,
        10928,
        10929,
        40020,
        40143,
        40166,
        40197,
        40501,
        40540,
        40613,
        49918,
        49919,
        49920,
        # Availability groups: the replica is changing its role
        976,
        978,
        983,
        # FreeTDS's own: read and write failed, connection dead
        20004,
        20006,
        20047,
    }
)

_WHILE_RESTARTING = frozenset(
    {
        911,  # the database is not there (yet)
        913,
        921,  # not recovered yet
        922,
        4060,  # can't be opened
        17142,  # paused
        18401,  # login: the server is starting
        18451,  # login: the server is shutting down
        20009,  # FreeTDS: unable to connect
        _BABELFISH_UNKNOWN,  # it starts or shuts down
    }
)
"""Passing where this process had a connection before; a mistake in the settings where not."""

_TRANSIENT_STATES = frozenset(
    {"40001", "HYT00", "HYT01", "08S01", "08S02", "08003", "08007", "01002", "10054"}
)
_CONNECTING_STATES = frozenset({"08001", "08004", "HYT00", "HYT01"})

# mssql-python turns SQLSTATEs into these texts of its own.
_STATE_OF = {
    "Serialization failure": "40001",
    "Timeout expired": "HYT00",
    "Connection timeout expired": "HYT01",
    "Client unable to establish connection": "08001",
    "Connection not open": "08003",
    "Server rejected the connection": "08004",
    "Connection failure during transaction": "08007",
    "Communication link failure": "08S01",
    "Disconnect error": "01002",
    "Integrity constraint violation": "23000",
    "String data, right-truncated": "22001",
    "Numeric value out of range": "22003",
    "Datetime field overflow": "22008",
    "Invalid character value for cast specification": "22018",
    "Invalid authorization specification": "28000",
    "Syntax error or access violation": "42000",
    "Base table or view already exists": "42S01",
    "Base table or view not found": "42S02",
    "Column not found": "42S22",
    "General error": "HY000",
}

# …and hides numbers. English texts of sys.messages (our connections ask for English), looked for
# only where no value of a row can be in the message.
_NUMBER_OF = (
    # The second is Babelfish's, which has PostgreSQL's texts.
    (1222, re.compile(r"Lock request time out period exceeded|due to lock timeout")),
    (40197, re.compile(r"service has encountered an error processing your request")),
    (40501, re.compile(r"service is currently busy")),
    (40613, re.compile(r"Database .{0,300} on server .{0,300} is not currently available")),
    (49918, re.compile(r"Cannot process (create or update )?request\. (Not enough|Too many)")),
    (596, re.compile(r"session is in the kill state")),
    # The second is Babelfish's again.
    (6005, re.compile(r"SHUTDOWN is in progress|the database system is (shutting|starting)")),
    (18456, re.compile(r"Login failed for user")),
    (4060, re.compile(r"Cannot open database")),
    (229, re.compile(r"permission was denied on the (object|column)")),
    (1105, re.compile(r"Could not allocate space for object")),
    (9002, re.compile(r"The transaction log for database .{0,300} is full")),
    (40544, re.compile(r"database .{0,300} has reached its size quota")),
    (208, re.compile(r"Invalid object name")),
    (207, re.compile(r"Invalid column name")),
)
_DUPLICATE = re.compile(r"duplicate key", re.IGNORECASE)

_REFUSED_STATES = frozenset({"22001", "22003", "22007", "22008", "22012", "22018", "23000"})

# Of 515, 2628, and 547 where it is a CHECK: a foreign key names the other table's column. The
# second form of each is Babelfish's. Nothing but a name that the table has is made of it.
_NAMED_COLUMN = re.compile(
    r"(?:the value NULL into |null value in |(?:CHECK constraint|truncated in table) .{1,300}?)"
    r"column ['\"]([^'\"]{1,128})['\"]"
)

_WORDS = {
    207: "a column is not there",
    208: "a table is not there, or OPENJSON, which needs database compatibility level 130 "
    "(SQL Server 2016) or higher",
    229: "the login may not do that to this table or column",
    230: "the login may not do that to this column",
    262: "the login may not create tables in this database",
    245: "a value can't be converted to its column's type",
    468: "columns that are compared have different collations",
    512: "a trigger or constraint of the table expects one row at a time",
    515: "a column that must have a value got none",
    547: "a constraint of the table refused a value",
    911: "there is no such database",
    1105: "the database's disk space is used up",
    1205: "chosen as the victim of a deadlock",
    1222: "a row was locked by another program for too long",
    1934: "the session's SET options do not suit a filtered index",
    2601: "a row with this key is there already",
    2627: "a row with this key is there already",
    2628: "a text is longer than its column",
    2714: "there is an object of that name already",
    3609: "a trigger of the table refuses the row",
    3616: "a trigger of the table refuses the row",
    4060: "the database can't be opened by this login",
    8114: "a value can't be converted to its column's type",
    8115: "a number is too large for its column",
    8152: "a text is longer than its column",
    9002: "the database's transaction log is full",
    20009: "no connection to the server could be made",
    18456: "the login was refused: `username`, `password` or `database` is wrong",
    40544: "the database has reached its size quota",
}
_WORDS_OF_STATES = {
    "08001": "no connection to the server could be made",
    "08004": "the server refused the connection",
    "08S01": "the connection to the server broke",
    "22001": "a text is longer than its column",
    "22003": "a number is too large for its column",
    "22007": "a value can't be converted to its column's type",
    "22018": "a value can't be converted to its column's type",
    "23000": "a constraint of the table refused a value",
    "42S02": "a table is not there, or OPENJSON (compatibility level 130) is not",
    "42S22": "a column is not there",
    "28000": "the login was refused: `username`, `password` or `database` is wrong",
    "40001": "chosen as the victim of a deadlock",
    "HYT00": "no answer within the time-out",
    "HYT01": "no answer within the login time-out",
    "IM002": "the ODBC driver or data source is not registered",
    "IM003": "the ODBC driver can't be loaded: a library it needs is missing",
    "01000": "the ODBC driver can't be loaded: a library it needs is missing",
}
# Driver's own messages about connecting; they know nothing of any row.
_CONNECTING = (
    (
        re.compile(r"certificate verify failed|certificate chain|certificate.*not trusted"),
        "its certificate is not trusted here (RESUME_SQLSERVER_TRUST_CERTIFICATE=true would)",
    ),
    (re.compile(r"unsupported protocol|SSL Provider"), "the server's TLS is too old or broken"),
    (re.compile(r"Name or service not known|not known|No such host"), "no such host"),
    (re.compile(r"Error code 0x6F|refused", re.IGNORECASE), "nothing listens at that address"),
    (re.compile(r"Login timeout expired"), "no answer within RESUME_SQLSERVER_LOGIN_TIMEOUT"),
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
    column: str | None = None  # that a refused row is refused for, where the server names it
    hides_numbers: bool = False  # the driver does

    def is_transient(self, *, had_connection: bool) -> bool:
        """Whether the whole transaction may be tried again."""
        if self.number in _TRANSIENT:
            return True
        if self.connecting:
            return had_connection and (
                self.number in _WHILE_RESTARTING or self.state in _CONNECTING_STATES
            )
        return self.lost or self.state in _TRANSIENT_STATES

    @property
    def is_duplicate_key(self) -> bool:
        """Whether a uniqueness constraint said no."""
        return self.number in DUPLICATE_KEY

    @property
    def is_refusal(self) -> bool:
        """Whether something of the table's says no to a row."""
        if self.number == _BABELFISH_UNKNOWN:
            return self.state in _REFUSED_STATES
        if self.number is not None:
            return self.number in _REFUSED or self.number >= _OWN_ERRORS
        # What a trigger raises has the state of a syntax error. Ours are none, and what else has
        # it is told by its text: see _NUMBER_OF.
        return self.state in _REFUSED_STATES or (self.hides_numbers and self.state == "42000")

    def explain(self) -> str:
        """Codes and our own words."""
        codes = [f"error {self.number}"] if self.number else []
        codes += [f"SQLSTATE {self.state}"] if self.state else []
        words = self.hint or _WORDS.get(self.number or 0) or _WORDS_OF_STATES.get(self.state or "")
        if not words and (self.number or 0) >= _OWN_ERRORS and self.is_refusal:
            words = "a trigger of the table refuses the row"
        if not words and self.lost:
            words = _WORDS_OF_STATES["08S01"]
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
    state = _STATE_OF.get(driver_error)
    unmapped = re.search(r"SQLSTATE code: ([0-9A-Z]{5})", driver_error)
    if unmapped:
        state = unmapped[1]
    number: int | None = None
    if state == "23000":
        number = 2627 if _DUPLICATE.search(message) else None
    elif state is None or not state.startswith("22"):
        number = next((number for number, text in _NUMBER_OF if text.search(message)), None)
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
    named = _NAMED_COLUMN.search(message)
    return named[1] if named else None


def _hint(message: str) -> str:
    return next((words for text, words in _CONNECTING if text.search(message)), "")
