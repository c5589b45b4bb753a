"""SQL Server's error numbers and SQLSTATEs, the texts that stand for hidden ones, and our words.

Data alone; what follows from them is in `sqlserver_errors`.
"""

import re

DUPLICATE_KEY = frozenset({2601, 2627})

REFUSED = DUPLICATE_KEY | {
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
"""Errors that are about a row, not about the database."""

OWN_ERRORS = 50_000
"""Numbers from here on are of RAISERROR and THROW: what a site's triggers say."""

BABELFISH_UNKNOWN = 33557097

TRANSIENT = frozenset(
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

WHILE_RESTARTING = frozenset(
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
        BABELFISH_UNKNOWN,  # it starts or shuts down
    }
)
"""Transient where this process has connected before; else a mistake in the settings."""

TRANSIENT_STATES = frozenset(
    {"40001", "HYT00", "HYT01", "08S01", "08S02", "08003", "08007", "01002", "10054"}
)
CONNECTING_STATES = frozenset({"08001", "08004", "HYT00", "HYT01"})

# mssql-python turns SQLSTATEs into these texts of its own.
STATE_OF = {
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
NUMBER_OF = (
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
DUPLICATE = re.compile(r"duplicate key", re.IGNORECASE)

REFUSED_STATES = frozenset({"22001", "22003", "22007", "22008", "22012", "22018", "23000"})

# Of 515, 2628, and 547 where it is a CHECK: a foreign key names the other table's column. The
# second form of each is Babelfish's. Nothing but a name that the table has is made of it.
NAMED_COLUMN = re.compile(
    r"(?:the value NULL into |null value in |(?:CHECK constraint|truncated in table) .{1,300}?)"
    r"column ['\"]([^'\"]{1,128})['\"]"
)

WORDS = {
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
WORDS_OF_STATES = {
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
# The drivers' own messages about connecting; they know nothing of any row.
CONNECTING = (
    (
        re.compile(r"certificate verify failed|certificate chain|certificate.*not trusted"),
        "its certificate is not trusted here (RESUME_SQLSERVER_TRUST_CERTIFICATE=true would)",
    ),
    (re.compile(r"unsupported protocol|SSL Provider"), "the server's TLS is too old or broken"),
    (re.compile(r"Name or service not known|not known|No such host"), "no such host"),
    (re.compile(r"Error code 0x6F|refused", re.IGNORECASE), "nothing listens at that address"),
    (re.compile(r"Login timeout expired"), "no answer within RESUME_SQLSERVER_LOGIN_TIMEOUT"),
)
