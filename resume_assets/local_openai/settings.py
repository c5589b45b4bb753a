"""How fast the server works, how much it accepts, and what time it is there."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Pace:
    """How long each stage of a batch takes, in seconds.

    The schedule counts from the batch's creation, not from when a worker gets to it: a server that
    was off in between catches up at once, as if it had been running all along.
    """

    validation_seconds: float = 0.3
    processing_seconds: float = 1.0
    seconds_per_request: float = 0.0
    finalizing_seconds: float = 0.2
    cancelling_seconds: float = 0.2
    expire_after_seconds: float = 86_400
    expires: bool = True
    """Whether a batch that takes longer is ended; Azure lets it run on."""

    def processing(self, requests: int) -> float:
        """Seconds from the first request of a batch to its last."""
        return self.processing_seconds + self.seconds_per_request * requests


IMMEDIATE = Pace(0, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Limits:
    """What the server accepts; OpenAI's published numbers unless told otherwise.

    https://platform.openai.com/docs/guides/batch and /docs/api-reference/files.
    """

    requests_per_batch: int = 50_000
    batch_file_bytes: int = 200 * MEBIBYTE
    upload_bytes: int = 512 * MEBIBYTE
    errors_listed: int = 100
    """Validation errors listed on a batch, at most."""
    enqueued_tokens: int | None = None
    """Input tokens of one model in unfinished batches; None for no limit."""
    refuse_tokens_at: Literal["validation", "creation"] = "validation"
    """OpenAI is reported to do both: validation fails the batch, or its creation gets HTTP 429."""
    exact_tokens: bool = True
    """Count with the model's own tokenizer; if not, a quarter of the characters."""
    least_expiry_seconds: int = 3_600
    """What the expiry of a file may be at least."""
    empty_error_file: bool = False
    """Whether there is an error file though nothing failed."""
    deployments: dict[str, str] | None = None
    """The names that may be asked for, and the model each stands for; None: the models' own."""
    single_only: Sequence[str] = ()
    """Those of them that no batch may ask for."""

    def model_of(self, name: object) -> str | None:
        """The model that a name stands for; None where it stands for none."""
        if not isinstance(name, str):
            return None
        return name if self.deployments is None else self.deployments.get(name)


class Clock:
    """The time; tests put in their own and move it by hand."""

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def wait(self, wake: threading.Event, until: float) -> None:
        """Return when `wake` is set or `until` has come, whichever is first."""
        wake.wait(max(0.0, until - self.now()))
