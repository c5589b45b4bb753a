"""What the endpoints and the worker share: one folder, its rules and its time."""

import threading
from dataclasses import dataclass, field
from pathlib import Path

from resume_assets.local_openai.filing import Files
from resume_assets.local_openai.settings import Clock, Limits, Pace
from resume_assets.local_openai.store import Store


@dataclass(slots=True)
class Service:
    """One open folder."""

    store: Store
    pace: Pace = field(default_factory=Pace)
    limits: Limits = field(default_factory=Limits)
    clock: Clock = field(default_factory=Clock)
    wake: threading.Event = field(default_factory=threading.Event)
    """Set when there may be work for the worker."""

    @classmethod
    def open(
        cls, folder: Path, *, pace: Pace | None, limits: Limits | None, clock: Clock | None
    ) -> "Service":
        """Open the folder, making it if need be."""
        return cls(Store(folder), pace or Pace(), limits or Limits(), clock or Clock())

    @property
    def files(self) -> Files:
        """The folder's files."""
        return Files(self.store)

    def now(self) -> float:
        """Seconds since the epoch, by the service's clock."""
        return self.clock.now()
