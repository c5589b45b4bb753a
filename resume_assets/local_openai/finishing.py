"""The end of a batch: its output and error files, and its last status."""

import random
import shutil
from collections.abc import Callable, Iterator

import orjson

from resume_assets.local_openai.leases import Lease, LeaseLostError
from resume_assets.local_openai.service import Service
from resume_assets.local_openai.store import Row, new_id, open_private

_REMAINDER = {
    "expired": (
        "batch_expired",
        "This request could not be executed before the completion window expired.",
    ),
    "cancelled": (
        "batch_cancelled",
        "This request was not executed because the batch was cancelled.",
    ),
}


def finish(
    service: Service, batch: Row, lease: Lease, status: str, still_wanted: Callable[[], None]
) -> None:
    """Join the parts that `working` wrote, out of the requests' order, and end the batch."""
    store, files = service.store, service.files
    folder = store.parts / batch["id"]
    names = [
        row["name"]
        for row in store.rows(
            "SELECT name FROM parts WHERE batch = ? ORDER BY position", batch["seq"]
        )
    ]
    random.Random(batch["id"]).shuffle(names)  # noqa: S311 - no secret, the same order every time
    made: dict[str, str | None] = {}
    try:
        for kind in ("output", "error"):
            made[kind] = file_id = new_id("file-")
            with open_private(files.path(file_id)) as target:
                for name in names:
                    with (folder / f"{name}.{kind}").open("rb") as part:
                        shutil.copyfileobj(part, target)
                    lease.keep()
                    still_wanted()
                if kind == "error" and status in _REMAINDER:
                    target.writelines(_remainder(service, batch, status))
                written = target.tell()
            if written == 0 and not (kind == "error" and service.limits.empty_error_file):
                files.path(file_id).unlink()
                made[kind] = None
        _commit_finish(service, batch, lease, status, made)
    except BaseException:
        for file_id in filter(None, made.values()):
            files.path(file_id).unlink(missing_ok=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)
    files.remove_unneeded(service.now())


def _commit_finish(
    service: Service, batch: Row, lease: Lease, status: str, made: dict[str, str | None]
) -> None:
    store, now, seconds = service.store, service.now(), batch["output_expires_after"]
    with store.transaction():
        changed = store.execute(
            f"UPDATE batches SET status = ?, {status}_at = ?, output_file_id = ?,"  # noqa: S608 - ours
            " error_file_id = ?, due = NULL"
            " WHERE seq = ? AND worker = ? AND status = ? AND position = ?",
            *(status, now, made["output"], made["error"]),
            *(batch["seq"], lease.worker, batch["status"], batch["position"]),
        )
        if not changed:
            raise LeaseLostError
        for kind, file_id in made.items():
            if file_id is not None:
                service.files.add(
                    file_id,
                    purpose="batch_output",
                    filename=f"{batch['id']}_{kind}.jsonl",
                    now=now,
                    expires_at=None if seconds is None else now + seconds,
                )
        store.execute("DELETE FROM parts WHERE batch = ?", batch["seq"])


def _remainder(service: Service, batch: Row, status: str) -> Iterator[bytes]:
    code, message = _REMAINDER[status]
    for row in service.store.rows(
        "SELECT custom_id FROM requests WHERE batch = ? AND line > ?",
        *(batch["seq"], batch["position"]),
    ):
        yield orjson.dumps(
            {
                "id": new_id("batch_req_"),
                "custom_id": row["custom_id"],
                "response": None,
                "error": {"code": code, "message": message},
            },
            option=orjson.OPT_APPEND_NEWLINE,
        )
