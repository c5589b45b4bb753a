"""The plan for a hundred thousand, ten million and a billion resumes: see docs/scale.md.

Days, batches, and how busy the quota and the workers are, simulated.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from resume_assets_tests.benchmarks.figures import Figure, figure
from resume_assets_tests.benchmarks.quotas import TIERS, Clock
from resume_assets_tests.benchmarks.simulation import Simulation
from resume_assets_tests.benchmarks.workers import Workers

IN_FLIGHT = 1_000
DAY = 86_400.0


@dataclass(frozen=True)
class Site:
    """So many resumes, accounts of one tier, and workers; see `Workers` for `killed`."""

    resumes: int
    tier: str
    accounts: int = 1
    workers: int = 2
    killed: float = 0.0

    @property
    def name(self) -> str:
        """As the figures begin."""
        size = _short(self.resumes)
        parts = [size, self.tier.replace(" ", "")]
        if self.accounts > 1:
            parts.append(f"{self.accounts}accounts")
        parts.append(f"{self.workers}workers")
        return "_".join([*parts, *(["killed"] if self.killed else [])])

    def run(self) -> "Run":
        """Simulate it until every resume has been answered and written."""
        clock = Clock()
        workers = Workers(clock, self.workers, self.killed)
        share = self.resumes // self.accounts
        accounts = [
            Simulation(share, TIERS[self.tier], IN_FLIGHT, clock=clock, workers=workers)
            for _ in range(self.accounts)
        ]
        for account in accounts:
            account.start()
        clock.run()
        for account in accounts:
            account.database.dispose()
        if sum(account.written for account in accounts) != share * self.accounts:
            raise ValueError(f"{self}: not every resume was written once")
        return Run(self, accounts, workers)


@dataclass(frozen=True)
class Run:
    """What came of it."""

    site: Site
    accounts: list[Simulation]
    workers: Workers

    def figures(self) -> Iterator[Figure]:
        """Days, batches, records a second, the use of quota and workers, and what kills cost."""
        name, seconds = self.site.name, self.workers.clock.now
        batches = sum(account.batches for account in self.accounts)
        use = sum(account.use for account in self.accounts) / len(self.accounts)
        yield figure(f"days_{name}", [seconds / DAY], "days", f"{batches:,} batches")
        yield figure(f"records_{name}", [self.site.resumes / seconds], "/s", "written, on average")
        yield figure(f"quota_{name}", [use], "share", "of the enqueued tokens, while resumes wait")
        yield figure(f"busy_{name}", [self.workers.use()], "share", "of the workers' time")
        if self.site.killed:
            told = f"{self.workers.kills:,} workers killed"
            yield figure(f"lost_{name}", [self.workers.lost / 3_600], "hours", told)


SITES = (
    Site(100_000, "tier 1"),
    Site(100_000, "tier 3"),
    Site(10_000_000, "tier 4"),
    Site(10_000_000, "tier 4", workers=6, killed=0.05),
    Site(10_000_000, "tier 4", accounts=4),
    Site(100_000_000, "tier 5"),
    Site(100_000_000, "tier 5", workers=6, killed=0.05),
    Site(100_000_000, "tier 5", accounts=4, workers=12),
    Site(200_000_000, "tier 5", workers=4, killed=0.05),
)


def _short(resumes: int) -> str:
    for size, letter in ((1_000_000_000, "b"), (1_000_000, "m"), (1_000, "k")):
        if resumes >= size:
            return f"{resumes // size}{letter}"
    return str(resumes)


def measure(rows: int, rounds: int) -> Iterator[Figure]:
    """The figures of each site; the smaller ones where fewer rows are asked for."""
    del rounds
    for site in SITES:
        if rows >= 50_000 or site.resumes <= 100_000:
            yield from site.run().figures()
