"""`python -m resume_assets_tests.benchmarks`: run them, print the table, write the results.

What was disturbed is measured again; `--compare COMMIT COMMIT` tells two commits apart.
"""

import argparse
import datetime
import os
import platform
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec

import click

from resume_assets_tests.benchmarks import (
    applying,
    building,
    collecting,
    dispatching,
    exporting,
    memory,
    peers,
    prompting,
    scaling,
    simulation,
    starting,
    ticking,
    weighing,
    years,
)
from resume_assets_tests.benchmarks.figures import RESULTS, Figure, table, write
from resume_assets_tests.benchmarks.history import NotMeasured, append, commit, comparison
from resume_assets_tests.benchmarks.surroundings import Surroundings, load, watched

Benchmark = Callable[[int, int], Iterator[Figure]]

_TRIES = 2
"""A benchmark that was disturbed is run so often at most; the less disturbed run counts."""

BENCHMARKS: dict[str, Benchmark] = {
    "building": building.measure,
    "applying": applying.measure,
    "weighing": weighing.measure,
    "memory": memory.measure,
    "exporting": exporting.measure,
    "ticking": ticking.measure,
    "dispatching": dispatching.measure,
    "simulation": simulation.measure,
    "scaling": scaling.measure,
    "years": years.measure,
    "starting": starting.measure,
    "peers": peers.measure,
    "prompting": prompting.measure,
}

if find_spec("s3fs"):
    # It and a server: `make stores` installs them.
    BENCHMARKS["collecting"] = collecting.measure

if os.environ.get("RESUME_TEST_SQLSERVER_URL") and find_spec(f"{__package__}.sqlserver_writing"):
    # Against bare `fast_executemany`; there is no SQL Server on most machines.
    BENCHMARKS["sqlserver"] = import_module(f"{__package__}.sqlserver_writing").measure


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--only", action="append", choices=BENCHMARKS, help="one, or several")
    parser.add_argument("--rows", type=int, default=50_000, help="resumes (default: 50,000)")
    parser.add_argument("--rounds", type=int, default=3, help="of each figure (default: 3)")
    parser.add_argument("--quick", action="store_true", help="2,000 resumes, one round")
    parser.add_argument(
        "--compare", nargs=2, metavar="COMMIT", help="measure nothing: what two commits had"
    )
    asked = parser.parse_args()
    # As with everybody: without bytecode files each process would compile our code before it works.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if asked.compare:
        try:
            click.echo(comparison(*asked.compare))
        except NotMeasured as missing:
            raise SystemExit(str(missing)) from None
        return
    rows, rounds = (2_000, 1) if asked.quick else (asked.rows, asked.rounds)
    today = datetime.datetime.now(tz=datetime.UTC).date()
    machine = f"{os.cpu_count()} cores {platform.machine()}, Python {platform.python_version()}"
    measured = commit()
    click.echo(f"{today}, {measured}, {machine}, load {load()}")
    figures: list[Figure] = []
    for name in asked.only or BENCHMARKS:
        start = time.perf_counter()
        surroundings, found = _measured(name, rows, rounds)
        figures += found
        click.echo(f"{name}: {time.perf_counter() - start:.0f} s; {_told(surroundings)}")
        write(figures)
        append(measured, str(today), surroundings, found)
    click.echo(f"\n{table(figures)}\n\nwritten to {RESULTS}")


def _measured(name: str, rows: int, rounds: int) -> tuple[Surroundings, list[Figure]]:
    """The figures of the run that was disturbed least, and what disturbed it."""
    runs: list[tuple[Surroundings, list[Figure]]] = []
    while len(runs) < _TRIES:
        with watched() as surroundings:
            found = [*BENCHMARKS[name](rows, rounds)]
        runs.append((surroundings, found))
        if surroundings.are_quiet:
            break
        click.echo(f"{name}: {_told(surroundings)}")
    return min(runs, key=lambda run: run[0].disturbance)


def _told(surroundings: Surroundings) -> str:
    return f"{'quiet' if surroundings.are_quiet else 'DISTURBED'}: {surroundings}"


if __name__ == "__main__":
    main()
