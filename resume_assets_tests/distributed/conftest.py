"""A deployment's surroundings: what all its processes share, laid out as one home."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openai
import pytest

from resume_assets.openai_api.client import BatchApi
from resume_assets_tests.commands.processes import free_port
from resume_assets_tests.distributed.deployment import Process
from resume_assets_tests.flow import ENDPOINT, Flow, settings_at
from resume_assets_tests.local_openai.support import until

SUMMARY = "summary"
"""The property that a test says something of itself by, at the end of all."""

_TOLD = re.compile(r"OPENAI_(?:BASE_URL|API_KEY)=(\S+)\n")


class Shared(Flow):
    """The database, the batch files and the endpoint of a deployment.

    `variables`: how each of its processes is told of them.
    """

    def __init__(self, folder: Path, client: openai.OpenAI) -> None:
        super().__init__(folder, settings_at(folder), BatchApi(client, endpoint=ENDPOINT))
        self.variables = {
            "RESUME_DATABASE_URL": f"sqlite:///{folder / 'resumes.db'}",
            "RESUME_BATCH_STORE": str(folder / "batches"),
            "OPENAI_BASE_URL": str(client.base_url).rstrip("/"),
            "OPENAI_API_KEY": client.api_key,
        }

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


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """What the tests say of themselves: how long, how many, what was lost."""
    for report in terminalreporter.stats.get("passed", []):
        for name, value in report.user_properties:
            if name == SUMMARY:
                terminalreporter.line(f"{report.nodeid}: {value}")


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Shared]:
    """Empty; its database is an SQLite file that all processes of this machine use."""
    folder, port = tmp_path / "shared", free_port()
    folder.mkdir()
    command = ["resume-assets", "local-openai", "--port", str(port)]
    endpoint = Process(folder, command, {}, port, home=folder)
    try:
        endpoint.start()
        until(lambda: len(_TOLD.findall(endpoint.log())) == 2)
        base_url, key = _TOLD.findall(endpoint.log())
        with openai.OpenAI(base_url=base_url, api_key=key, max_retries=0, timeout=20) as client:
            made = Shared(folder, client)
            yield made
            made.database.dispose()
    finally:
        endpoint.kill()
