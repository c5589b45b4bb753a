"""What people are told of. Two findings with the same identity are one matter, told once."""

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What sort of thing came up."""

    batch_failed = "batch_failed"
    batch_stuck = "batch_stuck"
    batch_in_doubt = "batch_in_doubt"
    batch_late = "batch_late"
    little_borne_out = "little_borne_out"
    given_up = "given_up"
    planning_stopped = "planning_stopped"
    model_ends = "model_ends"
    check_failed = "check_failed"
    run_failed = "run_failed"
    housekeeping = "housekeeping"
    receiver_refuses = "receiver_refuses"
    summary = "summary"


TITLES = {
    Kind.batch_failed: "A batch failed",
    Kind.batch_stuck: "A batch is stuck",
    Kind.batch_in_doubt: "A batch is in doubt",
    Kind.batch_late: "A batch is late",
    Kind.little_borne_out: "Little is borne out",
    Kind.given_up: "Candidates are given up",
    Kind.planning_stopped: "Planning has stopped",
    Kind.model_ends: "The model ends",
    Kind.check_failed: "A check failed",
    Kind.run_failed: "A run failed",
    Kind.housekeeping: "Housekeeping has problems",
    Kind.receiver_refuses: "A receiver takes no notices",
    Kind.summary: "The last 24 hours",
}

_LONGEST = 1_000
_LIKE_AN_ADDRESS = re.compile(r"\S*@\S*")


@dataclass(frozen=True, slots=True)
class Matter:
    """Something that people are to be told, in our own words.

    `about`: what tells it from others of its kind, and from the same thing that came up again.
    `comes_again`: whether nothing does, so that only a long silence makes it a new one.
    """

    kind: Kind
    about: tuple[str, ...]
    what: str
    command: str | None = None
    batch_key: str | None = None
    comes_again: bool = False

    @property
    def identity(self) -> str:
        """The same for the same matter, whoever finds it."""
        parts = "\0".join((self.kind, *self.about))
        return f"{self.kind}-{hashlib.sha256(parts.encode()).hexdigest()[:24]}"

    @property
    def told(self) -> str:
        """What is told: short, on one line, and without anything like an e-mail address.

        No sentence here is made with one; this is a net below all those that ever will be.
        """
        words = _LIKE_AN_ADDRESS.sub("(…)", " ".join(self.what.split()))
        return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"
