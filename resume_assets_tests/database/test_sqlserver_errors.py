# ruff: noqa: E501 (messages as they are)
"""What is tried again, what is a lost race, what is the end; and what is told of it.

The texts are those of SQL Server's sys.messages and of the drivers.
"""

import re
from typing import Any

import pytest
import sqlalchemy as sa

from resume_assets.database.sqlserver import SQLServerDialect
from resume_assets.database.sqlserver_errors import Diagnosis, diagnose, is_dead_connection
from resume_assets.database.sqlserver_numbers import BABELFISH_UNKNOWN

MS = "[Microsoft][ODBC Driver 18 for SQL Server]"


class OdbcError(Exception):
    """As pyodbc raises them: SQLSTATE and message."""


class MssqlError(Exception):
    """As mssql-python raises them."""

    def __init__(self, driver_error: str, ddbc_error: str) -> None:
        super().__init__(f"Driver Error: {driver_error}; DDBC Error: {ddbc_error}")
        self.driver_error = driver_error
        self.ddbc_error = ddbc_error


def wrapped(cause: Exception, *, lost: bool = False) -> sa.exc.DBAPIError:
    return sa.exc.DBAPIError("SELECT 1", None, cause, connection_invalidated=lost)


def odbc(state: str, text: str, number: int, function: str = "SQLExecDirectW") -> sa.exc.DBAPIError:
    return wrapped(OdbcError(state, f"[{state}] {MS}[SQL Server]{text} ({number}) ({function})"))


def mssql(driver_error: str, text: str = "") -> sa.exc.DBAPIError:
    return wrapped(MssqlError(driver_error, f"[Microsoft][SQL Server]{text}"))


DEADLOCK = "Transaction (Process ID 66) was deadlocked on lock resources with another process"

TRANSIENT = [
    odbc("40001", f"{DEADLOCK} and has been chosen as the deadlock victim.", 1205),
    odbc("42000", DEADLOCK, 1205),  # FreeTDS
    odbc("HYT00", "Lock request time out period exceeded.", 1222),
    odbc("42000", "Lock request time out period exceeded.", 1222),
    odbc("42000", "The service has encountered an error processing your request.", 40197),
    odbc("42000", "The service is currently busy.", 40501),
    odbc("HY000", "Database 'x' on server 'y' is not currently available.", 40613),
    odbc("42000", "Cannot process request. Not enough resources to process request.", 49918),
    odbc("HY000", "Cannot continue the execution because the session is in the kill state.", 596),
    odbc("08S01", "Communication link failure", 0),
    odbc("HYT00", "Query timeout expired", 0),
    odbc("42000", "Snapshot isolation transaction aborted due to update conflict.", 3960),
    wrapped(OdbcError("01000", "[01000] [FreeTDS][SQL Server]Unexpected EOF (20017) (SQLExecDirectW)"), lost=True),
    odbc("08S01", "Write to the server failed", 20006),
    mssql("Serialization failure", DEADLOCK),
    mssql("Timeout expired", "Query timeout expired"),
    mssql("Communication link failure"),
    mssql("Syntax error or access violation", "Lock request time out period exceeded."),
    mssql("Syntax error or access violation", "The service is currently busy. Retry."),
    mssql("General error", "Database 'a' on server 'b' is not currently available. Please retry"),
    mssql("Connection failure during transaction"),
    mssql("Syntax error or access violation", "SHUTDOWN is in progress."),
    mssql("Syntax error or access violation", "the database system is shutting down"),  # Babelfish
]  # fmt: skip

