"""Writing records to SQL Server: ours, ledger included, against the ways of a script.

`python -m resume_assets_tests.benchmarks.sqlserver_writing` makes a schema of its own in the
database that RESUME_TEST_SQLSERVER_URL names, and drops it. All ways write the same values into
the same rows, taking turns in each round:

- ours: `apply`, from the downloaded file to committed records: answers parsed, each resume's hash
  compared, items closed, claims released, a transaction for each chunk
- row_by_row: UPDATE and commit for each record on one open connection
- connection_each: connect, UPDATE, commit, close for each record, pooling off
- fast_executemany: bare, in the same chunks (pyodbc with Microsoft's driver only)
- staged: ours, but records staged through `fast_executemany` in a table, not through OPENJSON

The scripts' ways are given the values ready, ask the server for no parameter's type, and speak as
encrypted as ours. The slow ones are timed on a sample and extrapolated. Figures are that server's
alone.
"""

import argparse
import os
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import sqlalchemy as sa

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.lease import leased
from resume_assets.batches.ledger.states import BatchState, ItemState
from resume_assets.batches.receiving.results import results_of
from resume_assets.batches.records.applying import CHUNK, apply
from resume_assets.batches.store import OUTPUT, BatchStore
from resume_assets.database.connect import Database, from_url
from resume_assets.database.odbc import is_freetds
from resume_assets.database.setup import initialise
from resume_assets.database.sqlserver import SQLServerDialect
from resume_assets_tests.benchmarks import data
from resume_assets_tests.benchmarks.figures import Figure, figure, ratio, table, write
from resume_assets_tests.collected import KEY, collected_batch
from resume_assets_tests.databases import VARIABLE, drop_schema, seed, settings

RECORDS = 10_000
_SAMPLES = {"row_by_row": 1_000, "connection_each": 30}
_PROCESSED = datetime(2026, 11, 23)  # noqa: DTZ001 (a column without zone)
Values = Sequence[Any]


