"""`python -m resume_assets_tests.mutants`: try a sample of changes; which of them no test notices.

Exit code 1 where fewer than `--least` percent of the sample were noticed.
"""

import argparse
import json
import os
import random
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

import click

from resume_assets_tests.mutants.accepted import without_accepted
from resume_assets_tests.mutants.changes import Change, changes
from resume_assets_tests.mutants.copies import Copy, Verdict
from resume_assets_tests.mutants.covering import Covering
from resume_assets_tests.mutants.records import LEFT_OUT, up_to_date

ROOT = Path(__file__).parents[2]
KEPT = ROOT / ".mutants"

SCOPE = (
    *("resume_assets/batches", "resume_assets/extraction", "resume_assets/database"),
    *("resume_assets/evidence", "resume_assets/trials", "resume_assets/models"),
    "resume_assets/evaluation",
    *("resume_assets/sensors.py", "resume_assets/checks.py"),
)

_SERVER_ONLY = ("resume_assets/database/sqlserver", "resume_assets/database/odbc")
_SERVER = "RESUME_TEST_SQLSERVER_URL"
_STORES = "resume_assets/batches/object_store"

_PATIENCE = 60.0
"""Seconds beyond three times the usual, before tests count as hung."""

_LAST_SECONDS = 60
"""No change is begun so shortly before the end."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One change, and what became of it."""

    change: Change
    verdict: Verdict
    by: str  # the test that noticed it
    tests: int  # that were run at most
    there: int  # that cover it
    is_covered: bool
    seconds: float

    @property
    def is_noticed(self) -> bool:
        return self.verdict is not Verdict.passed

    def __str__(self) -> str:
        if self.is_noticed:
            return f"{self.verdict:7} {self.change.path}:{self.change.line}  {self.by}"
        of = f"{self.tests} of {self.there} tests that cover it"
        if not self.is_covered:
            of = "no test executes the line"
        return f"NOT NOTICED ({of}) {self.change}"


def sample(found: Sequence[Change], size: int, seed: int) -> list[Change]:
    """So many lines by chance, one change of each."""
    by_line: dict[tuple[str, int], list[Change]] = defaultdict(list)
    for change in found:
        by_line[change.path, change.line].append(change)
    chance = random.Random(seed)
    lines = chance.sample(sorted(by_line), min(size, len(by_line)))
    return [chance.choice(by_line[line]) for line in lines]


def sources(scope: Sequence[str]) -> dict[str, bytes]:
    """Each module's source by its path from the root."""
    found: dict[str, bytes] = {}
    for name in scope:
        place = ROOT / name
        if not place.exists():
            raise click.ClickException(f"There is no {name} in {ROOT}.")
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            found[path.relative_to(ROOT).as_posix()] = path.read_bytes()
    return found


class Trial:
    """Changes tried in some copies at once, until the time is up."""

    def __init__(self, copies: Sequence[Copy], covering: Covering, deadline: float) -> None:
        self.covering = covering
        self.deadline = deadline
        self._jobs = len(copies)
        self._copies: SimpleQueue[Copy] = SimpleQueue()
        for copy in copies:
            self._copies.put(copy)

    def all(self, chosen: Sequence[Change]) -> Iterator[Tried]:
        """Each as it is through, in the sample's order; fewer where the time is up."""
        with ThreadPoolExecutor(self._jobs) as pool:
            for tried in pool.map(self._try, chosen):
                if tried is not None:
                    yield tried

    def _try(self, change: Change) -> Tried | None:
        start = time.monotonic()
        if start > self.deadline:
            return None
        tests = self.covering.tests_for(change)
        copy = self._copies.get()
        verdict, by = Verdict.passed, ""
        try:
            with copy.changed(change):
                for part in tests.parts:
                    usual = sum(self.covering.times[test] for test in part)
                    verdict, by = copy.run(part, _PATIENCE + 3 * usual)
                    if verdict is not Verdict.passed:
                        break
        finally:
            self._copies.put(copy)
        run = sum(map(len, tests.parts))
        seconds = time.monotonic() - start
        return Tried(change, verdict, by, run, tests.there, tests.is_covered, seconds)


