"""`/v1/files`: upload, retrieve, list, content, delete."""

from collections.abc import Iterator
from typing import BinaryIO

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from resume_assets.local_openai.errors import ApiError, invalid_type, invalid_value, missing
from resume_assets.local_openai.objects import file_object, page
from resume_assets.local_openai.parameters import expires_after, whole_number
from resume_assets.local_openai.service import Service
from resume_assets.local_openai.settings import MEBIBYTE
from resume_assets.local_openai.store import Row, new_id
from resume_assets.local_openai.uploads import Upload

_PURPOSES = ("assistants", "batch", "evals", "fine-tune", "user_data", "vision")
_BATCH_DAYS = 30


class FileRoutes:
    """The endpoint over an open folder."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._files = service.files

    def routes(self) -> list[Route]:
        """The endpoint's routes."""
        return [
            Route("/v1/files", self.create, methods=["POST"]),
            Route("/v1/files", self.page, methods=["GET"]),
            Route("/v1/files/{file_id}", self.retrieve, methods=["GET"]),
            Route("/v1/files/{file_id}", self.delete, methods=["DELETE"]),
            Route("/v1/files/{file_id}/content", self.content, methods=["GET"]),
        ]

    async def create(self, request: Request) -> Response:
        """Take in a multipart upload, straight to the disk."""
        file_id = new_id("file-")
        path = self._files.path(file_id)
        kind = request.headers.get("content-type", "")
        upload = Upload(kind, path, self._service.limits.upload_bytes)
        try:
            await upload.read(request.stream())
            row = await run_in_threadpool(self._register, file_id, upload)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return JSONResponse(file_object(row))

    def retrieve(self, request: Request) -> Response:
        """One file object."""
        row = self._files.get(request.path_params["file_id"], self._service.now())
        return JSONResponse(file_object(row))

    def page(self, request: Request) -> Response:
        """A page of file objects, newest first unless asked otherwise."""
        query = request.query_params
        limit = whole_number(query.get("limit"), "limit", 10_000, 1, 10_000)
        order = query.get("order", "desc")
        if order not in ("asc", "desc"):
            raise invalid_value("order", "'asc', 'desc'")
        rows = self._files.page(
            now=self._service.now(),
            purpose=query.get("purpose"),
            after=query.get("after"),
            oldest_first=order == "asc",
            limit=limit + 1,
        )
        return JSONResponse(page(rows, limit, file_object))

    def content(self, request: Request) -> Response:
        """A file's bytes, streamed."""
        row = self._files.get(request.path_params["file_id"], self._service.now())
        # Opened here: a deletion from now on takes nothing from this download.
        stream = self._files.path(row["id"]).open("rb")
        return StreamingResponse(
            _chunks(stream),
            media_type="application/octet-stream",
            headers={
                "content-length": str(row["bytes"]),
                "content-disposition": f'attachment; filename="{row["id"]}"',
            },
        )

    def delete(self, request: Request) -> Response:
        """Forget a file."""
        file_id = request.path_params["file_id"]
        self._files.delete(file_id, self._service.now())
        return JSONResponse({"object": "file", "id": file_id, "deleted": True})

    def _register(self, file_id: str, upload: Upload) -> Row:
        if upload.filename is None:
            raise missing("file")
        purpose = upload.fields.get("purpose")
        if purpose is None:
            raise missing("purpose")
        if purpose not in _PURPOSES:
            raise invalid_value("purpose", ", ".join(f"'{name}'" for name in _PURPOSES))
        if purpose == "batch" and not upload.filename.endswith(".jsonl"):
            raise ApiError("Invalid file format for Batch API. Must be .jsonl")
        least = self._service.limits.least_expiry_seconds
        seconds = _expiry(upload.fields, purpose, least)
        now = self._service.now()
        self._files.add(
            file_id,
            purpose=purpose,
            filename=upload.filename,
            now=now,
            expires_at=None if seconds is None else now + seconds,
        )
        return self._files.get(file_id, now)


def _expiry(fields: dict[str, str], purpose: str, least: int) -> int | None:
    anchor, seconds = fields.get("expires_after[anchor]"), fields.get("expires_after[seconds]")
    if anchor is None and seconds is None:
        return _BATCH_DAYS * 86_400 if purpose == "batch" else None
    if seconds is not None and not seconds.isdecimal():
        raise invalid_type("expires_after.seconds", "an integer", seconds)
    whole = None if seconds is None else int(seconds)
    return expires_after(anchor, whole, "expires_after", least)


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    with stream:
        while chunk := stream.read(MEBIBYTE):
            yield chunk