class Bench:
    """A schema whose one batch is back from OpenAI, and each way to write its records."""

    def __init__(self, database: Database, records: int, folder: Path) -> None:
        self.database = database
        self.records = records
        self.store = BatchStore(str(folder))
        initialise(database)
        there = database.candidates
        self.names = (*there.names, there.processed.name)
        self.statement = self._statement()
        seed(database, records)
        # Four kilobytes each, as the comparison of hashes reads them; made over there.
        long = sa.func.replicate(sa.cast(there.text, sa.UnicodeText), 250)
        database.write(lambda c: c.execute(there.table.update().values({there.text.name: long})))
        collected_batch(database, settings(), records)
        asked = database.read(lambda c: results_of(c, database.ledger.items, KEY)).asked
        self.userids = [item.userid for item in asked.values()]
        with self.store.batch(KEY).write(OUTPUT) as stream:
            stream.writelines(
                data.answer_line(number, custom_id) for number, custom_id in enumerate(asked)
            )
        self.reset()
        self.ours([])  # reads what the driver and the server read once
        self.values = self._written()

    def _written(self) -> list[Values]:
        """What the platform wrote: the very values that the others must write too."""
        there = self.database.candidates
        query = sa.select(*(there.table.c[name] for name in there.names), there.userid)
        rows = self.database.read(lambda c: c.execute(query).all())
        return [(*row[:-1], _PROCESSED, row[-1]) for row in rows]

    def reset(self) -> None:
        """As before: nothing written, all sent and claimed, the output here."""
        database, tables = self.database, self.database.ledger
        table = database.candidates.table

        def work(connection: sa.Connection) -> None:
            connection.execute(table.update().values(dict.fromkeys(self.names, sa.null())))
            connection.execute(tables.items.update().values(state=ItemState.submitted))
            connection.execute(tables.claims.delete())
            claims = [(userid, KEY) for userid in self.userids]
            database.dialect.insert_rows(connection, tables.claims, ("userid", "batch_key"), claims)
            batches.update(
                connection, database, KEY, state=BatchState.collected, output_file_id="file"
            )

        database.write(work)

    def check(self, count: int) -> None:
        """Make sure that so many records were really written. Raises ValueError."""
        there = self.database.candidates
        name = there.column("FirstName")
        query = sa.select(sa.func.count(there.processed), sa.func.count(name))
        found = tuple(self.database.read(lambda c: c.execute(query).one()))
        if found != (count, count):
            raise ValueError(f"{found} of {count} records were written")

    def ours(self, _values: Sequence[Values]) -> float:
        """Seconds from the file to the end of the batch, all records and the ledger written."""
        start = time.perf_counter()
        with leased(self.database, KEY) as lease:
            written = apply(lease, self.store).written
        seconds = time.perf_counter() - start
        if written != self.records:
            raise ValueError(f"{written} of {self.records} records were written")
        return seconds

    def staged(self, values: Sequence[Values]) -> float:
        """The same with the other way of staging."""
        usual = self.database.dialect
        self.database.dialect = Staged(self.database)
        try:
            return self.ours(values)
        finally:
            self.database.dialect = usual

    def row_by_row(self, values: Sequence[Values]) -> float:
        """Seconds for these, an UPDATE and a commit each."""
        connection = self._connect()
        try:
            start = time.perf_counter()
            for record in values:
                connection.cursor().execute(*self._update(record))
                connection.commit()
            return time.perf_counter() - start
        finally:
            connection.close()

    def connection_each(self, values: Sequence[Values]) -> float:
        """Seconds for these, a connection each."""
        start = time.perf_counter()
        for record in values:
            connection = self._connect()
            connection.cursor().execute(*self._update(record))
            connection.commit()
            connection.close()
        return time.perf_counter() - start

    def fast_executemany(self, values: Sequence[Values]) -> float:
        """Seconds for these, through the driver's own bulk way."""
        connection = self._connect()
        try:
            start = time.perf_counter()
            cursor = connection.cursor()  # one, so that the driver describes the statement once
            cursor.fast_executemany = True
            there = self.database.candidates
            for first in range(0, len(values), CHUNK):
                cursor.setinputsizes(sizes_of(there.table, (*self.names, there.userid.name)))
                cursor.executemany(self.statement, values[first : first + CHUNK])
                connection.commit()
            return time.perf_counter() - start
        finally:
            connection.close()

    # A script's use of the driver

    def _connect(self) -> Any:
        """A new connection of the driver's own, past SQLAlchemy's pool and encrypted like its."""
        return self.database.engine.pool._creator()  # type: ignore[call-arg]

    def _update(self, record: Values) -> tuple[str, list[Any]]:
        """The statement with its NULLs in it, as in ours, and the other values.

        For a parameter without a value drivers ask the server, which can take longer than to write.
        """
        parts = self.statement.split("?")
        marks = ("NULL" if value is None else "?" for value in record)
        statement = parts[0] + "".join(
            f"{mark}{part}" for mark, part in zip(marks, parts[1:], strict=True)
        )
        return statement, [value for value in record if value is not None]

    def _statement(self) -> str:
        """UPDATE of a record by its id."""
        preparer = self.database.engine.dialect.identifier_preparer
        there = self.database.candidates
        sets = ", ".join(f"{preparer.quote(name)} = ?" for name in self.names)
        key = preparer.quote(there.userid.name)
        return f"UPDATE {preparer.format_table(there.table)} SET {sets} WHERE {key} = ?"


def sizes_of(table: sa.Table, names: Sequence[str]) -> list[tuple[int, int, int]]:
    """ODBC's types and sizes for parameters: else a driver asks the server about each NULL."""

    def size(kind: Any) -> tuple[int, int, int]:
        if isinstance(kind, sa.String):
            return (-9, kind.length or 0, 0)  # SQL_WVARCHAR; 0: NVARCHAR(MAX)
        return (93, 23, 3) if isinstance(kind, sa.DateTime) else (4, 10, 0)  # timestamp, integer

    return [size(table.c[name].type) for name in names]


class Staged(SQLServerDialect):
    """SQL Server's dialect, but for how a record's columns get there: staged by the driver."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self.users, self.table = database.candidates.table, _staging(database)
        self._cursor: Any = None
        self._json_is_faithful = getattr(database.dialect, "_json_is_faithful", None)

    def update_rows(
        self,
        connection: sa.Connection,
        table: sa.Table,
        key: Sequence[str],
        columns: Sequence[str],
        rows: Sequence[Sequence[Any]],
        **options: Any,
    ) -> int:
        """As `rows_sql.update`, from the staging table."""
        if table is not self.users:
            return super().update_rows(connection, table, key, columns, rows, **options)
        preparer = connection.dialect.identifier_preparer
        staging, names = preparer.format_table(self.table), (*columns, *key)
        quoted = [preparer.quote(name) for name in names]
        cursor = self._cursor_of(connection.connection.dbapi_connection)
        cursor.setinputsizes(sizes_of(self.table, names))
        marks = ", ".join("?" * len(names))
        cursor.executemany(f"INSERT INTO {staging} ({', '.join(quoted)}) VALUES ({marks})", rows)
        sets = ", ".join(f"t.{name} = s.{name}" for name in quoted[: len(columns)])
        userid = quoted[-1]
        nulls = " AND ".join(f"t.{preparer.quote(one)} IS NULL" for one in options["only_null"])
        statement = (
            f"SET NOCOUNT ON; UPDATE t SET {sets} FROM {preparer.format_table(table)} AS t "
            f"INNER JOIN {staging} AS s ON t.{userid} = s.{userid} WHERE {nulls}; "
            f"SELECT @@ROWCOUNT; DELETE FROM {staging}; SET NOCOUNT OFF"
        )
        return int(connection.exec_driver_sql(statement).scalar_one())

    def _cursor_of(self, connection: Any) -> Any:
        """One for all chunks, so that the driver describes the statement once."""
        if self._cursor is None or self._cursor.connection is not connection:
            self._cursor = connection.cursor()
            self._cursor.fast_executemany = True
        return self._cursor


def _staging(database: Database) -> sa.Table:
    """A table to stage in, made once: many servers can't describe a #temp one to the driver."""
    there = database.candidates
    columns = [
        there.userid,
        *(there.table.c[name] for name in (*there.names, there.processed.name)),
    ]
    made = sa.Table(
        "bench_staging",
        sa.MetaData(),
        *(
            sa.Column(c.name, c.type, primary_key=c.primary_key, autoincrement=False)
            for c in columns
        ),
        schema=database.schema,
    )
    database.write(lambda connection: made.create(connection, checkfirst=True))
    return made


