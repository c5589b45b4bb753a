"""Lines of people who are forgotten, in files that are kept."""

from resume_assets.batches.ledger.lease import leased
from resume_assets.batches.receiving.blanking import blank
from resume_assets.batches.store import OUTPUT
from resume_assets.batches.upkeep.forgetting import forget
from resume_assets_tests.flow import KEY, Flowing


def test_what_is_blank_already_is_left_as_it_is(flow: Flowing) -> None:
    flow.until_done(rows=3)
    forget(flow.database, flow.settings, flow.store, None, [2])
    path = flow.home / "batches" / KEY / OUTPUT
    before = path.stat().st_ino  # a file that is written anew is another one
    assert b"Lovelace2" not in path.read_bytes()
    with leased(flow.database, KEY) as lease:
        assert blank(lease, flow.store.batch(KEY)) == 0
    assert path.stat().st_ino == before
