"""The calls to OpenAI's Files and Batches that the platform makes.

Whether a call is retried is decided for each: a creation is never, since two would be two bills.

Source of the behaviour: OpenAI's Batch API reference and the `openai` package (3.54).
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import BinaryIO

import httpx2
import openai
import orjson
from openai.types import Batch, FileObject

from resume_assets.extraction.requests import ENDPOINT
from resume_assets.openai_api.endpoints import endpoint_of
from resume_assets.openai_api.errors import (
    ApiRefused,
    ApiUnavailable,
    Doubtful,
    NotThere,
    NotWhole,
)
from resume_assets.openai_api.limits import (
    COMPLETION_WINDOW,
    INPUT_FILE_SECONDS,
    OUTPUT_FILE_SECONDS,
)
from resume_assets.openai_api.listing import back_to, listed, with_id
from resume_assets.openai_api.translating import api_key_header, counted, leave_alone, translate
from resume_assets.progress import Unit, step
from resume_assets.servers import LOOPBACK, Access

_CHUNK = 1 << 20
_NOT_READY = ("pending", "running")  # of Azure's `AzureOpenAIFileStatus`
_OPENAI = "openai.com"
_BRIEFLY = 10.0  # seconds


class BatchApi:
    """One endpoint, with one API key. Its calls raise the errors of `openai_api.errors`."""

    def __init__(
        self,
        client: openai.OpenAI,
        *,
        endpoint: str | None = None,
        account: str | None = None,
        access: Access = Access.openai,
    ) -> None:
        """`endpoint`: its name in the ledger, for a server whose address changes.

        `account`: what its batches belong to, where that is not the API key.
        """
        self.client = client
        self.access = access
        self._endpoint = endpoint
        self._account = account

    @property
    def endpoint(self) -> str:
        """Its name in the ledger: by default, the base URL without a user or a query."""
        if self._endpoint is not None:
            return self._endpoint
        return endpoint_of(self.client.base_url)

    @property
    def server(self) -> str:
        """What people call it: OpenAI where it is OpenAI's, else its host and port."""
        if self._endpoint is not None:
            return self._endpoint
        url = self.client.base_url
        if url.host == _OPENAI or url.host.endswith(f".{_OPENAI}"):
            return "OpenAI"
        return f"{url.host}:{url.port}" if url.port else url.host

    @property
    def key_hash(self) -> str:
        """A hash of the API key or the account: tells one from another, and nothing about either.

        It is never made from a token, which is another every hour.
        """
        of = self._account or self.client.api_key
        return hashlib.sha256(f"resume_assets|{of}".encode()).hexdigest()[:16]

    def upload(self, stream: BinaryIO, name: str) -> FileObject:
        """Upload a request file. A try that failed may leave a file of that name behind."""
        # No retries: the client would send the stream from where the first try stopped reading it.
        client = self.client.with_options(max_retries=0)
        with self.translated("uploading the request file"):
            file = client.files.create(
                file=(name, stream, "application/jsonl"),
                purpose="batch",
                expires_after={"anchor": "created_at", "seconds": INPUT_FILE_SECONDS},
            )
            return with_id(file)

    def is_ready(self, file_id: str) -> bool:
        """Whether a batch can be made of the upload: Azure looks it through first.

        Raises ApiRefused where that found it unfit, NotThere.
        """
        with self.translated("looking up the request file"):
            status = with_id(self.client.files.retrieve(file_id)).status
        if status == "error":
            raise ApiRefused(f"{self.server} found the request file unfit.")
        return status not in _NOT_READY

    def find_files(self, name: str, since: datetime) -> list[FileObject]:
        """Our uploads of that name, from all pages back to `since` (UTC, without zone)."""
        with self.translated("looking for an upload"):
            files = back_to(since, self.client.files.list(purpose="batch", order="desc"))
            return [file for file in files if file.filename == name]

    def uploads(self, prefix: str) -> list[FileObject]:
        """All request files whose names begin with `prefix`, from all pages."""
        with self.translated("looking through the uploads"):
            return [
                file
                for file in listed(self.client.files.list(purpose="batch"))
                if (file.filename or "").startswith(prefix)
            ]

    def create(self, input_file_id: str, metadata: dict[str, str]) -> Batch:
        """Create a batch. Raises Doubtful where it may have been created nevertheless."""
        # No retries: two creations are two bills.
        client = self.client.with_options(max_retries=0)
        with self.translated("creating the batch", once_only=True):
            batch = client.batches.create(
                input_file_id=input_file_id,
                endpoint=ENDPOINT,
                completion_window=COMPLETION_WINDOW,
                metadata=metadata,
                output_expires_after={"anchor": "created_at", "seconds": OUTPUT_FILE_SECONDS},
            )
            return with_id(batch)

    def batches_since(self, since: datetime) -> Iterator[Batch]:
        """Batches of this project, back to `since` (UTC), a page of 100 a call."""
        with self.translated("listing the batches"):
            yield from back_to(since, self.client.batches.list(limit=100))

    def retrieve(self, batch_id: str) -> Batch:
        """One batch. Raises NotThere."""
        with self.translated("looking up the batch"):
            return with_id(self.client.batches.retrieve(batch_id))

    def cancel(self, batch_id: str) -> Batch:
        """Ask for the batch to be cancelled; what was answered before is paid for and kept."""
        with self.translated("cancelling the batch"):
            return with_id(self.client.batches.cancel(batch_id))

    def download(self, file_id: str, target: BinaryIO, *, as_it_is: bool = False) -> int:
        """Stream a file to `target`; returns its bytes.

        Raises ApiUnavailable where the stream broke off or has another size than the server gives
        for the file; NotWhole where the server gives no size and the last line is cut, unless the
        file is to be taken `as_it_is`.
        """
        expected = self._size_of(file_id)
        size, tail = 0, b""
        with (
            self.translated("downloading a result file"),
            self.client.files.with_streaming_response.content(file_id) as response,
            step("downloading", Unit.byte, expected) as downloading,
        ):
            for chunk in response.iter_bytes(_CHUNK):
                size += target.write(chunk)
                downloading.advance(len(chunk))
                if expected is None:
                    cut = chunk.rfind(b"\n") + 1
                    tail = chunk[cut:] if cut else tail + chunk
        if expected is not None and size != expected:
            raise ApiUnavailable(
                f"A result file came with {size:,} bytes instead of {expected:,}; it was not kept."
            )
        if expected is None and not as_it_is and not _is_whole(tail):
            raise NotWhole("A result file of no told size ended within a line; it was not kept.")
        return size

    def _size_of(self, file_id: str) -> int | None:
        """A result file's size in bytes; None where the server does not give it."""
        try:
            with self.translated("looking up a result file"):
                return self.told_size(with_id(self.client.files.retrieve(file_id)))
        except NotThere:  # whether it exists shows when its content is fetched
            return None

    @staticmethod
    def told_size(file: FileObject) -> int | None:
        """The size that the server gives; None for 0 too, which some gateways give for any file."""
        size: object = file.bytes
        return size if type(size) is int and size > 0 else None

    def delete_file(self, file_id: str) -> bool:
        """Delete a file; False where there was none."""
        try:
            with self.translated("deleting a file"):
                self.client.files.delete(file_id)
        except NotThere:
            return False
        return True

    def shutdown_date(self, model: str) -> date | None:
        """The model's announced shutdown date; None where the server gives none.

        Asked once, and briefly, for nothing depends on it. Raises NotThere for an unknown model.
        """
        client = self.client.with_options(max_retries=0, timeout=_BRIEFLY)
        with self.translated("looking up the model"):
            told: object = getattr(client.models.retrieve(model), "shutdown_date", None)
        try:
            return date.fromisoformat(told) if isinstance(told, str) else None
        except ValueError:
            return None

    @contextmanager
    def translated(self, doing: str, *, once_only: bool = False) -> Iterator[None]:
        """Raise our own errors for those of the client's in the block; see `translate`."""
        try:
            yield
        except openai.OpenAIError as error:
            # `from None`: the client's own error holds the request, with its key and its body.
            raise translate(error, self.server, doing, self.access, once_only=once_only) from None
        except httpx2.HTTPError as error:  # a stream that broke while it was read
            raise ApiUnavailable(
                f"The connection to {self.server} broke while {doing} ({type(error).__name__})."
            ) from None
        except (AttributeError, TypeError, ValueError, OverflowError) as error:
            # The client hands on what the server sent, unchecked; it had another shape than the
            # API's.
            message = (
                f"{self.server} gave an answer of another shape than OpenAI's API while {doing} "
                f"({type(error).__name__})."
            )
            raise (Doubtful if once_only else ApiUnavailable)(message) from None