def measure(rows: int, rounds: int, *, url: str | None = None) -> Iterator[Figure]:
    """Both scripts' ways and `fast_executemany` beside ours, and the seconds of each."""
    data.check_answers()
    records = min(rows, RECORDS)
    opened = from_url(sa.make_url(url or os.environ[VARIABLE]), settings())
    schema = f"bench_{secrets.token_hex(4)}"
    database = Database(opened.engine, opened.dialect, table=f"{schema}.aicandidate")
    try:
        with TemporaryDirectory() as folder:
            seconds = _turns(Bench(database, records, Path(folder)), rounds)
        server = database.read(database.dialect.server)
    finally:
        drop_schema(database)
        database.dispose()
    yield from _figures(seconds, records, f"{server}; {_driver(database)}")


def _turns(bench: Bench, rounds: int) -> dict[str, list[float]]:
    """Each way in every round, each time another one first; seconds for all records."""
    ways: list[Callable[[Sequence[Values]], float]] = [
        bench.ours,
        bench.row_by_row,
        bench.connection_each,
    ]
    if _has_fast_executemany(bench.database):
        ways += [bench.fast_executemany, bench.staged]
    seconds: dict[str, list[float]] = {way.__name__: [] for way in ways}
    for number in range(rounds):
        first = number % len(ways)
        for way in (*ways[first:], *ways[:first]):
            count = min(bench.records, _SAMPLES.get(way.__name__, bench.records))
            bench.reset()
            found = way(bench.values[:count])
            bench.check(count)
            seconds[way.__name__].append(found * bench.records / count)
    return seconds


def _has_fast_executemany(database: Database) -> bool:
    """Pyodbc has it; with FreeTDS it would end the process."""
    engine = database.engine
    return engine.dialect.driver == "pyodbc" and not is_freetds(str(engine.url.query["driver"]))


def _driver(database: Database) -> str:
    if database.engine.dialect.driver != "pyodbc":
        return "mssql-python"
    return f"pyodbc, {Path(str(database.engine.url.query['driver'])).name}"


def _figures(seconds: dict[str, list[float]], records: int, where: str) -> Iterator[Figure]:
    ours = seconds["ours"]
    for way, target, note in (
        ("row_by_row", {"at_least": 4}, f"UPDATE, commit a record / ours; {where}"),
        ("connection_each", {"at_least": 100}, "connect, UPDATE, commit, close a record / ours"),
        ("fast_executemany", {}, "bare, no ledger, nothing compared / ours"),
        ("staged", {}, "ours with fast_executemany into a table / ours with OPENJSON"),
    ):
        if way in seconds:
            yield ratio(f"sqlserver_{way}_over_ours", seconds[way], ours, note, **target)
    for way, found in seconds.items():
        sampled = f", from {_SAMPLES[way]:,} of them" if way in _SAMPLES else ""
        yield figure(f"sqlserver_{way}_seconds", found, "s", f"{records:,} records{sampled}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--url", default=os.environ.get(VARIABLE), help=f"default: {VARIABLE}")
    parser.add_argument("--records", type=int, default=RECORDS)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    if not asked.url:
        parser.error(f"--url or {VARIABLE} must say where SQL Server is")
    figures = list(measure(asked.records, asked.rounds, url=asked.url))
    write(figures)
    click.echo(table(figures))


if __name__ == "__main__":
    main()
