"""What each room loads: nothing of Dagster where it is not at home, nothing slow without need."""

import json
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

import resume_assets
from resume_assets_tests.commands.processes import environment

PACKAGE = Path(resume_assets.__file__).parent
PLAIN_ROOMS = (
    "extraction",
    "models",
    "openai_api",
    "batches",
    "database",
    "documents",
    "evaluation",
    "exports",
    "local_openai",
    "reviewing",
    "samples",
    "trials",
)
HEAVY = ("dagster", "pandas", "pyodbc", "openai", "tiktoken", "numpy", "sqlalchemy", "starlette")

_CHILD = """
import importlib, json, sys
heavy, steps = json.loads(sys.argv[1])
loaded = {}
for step in steps:
    importlib.import_module(step)
    loaded[step] = [name for name in heavy if name in sys.modules]
print(json.dumps(loaded))
"""


def modules(room: str) -> list[str]:
    """Every module of a room by its full name."""
    files = sorted((PACKAGE / room).rglob("*.py"))
    names = [file.relative_to(PACKAGE.parent).with_suffix("").parts for file in files]
    return [".".join(name).removesuffix(".__init__") for name in names]


def loaded_by(*steps: str) -> dict[str, list[str]]:
    """What of HEAVY is there after each of these imports, one after the other, in a new process."""
    arguments = json.dumps([HEAVY, steps])
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, arguments], capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


@cache
def loaded_by_room(room: str) -> frozenset[str]:
    """What importing every module of a room loads."""
    *_, last = loaded_by(*modules(room)).values()
    return frozenset(last)


@pytest.mark.parametrize("room", PLAIN_ROOMS)
def test_a_plain_room_loads_neither_dagster_nor_pandas_nor_pyodbc(room: str) -> None:
    assert len(modules(room)) > 1
    assert not loaded_by_room(room) & {"dagster", "pandas", "numpy", "pyodbc"}


@pytest.mark.parametrize(
    ("room", "strange"),
    [
        ("evaluation", {"openai", "sqlalchemy", "tiktoken", "starlette"}),
        ("extraction", {"openai", "sqlalchemy", "tiktoken", "starlette"}),
        ("database", {"openai", "tiktoken", "starlette"}),
        ("models", {"openai", "sqlalchemy", "starlette"}),
        ("openai_api", {"sqlalchemy", "tiktoken", "starlette"}),
        ("samples", {"openai", "sqlalchemy", "tiktoken", "starlette"}),
        ("local_openai", {"sqlalchemy", "openai"}),
        ("batches", {"starlette"}),
        ("trials", {"openai", "starlette"}),
    ],
)
def test_a_room_knows_only_its_own_libraries(room: str, strange: set[str]) -> None:
    assert not loaded_by_room(room) & strange


def test_dagsters_side_loads_no_client_no_pandas_no_pyodbc_and_no_local_server() -> None:
    found = loaded_by(
        "resume_assets.sensors", "resume_assets.definitions", "resume_assets.commands.demo"
    )
    for loaded in found.values():
        assert "dagster" in loaded
        assert not set(loaded) & {"pandas", "pyodbc", "starlette", "openai"}


_COMMAND = """
import json, sys
from resume_assets.cli import main
heavy = sys.argv.pop(1).split(",")
try:
    main()
except SystemExit as ended:
    code = ended.code
print("loaded:" + json.dumps([code, [name for name in heavy if name in sys.modules]]))
"""


def loaded_by_command(home: Path, *arguments: str) -> set[str]:
    """What of HEAVY a command of `resume-assets` loads; it must end well."""
    done = subprocess.run(
        [sys.executable, "-c", _COMMAND, ",".join(HEAVY), *arguments],
        env=environment(home),
        cwd=home.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    code, loaded = json.loads(done.stdout.rpartition("loaded:")[2])
    assert not code, done.stdout + done.stderr
    return set(loaded)


def test_help_loads_nothing_slow(home: Path) -> None:
    assert loaded_by_command(home, "--help") == set()


def test_status_loads_only_what_the_database_needs(home: Path) -> None:
    assert loaded_by_command(home, "status") == {"sqlalchemy"}


def test_env_loads_no_dagster(home: Path) -> None:
    assert "dagster" not in loaded_by_command(home, "env")


@pytest.mark.skipif(find_spec("pyodbc") is None, reason="it could not be loaded anyhow")
def test_a_batch_on_sqlite_loads_no_pyodbc_and_no_pandas(home: Path) -> None:
    loaded = loaded_by_command(home, "submit")
    assert "dagster" in loaded
    assert not loaded & {"pyodbc", "pandas"}
