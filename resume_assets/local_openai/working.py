"""Answering a batch's requests, a few at a time, as its schedule has them due."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from pathlib import Path

import orjson

from resume_assets.local_openai.answering import HELP_FROM, Job
from resume_assets.local_openai.completions import Completion
from resume_assets.local_openai.finishing import finish
from resume_assets.local_openai.leases import Lease, LeaseLostError
from resume_assets.local_openai.service import Service
from resume_assets.local_openai.store import Row, new_id, open_private, private_folder

_MOST_REQUESTS = 1_000
_MOST_SECONDS = 0.25
_TICKS = 20
"""Steps in which a batch's `request_counts` grow, at most, while its schedule lasts."""


@dataclass(slots=True)
class _Results:
    """What a step answered."""

    output: list[bytes] = field(default_factory=list)
    errors: list[bytes] = field(default_factory=list)
    book: list[tuple[int, int, int, int, int]] = field(default_factory=list)
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    offset: int = 0

    def add(self, batch: Row, line: int, custom_id: str, answer: Completion) -> None:
        """Note one answer as a line of the output or the error file."""
        record = orjson.dumps(
            {
                "id": new_id("batch_req_"),
                "custom_id": custom_id,
                "response": {
                    "status_code": answer.status,
                    "request_id": new_id("req_"),
                    "body": answer.body,
                },
                "error": None,
            },
            option=orjson.OPT_APPEND_NEWLINE,
        )
        (self.output if answer.status == 200 else self.errors).append(record)
        self.input_tokens += answer.input_tokens
        self.cached_tokens += answer.cached_tokens
        self.output_tokens += answer.output_tokens
        self.book.append(
            (answer.status, answer.input_tokens, answer.output_tokens, batch["seq"], line)
        )


def work(service: Service, batch: Row, lease: Lease, still_wanted: Callable[[], None]) -> None:
    """Answer the requests that are due by now; end the batch when its time is over."""
    now, total, position = service.now(), batch["total"], batch["position"]
    lasts = service.pace.processing(total)
    expires_at = batch["expires_at"] if service.pace.expires else inf
    elapsed = min(now, expires_at) - batch["started"]
    due = total if lasts <= 0 else min(total, int(elapsed / lasts * total + 1e-9))
    if due <= position and now >= expires_at:
        finish(service, batch, lease, "expired", still_wanted)
        return
    results = _answer(service, batch, max(0, due - position), lease, still_wanted)
    position += len(results.book)
    name = f"{batch['position']}.{lease.worker}"
    folder = service.store.parts / batch["id"]
    try:
        if results.book:
            _write_part(private_folder(folder), name, results, f"{batch['id']}:{position}")
        _commit_work(service, batch, lease, results, name)
    except BaseException:
        for kind in ("output", "error"):
            (folder / f"{name}.{kind}").unlink(missing_ok=True)
        raise


def _next_due(service: Service, batch: Row, position: int) -> float:
    total: int = batch["total"]
    lasts = service.pace.processing(total)
    started: float = batch["started"]
    end = started + lasts
    if position >= total:
        return end + service.pace.finalizing_seconds
    next_request = started + lasts * (position + 1) / total
    soon = max(next_request, min(service.now() + lasts / _TICKS, end))
    due = soon if next_request > service.now() else next_request
    return min(due, float(batch["expires_at"])) if service.pace.expires else due


def _commit_work(service: Service, batch: Row, lease: Lease, results: _Results, name: str) -> None:
    store, position = service.store, batch["position"] + len(results.book)
    with store.transaction():
        # A call may have cancelled the batch meanwhile; these answers were given, so they count.
        changed = store.execute(
            "UPDATE batches SET position = ?, input_offset = ?, completed = completed + ?,"
            " failed = failed + ?, input_tokens = input_tokens + ?,"
            " cached_tokens = cached_tokens + ?, output_tokens = output_tokens + ?,"
            " due = CASE status WHEN 'in_progress' THEN ? ELSE due END"
            " WHERE seq = ? AND worker = ? AND position = ?"
            " AND status IN ('in_progress', 'cancelling')",
            *(position, results.offset, len(results.output), len(results.errors)),
            *(results.input_tokens, results.cached_tokens, results.output_tokens),
            *(_next_due(service, batch, position), batch["seq"], lease.worker, batch["position"]),
        )
        if not changed:
            raise LeaseLostError
        if position >= batch["total"]:
            store.execute(
                "UPDATE batches SET status = 'finalizing', finalizing_at = ?"
                " WHERE seq = ? AND status = 'in_progress'",
                *(service.now(), batch["seq"]),
            )
        if results.book:
            store.execute(
                "INSERT INTO parts VALUES (?, ?, ?)", batch["seq"], batch["position"], name
            )
            store.execute_many(
                "UPDATE requests SET status_code = ?, billed_input_tokens = ?,"
                " billed_output_tokens = ? WHERE batch = ? AND line = ?",
                results.book,
            )


def _answer(
    service: Service, batch: Row, most: int, lease: Lease, still_wanted: Callable[[], None]
) -> _Results:
    def keep_on() -> None:
        lease.keep()
        still_wanted()

    position = batch["position"]
    until = time.monotonic() + _MOST_SECONDS
    results = _Results(offset=batch["input_offset"])
    requests = service.store.rows(
        "SELECT line, custom_id, prompt_tokens FROM requests"
        " WHERE batch = ? AND line BETWEEN ? AND ?",
        *(batch["seq"], position + 1, position + min(most, _MOST_REQUESTS)),
    )
    with service.files.path(batch["input_file_id"]).open("rb") as lines:
        lines.seek(results.offset)
        # 0 tokens: validation found the request wrong, and it will be found wrong again now.
        jobs = [Job(lines.readline(), row["prompt_tokens"] or None) for row in requests]
    answerer = service.answerer
    many = batch["total"] >= HELP_FROM and len(jobs) == _MOST_REQUESTS
    together = many and answerer.may_have_help
    answer = answerer.answer_together if together else answerer.answer
    for row, job, done in zip(requests, jobs, answer(jobs, service.now(), keep_on), strict=False):
        results.add(batch, row["line"], row["custom_id"], done)
        results.offset += len(job.line)
        if not together and time.monotonic() > until:
            break
    return results


def _write_part(folder: Path, name: str, results: _Results, seed: str) -> None:
    mixed = random.Random(seed)  # noqa: S311 - no secret, the same order every time
    for kind, lines in (("output", results.output), ("error", results.errors)):
        mixed.shuffle(lines)
        with open_private(folder / f"{name}.{kind}") as part:
            part.writelines(lines)
