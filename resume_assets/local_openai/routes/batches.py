"""`/v1/batches`: create, retrieve, list, cancel."""

import json
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from resume_assets.local_openai import parameters
from resume_assets.local_openai.errors import (
    ApiError,
    invalid_type,
    invalid_value,
    no_such_batch,
    token_limit,
    unknown_parameter,
)
from resume_assets.local_openai.objects import batch_object, page
from resume_assets.local_openai.routes.bodies import json_body
from resume_assets.local_openai.service import Service
from resume_assets.local_openai.store import Row, new_id
from resume_assets.local_openai.validation import ENDPOINT, enqueued_tokens, validate

_REQUIRED = ("input_file_id", "endpoint", "completion_window")
_OPTIONAL = ("metadata", "output_expires_after")
_CANCELLABLE = ("validating", "in_progress", "finalizing")


class BatchRoutes:
    """The endpoint over an open folder."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._store = service.store

    def routes(self) -> list[Route]:
        """The endpoint's routes."""
        return [
            Route("/v1/batches", self.create, methods=["POST"]),
            Route("/v1/batches", self.page, methods=["GET"]),
            Route("/v1/batches/{batch_id}", self.retrieve, methods=["GET"]),
            Route("/v1/batches/{batch_id}/cancel", self.cancel, methods=["POST"]),
        ]

    async def create(self, request: Request) -> Response:
        """Create a batch at each call: like OpenAI's, this endpoint knows no idempotency."""
        body = await json_body(request)
        row = await run_in_threadpool(_create, self._service, body)
        self._service.wake.set()
        return JSONResponse(batch_object(row))

    def retrieve(self, request: Request) -> Response:
        """One batch object."""
        return JSONResponse(batch_object(self._find(request.path_params["batch_id"])))

    def page(self, request: Request) -> Response:
        """A page of batch objects, newest first."""
        query = request.query_params
        limit = parameters.whole_number(query.get("limit"), "limit", 20, 1, 100)
        before = self._find(query["after"])["seq"] if "after" in query else 2**63 - 1
        rows = self._store.rows(
            "SELECT * FROM batches WHERE seq < ? ORDER BY seq DESC LIMIT ?", before, limit + 1
        )
        return JSONResponse(page(rows, limit, batch_object))

    def cancel(self, request: Request) -> Response:
        """Begin to cancel; what was answered until then is kept, and paid."""
        service, store, now = self._service, self._store, self._service.now()
        with store.transaction():
            row = self._find(request.path_params["batch_id"])
            if row["status"] in _CANCELLABLE:
                store.execute(
                    "UPDATE batches SET status = 'cancelling', cancelling_at = ?, due = ?"
                    " WHERE seq = ?",
                    *(now, now + service.pace.cancelling_seconds, row["seq"]),
                )
            elif row["status"] != "cancelling":
                raise ApiError(f"Cannot cancel a batch with status '{row['status']}'.", status=409)
            row = self._find(row["id"])
        service.wake.set()
        return JSONResponse(batch_object(row))

    def _find(self, batch_id: str) -> Row:
        row = self._store.row("SELECT * FROM batches WHERE id = ?", batch_id)
        if row is None:
            raise no_such_batch(batch_id)
        return row


def _create(service: Service, body: dict[str, Any]) -> Row:
    for name in _REQUIRED:
        parameters.text(body, name)
    for name in body:
        if name not in _REQUIRED and name not in _OPTIONAL:
            raise unknown_parameter(name)
    if body["endpoint"] != ENDPOINT:
        raise invalid_value("endpoint", f"'{ENDPOINT}' (this local server has no other)")
    if body["completion_window"] != "24h":
        raise invalid_value("completion_window", "'24h'")
    metadata = parameters.metadata(body.get("metadata"))
    output_seconds = _output_expiry(
        body.get("output_expires_after"), service.limits.least_expiry_seconds
    )
    now = service.now()
    _check_input(service, body["input_file_id"], now)
    batch_id = new_id("batch_")
    store, pace = service.store, service.pace
    with store.transaction():
        store.execute(
            "INSERT INTO batches (id, status, endpoint, completion_window, input_file_id,"
            " output_expires_after, metadata, created_at, expires_at, due)"
            " VALUES (?, 'validating', ?, ?, ?, ?, ?, ?, ?, ?)",
            batch_id,
            body["endpoint"],
            body["completion_window"],
            body["input_file_id"],
            output_seconds,
            None if metadata is None else json.dumps(metadata),
            now,
            now + pace.expire_after_seconds,
            now + pace.validation_seconds,
        )
        row = store.row("SELECT * FROM batches WHERE id = ?", batch_id)
    if row is None:
        raise no_such_batch(batch_id)
    return row


def _output_expiry(policy: object, least: int) -> int | None:
    if policy is None:
        return None
    if not isinstance(policy, dict):
        raise invalid_type("output_expires_after", "an object", policy)
    return parameters.expires_after(
        policy.get("anchor"), policy.get("seconds"), "output_expires_after", least
    )


def _check_input(service: Service, file_id: str, now: float) -> None:
    try:
        row = service.files.get(file_id, now)
    except ApiError:
        raise ApiError(
            f"Invalid 'input_file_id': no such File object: {file_id[:64]}", param="input_file_id"
        ) from None
    if row["purpose"] != "batch":
        raise ApiError(
            "Invalid 'input_file_id': the file's purpose must be 'batch'.", param="input_file_id"
        )
    limit = service.limits.enqueued_tokens
    if limit is not None and service.limits.refuse_tokens_at == "creation":
        with service.files.path(file_id).open("rb") as lines:
            found = validate(lines, service.limits)
        if found.model and found.tokens + enqueued_tokens(service.store, found.model) > limit:
            raise ApiError(token_limit(found.model, limit), status=429, code="token_limit_exceeded")
