"""A deployment's surroundings: what all its processes share, laid out as one home."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openai
import pytest
from pydantic import SecretStr

from resume_assets.database.connect import Database
from resume_assets.openai_api.client import BatchApi
from resume_assets_tests.commands.processes import free_port
from resume_assets_tests.databases import (
    drop_schema,
    make_schema,
    sqlserver_database,
    sqlserver_url,
)
from resume_assets_tests.distributed.deployment import Process
from resume_assets_tests.faults.invariants import Select, in_file, records
from resume_assets_tests.flow import ENDPOINT, Flow, flow_at, settings_at
from resume_assets_tests.local_openai.support import until
from resume_assets_tests.on_s3.server import BUCKET, S3Server, serving

SUMMARY = "summary"
"""The property that a test says something of itself by, at the end of all."""

_TOLD = re.compile(r"OPENAI_(?:BASE_URL|API_KEY)=(\S+)\n")


class Shared(Flow):
    """The database, the batch files and the endpoint of a deployment.

    `variables`: how each of its processes is told of them. Here they are an SQLite file and a
    folder, which all processes of this machine can use.
    """

    def __init__(self, folder: Path, client: openai.OpenAI, **settings: Any) -> None:
        super().__init__(
            folder, settings_at(folder, **settings), BatchApi(client, endpoint=ENDPOINT)
        )
        self.variables = {
            "RESUME_DATABASE_URL": f"sqlite:///{folder / 'resumes.db'}",
            "RESUME_BATCH_STORE": str(folder / "batches"),
            "OPENAI_BASE_URL": str(client.base_url).rstrip("/"),
            "OPENAI_API_KEY": client.api_key,
        }
        self.select = self._select(self.database)

    def dispose(self) -> None:
        """Close what it opened."""
        self.database.dispose()

    @contextmanager
    def store_away(self) -> Iterator[None]:
        """No batch file can be read or written meanwhile, nor made anew: a disk that is gone."""
        store, away = self.home / "batches", self.home / "away"
        store.rename(away)
        store.touch()
        try:
            yield
        finally:
            store.unlink()
            away.rename(store)

    def undisturbed(self, rows: int) -> dict[int, Any]:
        """Each candidate's record, as one process alone writes it into such a database."""
        with flow_at(self.home / "undisturbed", settings=self._another()) as flow:
            flow.seed(rows)
            flow.until_done(rows=rows)
            return records(flow.home, self._select(flow.database))

    def _another(self) -> dict[str, Any]:
        """The settings of another, empty database."""
        return {}

    def _select(self, database: Database) -> Select:
        return in_file(Path(str(database.engine.url.database)).parent)


class OnServers(Shared):
    """The same on SQL Server, in a schema of its own, and in a bucket."""

    def __init__(self, folder: Path, client: openai.OpenAI, s3: S3Server) -> None:
        self._s3, url = s3, f"s3://{BUCKET}/{folder.parent.name}"
        self._made: list[Database] = []
        super().__init__(folder, client, batch_store=url, **self._another())
        self.variables |= {
            "RESUME_DATABASE_URL": _sqlserver(),
            "RESUME_TABLE": f"{self.database.schema}.aicandidate",
            "RESUME_BATCH_STORE": url,
            **s3.environment(),
        }

    def _another(self) -> dict[str, Any]:
        made = sqlserver_database()
        make_schema(made)
        self._made.append(made)
        return {"database_url": SecretStr(_sqlserver()), "table": f"{made.schema}.aicandidate"}

    def dispose(self) -> None:
        super().dispose()
        for made in self._made:
            drop_schema(made)

    @contextmanager
    def store_away(self) -> Iterator[None]:
        """The server loses its power, and starts again."""
        self._s3.kill()
        try:
            yield
        finally:
            self._s3.start()

    def _select(self, database: Database) -> Select:
        def select(table: str) -> list[dict[str, Any]]:
            with database.engine.connect() as connection:
                query = f"SELECT * FROM [{database.schema}].[{table}]"
                return [dict(row) for row in connection.exec_driver_sql(query).mappings()]

        return select


def _sqlserver() -> str:
    return sqlserver_url().render_as_string(hide_password=False)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """What the tests say of themselves: how long, how many, what was lost."""
    for report in terminalreporter.stats.get("passed", []):
        for name, value in report.user_properties:
            if name == SUMMARY:
                terminalreporter.line(f"{report.nodeid}: {value}")


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Shared]:
    """Empty; its database is an SQLite file that all processes of this machine use."""
    with _endpoint(tmp_path / "shared") as client:
        made = Shared(tmp_path / "shared", client)
        try:
            yield made
        finally:
            made.dispose()


@pytest.fixture
def on_servers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OnServers]:
    """Empty; on the SQL Server of RESUME_TEST_SQLSERVER_URL, and in an S3 server of its own."""
    sqlserver_url()
    pytest.importorskip("s3fs")
    with serving(tmp_path / "s3") as s3, _endpoint(tmp_path / "shared") as client:
        for name, value in s3.environment().items():
            monkeypatch.setenv(name, value)
        made = OnServers(tmp_path / "shared", client, s3)
        try:
            yield made
        finally:
            made.dispose()


@contextmanager
def _endpoint(folder: Path) -> Iterator[openai.OpenAI]:
    """The local server, as a process, with its book in that folder."""
    folder.mkdir()
    port = free_port()
    command = ["resume-assets", "local-openai", "--port", str(port)]
    endpoint = Process(folder, command, {}, port, home=folder)
    try:
        endpoint.start()
        until(lambda: len(_TOLD.findall(endpoint.log())) == 2)
        base_url, key = _TOLD.findall(endpoint.log())
        with openai.OpenAI(base_url=base_url, api_key=key, max_retries=0, timeout=20) as client:
            yield client
    finally:
        endpoint.kill()
