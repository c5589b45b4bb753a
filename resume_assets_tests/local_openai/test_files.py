import io
import socket
import stat
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest

from resume_assets_tests.local_openai.support import START, Driver, requests, until

DAY = 86_400


def test_upload_returns_the_object_that_retrieve_returns(manual: Driver) -> None:
    content = requests(3)
    made = manual.upload(content)
    assert (made.object, made.purpose, made.filename) == ("file", "batch", "requests.jsonl")
    assert (made.bytes, made.status, made.created_at) == (len(content), "processed", START)
    assert made.expires_at == START + 30 * DAY
    assert made.id.startswith("file-")
    assert manual.client.files.retrieve(made.id) == made


def test_upload_by_path_and_by_stream(manual: Driver, tmp_path: Path) -> None:
    content = requests(3)
    path = tmp_path / "named.jsonl"
    path.write_bytes(content)
    by_path = manual.client.files.create(file=path, purpose="batch")
    by_stream = manual.client.files.create(file=("s.jsonl", io.BytesIO(content)), purpose="batch")
    assert by_path.filename == "named.jsonl"
    assert manual.client.files.content(by_path.id).read() == content
    assert manual.client.files.content(by_stream.id).read() == content


def test_any_bytes_come_back_as_they_were(manual: Driver) -> None:
    content = bytes(range(256)) * 5_000 + b"\r\n--boundary\r\n\r\n--"
    assert manual.client.files.content(manual.upload(content).id).read() == content


def test_expires_after_is_kept_and_then_the_file_is_gone(manual: Driver, folder: Path) -> None:
    assert manual.clock
    made = manual.client.files.create(
        file=("a.jsonl", b"{}\n"),
        purpose="batch",
        expires_after={"anchor": "created_at", "seconds": 3_600},
    )
    assert made.expires_at == START + 3_600
    manual.clock.advance(3_599)
    assert manual.client.files.retrieve(made.id).id == made.id
    manual.clock.advance(1)
    for call in (manual.client.files.retrieve, manual.client.files.content):
        with pytest.raises(openai.NotFoundError):
            call(made.id)
    assert list(manual.client.files.list()) == []
    assert list((folder / "files").iterdir()) == []


@pytest.mark.parametrize(
    ("policy", "code"),
    [
        ({"anchor": "created_at", "seconds": 3_599}, "integer_below_min_value"),
        ({"anchor": "created_at", "seconds": 30 * DAY + 1}, "integer_above_max_value"),
        ({"anchor": "created_at", "seconds": "soon"}, "invalid_type"),
        ({"anchor": "last_active_at", "seconds": 3_600}, "invalid_value"),
        ({"anchor": "created_at"}, "missing_required_parameter"),
        ({"seconds": 3_600}, "missing_required_parameter"),
    ],
)
def test_a_wrong_expiry_is_refused_and_leaves_nothing(
    manual: Driver, folder: Path, policy: Any, code: str
) -> None:
    with pytest.raises(openai.BadRequestError) as error:
        manual.client.files.create(
            file=("a.jsonl", b"{}\n"),
            purpose="batch",
            expires_after=policy,
        )
    assert error.value.code == code
    assert list((folder / "files").iterdir()) == []


def test_what_is_no_batch_file_is_refused(manual: Driver, folder: Path) -> None:
    with pytest.raises(openai.BadRequestError, match=r"Must be \.jsonl"):
        manual.client.files.create(file=("notes.txt", b"{}"), purpose="batch")
    with pytest.raises(openai.BadRequestError) as error:
        manual.client.files.create(file=("a.jsonl", b"{}"), purpose="batches")  # type: ignore[arg-type]
    assert (error.value.code, error.value.param) == ("invalid_value", "purpose")
    assert list((folder / "files").iterdir()) == []


