"""One worker at a batch at a time; one that was overtaken commits nothing more."""

import os
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from resume_assets import tallies
from resume_assets.batches.ledger import counters
from resume_assets.batches.ledger import lease as lease_module
from resume_assets.batches.ledger.batches import UnknownBatch
from resume_assets.batches.ledger.lease import BatchBusy, LeaseLost, leased
from resume_assets.database.retrying import DatabaseFailed
from resume_assets.tallies import Tally
from resume_assets_tests.flow import KEY, Flowing

# Takes the lease, says so, and stays until it is killed.
_HOLDER = """
import sys
from pathlib import Path
from resume_assets.batches.ledger.lease import leased
from resume_assets.database.connect import open_database
from resume_assets_tests.flow import KEY, settings_at

with leased(open_database(settings_at(Path(sys.argv[1]))), KEY):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(flow: Flowing):
    """Another process that has the lease of the planned batch."""
    flow.plan()
    with subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(flow.home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        yield process
        process.kill()


def test_a_second_worker_is_told_that_the_batch_is_busy(flow: Flowing):
    flow.plan()
    with leased(flow.database, KEY), pytest.raises(BatchBusy, match="another worker is at it"):
        leased(flow.database, KEY).__enter__()


def test_the_lease_is_free_again_afterwards(flow: Flowing):
    flow.plan()
    for _ in range(2):
        with leased(flow.database, KEY):
            assert flow.batch().lease_owner is not None
    assert flow.batch().lease_owner is None


def test_what_a_stage_counted_is_kept_where_it_ends(flow: Flowing):
    flow.plan()
    counters.keep(flow.database)  # what was counted before

    def throttled() -> int:
        found = flow.database.read(lambda connection: counters.read(connection, flow.database))
        return found["openai_throttled"][0] if "openai_throttled" in found else 0

    before = throttled()
    with leased(flow.database, KEY):
        tallies.count(Tally.throttled)
    assert throttled() == before + 1


def test_there_is_no_lease_on_a_batch_that_is_not_there(flow: Flowing):
    with pytest.raises(UnknownBatch):
        leased(flow.database, "nobody").__enter__()


def test_another_process_keeps_its_lease_while_it_lives(flow: Flowing, holder):
    with pytest.raises(BatchBusy):
        leased(flow.database, KEY, patience=0.2).__enter__()


def test_whoever_waits_for_a_lease_looks_each_second(flow: Flowing, monkeypatch):
    """Whoever holds it may be through long before one's patience is."""
    flow.plan()
    now = flow.database.read(flow.database.dialect.utc_now)
    _set(flow, lease_owner="elsewhere|x|1|1|1", lease_until=now + timedelta(minutes=1))
    waited: list[float] = []

    class Event(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            assert timeout is not None
            waited.append(timeout)
            if len(waited) == 2:
                _set(flow, lease_owner=None, lease_until=None)
            return False

    only_there = SimpleNamespace(Event=Event, Thread=threading.Thread)
    monkeypatch.setattr("resume_assets.batches.ledger.lease.threading", only_there)
    with leased(flow.database, KEY, patience=100):
        assert waited == [1.0, 1.0]


def test_a_lease_whose_taking_was_not_answered_is_ours(flow: Flowing, monkeypatch):
    """The commit succeeded and its answer was lost: the transaction is done again."""
    flow.plan()
    write = flow.database.write

    def twice(work):
        write(work)
        return write(work)

    with monkeypatch.context() as patched:
        patched.setattr(flow.database, "write", twice)
        with leased(flow.database, KEY) as lease:
            assert flow.batch().lease_owner == lease.owner
    assert flow.batch().lease_owner is None


@pytest.mark.parametrize("planning", [False, True])
def test_only_what_plans_waits_for_planners(flow: Flowing, planning: bool):
    flow.plan()
    with leased(flow.database, KEY) as lease:
        locked = flow.installation().lock_count
        lease.write(lambda _: None, planning=planning)
        lease.write(lambda _: None)
        assert flow.installation().lock_count == locked + planning


def test_a_killed_process_holds_no_lease(flow: Flowing, holder):
    holder.kill()
    holder.wait()
    with leased(flow.database, KEY) as lease:
        assert flow.batch().lease_owner == lease.owner


def test_nor_does_one_that_is_killed_and_that_its_parent_does_not_look_after(flow: Flowing, holder):
    """A zombie."""
    holder.kill()
    os.waitid(os.P_PID, holder.pid, os.WEXITED | os.WNOWAIT)
    with leased(flow.database, KEY) as lease:
        assert flow.batch().lease_owner == lease.owner


def test_nor_does_one_whose_number_another_process_has_by_now(flow: Flowing, holder):
    *rest, started, random = str(flow.batch().lease_owner).split("|")
    _set(flow, lease_owner="|".join([*rest, str(int(started) - 1), random]))
    with leased(flow.database, KEY) as lease:
        assert flow.batch().lease_owner == lease.owner


def test_an_owner_tells_since_when_its_process_runs(flow: Flowing, holder):
    started = int(str(flow.batch().lease_owner).split("|")[3]) / os.sysconf("SC_CLK_TCK")
    assert 0 <= time.clock_gettime(time.CLOCK_BOOTTIME) - started < 600


def test_a_lease_that_nobody_renews_runs_out(flow: Flowing, holder, monkeypatch):
    # As if the holder were on another machine, where nobody can see whether it lives.
    _set(flow, lease_owner="elsewhere|x|1|1|1")
    with pytest.raises(BatchBusy):
        leased(flow.database, KEY).__enter__()
    _set(flow, lease_until=flow.batch().lease_until - timedelta(minutes=2))
    with leased(flow.database, KEY) as lease:
        assert flow.batch().lease_owner == lease.owner


def test_who_was_overtaken_commits_nothing(flow: Flowing):
    flow.plan()
    with leased(flow.database, KEY) as lease:
        _set(flow, lease_owner="another|x|1|1|1")

        def work(connection: sa.Connection) -> None:
            table = flow.database.ledger.batches
            connection.execute(table.update().values(message="written too late"))

        with pytest.raises(LeaseLost, match=KEY):
            lease.write(work)
    assert flow.batch().message is None
    # Nor does it give back what is no longer its own.
    assert flow.batch().lease_owner == "another|x|1|1|1"


def test_a_long_step_renews_in_the_background(flow: Flowing, monkeypatch):
    flow.plan()
    monkeypatch.setattr(lease_module, "_RENEW_SECONDS", 0.01)
    with leased(flow.database, KEY) as lease:
        _set(flow, lease_until=flow.batch().lease_until - timedelta(minutes=2))
        before = flow.batch().lease_until
        with lease.kept_alive():
            while flow.batch().lease_until == before:
                pass  # ends with the renewal, or with the test's time-out
        assert flow.batch().lease_until > before


def test_whoever_was_overtaken_stops_renewing(flow: Flowing, monkeypatch, caplog):
    flow.plan()
    monkeypatch.setattr(lease_module, "_RENEW_SECONDS", 0.01)
    with leased(flow.database, KEY) as lease, lease.kept_alive():
        _set(flow, lease_owner="another|x|1|1|1")
        [renewing] = [one for one in threading.enumerate() if one.name == f"lease-{KEY}"]
        renewing.join(30)
        assert not renewing.is_alive()
        with pytest.raises(LeaseLost):
            lease.write(lambda _: None)
    assert caplog.text.count("lease not renewed") == 1


def test_a_lease_that_can_t_be_given_back_runs_out_and_hides_no_result(
    flow: Flowing, monkeypatch, caplog
):
    flow.plan()
    with monkeypatch.context() as broken, leased(flow.database, KEY):
        broken.setattr(flow.database, "write", _out_of_reach)
    assert "lease not given back" in caplog.text
    assert flow.batch().lease_owner is not None


def _out_of_reach(work: object) -> None:
    raise DatabaseFailed("out of reach")


@pytest.mark.parametrize("owner", ["somebody", "", "a|b|c|d", "a|b|c|d|e|f"])
def test_an_owner_of_another_form_keeps_its_lease_until_it_runs_out(flow: Flowing, owner: str):
    flow.plan()
    now = flow.database.read(flow.database.dialect.utc_now)
    _set(flow, lease_owner=owner, lease_until=now + timedelta(minutes=1))
    with pytest.raises(BatchBusy):
        leased(flow.database, KEY).__enter__()
    _set(flow, lease_until=now)
    with leased(flow.database, KEY) as lease:
        assert flow.batch().lease_owner == lease.owner


def test_where_processes_can_t_be_seen_no_owner_is_called_dead(flow: Flowing, holder, monkeypatch):
    """On another system than Linux a lease runs out, whatever has become of its holder."""

    def not_there(path: Path) -> Path:
        raise FileNotFoundError(path)

    holder.kill()
    holder.wait()
    monkeypatch.setattr(Path, "readlink", not_there)
    host, _, *rest = str(flow.batch().lease_owner).split("|")
    _set(flow, lease_owner="|".join([host, "-", *rest]))
    with pytest.raises(BatchBusy):
        leased(flow.database, KEY).__enter__()


def _set(flow: Flowing, **values: object) -> None:
    table = flow.database.ledger.batches
    flow.database.write(lambda connection: connection.execute(table.update().values(values)))