REFUSALS = [
    (odbc("23000", "Cannot insert the value NULL into column 'LastName', table 'hr.dbo.aicandidate'; column does not allow nulls. UPDATE fails.", 515), "LastName"),
    (odbc("23000", "The UPDATE statement conflicted with the CHECK constraint \"CK_State\". The conflict occurred in database \"hr\", table \"dbo.aicandidate\", column 'State'.", 547), "State"),
    (odbc("23000", "The UPDATE statement conflicted with the CHECK constraint \"CK_Two\". The conflict occurred in database \"hr\", table \"dbo.aicandidate\".", 547), None),
    (odbc("23000", "The UPDATE statement conflicted with the FOREIGN KEY constraint \"FK_City\". The conflict occurred in database \"hr\", table \"dbo.places\", column 'Email'.", 547), None),
    (odbc("22001", "String or binary data would be truncated in table 'hr.dbo.aicandidate', column 'City'. Truncated value: 'in column 'State''.", 2628), "City"),
    (odbc("22001", "String or binary data would be truncated.", 8152), None),
    (odbc("23000", "Cannot insert duplicate key row in object 'dbo.aicandidate' with unique index 'ux'. The duplicate key value is (a column 'State').", 2601), None),
    (odbc("23000", "Violation of UNIQUE KEY constraint 'uq'. Cannot insert duplicate key in object 'dbo.t'. The duplicate key value is (x).", 2627), None),
    (odbc("42000", "Gotham is not ours, said the trigger", 50000), None),
    (odbc("42000", "thrown with a number of its own", 51234), None),
    (odbc("42000", "The transaction ended in the trigger. The batch has been aborted.", 3609), None),
    (odbc("21000", "Subquery returned more than 1 value.", 512), None),
    (odbc("22003", "Arithmetic overflow error converting numeric to data type numeric.", 8115), None),
    (odbc("22018", "Conversion failed when converting the nvarchar value 'x' to data type int.", 245), None),
    (odbc("42000", "Cannot create a row of size 8100 which is greater than the allowable maximum row size of 8060.", 511), None),
    (odbc("23502", "null value in column \"lastname\" of relation \"aicandidate\" violates not-null constraint", 515), "lastname"),  # Babelfish
    (mssql("Integrity constraint violation", "Cannot insert the value NULL into column 'LastName', table 't'; column does not allow nulls."), "LastName"),
    (mssql("Integrity constraint violation", "Violation of UNIQUE KEY constraint 'uq'. Cannot insert duplicate key in object 't'."), None),
    (mssql("String data, right-truncated"), None),
    (mssql("Numeric value out of range"), None),
    (mssql("Syntax error or access violation", "Gotham is not ours, said the trigger"), None),
]  # fmt: skip

NO_REFUSALS = [
    odbc("42S02", "Invalid object name 'dbo.x'.", 208),
    odbc("42S22", "Invalid column name 'x'.", 207),
    odbc("42000", "The UPDATE permission was denied on the object 'aicandidate'.", 229),
    odbc("42000", "The transaction log for database 'hr' is full due to 'LOG_BACKUP'.", 9002),
    odbc("42000", "something that Babelfish has no number for", 33557097),
    odbc("28000", "Login failed for user 'x'.", 18456, "SQLDriverConnect"),
    mssql("Syntax error or access violation", "The UPDATE permission was denied on the column 'City' of the object 'aicandidate'."),
    mssql("Syntax error or access violation", "The transaction log for database 'hr' is full due to 'LOG_BACKUP'."),
    mssql("Base table or view not found", "Invalid object name 'dbo.x'."),
    mssql("Communication link failure"),
]  # fmt: skip

FINAL = [
    odbc("23000", "Violation of PRIMARY KEY constraint. The duplicate key value is (1205).", 2627),
    odbc("42S02", "Invalid object name 'dbo.x'.", 208),
    odbc("42000", "Incorrect syntax near 'deadlock'.", 102),
    odbc("22001", "String or binary data would be truncated. Truncated value: '40501 '.", 2628),
    odbc("28000", "Login failed for user 'x'.", 18456, "SQLDriverConnect"),
    odbc("42000", "Cannot open database \"x\" requested by the login.", 4060, "SQLDriverConnect"),
    odbc("08001", "TCP Provider: Error code 0x2749", 10061, "SQLDriverConnect"),
    odbc("HYT00", "Login timeout expired", 0, "SQLDriverConnect"),
    odbc("42000", "The SELECT permission was denied on the object 'x'", 229),
    odbc("42000", "The transaction log for database 'x' is full.", 9002),
    mssql("Integrity constraint violation", "Cannot insert duplicate key. The service is currently busy"),
    mssql("Integrity constraint violation", "The INSERT statement conflicted with the CHECK"),
    mssql("String data, right-truncated", "truncated: session is in the kill state"),
    mssql("Syntax error or access violation", "Incorrect syntax near 'x'."),
    mssql("Client unable to establish connection", "TCP Provider: Error code 0x2749"),
    odbc("42000", "syntax error at or near \"deadlock\"", 33557097),  # Babelfish
    mssql("Invalid authorization specification", "Login failed for user 'x'."),
]  # fmt: skip

WHILE_RESTARTING = [
    odbc("08001", "TCP Provider: Error code 0x2749", 10061, "SQLDriverConnect"),
    odbc("HYT00", "Login timeout expired", 0, "SQLDriverConnect"),
    odbc("42000", "Cannot open database \"x\" requested by the login.", 4060, "SQLDriverConnect"),
    odbc("28000", "Login failed for user 'x'. Reason: Server is in script upgrade mode.", 18401, "SQLDriverConnect"),
    mssql("Client unable to establish connection", "TCP Provider: Error code 0x2749"),
    odbc("42000", "the database system is shutting down", 33557097, "SQLDriverConnect"),  # Babelfish
]  # fmt: skip