def main() -> None:
    """Record, choose, try, tell."""
    asked = _asked()
    start = time.monotonic()
    copies = [Copy(ROOT, KEPT / f"copy{number}") for number in range(asked.jobs)]
    short = [name.removeprefix("resume_assets_tests/").rstrip("/") for name in LEFT_OUT]
    click.echo(f"All tests but the slow ones and those of other rooms ({', '.join(short)}).")
    place = up_to_date(ROOT, KEPT, copies[0], asked.jobs, click.echo)
    covering = Covering(place, sources(["resume_assets"]))
    modules = sources(asked.only or SCOPE)
    everything = [change for path, source in modules.items() for change in changes(path, source)]
    chosen_from = without_accepted(everything)
    accepted = len(everything) - len(chosen_from)
    if not os.environ.get(_SERVER):
        chosen_from = [change for change in chosen_from if not _needs_a_server(change, covering)]
        click.echo(f"{_SERVER} is not set: what runs on SQL Server alone is left out.")
    chosen_from = [change for change in chosen_from if not _needs_a_store(change, covering)]
    click.echo("What runs with an object store alone is left out: `make stores` tests it.")
    chosen = sample(chosen_from, asked.sample, asked.seed)
    if asked.again:
        chosen = _unnoticed_before(chosen_from, asked.seed)
    click.echo(
        f"{len(everything):,} changes, {accepted} of them accepted; {len(chosen)} are tried, "
        f"seed {asked.seed}."
    )
    trial = Trial(copies, covering, start + asked.minutes * 60 - _LAST_SECONDS)
    tried = []
    for one in trial.all(chosen):
        tried.append(one)
        click.echo(f"{len(tried):4} {one}")
    _tell_uncovered(chosen_from, covering)
    percent = _tell(tried, len(chosen))
    _write(tried, asked.seed)
    sys.exit(percent < asked.least)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("--sample", type=int, default=150, help="changes (default: 150)")
    parser.add_argument("--seed", type=int, default=1, help="another one, other changes")
    parser.add_argument("--minutes", type=float, default=30, help="at most, recording included")
    parser.add_argument("--least", type=float, default=95, help="percent noticed, or exit code 1")
    parser.add_argument("--jobs", type=int, default=2, help="at a time (default: 2)")
    parser.add_argument(
        "--again", action="store_true", help="only those that were not noticed with this seed"
    )
    parser.add_argument(
        "--only", action="append", metavar="PATH", help=f"instead of {', '.join(SCOPE)}"
    )
    return parser.parse_args()


def _unnoticed_before(found: Sequence[Change], seed: int) -> list[Change]:
    told = json.loads(_results(seed).read_bytes())
    keys = {
        (one["path"], one["line"], one["change"])
        for one in told
        if one["verdict"] == Verdict.passed
    }
    return [change for change in found if change.key in keys]


def _results(seed: int) -> Path:
    return KEPT / f"seed{seed}.json"


def _needs_a_server(change: Change, covering: Covering) -> bool:
    return change.path.startswith(_SERVER_ONLY) and not covering.is_covered(change)


def _needs_a_store(change: Change, covering: Covering) -> bool:
    return change.path.startswith(_STORES) and not covering.is_covered(change)


def _tell_uncovered(found: Sequence[Change], covering: Covering) -> None:
    lines: dict[str, set[int]] = defaultdict(set)
    for change in found:
        if not covering.is_covered(change):
            lines[change.path].add(change.line)
    if lines:
        click.echo("\nLines that no test executes, unless in a process that it starts:")
    for path, numbers in lines.items():
        click.echo(f"  {path}: {', '.join(map(str, sorted(numbers)))}")


def _tell(tried: Sequence[Tried], wanted: int) -> float:
    """Print what was found; returns how many percent were noticed."""
    unnoticed = [one for one in tried if not one.is_noticed]
    click.echo(f"\n{len(unnoticed)} were not noticed:")
    for one in unnoticed:
        click.echo(f"  {one}")
    if len(tried) < wanted:
        click.echo(f"The time was up: {len(tried)} of {wanted} were tried.")
    percent = 100 * (1 - len(unnoticed) / len(tried)) if tried else 0.0
    click.echo(f"{len(tried) - len(unnoticed)} of {len(tried)} were noticed: {percent:.1f} %.")
    return percent


def _write(tried: Sequence[Tried], seed: int) -> None:
    told = [
        {
            "path": one.change.path,
            "line": one.change.text,
            "change": one.change.key[2],
            "number": one.change.line,
            "verdict": one.verdict,
            "by": one.by,
            "tests": one.tests,
            "tests that cover it": one.there,
            "covered": one.is_covered,
            "seconds": round(one.seconds, 1),
        }
        for one in tried
    ]
    file = _results(seed)
    file.write_text(json.dumps(told, indent=1, ensure_ascii=False), encoding="utf-8")
    click.echo(f"written to {file.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
