"""`python -m resume_assets_tests.benchmarks`: run them, print the table, write the results."""

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

Benchmark = Callable[[int, int], Iterator[Figure]]

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
    asked = parser.parse_args()
    rows, rounds = (2_000, 1) if asked.quick else (asked.rows, asked.rounds)
    today = datetime.datetime.now(tz=datetime.UTC).date()
    machine = f"{os.cpu_count()} cores {platform.machine()}, Python {platform.python_version()}"
    click.echo(f"{today}, {machine}")
    figures: list[Figure] = []
    for name in asked.only or BENCHMARKS:
        start = time.perf_counter()
        figures += BENCHMARKS[name](rows, rounds)
        click.echo(f"{name}: {time.perf_counter() - start:.0f} s")
        write(figures)
    click.echo(f"\n{table(figures)}\n\nwritten to {RESULTS}")


if __name__ == "__main__":
    main()
