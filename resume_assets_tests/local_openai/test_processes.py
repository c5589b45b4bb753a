"""Several processes, and processes that die."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import openai
import pytest

from resume_assets.local_openai import leases
from resume_assets.local_openai.answering import HELP_FROM
from resume_assets.local_openai.book import Book
from resume_assets.local_openai.hosting import LocalServer
from resume_assets.local_openai.server import AlreadyRunningError, connect, running, serve
from resume_assets.local_openai.settings import IMMEDIATE, MEBIBYTE, Limits, Pace
from resume_assets.local_openai.store import Row, Store
from resume_assets_tests.local_openai.faults import Faults
from resume_assets_tests.local_openai.support import Driver, requests, until

QUICK = Limits(exact_tokens=False)

SERVE = """
import sys
from pathlib import Path
from resume_assets.local_openai.server import serve
from resume_assets.local_openai.settings import Limits, Pace
pace = Pace(*map(float, sys.argv[2:]))
serve(Path(sys.argv[1]), pace=pace, limits=Limits(exact_tokens=False),
      ready=lambda server: print(server.base_url, flush=True))
print("stopped", flush=True)
"""


@contextmanager
def process(folder: Path, *pace: float) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", SERVE, str(folder), *map(str, pace)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as started:
        try:
            assert started.stdout
            assert started.stdout.readline().startswith("http://127.0.0.1:")
            yield started
        finally:
            started.kill()


def connected(folder: Path) -> LocalServer:
    found = connect(folder)
    assert found
    return found


def test_killed_in_the_middle_of_a_batch(folder: Path) -> None:
    total = 400
    with process(folder, 0, 4) as server:
        driver = Driver(connected(folder), folder)
        made = driver.submit(requests(total), metadata={"batch_key": "k"})
        until(lambda: len(Book(folder).completed(made.id)) > 40)
        server.send_signal(signal.SIGKILL)
        server.wait()
    before = Book(folder).completed(made.id)
    assert 0 < len(before) < total
    assert connect(folder) is None
    with running(folder, pace=Pace(0, 1), limits=QUICK) as again:
        assert (again.base_url, again.api_key) == (driver.server.base_url, driver.server.api_key)
        assert again.identity == driver.server.identity
        batch = Driver(again, folder).wait(made.id)
        assert (batch.status, batch.metadata) == ("completed", {"batch_key": "k"})
        lines = [line["custom_id"] for line in Driver(again, folder).lines(batch.output_file_id)]
    assert sorted(lines) == sorted(Book(folder).completed(made.id))
    assert len(lines) == len(set(lines)) == total
    assert batch.request_counts
    assert (batch.request_counts.completed, batch.request_counts.failed) == (total, 0)
    assert batch.usage
    assert Book(folder).billed_tokens() == (batch.usage.input_tokens, batch.usage.output_tokens)
    assert list((folder / "parts").iterdir()) == []


@pytest.mark.parametrize("stage", [(30,), (0, 0, 0, 30)])
def test_killed_while_validating_or_finalizing(folder: Path, stage: tuple[float, ...]) -> None:
    wanted = "validating" if len(stage) == 1 else "finalizing"
    with process(folder, *stage) as server:
        driver = Driver(connected(folder), folder)
        made = driver.submit(requests(10))
        until(lambda: Book(folder).batches()[made.id] == wanted)
        server.send_signal(signal.SIGKILL)
        server.wait()
    with running(folder, pace=Pace(0, 0, 0, 0), limits=QUICK) as again:
        # The schedule that was written down stays: only what comes next has the new pace.
        assert Driver(again, folder).status(made.id) == wanted
    assert Book(folder).batches() == {made.id: wanted}


def test_what_was_overdue_is_done_at_the_start(folder: Path) -> None:
    with running(folder, pace=Pace(0.2, 0.1), limits=QUICK, share=False) as first:
        made = Driver(first, folder).submit(requests(20))
    assert Book(folder).batches()[made.id] == "validating"
    threading.Event().wait(0.6)  # the outside world takes its time; no server runs
    with running(folder, pace=Pace(0.2, 0.1), limits=QUICK, share=False) as second:
        assert Driver(second, folder).status(made.id) == "completed"


def test_two_servers_on_one_folder_do_everything_once(folder: Path) -> None:
    with (
        process(folder, 0, 0.5),
        running(folder, pace=Pace(0, 0.5), limits=QUICK, share=False) as here,
    ):
        there = connected(folder)
        assert there.base_url != here.base_url
        assert (there.api_key, there.identity) == (here.api_key, here.identity)
        drivers = [Driver(here, folder), Driver(there, folder)]
        ids = [drivers[n % 2].submit(requests(50 + n)).id for n in range(12)]
        for n, batch_id in enumerate(ids):
            batch = drivers[(n + 1) % 2].wait(batch_id)
            assert batch.status == "completed"
            lines = [line["custom_id"] for line in drivers[0].lines(batch.output_file_id)]
            assert sorted(lines) == sorted(f"r-{m}" for m in range(50 + n))
            assert sorted(Book(folder).completed(batch_id)) == sorted(lines)
        assert {batch.id for batch in drivers[1].client.batches.list(limit=100)} == set(ids)


def test_a_running_server_is_shared_and_succeeded(folder: Path) -> None:
    with process(folder, 0, 0) as server:
        there = connected(folder)
        with running(folder, pace=IMMEDIATE, limits=QUICK) as shared:
            assert shared == there
            driver = Driver(shared, folder)
            first = driver.submit(requests(3))
            driver.client.close()
            server.send_signal(signal.SIGKILL)
            server.wait()
            until(lambda: connect(folder) is not None)
            taken = connected(folder)
            assert (taken.base_url, taken.pid) == (there.base_url, os.getpid())
            driver = Driver(shared, folder)
            assert driver.wait(first.id).status == "completed"
            assert driver.wait(driver.submit(requests(3)).id).status == "completed"
    assert connect(folder) is None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_ends_cleanly_on_a_signal(folder: Path, number: signal.Signals) -> None:
    with process(folder) as server:
        driver = Driver(connected(folder), folder)
        driver.upload(requests(1))  # leaves an idle connection open
        server.send_signal(number)
        began = time.monotonic()
        assert server.stdout
        assert server.stdout.read() == "stopped\n"
        assert server.wait() == 0
        assert time.monotonic() - began < 3
    assert connect(folder) is None
    assert not (folder / "server.json").exists()


def test_serve_refuses_other_hosts_and_a_second_server(folder: Path) -> None:
    for host in ("0.0.0.0", "192.168.0.1", "example.org", ""):
        with pytest.raises(ValueError, match=r"127\.0\.0\.1 only"):
            serve(folder, host)
    assert not folder.exists()
    with running(folder) as server, pytest.raises(AlreadyRunningError) as error:
        serve(folder)
    assert error.value.server == server


def test_servers_of_one_process_are_shared_too(folder: Path) -> None:
    with running(folder, limits=QUICK) as outer:
        with running(folder, limits=QUICK) as inner:
            assert inner == outer
        assert connect(folder) == outer


def test_a_server_with_something_around_it_is_found(folder: Path) -> None:
    faults = Faults()
    with running(folder, limits=QUICK), running(folder, limits=QUICK, wrap=faults.wrap) as wrapped:
        assert connect(folder) == wrapped
        Driver(connected(folder), folder).client.models.list()
        assert faults.count("GET", "/v1/models") == 1


def test_a_new_folder_may_be_opened_by_many_at_once(tmp_path: Path) -> None:
    for number in range(5):
        folder = tmp_path / str(number)
        with ThreadPoolExecutor(8) as pool:
            stores = list(pool.map(lambda _, f=folder: Store(f), range(8)))
            facts = set(pool.map(lambda store: store.fact("identity", str(id(store))), stores))
        assert len(facts) == 1
        for store in stores:
            store.close()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="measures as Linux does")
def test_large_files_are_never_held_in_memory(folder: Path, tmp_path: Path) -> None:
    size = 96 * MEBIBYTE
    path = tmp_path / "large.jsonl"
    with path.open("wb") as file:
        file.writelines(b"x" * (MEBIBYTE - 1) + b"\n" for _ in range(size // MEBIBYTE))

    def peak(pid: int) -> int:
        status = Path(f"/proc/{pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) * 1024

    with process(folder, 0) as server:
        driver = Driver(connected(folder), folder)
        before = peak(server.pid)
        made = driver.client.files.create(file=path, purpose="batch")
        assert made.bytes == size
        received = 0
        with driver.client.files.with_streaming_response.content(made.id) as response:
            for chunk in response.iter_bytes(MEBIBYTE):
                received += len(chunk)
        assert received == size
        assert driver.wait(driver.create(made.id).id).status == "failed"
        assert peak(server.pid) - before < 24 * MEBIBYTE


def children(pid: int) -> list[int]:
    """Processes that a process has started."""
    found = []
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            text = status.read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if f"\nPPid:\t{pid}\n" in text:
            found.append(int(status.parent.name))
    return found


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="looks as Linux does")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_helpers_end_with_their_server(folder: Path, number: signal.Signals) -> None:
    with process(folder, 0, 0) as server:
        driver = Driver(connected(folder), folder)
        made = driver.submit(requests(HELP_FROM + 3_000))
        until(lambda: Book(folder).completed(made.id))
        until(lambda: children(server.pid))  # the first ones are answered before they are up
        helpers = children(server.pid)
        server.send_signal(number)
        server.wait()
    until(lambda: not any(map(leases.is_alive, helpers)))
    assert Book(folder).batches()[made.id] == "in_progress"


def test_connect_trusts_only_who_has_the_key(folder: Path, tmp_path: Path) -> None:
    assert connect(folder) is None
    with running(tmp_path / "other") as other, running(folder) as server:
        assert connect(folder) == server
        port = other.base_url.removesuffix("/v1").rpartition(":")[2]
        (folder / "server.json").write_text(f'{{"pid": 1, "port": {port}, "identity": "x"}}')
        assert connect(folder) is None
    for written in ("", "{}", "[]", '{"pid": "x"}'):
        (folder / "server.json").write_text(written)
        assert connect(folder) is None


def test_the_key_is_never_shown(folder: Path) -> None:
    with running(folder) as server:
        assert server.api_key not in repr(server)


def test_starting_and_stopping_are_quick(folder: Path) -> None:
    for _ in range(3):
        began = time.monotonic()
        with running(folder, limits=QUICK) as server:
            assert (
                openai.OpenAI(base_url=server.base_url, api_key=server.api_key).models.list().data
            )
            assert time.monotonic() - began < 1
            began = time.monotonic()
        assert time.monotonic() - began < 1


def test_leases_of_the_living_are_respected(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(folder, pace=Pace(3_600), limits=QUICK) as server:
        made = Driver(server, folder).submit(requests(1))
    store = Store(folder)
    mine, other = leases.Leases(store), leases.Leases(store)
    due = time.time() + 4_000
    claimed = mine.claim(due)
    assert claimed
    batch, lease = claimed
    assert batch["id"] == made.id
    assert other.claim(due) is None
    assert other.next_due() is None
    with monkeypatch.context() as patched:  # no word from it for longer than a lease
        late = time.time() + leases.LEASE_SECONDS + 1
        patched.setattr("resume_assets.local_openai.leases.time.time", lambda: late)
        taken = other.claim(due)
        assert taken
    lease._renew_at = 0
    with pytest.raises(leases.LeaseLostError):
        lease.keep()
    with monkeypatch.context() as patched:  # its process died
        patched.setattr(leases, "is_alive", lambda pid: False)
        assert mine.claim(due)
    store.close()


def test_what_ended_meanwhile_is_not_claimed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(folder, pace=Pace(3_600), limits=QUICK) as server:
        Driver(server, folder).submit(requests(1))
    store, other = Store(folder), Store(folder)
    find = store.row

    def find_and_lose(sql: str, *values: object) -> Row | None:
        found = find(sql, *values)
        other.execute("UPDATE batches SET status = 'completed', due = NULL")
        return found

    monkeypatch.setattr(store, "row", find_and_lose)
    assert leases.Leases(store).claim(time.time() + 4_000) is None
    assert [tuple(row) for row in other.rows("SELECT worker FROM batches")] == [(None,)]
    store.close()
    other.close()


def test_is_alive() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        assert leases.is_alive(other.pid)
        other.communicate(b"\n")
    assert not leases.is_alive(other.pid)
    assert leases.is_alive(os.getpid())
