"""Waiting for answers: how many of all that are out, as the last look counted them."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.states import BatchState
from resume_assets.choices import Endpoint
from resume_assets.progress import Step, Unit, watched
from resume_assets.settings import Settings

_LOCAL = 2.0


def between_looks(settings: Settings) -> float:
    """Seconds that a command waits between two looks.

    The local server has answered within seconds: who tries it out, and configured no other pause,
    need not stare for a minute.
    """
    is_told = "check_interval" in settings.model_fields_set
    return (
        _LOCAL if settings.endpoint is Endpoint.local and not is_told else settings.check_interval
    )


class Waiting:
    """One wait of many looks; its rate is counted since the same batches are out."""

    def __init__(self) -> None:
        self._keys: frozenset[str] = frozenset()
        self._step: Step | None = None

    @contextmanager
    def shown(self, opened: Iterable[batches.Batch]) -> Iterator[None]:
        """Show how far these batches are, those of them that are out, until the block ends."""
        out = [batch for batch in opened if batch.state == BatchState.submitted]
        keys = frozenset(batch.batch_key for batch in out)
        answered = sum((b.requests_completed or 0) + (b.requests_failed or 0) for b in out)
        if self._step is None or keys != self._keys:
            asked = sum(batch.requests or 0 for batch in out)
            self._keys = keys
            self._step = Step("waiting for answers", Unit.request, asked, answered, answered)
        self._step.done = answered
        with watched(self._step):
            yield
