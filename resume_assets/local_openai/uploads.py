"""An upload, written to disk as it arrives; nothing of it is held in memory but small fields."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from resume_assets.local_openai.errors import ApiError
from resume_assets.local_openai.store import open_private

_FIELD_BYTES = 64 * 1024


class Upload:
    """A multipart/form-data body in which the part named `file` goes to `path`.

    Afterwards: `fields` (the other parts) and `filename` (None when there was no file). Whoever
    uses it removes `path` if the request fails.
    """

    def __init__(self, content_type: str, path: Path, limit: int) -> None:
        kind, options = parse_options_header(content_type)
        if kind != b"multipart/form-data" or b"boundary" not in options:
            raise ApiError(
                "Invalid content type. Expected 'multipart/form-data' with a boundary.", status=400
            )
        self.fields: dict[str, str] = {}
        self.filename: str | None = None
        self._path = path
        self._limit = limit
        self._size = 0
        self._ended = False
        self._header: list[bytes] = [b"", b""]
        self._disposition: bytes = b""
        self._name: str | None = None
        self._value = bytearray()
        self._file: BinaryIO | None = None
        self._parser = MultipartParser(
            options[b"boundary"],
            {
                "on_part_begin": self._on_part_begin,
                "on_header_field": self._on_header_field,
                "on_header_value": self._on_header_value,
                "on_header_end": self._on_header_end,
                "on_headers_finished": self._on_headers_finished,
                "on_part_data": self._on_part_data,
                "on_part_end": self._on_part_end,
                "on_end": self._on_end,
            },
        )

    async def read(self, stream: AsyncIterator[bytes]) -> None:
        """Take in the whole body. Raises ApiError when it is malformed, cut short or too large."""
        try:
            async for data in stream:
                if data:
                    self._parser.write(data)
        except FormParserError:
            raise ApiError("Could not parse the multipart body.") from None
        finally:
            self._close()
        if not self._ended:
            raise ApiError("The multipart body ended too early.")

    def _on_part_begin(self) -> None:
        self._disposition, self._name = b"", None
        self._value.clear()

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header[0] += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header[1] += data[start:end]

    def _on_header_end(self) -> None:
        if self._header[0].lower() == b"content-disposition":
            self._disposition = self._header[1]
        self._header = [b"", b""]

    def _on_headers_finished(self) -> None:
        _, options = parse_options_header(self._disposition)
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        if self._name == "file" and b"filename" in options and self._file is None:
            self.filename = options[b"filename"].decode("utf-8", "replace")
            self._file = open_private(self._path)

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._name == "file" and self._file is not None:
            self._size += end - start
            if self._size > self._limit:
                raise ApiError(
                    f"File is too large. The limit is {self._limit} bytes.",
                    status=413,
                    param="file",
                )
            self._file.write(memoryview(data)[start:end])
        elif len(self._value) + end - start > _FIELD_BYTES:
            raise ApiError("A form field is too large.", param=self._name)
        else:
            self._value += data[start:end]

    def _on_part_end(self) -> None:
        if self._name == "file" and self._file is not None:
            return
        if self._name:
            self.fields[self._name] = self._value.decode("utf-8", "replace")

    def _on_end(self) -> None:
        self._ended = True

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
