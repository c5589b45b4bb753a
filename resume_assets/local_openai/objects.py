"""Rows as the API's objects, field by field as `openai.types.Batch` and `FileObject` have them."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from resume_assets.local_openai.store import Row

_TIMES = (
    "in_progress_at",
    "expires_at",
    "finalizing_at",
    "completed_at",
    "failed_at",
    "expired_at",
    "cancelling_at",
    "cancelled_at",
)


def file_object(row: Row) -> dict[str, Any]:
    """A `file` object."""
    return {
        "object": "file",
        "id": row["id"],
        "purpose": row["purpose"],
        "filename": row["filename"],
        "bytes": row["bytes"],
        "created_at": int(row["created_at"]),
        "expires_at": None if row["expires_at"] is None else int(row["expires_at"]),
        "status": "processed",
        "status_details": None,
    }


def batch_object(row: Row) -> dict[str, Any]:
    """A `batch` object."""
    times = {name: None if row[name] is None else int(row[name]) for name in _TIMES}
    return {
        "id": row["id"],
        "object": "batch",
        "endpoint": row["endpoint"],
        "model": row["model"],
        "errors": None
        if row["errors"] is None
        else {"object": "list", "data": json.loads(row["errors"])},
        "input_file_id": row["input_file_id"],
        "completion_window": row["completion_window"],
        "status": row["status"],
        "output_file_id": row["output_file_id"],
        "error_file_id": row["error_file_id"],
        "created_at": int(row["created_at"]),
        **times,
        "request_counts": {name: row[name] for name in ("total", "completed", "failed")},
        "usage": {
            "input_tokens": row["input_tokens"],
            "input_tokens_details": {"cached_tokens": row["cached_tokens"]},
            "output_tokens": row["output_tokens"],
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": row["input_tokens"] + row["output_tokens"],
        },
        "metadata": None if row["metadata"] is None else json.loads(row["metadata"]),
    }


def page(
    rows: Sequence[Row], limit: int, shape: Callable[[Row], Mapping[str, Any]]
) -> dict[str, Any]:
    """One page of a list, from the query's rows for `limit + 1`."""
    data = [shape(row) for row in rows[:limit]]
    return {
        "object": "list",
        "data": data,
        "first_id": data[0]["id"] if data else None,
        "last_id": data[-1]["id"] if data else None,
        "has_more": len(rows) > limit,
    }