def ids(error: sa.exc.DBAPIError) -> str:
    return re.sub(r"\W+", "_", str(error.orig))[-60:]


@pytest.mark.parametrize("error", TRANSIENT, ids=ids)
def test_tried_again(error: sa.exc.DBAPIError) -> None:
    assert SQLServerDialect().is_transient(error)
    assert not SQLServerDialect().is_duplicate_key(error)


@pytest.mark.parametrize("error", FINAL, ids=ids)
def test_not_tried_again(error: sa.exc.DBAPIError) -> None:
    assert not SQLServerDialect().is_transient(error)


@pytest.mark.parametrize("error", WHILE_RESTARTING, ids=ids)
def test_a_refused_connection_passes_only_after_there_was_one(error: sa.exc.DBAPIError) -> None:
    diagnosis = diagnose(error)
    assert diagnosis.connecting
    assert not diagnosis.is_transient(had_connection=False)
    assert diagnosis.is_transient(had_connection=True)


# From sys.messages, "Troubleshoot transient connection errors" at Microsoft Learn, and FreeTDS.
PASSING = (
    *(596, 615, 926, 976, 978, 983, 1204, 1205, 1222, 3960, 4221, 6005, 8645, 10928, 10929, 17187),
    *(20004, 20006, 20047, 40020, 40143, 40166, 40197, 40501, 40540, 40613, 49918, 49919, 49920),
)
RESTARTING = (911, 913, 921, 922, 4060, 17142, 18401, 18451, 20009, 33557097)
LASTING = (102, 207, 208, 229, 515, 547, 1105, 2601, 2627, 2628, 9002, 18456, 40544)


@pytest.mark.parametrize("connecting", [False, True])
def test_each_number_that_passes_is_tried_again(connecting: bool) -> None:
    function = "SQLDriverConnect" if connecting else "SQLExecDirectW"

    def passing(numbers: tuple[int, ...], *, had_connection: bool) -> list[int]:
        found = [diagnose(odbc("42000", "x", number, function)) for number in numbers]
        return [one.number or 0 for one in found if one.is_transient(had_connection=had_connection)]

    for had_connection in (False, True):
        assert passing(PASSING, had_connection=had_connection) == list(PASSING)
        assert passing(LASTING, had_connection=had_connection) == []
    assert passing(RESTARTING, had_connection=False) == []
    assert passing(RESTARTING, had_connection=True) == (list(RESTARTING) if connecting else [])


# From sys.messages: what a constraint, a type, a view or a trigger says to one row.
REFUSING = (
    *(220, 232, 241, 242, 244, 245, 248, 295, 296, 511, 512, 515, 547, 550, 1946, 2601, 2627, 2628),
    *(3609, 3616, 3930, 6522, 8114, 8115, 8134, 8152, 33504, 50_000, 50_001, 99_999),
)
OF_THE_DATABASE = (102, 207, 208, 229, 262, 549, 551, 1105, 1205, 4060, 9002, 18456, 40544, 49_999)


def test_each_number_that_is_about_a_row_is_a_refusal() -> None:
    """So that the rest of its chunk is written; of the others the whole chunk waits."""

    def refusing(numbers: tuple[int, ...]) -> list[int]:
        found = [diagnose(odbc("42000", "x", number)) for number in numbers]
        return [one.number or 0 for one in found if one.is_refusal]

    assert refusing(REFUSING) == list(REFUSING)
    assert refusing(OF_THE_DATABASE) == []


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (207, "a column is not there"),
        (208, "compatibility level 130"),
        (229, "may not do that to this table"),
        (230, "may not do that to this column"),
        (262, "may not create tables"),
        (245, "can't be converted"),
        (468, "different collations"),
        (512, "one row at a time"),
        (515, "got none"),
        (547, "a constraint of the table"),
        (911, "no such database"),
        (1105, "disk space is used up"),
        (1205, "victim of a deadlock"),
        (1222, "locked by another program"),
        (1934, "SET options"),
        (2601, "a row with this key"),
        (2627, "a row with this key"),
        (2628, "longer than its column"),
        (2714, "of that name already"),
        (3609, "a trigger of the table"),
        (3616, "a trigger of the table"),
        (4060, "can't be opened"),
        (8114, "can't be converted"),
        (8115, "too large for its column"),
        (8152, "longer than its column"),
        (9002, "transaction log is full"),
        (18456, "the login was refused"),
        (20009, "no connection to the server"),
        (40544, "size quota"),
    ],
)
def test_each_number_has_its_words(number: int, words: str) -> None:
    told = diagnose(odbc("42000", SECRET, number)).explain()
    assert told.startswith(f"SQL Server: error {number}, SQLSTATE 42000: ")
    assert words in told


