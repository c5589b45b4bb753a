"""Start-up: what a cold command costs beside the least that Dagster itself costs."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from resume_assets_tests.benchmarks.batches_stub import stub
from resume_assets_tests.benchmarks.figures import FOLDER, Figure, figure, ratio

_RESUMES = 3
_TRIVIAL = """
import dagster as dg


@dg.asset
def first() -> None: ...


@dg.asset(deps=[first])
def second() -> None: ...


@dg.asset(deps=[second])
def third() -> None: ...


defs = dg.Definitions(assets=[first, second, third], executor=dg.in_process_executor)
"""
# What no submission can do without: of ours no more than who counts the tokens.
_LEAST = """
import openai

from resume_assets.models.fast_counting import fast_counter

openai.OpenAI(api_key="benchmark")
fast_counter("o200k_base")
"""
# And what `status` can't do without: the command line, the settings, the database.
_LEAST_STATUS = """
import click
import sqlalchemy as sa
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    home: str = "."


Settings()
with sa.create_engine("sqlite://").connect() as connection:
    connection.execute(sa.text("SELECT 1")).all()
"""
_QUEUE = """
import sys
from pathlib import Path
from resume_assets.database.connect import open_database
from resume_assets.database.setup import initialise
from resume_assets.settings import load_settings
from resume_assets_tests.benchmarks import data
database = open_database(load_settings())
initialise(database)
there = database.candidates
count, first = map(int, sys.argv[1:])
rows = list(enumerate(data.resumes(count), first))
names = (there.userid.name, there.text.name)
database.write(lambda c: database.dialect.insert_rows(c, there.table, names, rows))
"""


def _environment(home: Path, base_url: str = "") -> dict[str, str]:
    home.mkdir(parents=True, exist_ok=True)
    (home / "dagster").mkdir(exist_ok=True)
    (home / "dagster" / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    own = {
        "RESUME_ASSETS_HOME": str(home.absolute()),
        "DAGSTER_HOME": str((home / "dagster").absolute()),
        "PYTHONPATH": str(Path.cwd()),
        "OPENAI_API_KEY": "benchmark",
        "OPENAI_BASE_URL": base_url,
        "RESUME_MAX_IN_FLIGHT": "1000",  # nobody answers here, and each round shall send its batch
    }
    return {**os.environ, **own}


def _seconds(command: list[str], environment: dict[str, str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return time.perf_counter() - start


def measure(rows: int, rounds: int) -> Iterator[Figure]:
    """`submit_over_bare`, `status_over_sqlalchemy`, and how the code location loads."""
    rounds = rounds if rows < 50_000 else max(rounds, 5)
    folder = FOLDER / "starting"
    shutil.rmtree(folder, ignore_errors=True)
    ours, bare = folder / "ours", folder / "bare"
    trivial, least = folder / "trivial.py", folder / "least.py"
    python = sys.executable
    cli = [python, "-m", "resume_assets.cli"]
    times: dict[str, list[float]] = {}
    with stub([]) as server:
        environment, plain = _environment(ours, server.base_url), _environment(bare)
        trivial.write_text(_TRIVIAL, encoding="utf-8")
        least.write_text(_TRIVIAL + _LEAST, encoding="utf-8")
        dagster = [python, "-m", "dagster"]
        materialize = [*dagster, "asset", "materialize", "--select", "*", "-f"]
        validate = [*dagster, "definitions", "validate"]
        commands = {
            "submit": ([*cli, "submit"], environment),
            "bare": ([*materialize, str(trivial)], plain),
            "least": ([*materialize, str(least)], plain),
            "help": ([*cli, "--help"], environment),
            "status": ([*cli, "status"], environment),
            "location": ([*validate, "-m", "resume_assets.definitions"], environment),
            "trivial": ([*validate, "-f", str(trivial)], plain),
            "sqlalchemy": ([python, "-c", "import sqlalchemy"], plain),
            "least status": ([python, "-c", _LEAST_STATUS], plain),
            "python": ([python, "-c", "pass"], plain),
        }
        for turn in range(rounds + 1):  # the first fills caches and makes the instances
            first = 1 + turn * _RESUMES
            _seconds([python, "-c", _QUEUE, str(_RESUMES), str(first)], environment)
            for name, (command, where) in commands.items():
                seconds = _seconds(command, where)
                if turn:
                    times.setdefault(name, []).append(seconds)
    what = f"cold, {_RESUMES} resumes; three assets in process"
    yield ratio("submit_over_bare", times["submit"], times["bare"], what, at_most=2.0)
    what = "the same; beside it the graph loads openai and the tokens' vocabulary"
    yield ratio("submit_over_least", times["submit"], times["least"], what, at_most=1.4)
    yield figure("submit_seconds", times["submit"], "s", "resume-assets submit")
    yield figure("bare_seconds", times["bare"], "s", "dagster asset materialize, trivial graph")
    what = "the code location loaded: dagster definitions validate / of a trivial one"
    yield ratio("location_over_dagster", times["location"], times["trivial"], what)
    yield figure("help_seconds", times["help"], "s", "resume-assets --help")
    what = "resume-assets status / python -c 'import sqlalchemy'"
    yield ratio("status_over_sqlalchemy", times["status"], times["sqlalchemy"], what)
    what = "the same / sqlalchemy, click, settings of one field and one query"
    yield ratio("status_over_least", times["status"], times["least status"], what)
    yield figure("status_seconds", times["status"], "s", "resume-assets status")
    yield figure("python_seconds", times["python"], "s", "python -c pass")
