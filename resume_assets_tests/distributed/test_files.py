"""The files in `deploy/`: as far as they can be read without an engine to run them."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from resume_assets.settings import Settings
from resume_assets_tests.distributed.deployment import DEPLOY, ROOT

pytestmark = pytest.mark.distributed

COMPOSE = DEPLOY / "compose"
VARIABLES = {str(field.alias) for field in Settings.model_fields.values()}
NO_SECRET = {
    "DAGSTER_POSTGRES_HOST": "127.0.0.1",
    "DAGSTER_POSTGRES_PORT": "5432",
    "DAGSTER_POSTGRES_USER": "dagster",
    "DAGSTER_POSTGRES_PASSWORD": "-",
    "DAGSTER_POSTGRES_DB": "dagster",
    "CELERY_BROKER_URL": "redis://127.0.0.1/0",
    "CELERY_RESULT_BACKEND": "redis://127.0.0.1/1",
}


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in NO_SECRET.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize("path", [DEPLOY / "dagster.yaml", COMPOSE / "dagster.yaml"], ids=str)
def test_dagster_takes_the_configuration(path: Path) -> None:
    """As it stands; the storage, which would ask the database, is opened by `test_postgres`."""
    pytest.importorskip("dagster_postgres")
    pytest.importorskip("dagster_celery")
    from dagster._core.instance.ref import InstanceRef

    ref = InstanceRef.from_dir(str(path.parent))
    assert ref.run_coordinator is not None
    launcher = ref.run_launcher
    assert type(launcher).__name__ in ("DefaultRunLauncher", "CeleryRunLauncher")


def test_with_workers_only_the_launcher_is_another() -> None:
    alone, with_workers = read(DEPLOY / "dagster.yaml"), read(COMPOSE / "dagster.yaml")
    assert set(with_workers) - set(alone) == {"run_launcher"}
    assert {name: with_workers[name] for name in alone} == alone


def test_kubernetes_has_what_becomes_a_valid_configuration() -> None:
    from dagster._config import validate_config
    from dagster._core.instance.config import dagster_instance_config_schema

    values, alone = read(DEPLOY / "helm-values.yaml"), read(DEPLOY / "dagster.yaml")
    more = values["additionalInstanceConfig"]
    told = validate_config(dagster_instance_config_schema(), more)
    assert told.success, told.errors
    monitoring = alone["run_monitoring"] | {"start_timeout_seconds": 600}
    assert more["run_monitoring"] == monitoring
    assert (
        values["postgresql"]["postgresqlScheme"]
        == (alone["storage"]["postgres"]["postgres_db"]["scheme"])
    )
    for name, days in alone["retention"].items():
        assert values["retention"][name]["purgeAfterDays"] == days["purge_after_days"]


def test_compose_names_what_is_there() -> None:
    text = (COMPOSE / "compose.yaml").read_text(encoding="utf-8")
    asked = set(re.findall(r"(?<!\$)\$\{([A-Z0-9_]+):[?-]\}", text))
    offered = set(re.findall(r"^([A-Z0-9_]+)=", (COMPOSE / "example.env").read_text("utf-8"), re.M))
    assert asked == offered
    services = read(COMPOSE / "compose.yaml")["services"]
    for name, service in services.items():
        assert re.search(r":[\w.-]*\d", service["image"]), f"{name}: not pinned"
        for needed in service.get("depends_on", {}):
            assert needed in services
    told = services["worker"]["environment"]
    assert {one for one in told if one.startswith("RESUME_")} <= VARIABLES
    assert set(NO_SECRET) <= set(told)
    for service in ("code", "web", "daemon", "worker"):
        assert services[service]["environment"] == told
    places = int(services["worker"]["command"].split("--concurrency ")[1].split()[0])
    places *= services["worker"]["deploy"]["replicas"]
    assert read(COMPOSE / "dagster.yaml")["concurrency"]["runs"]["max_concurrent_runs"] == places


def test_the_image_has_what_it_copies_and_the_version() -> None:
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    copied = re.findall(r"^COPY (?:--chown=\S+ )?((?:[\w./-]+ )+)\S+$", text, re.MULTILINE)
    for names in copied:
        for name in names.split():
            assert (ROOT / name).exists(), name
    assert re.search(r"^USER \d+:\d+$", text, re.MULTILINE)
    version = re.search(r'^version = "(.*)"$', (ROOT / "pyproject.toml").read_text("utf-8"), re.M)
    assert version
    for path in (COMPOSE / "compose.yaml", DEPLOY / "Dockerfile"):
        assert f"resume-assets:{version[1]}" in path.read_text(encoding="utf-8")
    assert read(DEPLOY / "helm-values.yaml")["dagsterDaemon"]["image"]["tag"] == version[1]


def test_the_chart_is_of_the_locked_dagster() -> None:
    locked = (DEPLOY / "requirements.lock").read_text(encoding="utf-8")
    version = re.search(r"^dagster==(\S+)", locked, re.MULTILINE)
    assert version
    assert f"--version {version[1]} " in (DEPLOY / "helm-values.yaml").read_text(encoding="utf-8")
    of_tests = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert version[0] in of_tests


def test_the_shell_reads_the_smoke_script() -> None:
    script = COMPOSE / "smoke.sh"
    assert script.stat().st_mode & 0o111
    subprocess.run(["sh", "-n", script], check=True)
    [python] = re.findall(r"<<'EOF'\n(.*?)\nEOF\n", script.read_text(encoding="utf-8"), re.DOTALL)
    compile(python, "smoke.sh", "exec")


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze here")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    units = []
    for source in sorted((DEPLOY / "systemd").glob("resume-assets*")):
        text = source.read_text(encoding="utf-8")
        there = re.sub(r"/opt/resume-assets/\.venv/bin/[\w-]+", "/bin/true", text)
        path = tmp_path / source.name.replace("@", "@1")
        path.write_text(there, encoding="utf-8")
        units.append(path)
    assert len(units) == 5
    done = subprocess.run(
        ["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False
    )
    told = [line for line in done.stderr.splitlines() if "resume-assets" in line]
    assert told == []
