"""The thread that moves batches through their life, step by step, when each is due."""

import logging
import sqlite3
import threading
from contextlib import suppress

from resume_assets.local_openai.leases import Lease, LeaseLostError, Leases
from resume_assets.local_openai.service import Service
from resume_assets.local_openai.stages import fail, step
from resume_assets.local_openai.store import Row

_LOOK_SECONDS = 1.0
"""How often to look for what another process made, or left behind when it died."""

_AFTER_TROUBLE_SECONDS = 1.0

_logger = logging.getLogger(__name__)


class _StoppedError(Exception):
    """The worker was told to stop; the step it was at is given up and does not count."""


class Worker:
    """One thread over one folder. Needs a Service of its own: a connection is not shared."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._leases = Leases(service.store)
        self._stopping = threading.Event()
        self._caught_up = threading.Event()
        self._thread = threading.Thread(target=self._run, name="local_openai worker", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, at once: the step under way is given up, to be taken again by whoever is next."""
        self._stopping.set()
        self._service.wake.set()
        if self._thread.ident is not None:
            self._thread.join()

    def wait_caught_up(self, seconds: float) -> bool:
        """Wait until all that was overdue at the start is done; whether it is."""
        return self._caught_up.wait(seconds)

    def _run(self) -> None:
        service = self._service
        while True:
            service.wake.clear()
            if self._stopping.is_set():
                return
            try:
                claimed = self._leases.claim(service.now())
                if claimed is not None:
                    self._take(*claimed)
                    continue
                service.files.remove_unneeded(service.now())
                due = self._leases.next_due()
            except (OSError, sqlite3.Error) as error:
                # A full disk, a locked database: nothing was committed, so try again later.
                _logger.error("The worker has trouble with its folder: %s", type(error).__name__)
                self._stopping.wait(_AFTER_TROUBLE_SECONDS)
                continue
            self._caught_up.set()
            self._service.answerer.close()
            look_again = service.now() + _LOOK_SECONDS
            service.clock.wait(service.wake, look_again if due is None else min(due, look_again))

    def _take(self, batch: Row, lease: Lease) -> None:
        try:
            step(self._service, batch, lease, self._check)
        except (LeaseLostError, _StoppedError):
            _logger.debug("A step of %s was given up", batch["id"])
        except (OSError, sqlite3.Error):
            raise
        except Exception as error:  # noqa: BLE001 - one batch fails, the others go on
            # Only the kind of error and the batch: a message may quote a resume.
            _logger.error("Batch %s failed inside: %s", batch["id"], type(error).__name__)
            message = "The server had an error while processing this batch."
            errors = [{"code": "server_error", "line": None, "message": message, "param": None}]
            with suppress(LeaseLostError):
                fail(self._service, batch, lease, errors)
        finally:
            lease.release()

    def _check(self) -> None:
        if self._stopping.is_set():
            raise _StoppedError
