"""One server for all tests here; a test that killed it finds it started again."""

from collections.abc import Iterator

import pytest

from resume_assets_tests.on_s3.server import S3Server, serving


@pytest.fixture(scope="session")
def _server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with serving(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture
def server(_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> S3Server:
    """It runs, and the environment names it and its user `worker`."""
    _server.start()
    for name, value in _server.environment().items():
        monkeypatch.setenv(name, value)
    return _server


@pytest.fixture
def url(server: S3Server, request: pytest.FixtureRequest) -> str:
    """A folder of the test's own in the bucket."""
    return f"s3://resumes/{request.node.name}"
