"""Text without end and without meaning, for the samples that are too long for a model."""

import random
from collections.abc import Iterator
from typing import Final

# fmt: off
_DID: Final = (
    "Reviewed", "Coordinated", "Rebuilt", "Documented", "Inspected", "Scheduled", "Traced",
    "Measured", "Replaced", "Presented", "Negotiated", "Tested", "Archived", "Translated",
    "Calibrated", "Compared",
)
_WHAT: Final = (
    "valve drawings", "pump housings", "tender papers", "site diaries", "wiring tables",
    "stock lists", "delivery notes", "soil samples", "test benches", "archive boxes",
    "training plans", "spare parts",
)
_WHERE: Final = (
    "harbour", "northern depot", "second workshop", "old mill", "river crossing", "ward extension",
    "control room", "east wing", "loading bay", "pilot line", "reservoir", "print hall",
    "cold store",
)
_HOW: Final = (
    "ahead of plan", "with a crew of nine", "under budget", "after two audits",
    "without lost time", "for three clients", "by hand", "twice a week", "in all weathers",
    "to the letter",
)
# fmt: on


def _sentences(seed: int) -> Iterator[str]:
    chance = random.Random(seed)  # noqa: S311 - the same text each time is what is wanted
    while True:
        yield (
            f"- {chance.choice(_DID)} the {chance.choice(_WHAT)} of the {chance.choice(_WHERE)}"
            f" {chance.choice(_HOW)}, file {chance.randrange(10_000, 1_000_000)}.\n"
        )


def filler(characters: int, seed: int) -> str:
    """Return at least that many characters of bullet points, the same for the same seed."""
    parts: list[str] = []
    length = 0
    for sentence in _sentences(seed):
        if length >= characters:
            break
        parts.append(sentence)
        length += len(sentence)
    return "".join(parts)
