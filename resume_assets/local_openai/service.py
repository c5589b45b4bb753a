"""What the endpoints and the worker share: one state folder, its limits and its clock."""

import threading
from dataclasses import dataclass, field
from pathlib import Path

from resume_assets.local_openai.answering import Answerer
from resume_assets.local_openai.completions import Rules
from resume_assets.local_openai.filing import Files
from resume_assets.local_openai.settings import Clock, Limits, Pace
from resume_assets.local_openai.store import Store


@dataclass(frozen=True, slots=True)
class Setup:
    """How a server is to behave."""

    pace: Pace = field(default_factory=Pace)
    limits: Limits = field(default_factory=Limits)
    clock: Clock = field(default_factory=Clock)
    rules: Rules | None = None
    """Replaces the built-in rules, for load tests."""


class Service:
    """One open state folder, with how the server is set up."""

    def __init__(self, folder: Path, setup: Setup, wake: threading.Event) -> None:
        self.pace = setup.pace
        self.limits = setup.limits
        self.clock = setup.clock
        self.wake = wake
        """Set when there may be work for the worker."""
        self.store = Store(folder)
        self.files = Files(self.store)
        self.answerer = Answerer(setup.limits, setup.rules)

    def now(self) -> float:
        """Seconds since the epoch, by the service's clock."""
        return self.clock.now()

    def close(self) -> None:
        """Let go of the folder."""
        self.answerer.close()
        self.store.close()
