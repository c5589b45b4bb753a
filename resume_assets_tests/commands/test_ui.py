"""`ui` and `local-openai`: what runs until it is told to stop, and then leaves nothing behind."""

import signal
import socket
from pathlib import Path

import openai
import pytest

from resume_assets_tests.commands.processes import (
    PATIENCE,
    free_port,
    line_with,
    listens,
    resume_assets,
    said,
    started,
    stop,
    until_nothing_runs,
)

pytestmark = pytest.mark.timeout(PATIENCE * 2)


def test_the_ui_starts_and_ends_even_as_a_background_job(home: Path) -> None:
    """A shell has its background jobs ignore SIGINT: so it is told by SIGTERM here."""
    host = "127.0.0.2"
    port = free_port()
    ignoring = f"trap '' INT; exec resume-assets ui --host {host} --port {port}"
    with started(home, "bash", "-c", ignoring) as ui:
        local = line_with(ui, "The local server answers by rules at").split()[7]
        assert f"http://{host}:{port}" in line_with(ui, "Dagster's UI")
        assert listens(port, host)  # the address is told once somebody listens there
        assert listens(int(local.removesuffix("/v1").rpartition(":")[2]))
        second = resume_assets(home, "ui", "--port", str(free_port()))
        assert second.returncode == 0, said(second)
        assert second.stdout == f"Dagster's UI of this home runs already: http://{host}:{port}\n"
        code, output = stop(ui, signal.SIGTERM)
        assert code == 0, output
        lines = output.splitlines()
        assert "logs/ui.log" in lines[0]
        assert len(lines) == 3, output  # and what ends with it: nothing of others' making
        assert "nothing is sent or brought in" in lines[1]
    until_nothing_runs(home)
    assert not listens(port, host)
    assert "dagster" in (home / "logs" / "ui.log").read_text()
    assert (home / "logs" / "ui.log").stat().st_mode & 0o777 == 0o600
    assert (home / "dagster" / "dagster.yaml").is_file()


def test_a_port_that_is_taken_is_wrong_use(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for command in ("ui", "local-openai"):
            result = resume_assets(home, command, "--port", port)
            assert result.returncode == 2, said(result)
            assert f"Port {port} can't be used" in result.stderr
            assert "--port" in result.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_local_server_says_where_it_is_and_ends(home: Path, number: signal.Signals) -> None:
    with started(home, "resume-assets", "local-openai") as server:
        url = line_with(server, "OPENAI_BASE_URL=").strip().partition("=")[2]
        key = line_with(server, "OPENAI_API_KEY=").strip().partition("=")[2]
        with openai.OpenAI(base_url=url, api_key=key) as client:
            assert "gpt-4o-mini-2024-07-18" in {model.id for model in client.models.list()}
        second = resume_assets(home, "local-openai")
        assert second.returncode == 0
        assert url in second.stdout
        code, output = stop(server, number)
        assert code == 0, output
    until_nothing_runs(home)