@contextmanager
def connected(
    base_url: str | None,
    key: str | Callable[[], str],
    *,
    timeout: float,
    connect_timeout: float,
    max_retries: int,
    endpoint: str | None = None,
    account: str | None = None,
    access: Access = Access.openai,
) -> Iterator[BatchApi]:
    """The API with a client of its own, closed afterwards.

    Seconds are for one call: `timeout` between two bytes, `connect_timeout` to reach the server.
    `key`: called before each call of the API where it is a function, which gives a token.
    """
    # Servers on this machine are called directly, without the proxy that the environment names.
    is_here = httpx2.URL(base_url or "").host in LOOPBACK
    requested: list[Callable[[httpx2.Request], None]] = [counted]
    if access is Access.azure_key and isinstance(key, str):
        requested.append(api_key_header(key, base_url or ""))
    with openai.OpenAI(
        api_key=key,
        base_url=base_url,
        timeout=httpx2.Timeout(timeout, connect=connect_timeout),
        max_retries=max_retries,
        http_client=openai.DefaultHttpxClient(
            trust_env=not is_here, event_hooks={"request": requested, "response": [leave_alone]}
        ),
    ) as client:
        yield BatchApi(client, endpoint=endpoint, account=account, access=access)


def _is_whole(line: bytes) -> bool:
    """Whether a last line without its newline is all there: nothing at all, or JSON."""
    try:
        return not line.strip() or orjson.loads(line) is not None
    except ValueError:
        return False
