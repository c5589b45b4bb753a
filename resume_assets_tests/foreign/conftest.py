"""One OGX and one upstream for all tests here; a test that killed OGX finds it started again."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from resume_assets.local_openai.server import running
from resume_assets.local_openai.settings import Limits
from resume_assets.openai_api.client import connected
from resume_assets_tests.flow import Flow, settings_at
from resume_assets_tests.foreign.ogx import Ogx, command, serving
from resume_assets_tests.local_openai.faults import Faults
from resume_assets_tests.local_openai.support import MODEL


@pytest.fixture(scope="session")
def _servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Ogx, Faults]]:
    if not command().exists():
        pytest.skip("OGX is not installed: make foreign")
    folder, faults = tmp_path_factory.mktemp("foreign"), Faults()
    limits = Limits(exact_tokens=False)
    with (
        running(folder / "upstream", limits=limits, wrap=faults.wrap, share=False) as upstream,
        serving(folder / "ogx", upstream) as server,
    ):
        yield server, faults


@pytest.fixture
def ogx(_servers: tuple[Ogx, Faults]) -> Ogx:
    """It runs."""
    _servers[0].start()
    return _servers[0]


@pytest.fixture
def upstream(_servers: tuple[Ogx, Faults]) -> Iterator[Faults]:
    """What befalls the calls of the server behind it."""
    yield _servers[1]
    _servers[1].clear()


@pytest.fixture
def flow(ogx: Ogx, tmp_path: Path) -> Iterator[Flow]:
    """A home whose batches go to OGX."""
    settings = settings_at(
        tmp_path, openai_base_url=ogx.base_url, model=f"vllm/{MODEL}", base_model=MODEL
    )
    with connected(ogx.base_url, "none", timeout=20, connect_timeout=5, max_retries=0) as api:
        flow = Flow(tmp_path, settings, api)
        yield flow
        flow.database.dispose()
