"""An orchestrator that knows what a test tells it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from resume_assets.batches.planning.runs import Run


@dataclass
class Told:
    """`never_heard_of`: run keys that it never had a run of; it knows all others."""

    runs: list[Run] = field(default_factory=list)
    never_heard_of: frozenset[str] = frozenset()

    def unfinished(self, keys: Sequence[str]) -> list[Run]:
        return [run for run in self.runs if run.key in keys]

    def known(self, run_keys: Sequence[str]) -> frozenset[str]:
        return frozenset(run_keys) - self.never_heard_of
