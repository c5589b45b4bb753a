"""Connections to SQL Server: who gets in, how a session is set up, what happens when one breaks."""

import secrets
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from resume_assets.database.connect import Database, from_url, open_database
from resume_assets.database.retrying import DatabaseFailed
from resume_assets.database.setup import initialise
from resume_assets.settings import Settings, SettingsError
from resume_assets_tests.database.sessions import killed, sessions_of
from resume_assets_tests.databases import (
    drop_schema,
    is_stand_in,
    make_schema,
    make_table,
    rows_of,
    settings,
    shared_sqlserver,
    sqlserver_database,
    sqlserver_url,
)

pytestmark = pytest.mark.sqlserver

PASSWORDS = [
    "a;b{c}d@e1",
    "{start;1x",
    "end1x}",
    "a1}}b{{x",
    "}1x{",
    "{x1};y",
    "=eq1=;",
    "q'1\"q",
    "ünï日本1",
    "@/:?#%&+1",
    "p 1 x ",
    "back\\slash1",
]

DRIVERS = {"mssql+mssqlpython": "mssql-python"}
"""Of a URL without the driver's name; None: the one that is found."""


@pytest.fixture
def own() -> Iterator[Database]:
    """An engine of the test's own, with a schema of its own."""
    opened = from_url(sqlserver_url(), settings())
    database = Database(
        opened.engine, opened.dialect, table=f"t_{secrets.token_hex(6)}.aicandidate", patience=20
    )
    try:
        yield database
    finally:
        drop_schema(database)
        database.dispose()


@pytest.fixture
def table(own: Database) -> sa.Table:
    make_schema(own)
    made = make_table(own, {"id": sa.Integer(), "n": sa.Integer()})
    own.write(lambda c: c.execute(made.insert(), [{"id": i, "n": 0} for i in range(4)]))
    return made


@pytest.fixture(scope="module")
def login() -> Iterator[str]:
    """A login whose password the tests change."""
    name = f"t_{secrets.token_hex(6)}"
    engine = shared_sqlserver().engine.execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        try:
            connection.exec_driver_sql(
                f"CREATE LOGIN {name} WITH PASSWORD = N'Start_1234'"
                # Some of the passwords are shorter than SQL Server likes. (Not in Babelfish.)
                + ("" if is_stand_in(shared_sqlserver()) else ", CHECK_POLICY = OFF")
            )
        except sa.exc.DBAPIError:
            pytest.skip("the test's login may not make logins")
        try:
            yield name
        finally:
            connection.exec_driver_sql(f"DROP LOGIN {name}")


@pytest.mark.parametrize("password", PASSWORDS)
def test_passwords_come_through_and_do_not_show(login: str, password: str) -> None:
    url = sqlserver_url()
    if "};" in password and url.query.get("driver") == "FreeTDS":
        pytest.skip("FreeTDS has no way to say it; connection_string tells")
    engine = shared_sqlserver().engine.execution_options(isolation_level="AUTOCOMMIT")
    statement = f"ALTER LOGIN {login} WITH PASSWORD = N'{password.replace(chr(39), chr(39) * 2)}'"
    with engine.connect() as connection:
        if connection.dialect.paramstyle == "pyformat":
            statement = statement.replace("%", "%%")
        connection.exec_driver_sql(statement)
    database = from_url(url.set(username=login, password=password, database="master"), settings())
    try:
        who = database.read(lambda c: c.exec_driver_sql("SELECT SUSER_NAME()").scalar())
        assert who == login
        assert password not in repr(database.engine)
        assert password not in str(database.engine.url)
    finally:
        database.dispose()


@pytest.mark.parametrize("password", [None, "not the;Encrypt=no;}{secret"])
def test_the_four_variables_are_enough(password: str | None) -> None:
    """As people configure it; the port is named only where it is not the usual one."""
    url = sqlserver_url()
    port = int(str(url.query.get("port") or url.port or 1433))
    configured = Settings(
        _env_file=None,
        server_ip=url.host,
        database=url.database,
        username=url.username,
        password=password or url.password,
        sqlserver_port=None if port == 1433 else port,
        sqlserver_driver=url.query.get("driver") or DRIVERS.get(url.drivername),
        sqlserver_trust_certificate=True,
    )
    database = open_database(configured)
    try:
        if password is None:
            assert database.read(database.dialect.server)
        else:
            with pytest.raises(DatabaseFailed, match="refused") as problem:
                database.read(database.dialect.server)
            assert "secret" not in str(problem.value)
    finally:
        database.dispose()


def test_a_wrong_password_is_told_at_once_and_not_shown() -> None:
    url = sqlserver_url().set(password="not the;secret}1")
    database = from_url(url, settings())
    with pytest.raises(DatabaseFailed, match="tried 1 time") as problem:
        database.read(lambda connection: connection.exec_driver_sql("SELECT 1"))
    assert "refused" in str(problem.value)
    assert "secret" not in str(problem.value)
    assert problem.value.__cause__ is None
    assert problem.value.__suppress_context__