def test_a_number_that_the_network_or_the_driver_gives_is_none() -> None:
    for number in (-1, 0):
        found = diagnose(odbc("22003", SECRET, number))
        assert found.is_refusal, "by its SQLSTATE"
        assert found.explain() == "SQL Server: SQLSTATE 22003: a number is too large for its column"


def test_what_a_trigger_raises_is_told_as_such() -> None:
    for number in (50_000, 51_234):
        assert "a trigger of the table refuses" in diagnose(odbc("42000", SECRET, number)).explain()
    unknown = diagnose(odbc("42000", SECRET, BABELFISH_UNKNOWN)).explain()
    assert unknown == "SQL Server: error 33557097, SQLSTATE 42000"


def test_a_connection_that_is_gone_is_told_where_nothing_else_is_known() -> None:
    gone = diagnose(wrapped(OdbcError("HY000", SECRET), lost=True))
    assert gone.explain() == "SQL Server: SQLSTATE HY000: the connection to the server broke"
    known = odbc("40001", SECRET, 1205).orig
    assert isinstance(known, OdbcError)
    assert diagnose(wrapped(known, lost=True)).explain().endswith("victim of a deadlock")
    assert diagnose(known).number == 1205, "the driver's own error, not in SQLAlchemy's"


def test_words_about_connecting_are_only_told_of_connecting() -> None:
    """A row's text may have the same words in it."""
    refused = "The conflict: 'refused', no such host, Login failed"
    assert diagnose(odbc("23000", refused, 547)).explain().endswith("refused a value")
    other = diagnose(mssql("Integrity constraint violation", refused))
    assert other.explain().endswith("a constraint of the table refused a value")


def test_a_wrong_password_never_passes() -> None:
    for error in (FINAL[4], FINAL[-1]):
        assert not diagnose(error).is_transient(had_connection=True)
        assert "error 18456, SQLSTATE 28000: the login was refused" in diagnose(error).explain()


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Lock request time out period exceeded.", 1222),
        ("canceling statement due to lock timeout", 1222),
        ("The service has encountered an error processing your request. Please try again.", 40197),
        ("The service is currently busy. Retry the request after 10 seconds.", 40501),
        ("Database 'a' on server 'b' is not currently available.", 40613),
        ("Cannot process request. Not enough resources to process request.", 49918),
        ("Cannot process create or update request. Too many operations in progress.", 49918),
        ("Cannot continue the execution because the session is in the kill state.", 596),
        ("SHUTDOWN is in progress.", 6005),
        ("FATAL: the database system is starting up", 6005),
        ('Cannot open database "x" requested by the login.', 4060),
        ("Invalid object name 'x'.", 208),
        ("Invalid column name 'x'.", 207),
        ("Login failed for user 'x'.", 18456),
        ("The UPDATE permission was denied on the object 'x'", 229),
        ("Could not allocate space for object 'x'", 1105),
        ("The transaction log for database 'x' is full", 9002),
        ("The database 'x' has reached its size quota.", 40544),
        ("Something else", None),
    ],
)
def test_numbers_that_a_driver_hides_are_told_by_the_text(text: str, number: int | None) -> None:
    assert diagnose(mssql("Syntax error or access violation", text)).number == number
    assert diagnose(mssql("Something new", text)).number == number
    assert diagnose(mssql("String data, right-truncated", text)).number is None  # it quotes a value


@pytest.mark.parametrize(
    ("error", "duplicate"),
    [
        (FINAL[0], True),
        (odbc("23000", "Cannot insert duplicate key row in object 'x'", 2601), True),
        (odbc("23000", "The INSERT statement conflicted with the FOREIGN KEY", 547), False),
        (mssql("Integrity constraint violation", "Violation of PRIMARY KEY constraint. Cannot insert duplicate key in object 'x'."), True),
        (FINAL[11], False),
    ],
)  # fmt: skip
def test_lost_races(error: sa.exc.DBAPIError, duplicate: bool) -> None:
    assert SQLServerDialect().is_duplicate_key(error) == duplicate