def test_malformed_uploads_are_refused(manual: Driver, folder: Path) -> None:
    form = "multipart/form-data; boundary=b"
    part = b"--b\r\nContent-Disposition: form-data; name="
    for kind, content in (
        ("application/json", b"{}"),
        ("multipart/form-data", b"{}"),
        (form, b"no boundary at all"),
        (form, part + b'"file"; filename="a.jsonl"\r\n\r\n{}'),
        (form, part + b'"purpose"\r\n\r\nbatch\r\n--b--\r\n'),
        (form, part + b'"file"; filename="a.jsonl"\r\n\r\n{}\r\n--b--\r\n'),
        (form, part + b'"purpose"\r\n\r\n' + b"x" * 70_000 + b"\r\n--b--\r\n"),
    ):
        key = f"Bearer {manual.server.api_key}"
        headers = {"authorization": key, "content-type": kind}
        url = f"{manual.server.base_url}/files"
        response = httpx2.post(url, headers=headers, content=content)
        assert response.status_code == 400, content
        assert response.json()["error"]["type"] == "invalid_request_error"
    assert list((folder / "files").iterdir()) == []


def test_an_upload_that_breaks_off_leaves_nothing(manual: Driver, folder: Path) -> None:
    port = int(manual.server.base_url.removesuffix("/v1").rpartition(":")[2])
    head = (
        f"POST /v1/files HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000\r\n"
        f"Authorization: Bearer {manual.server.api_key}\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\n\r\n"
        '--b\r\nContent-Disposition: form-data; name="file"; filename="a.jsonl"\r\n\r\n'
    )
    files = folder / "files"
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(head.encode() + b"x" * 100_000)
        until(lambda: [path.stat().st_size > 0 for path in files.iterdir()] == [True])
    until(lambda: not list(files.iterdir()))
    assert list(manual.client.files.list()) == []


def test_unknown_files_are_404(manual: Driver) -> None:
    files = manual.client.files
    for call in (files.retrieve, files.content, files.delete):
        with pytest.raises(openai.NotFoundError) as error:
            call("file-unknown")
        assert (error.value.type, error.value.param) == ("invalid_request_error", "id")
        assert "file-unknown" in error.value.message


def test_delete_takes_the_bytes_too(manual: Driver, folder: Path) -> None:
    made = manual.upload(requests(1))
    deleted = manual.client.files.delete(made.id)
    assert (deleted.id, deleted.object, deleted.deleted) == (made.id, "file", True)
    with pytest.raises(openai.NotFoundError):
        manual.client.files.delete(made.id)
    assert list((folder / "files").iterdir()) == []


def test_list_pages_in_both_orders_by_purpose(manual: Driver) -> None:
    ids = [manual.upload(b"{}\n").id for _ in range(7)]
    other = manual.client.files.create(file=("a.txt", b"x"), purpose="user_data")
    files = manual.client.files
    assert [f.id for f in files.list(limit=3)] == [other.id, *reversed(ids)]
    assert [f.id for f in files.list(limit=3, order="asc", purpose="batch")] == ids
    page = files.list(limit=3, order="asc")
    assert (page.has_more, [f.id for f in page.data]) == (True, ids[:3])
    files.delete(ids[2])
    assert [f.id for f in page.get_next_page().data] == ids[3:6]
    assert [f.id for f in files.list(purpose="user_data")] == [other.id]
    for wrong in ({"limit": 0}, {"limit": 10_001}, {"order": "up"}, {"after": "file-unknown"}):
        with pytest.raises(openai.BadRequestError):
            files.list(**wrong)


def test_content_streams(manual: Driver) -> None:
    content = b"0123456789" * 500_000
    made = manual.upload(content)
    with manual.client.files.with_streaming_response.content(made.id) as response:
        assert response.headers["content-length"] == str(len(content))
        chunks = list(response.iter_bytes(65_536))
    assert len(chunks) > 10
    assert b"".join(chunks) == content


def test_everything_is_private(manual: Driver, folder: Path) -> None:
    manual.upload(requests(1))
    for path in (folder, *folder.rglob("*")):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path