def test_nobody_listens() -> None:
    url = sqlserver_url()
    query = dict(url.query)
    url = url.set(query=query | {"port": "9"}) if "port" in query else url.set(port=9)
    database = from_url(url, settings(sqlserver_login_timeout=3))
    started = time.monotonic()
    with pytest.raises(DatabaseFailed, match="tried 1 time"):
        database.read(lambda connection: connection.exec_driver_sql("SELECT 1"))
    assert time.monotonic() - started < 20


def session(database: Database) -> tuple[Any, ...]:
    query = "SELECT @@OPTIONS & 16384, @@LOCK_TIMEOUT, @@OPTIONS & 512"
    row = database.read(lambda connection: connection.exec_driver_sql(query).one())
    return tuple(row)


def test_the_session_is_set_up(own: Database) -> None:
    """XACT_ABORT on, locks not waited for without end, NOCOUNT off."""
    assert session(own) == (16384, 30_000, 0)


def test_the_session_is_as_before_after_init_db(own: Database) -> None:
    initialise(own)
    assert session(own) == (16384, 30_000, 0)


def test_the_connection_is_encrypted(own: Database) -> None:
    query = "SELECT encrypt_option FROM sys.dm_exec_connections WHERE session_id = @@SPID"
    try:
        found = own.read(lambda connection: connection.exec_driver_sql(query).scalar())
    except DatabaseFailed as problem:
        pytest.skip(f"the server does not tell: {problem}")
    assert found == "TRUE"


def test_connections_that_broke_while_idle_are_replaced(
    own: Database, table: sa.Table, caplog: pytest.LogCaptureFixture
) -> None:
    """Checked on use: nothing fails, nothing has to be tried again."""
    ids = sessions_of(own, 3)
    for session_id in ids:
        killed(session_id)
    assert own.write(lambda c: c.execute(table.update().values(n=1)).rowcount) == 4
    assert "failed, again" not in caplog.text


def test_a_lock_that_is_held_for_too_long(own: Database, table: sa.Table) -> None:
    """1222 after the lock time-out; the whole transaction is tried again until it is free."""
    impatient = from_url(sqlserver_url(), settings())
    impatient.dialect._session += "; SET LOCK_TIMEOUT 300"  # type: ignore[attr-defined]
    held, release = threading.Event(), threading.Event()

    def hold(connection: sa.Connection) -> None:
        connection.execute(table.update().where(table.c.id == 1).values(n=5))
        held.set()
        release.wait(30)

    holder = threading.Thread(target=own.write, args=(hold,))
    holder.start()
    assert held.wait(30)
    tries: list[int] = []

    def work(connection: sa.Connection) -> int:
        tries.append(1)
        if len(tries) == 3:
            release.set()
        statement = table.update().where(table.c.id == 1).values(n=table.c.n + 1)
        return connection.execute(statement).rowcount

    try:
        assert impatient.write(work) == 1
    finally:
        release.set()
        holder.join()
        impatient.dispose()
    assert len(tries) >= 3
    [found] = rows_of(own, sa.select(table.c.n).where(table.c.id == 1))
    assert found.n == 6


def test_a_query_that_takes_too_long(own: Database, table: sa.Table) -> None:
    """HYT00 after the query time-out, tried again, with a clear end."""
    hurried = from_url(sqlserver_url(), Settings.model_construct(sqlserver_query_timeout=1))
    hurried.patience = 2.5
    held, release = threading.Event(), threading.Event()

    def hold(connection: sa.Connection) -> None:
        connection.execute(table.update().where(table.c.id == 1).values(n=5))
        held.set()
        release.wait(60)

    holder = threading.Thread(target=own.write, args=(hold,))
    holder.start()
    assert held.wait(30)
    try:
        with pytest.raises(DatabaseFailed, match=r"tried [23] times") as problem:
            hurried.write(lambda c: c.execute(table.update().values(n=1)))
        assert "time-out" in str(problem.value)
    finally:
        release.set()
        holder.join()
    assert hurried.write(lambda c: c.execute(table.update().values(n=1)).rowcount) == 4
    hurried.dispose()


def test_the_pool_is_bounded_and_says_so(own: Database) -> None:
    own.engine.pool._timeout = 0.1  # type: ignore[attr-defined]
    opened = [own.engine.connect() for _ in range(15)]
    try:
        with pytest.raises(DatabaseFailed, match="in use"):
            own.read(lambda connection: connection.exec_driver_sql("SELECT 1"))
    finally:
        for connection in opened:
            connection.close()


def test_the_schema_lock_is_one_lock(own: Database) -> None:
    """A second init-db waits for the first, and does not fail on what it made meanwhile."""
    other = sqlserver_database()
    other.schema = own.schema
    started = threading.Barrier(2)
    problems: list[BaseException] = []

    def run(database: Database) -> None:
        try:
            started.wait(10)
            initialise(database)
        except BaseException as problem:  # noqa: BLE001 (asserted below)
            problems.append(problem)

    threads = [threading.Thread(target=run, args=(database,)) for database in (own, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert len(rows_of(own, sa.select(own.ledger.installation))) == 1


def test_what_is_no_url_is_told_without_being_quoted() -> None:
    wrong = settings(database_url=SecretStr("Pl4nted: no URL"))
    with pytest.raises(SettingsError, match="RESUME_DATABASE_URL is not a URL") as told:
        open_database(wrong)
    assert "Pl4nted" not in str(told.value)
    assert told.value.__cause__ is None
