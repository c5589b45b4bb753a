"""The steps of a batch's life. Each is short, and counts as a whole or not at all."""

import json
from collections.abc import Callable
from typing import Any

from resume_assets.local_openai.errors import ApiError, token_limit
from resume_assets.local_openai.finishing import finish
from resume_assets.local_openai.leases import Lease, LeaseLostError
from resume_assets.local_openai.service import Service
from resume_assets.local_openai.store import Row
from resume_assets.local_openai.validation import Validation, enqueued_tokens, validate
from resume_assets.local_openai.working import work


def step(service: Service, batch: Row, lease: Lease, still_wanted: Callable[[], None]) -> None:
    """Take the next step of a batch. Raises LeaseLostError, or what `still_wanted` raises."""
    status = batch["status"]
    if status == "validating":
        _validate(service, batch, lease, still_wanted)
    elif status == "in_progress":
        work(service, batch, lease, still_wanted)
    elif status == "finalizing":
        finish(service, batch, lease, "completed", still_wanted)
    elif status == "cancelling":
        finish(service, batch, lease, "cancelled", still_wanted)
    else:
        raise LeaseLostError  # It has ended: there is no next step.


def fail(service: Service, batch: Row, lease: Lease, errors: list[dict[str, Any]]) -> None:
    """End a batch as failed, with these errors."""
    changed = service.store.execute(
        "UPDATE batches SET status = 'failed', failed_at = ?, errors = ?, due = NULL"
        " WHERE seq = ? AND worker = ? AND status = ?",
        *(service.now(), json.dumps(errors), batch["seq"], lease.worker, batch["status"]),
    )
    if not changed:
        raise LeaseLostError


def _validate(service: Service, batch: Row, lease: Lease, still_wanted: Callable[[], None]) -> None:
    def keep_on() -> None:
        lease.keep()
        still_wanted()

    files, store = service.files, service.store
    try:
        files.get(batch["input_file_id"], service.now())
        lines = files.path(batch["input_file_id"]).open("rb")
    except (ApiError, FileNotFoundError):
        found = Validation()
        found.add("invalid_input_file", "The input file does not exist any more.")
    else:
        with lines:
            found = validate(lines, service.limits, keep_on)
    with store.transaction():
        limit = service.limits.enqueued_tokens
        if (
            limit is not None
            and found.model
            and not found.errors
            and found.tokens + enqueued_tokens(store, found.model) > limit
        ):
            found.add("token_limit_exceeded", token_limit(found.model, limit))
        if found.errors:
            fail(service, batch, lease, found.errors)
            return
        changed = store.execute(
            "UPDATE batches SET status = 'in_progress', in_progress_at = ?, started = ?, due = ?,"
            " model = ?, total = ?, enqueued_tokens = ?"
            " WHERE seq = ? AND worker = ? AND status = 'validating'",
            *(service.now(), batch["due"], batch["due"], found.model, len(found.requests)),
            *(found.tokens, batch["seq"], lease.worker),
        )
        if not changed:
            raise LeaseLostError
        store.execute_many(
            "INSERT INTO requests (batch, line, custom_id, body_hash, prompt_tokens)"
            " VALUES (?, ?, ?, ?, ?)",
            ((batch["seq"], *request) for request in found.requests),
        )
