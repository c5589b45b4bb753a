"""A real S3 server on loopback, in processes of its own: SeaweedFS, whose wheel brings its binary.

It keeps its data on a disk, so it can be killed and started again; and it can be stopped, so that
whoever calls it waits. Its users are `owner`, who may do anything, and `worker`, who may read,
write and list in one bucket: what docs/stores.md asks for.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from resume_assets_tests.commands.processes import free_port
from resume_assets_tests.local_openai.support import until

BUCKET = "resumes"
OWNER, WORKER = ("AKIAOWNER", "owner-secret"), ("AKIAWORKER", "worker-secret")
PATIENCE = 60.0
"""Seconds for a start; it takes two or three."""

_SERVICES = ("master", "volume", "filer", "s3")
_IDENTITIES = {
    "identities": [
        {
            "name": name,
            "credentials": [{"accessKey": key, "secretKey": secret}],
            "actions": actions,
        }
        for name, (key, secret), actions in (
            ("owner", OWNER, ["Admin"]),
            ("worker", WORKER, [f"{may}:{BUCKET}" for may in ("Read", "Write", "List")]),
        )
    ]
}


class S3Server:
    """One server; `start` it again after `kill`, and it has what it had."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        listeners = [(service, kind) for service in _SERVICES for kind in ("", ".grpc")]
        self._ports = {listener: free_port() for listener in listeners}
        self.port = self._ports["s3", ""]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "s3.json").write_text(json.dumps(_IDENTITIES), encoding="utf-8")
        (folder / "data").mkdir(exist_ok=True)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self, user: tuple[str, str] = WORKER) -> dict[str, str]:
        """What tells S3's client of the server."""
        key, secret = user
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": key,
            "AWS_SECRET_ACCESS_KEY": secret,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    def owner(self) -> Any:
        """A client that may do anything, as an fsspec file system; no earlier one's."""
        from s3fs import S3FileSystem

        key, secret = OWNER
        return S3FileSystem(
            key=key,
            secret=secret,
            endpoint_url=self.endpoint,
            client_kwargs={"region_name": "us-east-1"},
            skip_instance_cache=True,
            use_listings_cache=False,
        )

    def names(self, url: str) -> list[str]:
        """What lies below that URL, sorted; of folders that became empty nothing."""
        folder = f"{url}/".removeprefix("s3://")
        found = self.owner().find(url)
        return [name.removeprefix(folder) for name in found if name.startswith(folder)]

    def uploads(self, url: str) -> list[Mapping[str, Any]]:
        """Those below that URL that were begun and not ended."""
        bucket, _, prefix = f"{url}/".removeprefix("s3://").partition("/")
        found = self.owner().call_s3("list_multipart_uploads", Bucket=bucket, Prefix=prefix)
        return [*found.get("Uploads", ())]

    def start(self) -> None:
        """Start it, where it does not run, and wait until it takes and gives back a file."""
        if self._process is not None:
            return
        named = [f"-{service}.port{kind}={port}" for (service, kind), port in self._ports.items()]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    _weed(),
                    "-logtostderr=true",
                    "server",
                    f"-dir={self._folder / 'data'}",
                    "-ip=127.0.0.1",
                    "-ip.bind=127.0.0.1",
                    *named,
                    "-filer",
                    f"-filer.localSocket={self._folder / 'filer.sock'}",
                    "-s3",
                    f"-s3.localSocket={self._folder / 's3.sock'}",
                    f"-s3.config={self._folder / 's3.json'}",
                    "-s3.autoCreateBucket=false",  # as with AWS
                    "-s3.iam=false",
                    "-s3.port.iceberg=0",
                    "-s3.port.lance=0",
                    "-master.telemetry=false",
                    "-master.electionTimeout=1s",
                    "-master.resumeState=false",
                    "-master.volumeSizeLimitMB=128",
                    "-volume.max=30",
                    "-volume.preStopSeconds=0",
                    "-volume.minFreeSpace=0",
                ],
                # Without a key it refuses to encrypt.
                env={**os.environ, "WEED_S3_SSE_KEY": "of-the-tests"},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until(self._works, PATIENCE)

    def _works(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError((self._folder / "log").read_text(errors="replace")[-2_000:])
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", self.port)) != 0:
                return False
        client = self.owner()
        try:
            if not client.exists(BUCKET):
                client.call_s3("create_bucket", Bucket=BUCKET)
            client.pipe_file(f"{BUCKET}/.works", b"1")
            works = bool(client.cat_file(f"{BUCKET}/.works") == b"1")
            client.rm_file(f"{BUCKET}/.works")
        except OSError:
            return False
        return works

    def kill(self) -> None:
        """As a machine that loses its power."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """It takes connections, and answers none until the block ends."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)


@contextmanager
def serving(folder: Path) -> Iterator[S3Server]:
    """A server with its data in that folder, for as long as the block lasts."""
    server = S3Server(folder)
    try:
        server.start()
        yield server
    finally:
        server.kill()


def _weed() -> str:
    beside = Path(sys.executable).with_name("weed")
    found = str(beside) if beside.exists() else shutil.which("weed")
    if found is None:
        raise AssertionError("SeaweedFS is not installed: make stores")
    return found