SECRET = "Jane Secret, +1 555 0100 (1205)"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (odbc("23000", f"The duplicate key value is ({SECRET}).", 2627), "error 2627, SQLSTATE 23000: a row with this key is there already"),
        (odbc("42000", f"String or binary data would be truncated. Truncated value: '{SECRET}'.", 2628), "error 2628, SQLSTATE 42000: a text is longer than its column"),
        (odbc("22018", f"Conversion failed when converting the nvarchar value '{SECRET}'", 245), "error 245, SQLSTATE 22018: a value can't be converted"),
        (odbc("42000", SECRET, 12345), "error 12345, SQLSTATE 42000"),
        (mssql("String data, right-truncated", SECRET), "SQLSTATE 22001: a text is longer"),
        (mssql("An error occurred with SQLSTATE code: 57014", SECRET), "SQLSTATE 57014"),
        (mssql("Something new", SECRET), "an error of the driver"),
        (wrapped(OdbcError(SECRET)), "an error of the driver"),
        (wrapped(OdbcError()), "an error of the driver"),
    ],
)  # fmt: skip
def test_what_is_told_quotes_no_value(error: sa.exc.DBAPIError, words: str) -> None:
    told = SQLServerDialect().explain(error)
    assert words in told
    assert "Secret" not in told
    assert "0100" not in told


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("SSL Provider: [error:0A000086:SSL routines::certificate verify failed:self-signed certificate]", "RESUME_SQLSERVER_TRUST_CERTIFICATE"),
        ("TCP Provider: Error code 0x6F", "nothing listens"),
        ("TCP Provider: Name or service not known", "no such host"),
        ("Login timeout expired", "RESUME_SQLSERVER_LOGIN_TIMEOUT"),
    ],
)  # fmt: skip
def test_what_is_told_of_connecting(text: str, words: str) -> None:
    assert words in diagnose(odbc("08001", text, -1, "SQLDriverConnect")).explain()
    assert words in diagnose(mssql("Client unable to establish connection", text)).explain()


@pytest.mark.parametrize(
    ("state", "is_refusal"), [("23000", True), ("22001", True), ("HY000", False)]
)
def test_of_a_server_that_hides_its_numbers_the_state_tells(state: str, is_refusal: bool) -> None:
    hidden = Diagnosis(BABELFISH_UNKNOWN, state, connecting=False, lost=False)
    assert hidden.is_refusal is is_refusal


def test_a_login_that_takes_too_long_is_told_as_such() -> None:
    """mssql-python has one SQLSTATE for it and for a query that takes too long."""
    for driver_error in ("Timeout expired", "Driver Error: SQLSTATE code: HYT00"):
        login = diagnose(mssql(driver_error, "Login timeout expired"))
        assert login.connecting
        assert "RESUME_SQLSERVER_LOGIN_TIMEOUT" in login.explain()
        assert not diagnose(mssql(driver_error, "Query timeout expired")).connecting


def test_other_exceptions_are_not_the_databases() -> None:
    """An exception of ours, or of Python, with whatever in it, is never tried again."""
    for error in (ValueError("40001"), Exception("40001", "(1205) (SQLExecDirectW)"), OSError(1)):
        assert not SQLServerDialect().is_transient(error)


def test_an_exhausted_pool() -> None:
    error: Any = sa.exc.TimeoutError("QueuePool limit of size 5 overflow 10 reached")
    assert not SQLServerDialect().is_transient(error)
    assert "pooled connection" in SQLServerDialect().explain(error)


@pytest.mark.parametrize(("error", "column"), REFUSALS)
def test_a_row_is_to_blame(error: sa.exc.DBAPIError, column: str | None) -> None:
    found = SQLServerDialect().refusal(error)
    assert found is not None
    assert found.column == column
    assert not SQLServerDialect().is_transient(error)
    assert "Gotham" not in SQLServerDialect().explain(error)


@pytest.mark.parametrize("error", [*NO_REFUSALS, *TRANSIENT])
def test_no_row_is_to_blame(error: sa.exc.DBAPIError) -> None:
    assert SQLServerDialect().refusal(error) is None


@pytest.mark.parametrize(
    ("arguments", "is_dead"),
    [
        (("HY000", "[HY000] [FreeTDS][SQL Server]Unknown error (0) (SQLExecDirectW)"), True),
        (("HY000", "The driver did not supply an error!"), True),
        (("[FreeTDS][SQL Server]Unknown error (0)",), True),
        (("HY000", "[HY000] [FreeTDS][SQL Server]Unknown object (208)"), False),
        (("HY000", "[HY000] [Microsoft][ODBC Driver 18]Unknown error (0)"), False),
        ((), False),
    ],
)
def test_freetds_says_in_its_own_way_that_a_connection_is_gone(
    arguments: tuple[str, ...], is_dead: bool
) -> None:
    assert is_dead_connection(OdbcError(*arguments)) is is_dead
